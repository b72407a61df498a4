"""Files in Telegram: told of in a message, remembered by their id, fetched when they are needed."""

import json
from dataclasses import asdict, dataclass
from typing import Self

import structlog
from telegram import Message
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.chats.dropped import MOST, Dropped, NotFetched, too_big

_AWAY = "Telegram did not give me “{name}” just now. Nothing was done; please send it once more."
_PHOTO = "photo.jpg"  # Telegram makes a JPEG of it, and keeps no name

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Told:
    """What a message says of its file."""

    id: str
    name: str
    media_type: str
    size: int  # bytes; 0: not told

    def written(self) -> str:
        """As the answer to a form's question is kept."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, answer: str) -> Self:
        """The same, once it is needed."""
        return cls(**json.loads(answer))


def told(message: Message) -> Told | None:
    """The file that came with a message, if any; of a photo its largest size."""
    if document := message.document:
        return Told(
            document.file_id,
            document.file_name or "file",
            document.mime_type or "",
            document.file_size or 0,
        )
    if message.photo:
        photo = message.photo[-1]
        return Told(photo.file_id, _PHOTO, "image/jpeg", photo.file_size or 0)
    return None


def dropped(bot: ExtBot[int], file: Told) -> Dropped:
    """The file, to be fetched from Telegram."""

    async def fetch() -> bytes:
        try:
            found = await bot.get_file(file.id)
            if (found.file_size or 0) > MOST:
                raise too_big(file.name)
            return bytes(await found.download_as_bytearray())
        except TelegramError as error:  # its own words may have the token
            log.warning("telegram.file_not_given", error=type(error).__name__)
            raise NotFetched(_AWAY.format(name=file.name)) from None

    return Dropped(file.name, file.media_type, file.size, fetch)
