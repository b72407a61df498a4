"""Signed tokens for links and cookies: `{id}.{until}.{signature}`, short enough for a text.

They say who holds them, so nothing need be stored; the purpose is signed too, so that a cookie is
never an opt-out link.
"""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

from bot.settings import Keys

_SIGNATURE = 12  # bytes: 96 bits, far beyond guessing online
_BASE = 36
_DIGITS = 13  # of the largest id that a database gives
_TAG = 10  # symbols of base32: 50 bits


def sign(keys: Keys, purpose: str, subject: int, *, until: datetime | None = None) -> str:
    """A token for the purpose and subject, for ever or until the moment."""
    seconds = int(until.timestamp()) if until else 0
    body = f"{_digits(subject)}.{_digits(seconds)}" if seconds else _digits(subject)
    return f"{body}.{_signature(keys, purpose, body)}"


def read(keys: Keys, purpose: str, token: str, *, now: datetime | None = None) -> int | None:
    """The subject of a token; None when it is forged, for another purpose or too old."""
    body, _, signature = token.rpartition(".")
    expected = _signature(keys, purpose, body)
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        return None
    subject, _, seconds = body.partition(".")
    if seconds and now is not None and now >= datetime.fromtimestamp(int(seconds, _BASE), UTC):
        return None
    return int(subject, _BASE)


def until(token: str) -> datetime:
    """Until when a token says that it is good. Only of one that was read; it must have an end."""
    return datetime.fromtimestamp(int(token.split(".")[1], _BASE), UTC)


def tag(keys: Keys, delivery_id: int) -> str:
    """What names a letter in a return address: short, and the same in small letters and capitals.

    Source: RFC 5321, section 4.5.3.1.1 (64 octets before the @; many servers change the case).
    """
    body = _digits(delivery_id)
    digest = hmac.digest(keys.links, f"tag:{body}".encode(), hashlib.sha256)
    return f"{body}-{base64.b32encode(digest).decode().lower()[:_TAG]}"


def read_tag(keys: Keys, text: str) -> int | None:
    """The delivery that a tag names; None when it is forged."""
    body, _, _ = text.lower().partition("-")
    if not text.isascii() or not body.isalnum() or len(body) > _DIGITS:
        return None
    delivery_id = int(body, _BASE)
    expected = tag(keys, delivery_id)
    return delivery_id if hmac.compare_digest(text.lower().encode(), expected.encode()) else None


def hashed(keys: Keys, source: str) -> str:
    """A client's address as limits count it, which nobody can turn back without our key."""
    return hmac.digest(keys.pepper, f"source:{source}".encode(), hashlib.sha256).hex()[:16]


def _signature(keys: Keys, purpose: str, body: str) -> str:
    digest = hmac.digest(keys.links, f"{purpose}:{body}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:_SIGNATURE]).decode()


def _digits(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = ""
    while number:
        number, rest = divmod(number, _BASE)
        text = digits[rest] + text
    return text or "0"
