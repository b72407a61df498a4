"""What the event of a service means for a letter, and the words that make it plain to a leader.

Each service has a table of all its events; what is not in it is new to us, ignored and noted.
Words stay empty where the usual ones for an event say it.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from bot.couriers.email.returns import words
from bot.couriers.email.returns.verdicts import Verdict as Verdict
from bot.messages import Event, News

EARLIER = (
    "An earlier letter to that address came back, so our e-mail service sends it nothing more. "
    "Check the spelling, or try a text or an Access Pass."
)
_BARRED = f"Our e-mail service was told not to write to that address. {words.TELL}"
NOT_SENT = f"Our e-mail service would not send the message. {words.TELL}"

# Not the beginning of an IP address or a version: 5.1.1, never 4.2.2 of 4.2.2.1.
_STATUS = re.compile(r"(?<![\w.])[45]\.\d{1,3}\.\d{1,3}(?!\.?\d)", re.ASCII)
_CODE = re.compile(r"(?:smtp; ?)?([45]\d\d)\b", re.ASCII)
_TYPE = 40  # characters of an unknown event's name in the log

log = structlog.get_logger()


Judge = Callable[[Any], Verdict | None]  # None: says nothing of where the letter is


def always(event: Event, *, code: str = "", words: str = "") -> Judge:
    """Judge every such event alike."""
    verdict = Verdict(event, code, words)
    return lambda _: verdict


def unsent(kind: str) -> Judge:
    """Judge that the service itself would not send it. Takes: kind, what the service calls it."""
    return always("failed", code=kind, words=NOT_SENT)


def barred(kind: str) -> Judge:
    """Judge that the operator told the service not to write there. Takes: kind, as above."""
    return always("failed", code=kind, words=_BARRED)


def nothing(_: Any) -> None:
    """Judge an event that says nothing of where the letter is, such as one of its being read."""


def judged(service: str, judges: Mapping[str, Judge], kind: str, event: Any) -> Verdict | None:
    """Judge an event by the service's table. Touches: the log, when it is not there."""
    if kind in judges:
        return judges[kind](event)
    log.info("email_service.unknown_event", service=service, kind=kind[:_TYPE])
    return None


def news(
    service: str, verdict: Verdict | None, *, key: str, tag: str, message_id: str = ""
) -> list[News]:
    """Make news of a verdict; none when the letter is not one of ours."""
    if verdict is None:
        return []
    if not (tag or message_id):
        log.info("email_service.not_our_letter", service=service)
        return []
    key = f"{service}:{key}"
    return [News(verdict.event, key, tag, message_id, verdict.code, verdict.words)]


def delayed(said: str, *, status: str = "") -> Verdict:
    """The service will go on trying.

    Takes: what the mail server said, and its status where the service tells it apart.
    """
    status, code = _found(said, status)
    meaning = words.of(status if status.startswith("4") else "", code=450)
    return Verdict("deferred", f"{code} {status}".strip(), meaning)


def given_up(said: str, *, status: str = "") -> Verdict:
    """The service has stopped trying, though it might have worked another day."""
    status, code = _found(said, status)
    final = status.startswith("5")
    meaning = words.of(status, text=said) if final else words.given_up(status)
    return Verdict("failed", f"{code} {status}".strip(), meaning)


def turned_away(said: str, *, status: str = "", kind: str = "") -> Verdict:
    """The mail server would not take the letter, and never will; unless it says 4.x.x.

    Takes: kind, what the service calls it, when it is not about the address: a bare 550 then
    does not mean that there is no such mailbox.
    """
    status, code = _found(said, status)
    if (status or code).startswith("4"):
        return given_up(said, status=status)
    if kind and not status:
        return Verdict("bounced", kind, words.of("", text=said))
    if not (status or code):
        return Verdict("bounced")
    meaning = words.of(status, code=int(code) if code else None, text=said)
    return Verdict("bounced", f"{code} {status}".strip(), meaning)


def _found(said: str, status: str) -> tuple[str, str]:
    """The status of RFC 3463 and the code of RFC 5321; each may be empty."""
    inside = _STATUS.fullmatch(status) or _STATUS.search(said)
    code = _CODE.match(said)
    return inside[0] if inside else "", code[1] if code else ""
