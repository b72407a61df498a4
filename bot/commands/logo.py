"""What `/community logo` says: the picture in letters, on pages and on passes."""

from datetime import datetime

from bot.commands.base import Misused, Said, again
from bot.community.actors import Actor
from bot.community.communities import logos
from bot.community.communities.logos import NoPicture, PictureTooLarge
from bot.messages import Button, Field, File, Form, Reply
from bot.ports import Services

_FORM = Form(
    "Logo",
    "/community logo",
    (Field("picture", "Picture", "file", hint="PNG or JPEG, up to 1 MB"),),
    submit="Save",
)

_PALE = "On white paper it can hardly be seen: one that is darker, or has a ground, looks better."


async def handle(
    services: Services, actor: Actor, rest: str, said: Said, *, now: datetime
) -> Reply:
    """Take the picture that came along, ask for one, or show none any more."""
    word = rest.strip().lower()
    if word == "off":
        await logos.remove(services, actor, now=now)
        return Reply("There is no logo any more. Letters sent from now on show the name instead.")
    if word:
        raise Misused("Send `/community logo` with a picture, or say `/community logo off`.")
    if not said.files:
        return Reply("A PNG or JPEG of up to 1 MB; wide ones look best.", form=_FORM)
    try:
        drawn = await logos.put(services, actor, said.files[0], now=now)
    except (NoPicture, PictureTooLarge) as refusal:
        return again(_FORM, {}, {"picture": refusal.words})
    words = "This is the logo from now on, in letters, on pages and on passes."
    words += f" {_PALE}" if drawn.is_pale else ""
    shown = File("logo.png", "image/png", drawn.content, alt=f"The logo of {actor.community}")
    return Reply(words, (Button("Remove it", "/community logo off", settles=True),), files=(shown,))
