"""What stands on the envelope, so that whatever comes back names its letter.

A letter's tag is in the address that reports come to (`bounces+9k-x3f9k2m4qa@mail.example`), and
again in the envelope's id, where the mail server knows what that is.
"""

import re
from dataclasses import dataclass
from typing import Literal

from bot.messages import Letter

_TAG = r"[0-9a-z]{1,13}-[0-9a-z]{10}"
_NOT_XTEXT = re.compile(r"[^!-*,-<>-~]")  # all but printable ASCII, without + and =
_XTEXT = re.compile(r"\+([0-9A-F]{2})")


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who a letter comes from on the wire, and what is asked of the servers on its way."""

    sender: str
    of_letter: tuple[str, ...] = ()  # options of MAIL
    of_recipient: tuple[str, ...] = ()  # options of RCPT


@dataclass(frozen=True, slots=True)
class Found:
    """A letter's tag in an address of ours, and what the address is for."""

    tag: str
    is_for: Literal["report", "stop"]


def address(letter: Letter, sender: str, *, return_path: str, reports: bool) -> Envelope:
    """Write the envelope of a letter.

    Takes: return_path, where reports go, to which the tag is added; empty: they go to the sender.
    reports, whether to ask for one even of success: only of a server that knows what that is.
    Source: RFC 3461, sections 4.1 to 4.4.
    """
    back = tagged(return_path, letter.tag) if return_path else sender
    if not reports:
        return Envelope(back)
    whom = f"ORCPT=rfc822;{xtext(letter.to)}"
    return Envelope(
        back, ("RET=HDRS", f"ENVID={xtext(letter.tag)}"), ("NOTIFY=SUCCESS,FAILURE,DELAY", whom)
    )


def tagged(return_path: str, tag: str) -> str:
    """The address that reports about this letter come to."""
    local, _, domain = return_path.rpartition("@")
    return f"{local}+{tag}@{domain}"


def stop_address(return_path: str, tag: str) -> str:
    """The address at which the resident who got this letter asks for no more."""
    return tagged(return_path, f"stop-{tag}")


def find(return_path: str, text: str) -> Found | None:
    """The first of our tagged addresses in a text, in capitals or small letters."""
    local, _, domain = map(re.escape, return_path.rpartition("@"))
    ours = rf"(?<![\w.+-]){local}\+(stop-)?({_TAG})@{domain}(?![\w.-]*\w)"
    found = re.search(ours, text, re.IGNORECASE)
    return Found(found[2].lower(), "stop" if found[1] else "report") if found else None


def is_tag(text: str) -> bool:
    """Whether the text looks like a tag; whether it is one of ours, `hear` finds out."""
    return re.fullmatch(_TAG, text) is not None


def xtext(text: str) -> str:
    """Spell a text so that it can be an option. Source: RFC 3461, section 4."""
    return _NOT_XTEXT.sub(lambda found: f"+{ord(found[0]):02X}", text)


def read_xtext(text: str) -> str:
    """What was spelt that way; anything else stays as it is."""
    return _XTEXT.sub(lambda found: chr(int(found[1], 16)), text)
