"""The logo: a picture and nothing else reaches residents, small, at an address of its own."""

import struct
import zlib
from io import BytesIO

import httpx
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from sqlmodel import Session
from starlette.applications import Starlette

from bot import dispatch, web
from bot.community import letters
from bot.community.communities import logos
from bot.community.communities.logos import NoPicture, PictureTooLarge
from bot.messages import Call, File, Reply
from bot.ports import Services
from storage.tables import Audit, Community, Delivery, Logo
from tests.community import scene
from tests.community.scene import NOW

Colour = str | tuple[int, int, int, int]

SECRET = b"Elm Street 4, where this was taken"


def picture(kind: str = "PNG", size: tuple[int, int] = (800, 400), mode: str = "RGB") -> bytes:
    """A picture with something hidden in it."""
    out = BytesIO()
    image = Image.new(mode, size, 1 if mode == "P" else None)
    hidden = PngInfo()
    hidden.add_text("Comment", SECRET.decode())
    more = {"pnginfo": hidden} if kind == "PNG" else {"comment": SECRET}
    image.save(out, kind, **more)
    return out.getvalue()


def bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """A PNG of a few bytes that says it is enormous."""
    facts = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", facts), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "LA", "CMYK", "1"])
def test_it_is_drawn_anew_small_and_with_nothing_hidden(kind: str, mode: str) -> None:
    kinds = {"PNG": {"RGB", "L", "P", "RGBA", "LA", "1"}, "JPEG": {"RGB", "L", "CMYK"}}
    if mode not in kinds[kind]:
        return
    drawn = logos.draw(picture(kind, mode=mode))
    with Image.open(BytesIO(drawn.content)) as shown:
        assert (shown.format, shown.size, shown.info) == ("PNG", (320, 160), {})
    assert SECRET not in drawn.content
    assert drawn.shown_as == f"{drawn.digest}-160x80"


def test_a_small_one_is_not_blown_up() -> None:
    assert logos.draw(picture(size=(40, 20))).shown_as.endswith("-20x10")
    assert logos.draw(picture(size=(1, 1))).shown_as.endswith("-1x1")


def gif() -> bytes:
    """What is a picture, but none that we take."""
    out = BytesIO()
    Image.new("P", (5, 5)).save(out, "GIF")
    return out.getvalue()


@pytest.mark.parametrize(
    "given",
    [b"", b"hello", b"<svg/>", picture()[:100], picture("JPEG")[:50], gif(), bomb(20, 20)],
)
def test_what_is_no_picture_is_refused(given: bytes) -> None:
    with pytest.raises(NoPicture):
        logos.draw(given)


@pytest.mark.parametrize(
    "given", [bomb(), bomb(10_000, 10_000), bomb(4_001, 4_000), picture() + bytes(1024**2)]
)
def test_what_is_too_large_is_refused_before_it_is_decoded(given: bytes) -> None:
    with pytest.raises(PictureTooLarge):
        logos.draw(given)


async def give(services: Services, *contents: bytes) -> Reply:
    """A leader says `/community logo` with files."""
    files = tuple(File("logo.png", "image/png", content) for content in contents)
    call = scene.call("/community logo")
    asked = Call(call.chat, call.place, call.channel, call.speaker, "", call.text, files=files)
    return await dispatch.answer(services, asked)


async def get(services: Services, path: str) -> httpx.Response:
    """What a browser is given."""
    app = Starlette(routes=web.routes(services))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url=scene.ADDRESS
    ) as browser:
        return await browser.get(path)


async def test_a_leader_sets_it_and_removes_it(services: Services) -> None:
    form = (await give(services)).form
    assert form is not None
    assert [field.kind for field in form.fields] == ["file"]
    reply = await give(services, picture())
    assert reply.files[0].media_type == "image/png"
    (kept,) = await scene.all_of(services, Logo)
    (community,) = await scene.all_of(services, Community)
    assert community.logo == f"{kept.digest}-160x80"
    assert (await give(services, picture(size=(90, 90)))).files
    assert len(await scene.all_of(services, Logo)) == 1
    assert "no logo any more" in (await scene.say(services, "/community logo off")).text
    assert await scene.all_of(services, Logo) == []
    assert "There is no logo" in (await scene.say(services, "/community logo off")).text
    assert {row.action for row in await scene.all_of(services, Audit)} == {"community.edited"}


@pytest.mark.parametrize(
    ("ink", "ground", "is_pale"),
    [
        ("white", (0, 0, 0, 0), True),
        ((0, 0, 0, 40), (0, 0, 0, 0), True),  # black, but nearly transparent
        ("white", "navy", False),
        ("navy", (0, 0, 0, 0), False),
    ],
)
async def test_one_that_paper_would_not_show_is_taken_with_a_warning(
    services: Services, ink: Colour, ground: Colour, is_pale: bool
) -> None:
    image, out = Image.new("RGBA", (60, 30), ground), BytesIO()
    image.paste(Image.new("RGBA", (20, 10), ink), (20, 10))
    image.save(out, "PNG")
    words = (await give(services, out.getvalue())).text
    assert words.startswith("This is the logo from now on")
    assert ("hardly be seen" in words) is is_pale


async def test_a_bad_one_is_said_at_its_field_and_changes_nothing(services: Services) -> None:
    for given, words in ((b"hello", "no picture"), (bomb(), "too large")):
        form = (await give(services, given)).form
        assert form is not None
        assert words in form.fields[0].error
    assert await scene.all_of(services, Logo) == []


async def test_it_is_served_by_digest_for_ever_and_without_a_cookie(services: Services) -> None:
    await give(services, picture())
    (kept,) = await scene.all_of(services, Logo)
    answer = await get(services, f"/logo/{kept.digest}.png")
    assert (answer.status_code, answer.content) == (200, kept.content)
    assert "immutable" in answer.headers["cache-control"]
    assert "set-cookie" not in answer.headers
    for unknown in ("0" * 32, "x", "%00", "../../etc"):
        assert (await get(services, f"/logo/{unknown}.png")).status_code == 404


async def test_letters_and_pages_show_it(services: Services) -> None:
    await give(services, picture())
    (kept,) = await scene.all_of(services, Logo)
    who = await scene.actor(services)
    (row,) = await scene.invite(services, who, "ana@example.org")
    (delivery,) = await scene.all_of(services, Delivery)

    def html(session: Session) -> str:
        return letters.words_of(session, services, delivery).html

    shown = await services.storage.read(html)
    path = f"/logo/{kept.digest}.png"
    assert f'src="{scene.ADDRESS}{path}" alt="Maple Court" width="160" height="80"' in shown
    page = await get(services, f"/j/{scene.code_of(services, row)}")
    assert f'src="{path}"' in page.text
    assert "img-src 'self' data:" in page.headers["content-security-policy"]


async def test_a_letter_without_one_says_the_name(services: Services) -> None:
    who = await scene.actor(services)
    await scene.invite(services, who, "ana@example.org", now=NOW)
    (delivery,) = await scene.all_of(services, Delivery)

    def html(session: Session) -> str:
        return letters.words_of(session, services, delivery).html

    assert "<img" not in await services.storage.read(html)
