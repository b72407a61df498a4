"""Deep links: into the private chat, into a group, and from an access code to its sign-up page."""

from telegram.ext import ExtBot

from bot.chats.telegram.keyboards import Key
from bot.community import codes
from bot.community.codes import MistypedCode
from bot.ports import Services


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


def way_in(services: Services, page: str, language: str) -> tuple[str, tuple[Key, ...]]:
    """What somebody reads who opened a pass's link in Telegram; the page is in their language."""
    ours = services.templates.languages.closest(language)
    said = services.templates.blocks("telegram/way_in.txt", {}, language=language)
    page = f"{page}?lang={ours.tag}" if ours else page
    copy = Key(said["copy"].strip(), copy=page)
    opens = Key(said["open"].strip(), url=page)
    # Telegram takes no button to a page on this computer.
    shown = (opens, copy) if services.settings.secure else (copy,)
    return f"{said['words'].strip()}\n`{page}`", shown
