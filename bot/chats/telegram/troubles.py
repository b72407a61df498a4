"""What each of Telegram's refusals comes to: later, or never, in words that say what to do."""

from datetime import timedelta

import structlog
from telegram.error import (
    BadRequest,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.ports import ChatDown, ChatRefused, MessageGone

_OPERATOR = 300.0  # seconds a lane rests when only the operator can help

_NOT_THERE = "I am not in that group. Add me to it and say `/announce here` there."
_GONE = "message to edit not found"
_WORDS = {  # parts of Telegram's descriptions, in small letters
    "blocked by the user": "I was blocked in Telegram. Unblock me and say `/start` to me.",
    "initiate conversation": "I may not write first. Say `/start` to me in private.",
    "user is deactivated": "That account in Telegram was deleted.",
    "chat not found": _NOT_THERE,
    "kicked from": _NOT_THERE,
    "not a member": _NOT_THERE,
    "group chat was deactivated": _NOT_THERE,
    "enough rights": "I may not write in that group. Let me, then say `/announce here` there.",
    "no rights to send": "I may not write in that group. Let me, then say `/announce here` there.",
    _GONE: "The message was deleted.",
    "message can't be edited": "The message can no longer be edited.",
}
_UNREACHABLE = ("initiate conversation", "chat not found", "blocked by the user")

log = structlog.get_logger()


def trouble(error: TelegramError) -> ChatDown | ChatRefused:
    """What an answer of Telegram's that is no success comes to."""
    match error:
        case RetryAfter():
            return ChatDown(retry_after=seconds(error))
        case InvalidToken():
            log.error("telegram.refuses_our_token")
            return ChatDown(retry_after=_OPERATOR)
        case BadRequest() | Forbidden():
            known = (said for part, said in _WORDS.items() if says(error, part))
            log.warning("telegram.refused", error=type(error).__name__)
            refusal = MessageGone if says(error, _GONE) else ChatRefused
            return refusal(next(known, "Telegram refused this message."))
        case NetworkError():
            return ChatDown()
        case _:
            log.warning("telegram.trouble", error=type(error).__name__)
            return ChatDown()


def is_unreachable(error: TelegramError) -> bool:
    """Whether the bot may not write to somebody: they never started it, or blocked it."""
    return any(says(error, part) for part in _UNREACHABLE)


def says(error: TelegramError, part: str) -> bool:
    """Whether this is part of Telegram's description, in small letters."""
    return part in error.message.lower()


def seconds(error: RetryAfter) -> float:
    """How long Telegram wants to be left alone."""
    value = error.retry_after
    return value.total_seconds() if isinstance(value, timedelta) else float(value)
