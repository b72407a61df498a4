"""Logos: a picture that a leader gives, drawn anew, small and with nothing hidden in it.

What is shown is never what was given: it is decoded here and written anew as PNG, so that neither
the place where a photograph was taken nor a file that is more than a picture reaches a resident.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING

from sqlmodel import Session

from bot.community import trail
from bot.community.actors import Actor
from bot.community.errors import Refusal
from bot.messages import File
from bot.ports import Services
from storage import communities, logos
from storage.tables import Logo

if TYPE_CHECKING:
    from PIL import Image

_LARGEST = 1024 * 1024  # bytes
_MOST_PIXELS = 16_000_000  # a telephone's photograph has 12 million; decoded, these take 64 MB
_BOX = (320, 160)  # pixels at most; shown at half, for screens with two to a point
_SHOWN = 2
_PALE = 200  # of 255 grey: 1.7 to 1 against white
_DIGEST = 32  # hexadecimal digits: 128 bits


class NoPicture(Refusal):
    """That is no picture that I can read. Please send a PNG or a JPEG."""

    status = 422


class PictureTooLarge(Refusal):
    """That picture is too large. Please send a PNG or JPEG of up to 1 MB and 16 million pixels."""

    status = 413


class NoLogo(Refusal):
    """There is no logo. `/community logo` with a picture sets one."""

    status = 404


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture as it is kept."""

    content: bytes  # PNG
    width: int  # pixels
    height: int
    is_pale: bool  # it has nothing that can be seen well on white

    @property
    def digest(self) -> str:
        """What names it in its address."""
        return hashlib.sha256(self.content).hexdigest()[:_DIGEST]

    @property
    def shown_as(self) -> str:
        """How `Community.logo` names it: with the size at which it is shown."""
        width, height = (max(1, side // _SHOWN) for side in (self.width, self.height))
        return f"{self.digest}-{width}x{height}"


@dataclass(frozen=True, slots=True)
class Shown:
    """Where a logo is, and how large it is shown."""

    path: str  # below our address
    width: int  # CSS pixels
    height: int


def shown(logo: str) -> Shown | None:
    """What to show of a community, by its `logo`; None when it has none."""
    digest, _, size = logo.partition("-")
    width, _, height = size.partition("x")
    return Shown(f"/logo/{digest}.png", int(width), int(height)) if logo else None


async def put(services: Services, actor: Actor, file: File, *, now: datetime) -> Drawn:
    """Show this picture as the community's from now on. Gives it as it is kept.

    Raises: NoPicture, PictureTooLarge.
    """
    drawn = await asyncio.to_thread(draw, file.content)

    def change(session: Session) -> None:
        logo = Logo(
            community_id=actor.community_id,
            content=drawn.content,
            digest=drawn.digest,
            width=drawn.width,
            height=drawn.height,
            at=now,
        )
        logos.put(session, logo)
        _name(session, actor, drawn.shown_as, now=now)

    await services.storage.write(change)
    return drawn


async def remove(services: Services, actor: Actor, *, now: datetime) -> None:
    """Show no picture any more. Raises: NoLogo."""

    def change(session: Session) -> None:
        if not logos.remove(session, actor.community_id):
            raise NoLogo
        _name(session, actor, "", now=now)

    await services.storage.write(change)


def _name(session: Session, actor: Actor, logo: str, *, now: datetime) -> None:
    communities.get(session, actor.community_id).logo = logo
    trail.note(session, actor, "community.edited", "community:logo", now=now)


async def content(services: Services, digest: str) -> bytes | None:
    """The picture that has this digest, of whichever community."""
    return await services.storage.read(logos.content, digest)


def draw(given: bytes) -> Drawn:
    """The picture as it is kept. Raises: NoPicture, PictureTooLarge."""
    from PIL import Image  # here, as in `_decoded`: a start need not wait 60 ms for it

    if len(given) > _LARGEST:
        raise PictureTooLarge
    try:
        small = _decoded(given)
    except PictureTooLarge:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureTooLarge from error
    except Exception as error:  # decoders fail in many ways at what is no picture
        raise NoPicture from error
    clean = Image.new("RGBA", small.size)  # what was written beside the picture stays behind
    clean.paste(small)
    out = BytesIO()
    clean.save(out, "PNG", optimize=True)
    return Drawn(out.getvalue(), *clean.size, is_pale=_is_pale(clean))


def _is_pale(image: "Image.Image") -> bool:
    from PIL import Image

    on_white = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return not any(on_white.convert("L").histogram()[:_PALE])


def _decoded(given: bytes) -> "Image.Image":
    from PIL import Image, ImageOps

    with Image.open(BytesIO(given), formats=("PNG", "JPEG")) as image:
        if image.width * image.height > _MOST_PIXELS:
            raise PictureTooLarge
        upright = ImageOps.exif_transpose(image)
        small = upright.convert("RGBA")
        small.thumbnail(_BOX)
        return small
