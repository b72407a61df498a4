"""The door: whoever stands there waiting for an answer goes before what can wait a moment."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Door:
    """Counts who waits for an answer just now: a leader for a reply, a resident for a page."""

    def __init__(self) -> None:
        self._waiting = 0
        self._clear = asyncio.Event()
        self._clear.set()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Somebody waits for as long as this lasts."""
        self._waiting += 1
        self._clear.clear()
        try:
            yield
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._clear.set()

    async def clear(self, *, within: float) -> None:
        """Return when nobody waits, or after so many seconds: a crowd must not stop the post."""
        if self._clear.is_set():
            return
        try:
            async with asyncio.timeout(within):
                await self._clear.wait()
        except TimeoutError:
            return
