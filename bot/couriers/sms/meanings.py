"""What Twilio's codes and statuses mean for a text, and what the leader reads about them.

Twilio changes its codes without notice: the table is for words, and `_by_status` is the way out.
A code comes at once, with a refusal, or later, when the text was taken and then went nowhere.
Source: https://www.twilio.com/docs/api/errors
"""

import re
from dataclasses import dataclass
from typing import Any, Literal

import structlog

from bot.messages import Carried, Event, News, Outcome

Who = Literal["leader", "operator", "wait"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one of Twilio's error codes means here."""

    outcome: Outcome
    words: str
    acts: Who = "leader"
    event: Event | None = None
    pause: float | None = None  # seconds in which no text at all is tried
    later: str = ""  # the words when the text had been taken; empty: the same


_TELL = "Tell your administrator; the invitation is kept."
_MEND = f"{_TELL} Resend it when that is mended."
_NO_NUMBER = Meaning(
    "permanent", "That does not look like a working phone number. Check it and try again."
)
_NO_MOBILE = Meaning(
    "permanent",
    "That looks like a landline or a number that cannot get texts. Try e-mail or another number.",
    event="bounced",
)
_NO_WAY = Meaning("permanent", "Texts cannot reach this number from ours. Try e-mail.")
_TRIAL = Meaning(
    "permanent",
    f"Our text account is in trial and can only text verified numbers. {_TELL}",
    "operator",
)
_NOT_SET_UP = Meaning(
    "config",
    f"Texts are not set up correctly. {_TELL}",
    "operator",
    later=f"Texts are not set up correctly, so this one did not go out. {_MEND}",
)
_UNREGISTERED = Meaning(
    "config",
    "Our sending number is not registered with the carriers yet. Texts are paused; "
    "use e-mail or your own phone.",
    "operator",
    later="Our sending number is not registered with the carriers yet, so they did not deliver "
    f"it. Use e-mail or your own phone. {_TELL}",
)
_BUSY = Meaning(
    "retry",
    "Twilio is busy; sending again shortly.",
    "wait",
    pause=5,  # the client hides what Twilio asks for; it meters by the second
)
_QUEUED = Meaning(
    "retry",
    "Many texts are waiting; this one will go out later.",
    "wait",
    later="Too many texts were waiting, and this one was dropped. You can resend it.",
)
_ON_HOLD = Meaning(
    "retry",
    "Texts to this number are on hold for a short safety check. We will try again.",
    "wait",
    later="Texts to this number are on hold for a short safety check, so this one did not go "
    "out. You can resend it in half an hour.",
)
_OTHERWISE = Meaning(
    "permanent",
    "The text was not taken. Try e-mail or an Access Pass.",
    later="The text did not arrive. Try e-mail or an Access Pass.",
)

_MEANINGS: dict[int, Meaning] = {
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
    21265: Meaning("permanent", "That is a short code; texts cannot be sent to it."),
    21408: Meaning("permanent", f"Texts to this country are switched off. {_TELL}", "operator"),
    21610: Meaning(
        "permanent",
        "This person replied STOP earlier, so we may not text them. Invite them by e-mail, "
        "or they can text START.",
        event="opted_out",
    ),
    21612: _NO_WAY,
    21617: Meaning("permanent", f"The message was too long. {_TELL}", "operator"),
    30003: Meaning(
        "permanent",
        "The phone could not be reached (off, out of range, or not able to get texts). "
        "You can resend tomorrow.",
    ),
    30004: Meaning("permanent", "The text was blocked by their carrier or phone. Try e-mail."),
    30005: Meaning("permanent", "That number is not in use. Check it.", event="bounced"),
    30007: Meaning(
        "permanent",
        f"The carrier filtered the text as unwanted. Try e-mail. {_TELL}",
        "operator",
    ),
    30008: Meaning("permanent", "The carrier gave no reason. You can resend once."),
    30036: Meaning("permanent", "It waited too long and was dropped. You can resend."),
    30110: Meaning(
        "config",
        f"Our link's domain is blocked by the carriers. {_TELL}",
        "operator",
        later=f"The carriers block our link's domain, so this did not arrive. {_MEND}",
    ),
}  # fmt: skip

# "Sent" is all that is known while Twilio has the text: callbacks skip and swap these.
_EVENTS: dict[str, Event] = {
    **dict.fromkeys(("accepted", "scheduled", "queued", "sending", "sent"), "sent"),
    "partially_delivered": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "undelivered",
    "failed": "failed",
    "canceled": "failed",
}

CHECKING = Carried(
    "unclear", "We lost the connection while sending and are checking whether it went out."
)

_CODE = re.compile(r"[1-9][0-9]{0,8}")

log = structlog.get_logger()


def refused(refusal: Any) -> Carried:
    """Judge an answer that is not a success; only from 500 on may the text have been taken."""
    if refusal.status >= 500:
        return CHECKING
    return judged(refusal.code or refusal.status, status=refusal.status)


def judged(code: int, *, status: int = 400) -> Carried:
    """Judge the error code of a refusal."""
    meaning = _MEANINGS.get(code) or _by_status(status)
    if meaning.outcome == "permanent":  # the postman tells the operator of what holds all up
        _tell_operator(meaning, str(code))
    return Carried(
        meaning.outcome,
        meaning.words,
        code=str(code),
        retry_after=meaning.pause,
        event=meaning.event,
    )


def _by_status(status: int) -> Meaning:
    if status == 429:  # documented as never processed
        return _BUSY
    return _OTHERWISE if status == 400 else _NOT_SET_UP


def reported(sid: str, status: str, code: str, *, tag: str = "") -> News | None:
    """What Twilio says became of a text that it took; None when the status is a new one.

    Takes: code, of the error, or nothing.
    Source: https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
    """
    event = _EVENTS.get(status)
    if event is None:
        log.warning("sms.unknown_status", status=status[:20])
        return None
    key = f"twilio:{sid}:{status}"
    if event not in {"failed", "undelivered"}:
        return News(event, key, tag=tag, provider_id=sid)
    meaning = _failure(code)
    if meaning is None:
        return News(event, key, tag=tag, provider_id=sid)
    _tell_operator(meaning, code)
    words = meaning.later or meaning.words
    return News(meaning.event or event, key, tag=tag, code=code, words=words, provider_id=sid)


def _failure(code: str) -> Meaning | None:
    """The meaning of a late failure; none when Twilio gives no reason either."""
    if not _CODE.fullmatch(code):
        return None
    return _MEANINGS.get(int(code), _OTHERWISE)


def _tell_operator(meaning: Meaning, code: str) -> None:
    if meaning.acts == "operator":
        log.error("sms.needs_operator", code=code, words=meaning.words)
