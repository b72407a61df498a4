"""Deep links: into the private chat, into a group, and from an access code to its sign-up page."""

from telegram.ext import ExtBot

from bot.chats.telegram.keyboards import Key
from bot.community import codes
from bot.community.codes import MistypedCode
from bot.ports import Services

_SIGN_UP = "Here is your way in. Nothing happens before you fill in that page."


def to_private(bot: ExtBot[int]) -> Key:
    """The button that leads to one's own chat with the bot."""
    return Key("Open the private chat", url=f"{bot.link}?start=here")


def to_group(bot: ExtBot[int]) -> Key:
    """The button that adds the bot to a group of one's own."""
    return Key("Add me to a group", url=f"{bot.link}?startgroup=here")


def sign_up_page(services: Services, payload: str) -> str | None:
    """The page of the access code in a deep link. Nothing is looked up, nothing redeemed."""
    try:
        return codes.link(services.settings.address, codes.parse(payload))
    except MistypedCode:
        return None


def way_in(services: Services, page: str) -> tuple[str, tuple[Key, ...]]:
    """What somebody reads who opened a pass's link in Telegram."""
    copy = Key("Copy the address", copy=page)
    opens = Key("Open the sign-up page", url=page)
    # Telegram takes no button to a page on this computer.
    return f"{_SIGN_UP}\n`{page}`", (opens, copy) if services.settings.secure else (copy,)
