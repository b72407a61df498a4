"""What Twilio's refusals mean for a text, and what the leader reads about them.

Twilio changes its codes without notice: the table is for words, and `_by_status` is the way out.
Source: https://www.twilio.com/docs/api/errors
"""

from dataclasses import dataclass
from typing import Any

from bot.messages import Carried, Event, Outcome


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What one of Twilio's error codes means here."""

    outcome: Outcome
    words: str
    event: Event | None = None
    pause: float | None = None  # seconds in which no text at all is tried


_TELL = "Tell your administrator; the invitation is kept."
_NO_NUMBER = _Meaning(
    "permanent", "That does not look like a working phone number. Check it and try again."
)
_NO_MOBILE = _Meaning(
    "permanent",
    "That looks like a landline or a number that cannot get texts. Try e-mail or another number.",
)
_NO_WAY = _Meaning("permanent", "Texts cannot reach this number from ours. Try e-mail.")
_TRIAL = _Meaning(
    "permanent", f"Our text account is in trial and can only text verified numbers. {_TELL}"
)
_NOT_SET_UP = _Meaning("config", f"Texts are not set up correctly. {_TELL}")
_UNREGISTERED = _Meaning(
    "config",
    "Our sending number is not registered with the carriers yet. Texts are paused; "
    "use e-mail or your own phone.",
)
_BUSY = _Meaning(
    "retry",
    "Twilio is busy; sending again shortly.",
    pause=5,  # the client hides what Twilio asks for; it meters by the second
)
_QUEUED = _Meaning("retry", "Many texts are waiting; this one will go out later.")
_ON_HOLD = _Meaning(
    "retry",
    "Texts to this number are on hold for a short safety check. We will try again.",
)
_OTHERWISE = _Meaning("permanent", "The text was not taken. Try e-mail or an Access Pass.")

_MEANINGS: dict[int, _Meaning] = {
    **dict.fromkeys((21211, 21217), _NO_NUMBER),
    **dict.fromkeys((21614, 21635, 30006), _NO_MOBILE),
    **dict.fromkeys((21608, 572005), _TRIAL),
    **dict.fromkeys(
        (20003, 21212, 21603, 21606, 21659, 21703, 21704, 30002, 90010), _NOT_SET_UP
    ),
    **dict.fromkeys((30024, 30032, 30034), _UNREGISTERED),
    **dict.fromkeys((21611, 30001), _QUEUED),
    **dict.fromkeys((30450, 30453), _ON_HOLD),
    20429: _BUSY,
    21265: _Meaning("permanent", "That is a short code; texts cannot be sent to it."),
    21408: _Meaning("permanent", f"Texts to this country are switched off. {_TELL}"),
    21610: _Meaning(
        "permanent",
        "This person replied STOP earlier, so we may not text them. Invite them by e-mail, "
        "or they can text START.",
        event="opted_out",
    ),
    21612: _NO_WAY,
    21617: _Meaning("permanent", f"The message was too long. {_TELL}"),
    30003: _Meaning(
        "permanent",
        "The phone could not be reached (off, out of range, or not able to get texts). "
        "You can resend tomorrow.",
    ),
    30004: _Meaning("permanent", "The text was blocked by their carrier or phone. Try e-mail."),
    30005: _Meaning("permanent", "That number is not in use. Check it."),
    30007: _Meaning("permanent", f"The carrier filtered the text as unwanted. Try e-mail. {_TELL}"),
    30008: _Meaning("permanent", "The carrier gave no reason. You can resend once."),
    30036: _Meaning("permanent", "It waited too long and was dropped. You can resend."),
    30110: _Meaning("config", f"Our link's domain is blocked by the carriers. {_TELL}"),
}  # fmt: skip

CHECKING = Carried(
    "unclear", "We lost the connection while sending and are checking whether it went out."
)


def refused(refusal: Any) -> Carried:
    """Judge an answer that is not a success; only from 500 on may the text have been taken."""
    if refusal.status >= 500:
        return CHECKING
    return judged(refusal.code or refusal.status, status=refusal.status)


def judged(code: int, *, status: int = 400) -> Carried:
    """Judge an error code, of an answer or of a text that failed later."""
    meaning = _MEANINGS.get(code) or _by_status(status)
    return Carried(
        meaning.outcome,
        meaning.words,
        code=str(code),
        retry_after=meaning.pause,
        event=meaning.event,
    )


def _by_status(status: int) -> _Meaning:
    if status == 429:  # documented as never processed
        return _BUSY
    return _OTHERWISE if status == 400 else _NOT_SET_UP
