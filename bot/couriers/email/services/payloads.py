"""Takes apart what a service sent: anything may be missing, or be of another shape."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.couriers.email.services.refusals import NotProven, Unreadable

# As `bot.community.tokens` makes them; whether one is genuine is found out there.
_TAG = re.compile(r"[0-9A-Za-z]{1,13}-[0-9A-Za-z]{10}")
_SECONDS = re.compile(r"[0-9]{1,11}")  # since 1970; more are no date
_SKEW = timedelta(minutes=15)  # between the service's clock and ours


def load(body: bytes | str) -> Any:
    """What the JSON says. Raises: Unreadable."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("no JSON") from None


def at(data: Any, *path: str | int) -> Any:
    """What is at the end of the path; None when there is no such place."""
    for step in path:
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            return None
    return data


def text(data: Any, *path: str | int) -> str:
    """The text or whole number at the end of the path; empty when there is none."""
    found = at(data, *path)
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""


def tag(data: Any, *path: str | int) -> str:
    """The tag at the end of the path; empty when what is there cannot be one of ours."""
    found = text(data, *path)
    return found if _TAG.fullmatch(found) else ""


def moment(seconds: str) -> datetime:
    """The moment, from seconds since 1970. Raises: NotProven."""
    if not _SECONDS.fullmatch(seconds):
        raise NotProven("no time stamp")
    return datetime.fromtimestamp(int(seconds), UTC)


def check_age(signed_at: datetime, *, now: datetime, within: timedelta) -> None:
    """Make sure that it was signed lately. Raises: NotProven."""
    if not -_SKEW <= now - signed_at <= within:
        raise NotProven("signed too long ago, or our clock is wrong")
