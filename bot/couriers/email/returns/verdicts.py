"""What a report says became of a letter: an event, a code, and words for the leader.

Only 5.x.x is for ever. A report that says "failed" with 4.x.x means that a server gave up: the
mailbox may well be there, so the address is not put on the list of those not to be written to.

Source: RFC 3464, section 2.3 (fields), RFC 3463 (statuses), RFC 6522 (reports as such).
"""

import re
from dataclasses import dataclass
from email.message import Message

import structlog

from bot.couriers.email.returns import words
from bot.messages import Event

# Never a part of an IP address: 5.1.1, but not the beginning of 4.2.2.1.
_STATUS = re.compile(r"(?<![\w.])[245]\.\d{1,3}\.\d{1,3}(?![\w.]*\d)", re.ASCII)
_CODE = re.compile(r"(?:^smtp; ?|\bsaid: )([45]\d\d)\b", re.ASCII | re.IGNORECASE)
_NOTHING_MORE = ".0.0"  # ends a status that only says whether it is for ever
_EXPIRED = "5.4.7"  # some servers say so, as if it were for ever, when they give up
_ARRIVED = {"delivered": "", "expanded": "", "relayed": words.PASSED_ON}
# In prose a number is a status only after a code or a hash: "550 5.1.1", "#5.1.1".
_IN_PROSE = re.compile(r"(?:\b([45]\d\d)[ -]#?|#)([45]\.\d{1,3}\.\d{1,3})(?![\w.]*\d)", re.ASCII)
_PROSE = 65_536  # characters that are looked at
_STILL_TRYING = re.compile(r"\b(?:delay|warning|still)", re.IGNORECASE)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a letter."""

    event: Event
    code: str = ""
    words: str = ""  # for the leader; empty: the usual ones for the event


def of_recipient(fields: Message) -> Verdict | None:
    """What a report's group of fields says of one recipient; None when it cannot be told."""
    action = re.match(r"[a-z]*", field(fields, "action").lower())
    said = field(fields, "diagnostic-code")
    status, code = _status(field(fields, "status"), said), _code(said)
    match action and action[0]:
        case kind if kind in _ARRIVED:
            return Verdict("delivered", status, _ARRIVED[kind])
        case "delayed":
            return _delayed(status)
        case "failed":
            return _failed(status, code, said)
        case _:
            return None


def of_prose(message: Message) -> Verdict | None:
    """What a report in plain words says; None when there is no status in it.

    Source: https://cr.yp.to/proto/qsbmf.txt
    """
    if _is_automatic_reply(message):
        return None
    text = _text(message)[:_PROSE]
    found = _IN_PROSE.search(text)
    if found is None:
        log.info("returns.no_status")
        return None
    code, status = int(found[1]) if found[1] else None, found[2]
    if status.startswith("4") and _STILL_TRYING.search(field(message, "subject")):
        return _delayed(status)
    return _failed(status, code, text)


def field(fields: Message, name: str) -> str:
    """A field in one line; empty when it is not there."""
    return " ".join(str(fields.get(name, "")).split())


def _delayed(status: str) -> Verdict:
    waits = status if status.startswith("4") else "4.0.0"
    return Verdict("deferred", status, words.of(waits))


def _failed(status: str, code: int | None, said: str) -> Verdict | None:
    shown = str(code) if code and status.endswith(_NOTHING_MORE) else status or str(code or "")
    if shown.startswith("4") or status == _EXPIRED:
        return Verdict("failed", shown, words.given_up(status))
    if shown.startswith("5"):
        return Verdict("bounced", shown, words.of(status, code=code, text=said))
    log.info("returns.no_status")
    return None


def _status(given: str, said: str) -> str:
    """The report's own status, or the finer one in what their server said.

    Exim writes 5.0.0 over a 4.2.2 for which it has waited too long: their server's word counts.
    """
    own, finer = _STATUS.search(given), _STATUS.search(said)
    if own and not own[0].endswith(_NOTHING_MORE):
        return own[0]
    best = finer or own
    return best[0] if best else ""


def _code(said: str) -> int | None:
    found = _CODE.search(said)
    return int(found[1]) if found else None


def _is_automatic_reply(message: Message) -> bool:
    """Whether somebody is away. Exim calls its reports automatic replies, too, and marks them."""
    is_reply = field(message, "auto-submitted").lower().startswith("auto-replied")
    return (is_reply and "x-failed-recipients" not in message) or "x-autoreply" in message


def _text(message: Message) -> str:
    """The first part that is plain text."""
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            payload = part.get_payload(decode=True)
            return payload.decode("latin-1") if isinstance(payload, bytes) else ""
    return ""
