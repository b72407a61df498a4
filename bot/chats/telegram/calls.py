"""What somebody wrote in Telegram, as a call: commands, people, deep links."""

import re
from dataclasses import dataclass

from telegram import Message, MessageEntity, User

from bot.chats.telegram import words
from bot.messages import Call

NAME = "telegram"

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]+))?(?:\s+|$)")
_CLAIM = "claim-"  # t.me/Bot?start=claim-7KQM-4TXP
_HOME = "home-"  # t.me/Bot?start=home-7KQM4TXP
_ALIASES = {"settings": "/community", "start": "/help"}
_ABOUT_PEOPLE = {"/leaders add", "/leaders remove"}


@dataclass(frozen=True, slots=True)
class Spoken:
    """A command as it was typed."""

    name: str  # "invite"
    rest: str
    bot: str = ""  # whom it is for, when that was said: /invite@PorchlightBot

    @property
    def text(self) -> str:
        """The command as every chat spells it."""
        if self.name == "start" and self.rest.startswith(_CLAIM):
            return f"/leaders claim {self.rest.removeprefix(_CLAIM)}"
        if self.name == "start" and self.rest.startswith(_HOME):
            return f"/household key {self.rest.removeprefix(_HOME)}"
        if self.name in _ALIASES:
            return _ALIASES[self.name]
        return f"/{self.name} {self.rest}".strip()


def spoken(text: str) -> Spoken | None:
    """The command that a text is; None when it is none."""
    found = _COMMAND.match(text)
    if found is None:
        return None
    return Spoken(found[1].lower(), text[found.end() :].strip(), (found[2] or "").lower())


def text_of(message: Message) -> tuple[str, dict[str, str]]:
    """What was written, also below a file, with the people in it as `<@id>`, and who they are.

    Telegram says who is meant only when somebody without a username is mentioned, or when the
    message answers theirs.
    """
    raw = (message.text or message.caption or "").encode("utf-16-le")  # entities count its units
    people: dict[str, str] = {}
    for entity in sorted(
        message.entities or message.caption_entities, key=lambda entity: -entity.offset
    ):
        person = _meant(entity, message, raw)
        if person is not None:
            people[str(person.id)] = person.full_name
            start, end = 2 * entity.offset, 2 * (entity.offset + entity.length)
            raw = raw[:start] + f"<@{person.id}>".encode("utf-16-le") + raw[end:]
    return words.incoming(raw.decode("utf-16-le", "ignore")), people


def _meant(entity: MessageEntity, message: Message, raw: bytes) -> User | None:
    if entity.type == MessageEntity.TEXT_MENTION:
        return entity.user
    author = _answered(message)
    if entity.type != MessageEntity.MENTION or author is None or not author.username:
        return None
    start, end = 2 * entity.offset, 2 * (entity.offset + entity.length)
    is_them = raw[start:end].decode("utf-16-le", "ignore").casefold() == (
        f"@{author.username}".casefold()
    )
    return author if is_them else None


def _answered(message: Message) -> User | None:
    answered = message.reply_to_message
    author = answered.from_user if answered is not None else None
    return None if author is None or author.is_bot else author


def completed(text: str, people: dict[str, str], message: Message) -> tuple[str, dict[str, str]]:
    """The command with whom it answers, when it is about somebody and names nobody."""
    author = _answered(message)
    if author is None or text.strip() not in _ABOUT_PEOPLE:
        return text, people
    return f"{text.strip()} <@{author.id}>", {**people, str(author.id): author.full_name}


def call(
    bot_id: str, user: User, text: str, *, channel: str, people: dict[str, str] | None = None
) -> Call:
    """What somebody said, anywhere; answers go to them alone."""
    return Call(
        chat=NAME,
        place=bot_id,
        channel=channel,
        speaker=str(user.id),
        speaker_name=user.full_name,
        text=text,
        people=people or {},
        private=str(user.id),
    )


def channel_of(message: Message) -> str:
    """Where a message is: `123`, `-100123`, or `-100123/7` in a topic of a forum."""
    topic = f"/{message.message_thread_id}" if message.is_topic_message else ""
    return f"{message.chat_id}{topic}"
