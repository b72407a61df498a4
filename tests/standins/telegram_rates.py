"""How fast a bot may write: in one chat, in one group, and everywhere.

Edits count like new messages, as they do in practice; a short burst in a chat passes.
Source: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
"""

import math
from collections import deque

from tests.standins.telegram_http import too_many

_ALL = 30, 1.0  # messages, in seconds
_CHAT = 3, 3.0
_GROUP = 20, 60.0


class Rates:
    """What was written lately."""

    def __init__(self) -> None:
        self._written: dict[tuple[int, int, float], deque[float]] = {}

    def spend(self, chat_id: int, count: int, *, now: float) -> None:
        """Write so many messages. Raises `Refused` with a 429, and then nothing is counted."""
        limits = [(0, *_ALL), (chat_id, *_CHAT), *([(chat_id, *_GROUP)] if chat_id < 0 else [])]
        waits = [self._wait(limit, count, now) for limit in limits]
        if (longest := max(waits)) > 0:
            raise too_many(math.ceil(longest))
        for limit in limits:
            self._written[limit].extend([now] * count)

    def _wait(self, limit: tuple[int, int, float], count: int, now: float) -> float:
        _, most, seconds = limit
        written = self._written.setdefault(limit, deque())
        while written and written[0] <= now - seconds:
            written.popleft()
        beyond = len(written) + min(count, most) - most
        return written[beyond - 1] + seconds - now if beyond > 0 else 0
