"""Mail as it comes back, reports, complaints, prose and wishes, and what is read of it."""

from textwrap import dedent

from bot.couriers.email.returns import reports
from bot.messages import News

BACK = "bounces@mail.example"
TAG = "h-x3f9k2m4qa"
TAGGED = f"bounces+{TAG}@mail.example"
MESSAGE_ID = "<inv.17.1.x3f9k2@mail.example>"


def report(
    action: str = "failed",
    status: str = "5.1.1",
    said: str = "smtp; 550 5.1.1 No such user",
    *,
    came_to: str = TAGGED,
    sender: str = "",
    envelope_id: str = TAG,
    message_id: str = MESSAGE_ID,
    whole: bool = False,
    whom: str = "lena@resident.example",
) -> bytes:
    """A report as RFC 3464 has it. Takes: whole, whether the letter as such is given back."""
    letter = f"Message-ID: {message_id}\nSubject: Join\n" + ("\nHello\n" if whole else "")
    kind = "message/rfc822" if whole else "text/rfc822-headers"
    named = f"Original-Envelope-Id: {envelope_id}\n" if envelope_id else ""
    parts = {
        "text/plain": "That did not work.\n",
        "message/delivery-status": (
            f"Reporting-MTA: dns; relay.example\n{named}\n"
            f"Final-Recipient: rfc822; {whom}\nAction: {action}\nStatus: {status}\n"
            + (f"Diagnostic-Code: {said}\n" if said else "")
        ),
        kind: letter,
    }
    return mail(_several("delivery-status", parts), came_to=came_to, sender=sender)


def complaint(
    kind: str = "abuse",
    *,
    came_to: str = "abuse@mail.example",
    mailed_from: str = "",
    message_id: str = MESSAGE_ID,
) -> bytes:
    """A complaint as RFC 5965 has it."""
    known = f"Original-Mail-From: <{mailed_from}>\n" if mailed_from else ""
    fields = f"Feedback-Type: {kind}\nUser-Agent: Loop/1.0\nVersion: 1\n{known}"
    letter = f"Message-ID: {message_id}\nSubject: Join\n\nHello\n"
    parts = {"text/plain": "x", "message/feedback-report": fields, "message/rfc822": letter}
    content = _several("feedback-report", parts)
    return mail(content, came_to=came_to, sender="loop@provider.example")


def prose(text: str, *headers: str, came_to: str = TAGGED, sender: str = "") -> bytes:
    """A mail in plain words."""
    content = "\n".join([*headers, "Content-Type: text/plain", "", dedent(text)])
    return mail(content, came_to=came_to, sender=sender)


def mail(content: str, *, came_to: str, sender: str) -> bytes:
    """What the last server puts before a mail."""
    before = (
        f"Return-Path: <{sender}>\nDelivered-To: {came_to}\n"
        f"From: Mail system <{sender or 'mailer-daemon@relay.example'}>\nTo: <{came_to}>\n"
        "MIME-Version: 1.0\n"
    )
    return (before + content).replace("\n", "\r\n").encode()


def _several(kind: str, parts: dict[str, str]) -> str:
    lines = [f'Content-Type: multipart/report; report-type={kind}; boundary="=b"', ""]
    for name, content in parts.items():
        lines += ["--=b", f"Content-Type: {name}", "", content]
    return "\n".join([*lines, "--=b--", ""])


def read(content: bytes, *, return_path: str = BACK) -> News | None:
    """What the message says of one letter."""
    found = reports.read(content, return_path=return_path)
    assert len(found) <= 1
    return found[0] if found else None


def told(content: bytes) -> tuple[str, str, str]:
    """Event, code and words."""
    news = read(content)
    return (news.event, news.code, news.words) if news else ("", "", "")
