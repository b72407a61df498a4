"""What people write, and how much of it a bot hears.

In a group a bot in privacy mode hears commands that can be meant for it, replies to what it wrote,
and what happens to the group; as an administrator, and in private, it hears everything.
Source: https://core.telegram.org/bots/features#privacy-mode
"""

from typing import Any

from tests.standins import telegram_html as html
from tests.standins.telegram_payloads import message_json
from tests.standins.telegram_world import INSIDE, Chat, Message, User, World

TEXT = 4096  # characters of a message at most, after the entities are parsed


def write(here: World, chat: Chat, author: User, text: str = "", **facts: Any) -> Message:
    """Somebody writes, or something happens in a chat; the bot is told when it may hear it."""
    words, entities = html.trimmed(text, [])
    message = here.show(chat, author, words, html.with_found(words, entities), **facts)
    if heard(here, message):
        here.tell("message", message_json(message))
    return message


def rewrite(here: World, message: Message, text: str) -> None:
    """Somebody changes what they wrote; the bot is told of that like of the first."""
    words, entities = html.trimmed(text, [])
    message.text, message.entities = words, html.with_found(words, entities)
    message.edited = True
    message.edits += 1
    if heard(here, message):
        here.tell("edited_message", message_json(message))


def pieces(text: str) -> list[str]:
    """A text as the apps send it: cut where it is too long, at the end of a line or word."""
    parts = []
    while html.units(text) > TEXT:
        most = text[:TEXT]
        while html.units(most) > TEXT:
            most = most[:-1]
        end = max(most.rfind("\n"), most.rfind(" ")) + 1 or len(most)
        parts.append(text[:end])
        text = text[end:]
    return [*parts, text]


def heard(here: World, message: Message) -> bool:
    """Whether the bot is told of a message."""
    chat = message.chat
    if chat.private:
        return True
    status = chat.members.get(here.bot.id)
    if status not in INSIDE:
        return False
    replied = message.reply_to is not None and message.reply_to.author is here.bot
    return (
        status == "administrator"
        or bool(message.service)
        or replied
        or any(_for_us(here, command) for command in message.parts("bot_command"))
    )


def _for_us(here: World, command: str) -> bool:
    _, _, name = command.partition("@")
    return name.lower() in {"", here.bot.username.lower()}
