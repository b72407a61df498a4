"""Whose turn it is: what Slack waits for goes first, what people wait for follows, a few at a time.

Slack gives an acknowledgement 3 seconds; its answer may follow within half an hour. Without an
order, fifty commands of one moment would all be under way before the last is acknowledged.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager

from bot.door import Door

_AT_ONCE = 4  # answers; more are no sooner done, as the database writes one after another
_POLITE = 0.1  # seconds for which an answer lets Slack go first, so that none waits for ever


class Turns:
    """The line in which answers stand."""

    def __init__(self, door: Door) -> None:
        """Takes: door, where whoever waits for an answer is seen."""
        self._door = door
        self._acknowledging = Door()
        self._places = asyncio.Semaphore(_AT_ONCE)

    def acknowledging(self) -> AbstractContextManager[None]:
        """Slack waits for as long as this lasts."""
        return self._acknowledging.answering()

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        """Wait for a place and for Slack, then answer; the post waits from the beginning."""
        with self._door.answering():
            async with self._places:
                await self._acknowledging.clear(within=_POLITE)
                yield
