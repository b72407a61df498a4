"""How fast we may write: what Telegram counts are messages."""

from collections.abc import Callable, Coroutine
from typing import Any

from telegram.ext import AIORateLimiter

Json = dict[str, Any]
_MESSAGES = ("send", "edit", "copy", "forward")  # how the methods begin that write or rewrite them


class MessageLimiter(AIORateLimiter):
    """Keeps messages within Telegram's limits; everything else goes at once.

    So a newcomer's way into a group does not wait behind the announcements of other newcomers.
    Nothing is tried again here: the postman does that, and knows what may be.
    Source: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
    """

    def __init__(self) -> None:
        # 20 in any minute in a group: with the library's own numbers 40 pass in the first.
        super().__init__(group_max_rate=5, group_time_period=20, max_retries=0)

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, bool | Json | list[Json]]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: int | None,
    ) -> bool | Json | list[Json]:
        """Have a message wait until it may be written."""
        if endpoint.startswith(_MESSAGES):
            return await super().process_request(
                callback, args, kwargs, endpoint, data, rate_limit_args
            )
        return await callback(*args, **kwargs)
