"""Taking updates in: those of one chat one after the other, those of several at once."""

import asyncio
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

import structlog
from telegram import Update

from storage.database import DatabaseAway

_GRACE = 10.0  # seconds at the end for what is under way

log = structlog.get_logger()


class Intake:
    """A queue for each chat, as long as somebody stands in it."""

    def __init__(self, hear: Callable[[Update], Awaitable[None]]) -> None:
        self._hear = hear
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._under_way: set[asyncio.Task[bool]] = set()

    def take(self, update: Update) -> asyncio.Task[bool]:
        """Begin, or queue up. Gives a task that says whether it need not be repeated."""
        task = asyncio.create_task(self._in_turn(update))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    async def _in_turn(self, update: Update) -> bool:
        chat = update.effective_chat
        turn = self._turns.setdefault(chat.id if chat is not None else 0, asyncio.Lock())
        async with turn:
            try:
                await self._hear(update)
            except DatabaseAway:
                log.warning("telegram.database_away")
                return False
            except Exception:  # one update must not stop the others; repeated, it fails again
                log.exception("telegram.failed", update=update.update_id)
        return True

    async def finish(self) -> None:
        """Let what is under way end, but not for ever."""
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=_GRACE)
            for task in late:
                task.cancel()
