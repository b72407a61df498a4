"""What a mail server's answer means for a letter, and what the leader reads about it.

Source: RFC 5321, section 4.2 (codes) and RFC 3463 (the finer status that follows a code).
"""

import re
import ssl
from typing import Literal

from aiosmtplib import SMTPException, SMTPResponseException

from bot.couriers.email.returns import words
from bot.messages import Carried, Outcome

Stage = Literal["sender", "recipient", "content"]

OUR_SILENCE = "Our mail server is not answering; still trying."
OUR_WAIT = "Our mail server asked us to wait; still trying."
UNCLEAR = "We lost the connection while sending and will send the same e-mail again."
UNWRITABLE = "We cannot write to that address. Check the spelling, or try a text or an Access Pass."
NO_TRUST = f"Our mail server could not prove who it is. {words.TELL}"
NOT_SET_UP = f"E-mail is not set up correctly: our mail server refused us. {words.TELL}"

_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
# Postfix, Exim, Exchange and Gmail each word it differently, with codes used for much else.
_RELAY = re.compile(r"\brelay", re.IGNORECASE)
_LEAVING = 421  # the server as a whole closes, whatever was asked
_PAUSE = 60.0  # seconds in which it is left alone
_LOGIN = {530, 534, 535, 538}  # RFC 4954: the server wants a login, or a better one


def refused(stage: Stage, code: int, text: str) -> Carried:
    """Judge a refusal in the midst of handing a letter over.

    Takes: what was being told to the server, its code (-1 when its answer made no sense) and text.
    """
    outcome = _outcome(stage, code, text)
    found = _STATUS.match(text)
    status = found.group() if found else ""
    theirs = words.of(status, code=code, text=text)
    said = {
        "config": NOT_SET_UP,
        "unclear": UNCLEAR,
        "retry": OUR_WAIT if stage == "sender" else theirs,
    }.get(outcome, theirs)
    return Carried(
        outcome,
        said,
        code=f"{code} {status}".strip() if code > 0 else "",
        retry_after=_PAUSE if code == _LEAVING else None,
        for_all=outcome == "retry" and (stage == "sender" or code == _LEAVING),
    )


def _outcome(stage: Stage, code: int, text: str) -> Outcome:
    if not 400 <= code <= 599:
        return "unclear" if stage == "content" else "retry"
    if code < 500:
        return "retry"
    if stage == "sender" or code in _LOGIN or (stage == "recipient" and _RELAY.search(text)):
        return "config"
    return "permanent"


def not_connected(fault: Exception) -> Carried:
    """Judge why no connection, encryption or login came about; nothing was handed over yet."""
    if isinstance(fault, SMTPResponseException):
        if fault.code < 500:
            pause = _PAUSE if fault.code == _LEAVING else None
            return Carried("retry", OUR_WAIT, code=str(fault.code), retry_after=pause, for_all=True)
        return Carried("config", NOT_SET_UP, code=str(fault.code))
    if _no_trust(fault) or _no_trust(fault.__cause__):
        return Carried("config", NO_TRUST)
    if isinstance(fault, OSError):  # refused, silent, dropped: also aiosmtplib's own kinds of it
        return Carried("retry", OUR_SILENCE, for_all=True)
    assert isinstance(fault, SMTPException)  # the server offers no STARTTLS, or no login
    return Carried("config", NOT_SET_UP)


def _no_trust(fault: BaseException | None) -> bool:
    dropped = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
    return isinstance(fault, ssl.SSLError) and not isinstance(fault, dropped)
