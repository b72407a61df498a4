"""Looks into the mailbox that reports come to, again and again, and has heard what they say.

A message is marked as read only after what it says is stored, so that a crash in between has it
heard again, which changes nothing. It stays in the mailbox. What says nothing about a letter stays
unread, for people who share the mailbox, and is not looked at again until the next start.
"""

import asyncio
import imaplib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

import structlog

from bot.couriers.email.returns import reports
from bot.couriers.email.returns.folder import Folder, NotLetIn, open_folder
from bot.couriers.email.returns.settings import ReturnSettings
from bot.messages import News
from bot.ports import Hear
from storage.database import DatabaseAway

_ANSWER = 10.0  # seconds for each answer; the program's end waits for one, too
_ROUND = 200  # messages at a time, so that a flood keeps nobody from the database
_TOGETHER = 20  # messages whose news are stored together
_BREATH = 1.0  # seconds between two rounds while there is more
_REST = 300.0  # seconds until the next try when only the operator can help

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Read:
    """A message, and what it says about our letters."""

    message: int
    news: Sequence[News]


class Inbox:
    """The mailbox that reports come to."""

    def __init__(self, settings: ReturnSettings, *, answer_within: float = _ANSWER) -> None:
        """Make ready; nothing is opened before `run`."""
        self._settings = settings
        self._answer_within = answer_within
        self._seen = ("", 0)  # the folder's validity, and the last message looked at
        self._said = ""  # how the mailbox was; the same is not said again
        self._folder: Folder | None = None  # kept open from one look to the next

    def plug(self, hear: Hear) -> None:
        """Get to know who listens."""
        self._hear = hear

    async def run(self, stop: asyncio.Event) -> None:
        """Look, and rest, until told to stop. Touches: network; storage by `hear`."""
        try:
            while not stop.is_set():
                rest = await self._look(stop)
                with suppress(TimeoutError):
                    async with asyncio.timeout(rest):
                        await stop.wait()
        finally:
            await self._close()

    async def _look(self, stop: asyncio.Event) -> float:
        """Hear what is new. Gives the seconds until the next look."""
        try:
            is_all = await self._round(await self._open(), stop)
        except NotLetIn as refusal:
            self._say_once(log.error, "returns.mailbox_shut", words=refusal.words)
            return _REST
        except (imaplib.IMAP4.error, OSError) as fault:
            await self._close()
            self._say_once(log.warning, "returns.mailbox_away", kind=type(fault).__name__)
        except DatabaseAway:
            self._say_once(log.warning, "returns.database_away")
        except Exception:  # a fault of ours must not end the program, which answers and sends, too
            await self._close()
            log.exception("returns.failed")
            return _REST
        else:
            self._say_once(log.info, "returns.mailbox_open")
            return self._settings.imap_every if is_all else _BREATH
        return self._settings.imap_every

    async def _open(self) -> Folder:
        if self._folder is None:
            self._folder = await asyncio.to_thread(
                open_folder, self._settings, answer_within=self._answer_within
            )
        return self._folder

    async def _close(self) -> None:
        if (folder := self._folder) is not None:
            self._folder = None
            await asyncio.to_thread(folder.close)

    async def _round(self, folder: Folder, stop: asyncio.Event) -> bool:
        """Take what is unread, up to a limit. Gives whether that was all."""
        validity, last = self._seen
        after = last if validity == folder.validity else 0
        unread = await asyncio.to_thread(folder.unread, after=after)
        taking = iter(unread[:_ROUND])
        while (some := list(islice(taking, _TOGETHER))) and not stop.is_set():
            await self._take(folder, some)
            self._seen = (folder.validity, some[-1])
        return len(unread) <= _ROUND

    async def _take(self, folder: Folder, messages: Sequence[int]) -> None:
        read = await asyncio.to_thread(self._read, folder, messages)
        await self._hear([news for each in read for news in each.news])
        understood = [each.message for each in read if each.news]
        await asyncio.to_thread(folder.mark_read, understood)

    def _read(self, folder: Folder, messages: Sequence[int]) -> list[_Read]:
        back = self._settings.smtp_return_path
        return [_Read(each, _understood(folder.read(each), back)) for each in messages]

    def _say_once(self, say: Callable[..., None], event: str, **facts: str) -> None:
        if (said := f"{event} {facts}") != self._said:
            self._said = said
            say(event, **facts)


def _understood(content: bytes, return_path: str) -> Sequence[News]:
    try:
        return reports.read(content, return_path=return_path)
    except Exception as error:  # noqa: BLE001 - a message of a stranger must not stop the others
        log.warning("returns.unreadable", kind=type(error).__name__)
        return ()
