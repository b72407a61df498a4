"""Reads what has come back about a letter: reports of mail servers, complaints, wishes to stop.

All of it can be forged, so a letter is named by what only its own way could tell: its tag, in the
address that this came to or as the envelope's id, else its Message-ID. Automatic replies, of
people who are away, say nothing about a letter.

Source: RFC 3464 (delivery reports), RFC 5965 (complaints), RFC 3834 (automatic replies).
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from email import message_from_bytes
from email.message import Message

import structlog

from bot.couriers.email import envelope
from bot.couriers.email.returns import verdicts
from bot.couriers.email.returns.verdicts import Verdict
from bot.messages import News

# Where a server notes the address that a message came to; the body of a letter of ours, which may
# come to the same mailbox, has our addresses in other headers.
_CAME_TO = (
    "delivered-to", "x-delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to", "cc",
    "received",
)  # fmt: skip
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
_RECIPIENTS = 10  # in one report; a letter has one, who may forward it to a few
_COMPLAINTS = {"abuse", "fraud"}  # RFC 5965, section 7.3; "not-spam" is none
# The standard parser takes a minute for what is made to keep it busy; a report of Exchange's, with
# all that it gives back, stays far below both.
_PARAMETERS = 2_000  # semicolons
_NESTED = 50  # boundaries

log = structlog.get_logger()


def read(content: bytes, *, return_path: str) -> Sequence[News]:
    """What a message says about our letters; empty when it says nothing that can be trusted.

    Takes: the message, or its beginning; return_path, which tags are added to; empty: to none.
    """
    if content.count(b";") > _PARAMETERS or content.lower().count(b"boundary") > _NESTED:
        log.warning("returns.not_read", size=len(content))
        return []
    message = message_from_bytes(content)
    came_to = _came_to(message, return_path)
    from_nobody = _field(message, "return-path") == "<>"  # as reports must: RFC 3464, section 2
    if came_to and came_to.is_for == "stop":
        return [] if from_nobody else [_stop(message, came_to.tag)]
    tag = came_to.tag if came_to else ""
    if complaint := _part(message, "message/feedback-report"):
        return list(_complained(message, complaint, tag, return_path))
    report = _part(message, "message/delivery-status")
    if not from_nobody:
        if report:
            log.info("returns.report_with_sender")
        return []
    if report:
        return list(_reported(message, report, tag))
    verdict = verdicts.of_prose(message) if tag else None
    return [_news(tag, "", verdict, about="")] if verdict else []


def _stop(message: Message, tag: str) -> News:
    """Each mail is a wish of its own: who has taken one back may say it again."""
    key = _key("stop", tag, _field(message, "message-id"), _field(message, "date"))
    return News("opted_out", key, tag=tag)


def _complained(message: Message, complaint: Message, tag: str, return_path: str) -> Iterator[News]:
    fields = next(iter(_blocks(complaint)), Message())
    tag = tag or _tag_in(return_path, fields, "original-mail-from") or _envelope_id(fields)
    message_id = "" if tag else _message_id(message)
    if _field(fields, "feedback-type").lower() not in _COMPLAINTS or not (tag or message_id):
        log.info("returns.complaint_ignored", named=bool(tag or message_id))
        return
    key = _key("complaint", tag or message_id)
    yield News("complained", key, tag=tag, message_id=message_id)


def _reported(message: Message, report: Message, tag: str) -> Iterator[News]:
    of_message, of_recipients = _blocks(report)[:1], _blocks(report)[1 : _RECIPIENTS + 1]
    tag = tag or "".join(map(_envelope_id, of_message))
    message_id = "" if tag else _message_id(message)
    if not (tag or message_id):
        log.info("returns.names_no_letter")
        return
    for recipient in of_recipients:
        if verdict := verdicts.of_recipient(recipient):
            about = _field(recipient, "final-recipient").lower()
            yield _news(tag, message_id, verdict, about=about)


def _news(tag: str, message_id: str, verdict: Verdict, *, about: str) -> News:
    key = _key(tag or message_id, about, verdict.event, verdict.code)
    return News(
        verdict.event, key, tag=tag, message_id=message_id, code=verdict.code, words=verdict.words
    )


def _key(*facts: str) -> str:
    """The same for the same facts, however often they are reported."""
    return f"mail:{hashlib.sha256(chr(0).join(facts).encode(errors='replace')).hexdigest()}"


def _came_to(message: Message, return_path: str) -> envelope.Found | None:
    """The first of our addresses among those that a message came to."""
    if not return_path:
        return None
    lines = (str(value) for name, value in message.items() if name.lower() in _CAME_TO)
    return next(filter(None, (envelope.find(return_path, line) for line in lines)), None)


def _tag_in(return_path: str, fields: Message, name: str) -> str:
    found = envelope.find(return_path, _field(fields, name)) if return_path else None
    return found.tag if found else ""


def _envelope_id(fields: Message) -> str:
    written = envelope.read_xtext(_field(fields, "original-envelope-id")).lower()
    return written if envelope.is_tag(written) else ""


def _message_id(message: Message) -> str:
    """The Message-ID of the letter that a report gives back, or of which it gives the headers."""
    if letter := _part(message, "message/rfc822"):
        headers = next(iter(_blocks(letter)), None)
    elif letter := _part(message, "text/rfc822-headers"):
        payload = letter.get_payload(decode=True)
        headers = message_from_bytes(payload) if isinstance(payload, bytes) else None
    else:
        headers = None
    found = _MESSAGE_ID.search(_field(headers, "message-id")) if headers else None
    return found[0] if found else ""


def _part(message: Message, kind: str) -> Message | None:
    """The report's own part of this kind; those of a message that is given back do not count."""
    if message.get_content_type() != "multipart/report":
        return None
    return next((part for part in _blocks(message) if part.get_content_type() == kind), None)


def _blocks(message: Message) -> list[Message]:
    """What a message is made of: parts, or the groups of fields of a report."""
    payload = message.get_payload()
    return [part for part in payload if isinstance(part, Message)]  # of a text: none


def _field(fields: Message, name: str) -> str:
    return verdicts.field(fields, name)
