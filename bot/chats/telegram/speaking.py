"""Speaking in Telegram: say, edit, hand over files."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

import structlog
from telegram import InputFile, LinkPreviewOptions, Message, ReplyParameters
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, TelegramError
from telegram.ext import ExtBot

from bot.chats.telegram import words
from bot.chats.telegram.keyboards import Key, keys, markup
from bot.chats.telegram.troubles import is_unreachable, says, trouble
from bot.messages import Card, File
from bot.ports import ChatDown

Bots = Callable[[], Awaitable[ExtBot[int]]]  # the bot, ready to be used
Moved = Callable[[str, str], Awaitable[None]]  # a group's id became another
Put = Callable[..., Awaitable[Message]]
T = TypeVar("T")

_MESSAGE = 4096  # UTF-16 units of a message, and of a caption: core.telegram.org/bots/api
_CAPTION = 1024
_AGAIN = (1, 2, 5, 15, 30, 30)  # seconds before each further try: an outage of a minute
_EDIT_EVERY = 1.0  # seconds for one message
_EDITED_KEPT = 1000  # messages
_LONGEST = 60.0  # seconds that anybody waits for an answer because Telegram asks for it
_PICTURE = "image/png"
_PHOTOS = {_PICTURE, "image/jpeg"}
_LARGEST_PHOTO = 10 * 10**6  # bytes that Telegram shows as a picture; a document may have 50 MB
_NO_PHOTO = ("photo_invalid_dimensions", "image_process_failed")  # too wide, too tall, unreadable
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_HTML = ParseMode.HTML

log = structlog.get_logger()


class Speaker:
    """Says things in channels, written `123` for somebody's own, `-100123` or `-100123/7` (topic).

    Messages are known as `123:45`.
    """

    def __init__(self, bot: Bots, moved: Moved) -> None:
        self._bot = bot
        self._moved = moved
        self._edited: OrderedDict[str, float] = OrderedDict()  # message -> monotonic seconds

    async def post(self, channel: str, card: Card, *, below: str = "") -> str:
        """Show one message, as an answer to the message `below`. Raises: ChatDown, ChatRefused."""
        text = words.cut(card.text, _MESSAGE)
        return await self._send(channel, text, keys(card.buttons), below=below)

    async def edit(self, message: str, card: Card) -> None:
        """Replace a message's content. Raises: ChatDown, ChatRefused."""
        chat, _, number = message.partition(":")
        bot = await self._bot()
        await self._unhurried(message)
        try:
            await bot.edit_message_text(
                words.html(words.cut(card.text, _MESSAGE)),
                chat_id=int(chat),
                message_id=int(number),
                parse_mode=_HTML,
                link_preview_options=_NO_PREVIEW,
                reply_markup=markup(keys(card.buttons)),
            )
        except TelegramError as error:
            if not says(error, "message is not modified"):
                raise trouble(error) from error

    async def _unhurried(self, message: str) -> None:
        """Wait until the message was left alone for a while: more in a chat a second is too much.

        What changes meanwhile is one edit: whoever edits is asked to again.
        """
        now = time.monotonic()
        at = max(now, self._edited.pop(message, 0.0) + _EDIT_EVERY)
        self._edited[message] = at
        if len(self._edited) > _EDITED_KEPT:
            self._edited.popitem(last=False)
        await asyncio.sleep(at - now)

    async def say(
        self, channel: str, text: str, shown: Sequence[Key] = (), *, below: str = ""
    ) -> None:
        """Say it however long it is, through an outage of a minute.

        Takes: below, the message that it answers. Telegram cannot tell a repetition, so an unclear
        end may repeat a message.
        Raises: ChatDown, ChatRefused.
        """
        *first, last = words.pages(text, _MESSAGE)
        for page in first:
            await _insisting(partial(self._send, channel, page, ()))
        await _insisting(partial(self._send, channel, last, shown, below=below))

    async def hand_over(
        self, channel: str, files: Sequence[File], text: str, shown: Sequence[Key] = ()
    ) -> None:
        """Put files into a channel, first their pictures; the last one has the words below it.

        Raises: ChatDown, ChatRefused.
        """
        pictures = [
            File(f"{file.name.rpartition('.')[0]}.png", _PICTURE, file.picture)
            for file in files
            if file.picture
        ]
        *first, last = (*pictures, *files)
        is_short = words.pages(text, _CAPTION) == [text]
        for file in first:
            await _insisting(partial(self._put, channel, file))
        caption, below = (text, shown) if is_short else ("", ())
        await _insisting(partial(self._put, channel, last, caption, below))
        if not is_short:
            await self.say(channel, text, shown)

    async def reaches(self, user: str) -> bool:
        """Whether somebody let the bot write to them. Raises: ChatDown, ChatRefused."""
        bot = await self._bot()
        try:
            await bot.send_chat_action(int(user), ChatAction.TYPING)
        except (BadRequest, Forbidden) as error:
            if is_unreachable(error):
                return False
            raise trouble(error) from error
        except TelegramError as error:
            raise trouble(error) from error
        return True

    async def is_uploading(self, user: str) -> None:
        """Show that a file is on its way; nothing depends on it."""
        bot = await self._bot()
        await quietly(bot.send_chat_action(int(user), ChatAction.UPLOAD_DOCUMENT))

    async def title_of(self, channel: str) -> str:
        """What people call the group; empty when that cannot be told now. Raises: ChatDown."""
        bot = await self._bot()
        try:
            return (await bot.get_chat(int(channel.partition("/")[0]))).title or ""
        except TelegramError as error:
            log.info("telegram.no_title", error=type(error).__name__)
            return ""

    async def let_in(self, channel: str, *, name: str, until: datetime) -> tuple[str, str] | None:
        """Make an invite link that is good once. Gives the group's title and the link.

        None: the bot may not invite there. Raises: ChatDown.
        """
        bot, chat = await self._bot(), int(channel.partition("/")[0])
        try:
            title = (await bot.get_chat(chat)).title
            if title is None:
                return None  # somebody's own chat
            link = await bot.create_chat_invite_link(
                chat, name=name, member_limit=1, expire_date=until
            )
        except (BadRequest, Forbidden):
            return None
        except TelegramError as error:
            raise trouble(error) from error
        return title, link.invite_link

    async def shut(self, channel: str, link: str) -> None:
        """Revoke an invite link of ours. Raises: ChatDown, ChatRefused."""
        bot = await self._bot()
        try:
            await bot.revoke_chat_invite_link(int(channel.partition("/")[0]), link)
        except TelegramError as error:
            raise trouble(error) from error

    async def _send(self, channel: str, text: str, shown: Sequence[Key], *, below: str = "") -> str:
        bot = await self._bot()

        def send(chat: int, thread: int | None) -> Awaitable[Message]:
            answered = below.partition(":")[2]
            return bot.send_message(
                chat,
                words.html(text),
                parse_mode=_HTML,
                link_preview_options=_NO_PREVIEW,
                message_thread_id=thread,
                reply_markup=markup(shown),
                reply_parameters=ReplyParameters(int(answered), allow_sending_without_reply=True)
                if answered
                else None,
            )

        return await self._followed(channel, send)

    async def _put(
        self, channel: str, file: File, text: str = "", shown: Sequence[Key] = ()
    ) -> str:
        bot = await self._bot()

        def put(by: Put, chat: int, thread: int | None) -> Awaitable[Message]:
            return by(
                chat,
                InputFile(file.content, filename=file.name),
                caption=words.html(text) if text else None,
                parse_mode=_HTML,
                message_thread_id=thread,
                reply_markup=markup(shown),
            )

        async def send(chat: int, thread: int | None) -> Message:
            if file.media_type in _PHOTOS and len(file.content) <= _LARGEST_PHOTO:
                try:
                    return await put(bot.send_photo, chat, thread)
                except BadRequest as error:
                    if not any(says(error, part) for part in _NO_PHOTO):
                        raise
            return await put(bot.send_document, chat, thread)

        return await self._followed(channel, send)

    async def _followed(
        self, channel: str, send: Callable[[int, int | None], Awaitable[Message]]
    ) -> str:
        """Send it there, or where the group has moved to. Gives the message's id."""
        chat, _, thread = channel.partition("/")
        try:
            sent = await send(int(chat), int(thread) if thread else None)
        except ChatMigrated as moved:
            await self._moved(chat, str(moved.new_chat_id))
            return await self._followed(str(moved.new_chat_id), send)
        except TelegramError as error:
            raise trouble(error) from error
        return f"{sent.chat_id}:{sent.message_id}"


async def quietly(asking: Awaitable[object]) -> bool:
    """Whether it worked; that it did not is no trouble."""
    try:
        await asking
    except TelegramError as error:
        log.info("telegram.unimportant", error=type(error).__name__)
        return False
    return True


async def _insisting(send: Callable[[], Awaitable[T]]) -> T:
    """Try again while Telegram is away: what was done is done, and its answer must be heard."""
    for pause in _AGAIN:
        try:
            return await send()
        except ChatDown as down:
            if (down.retry_after or 0) > _LONGEST:
                raise
            await asyncio.sleep(down.retry_after or pause)
    return await send()
