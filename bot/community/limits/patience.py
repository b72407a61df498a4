"""Patience: how soon, and how often, an invitation may be sent again to the same address."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.community import labels
from bot.community.errors import Refusal
from bot.community.limits import slots
from bot.ports import Services
from storage import deliveries
from storage.tables import Community, Delivery, Invitation

_AFTER_FAILURE = timedelta(minutes=10)  # to mend what was wrong, and for servers to come back
_DONE = {
    "delivered": "Delivered",
    "failed": "Failed",
    "undelivered": "Failed",
    "bounced": "Came back",
}


class TooSoon(Refusal):
    """{what} {ago} ago. You can resend after {when}."""

    status = 429


class TooOften(Refusal):
    """It was sent to this address {count} times. Send it another way, or hand them a pass."""

    status = 429


class StillWaiting(Refusal):
    """It has not left yet and goes out by itself, so there is nothing to resend."""

    status = 409


class HasBounced(Refusal):
    """A message to this address came back. Give the right one, with
    `/invites fix {number} ana@example.org`. Nothing was sent."""

    status = 409


def require(
    services: Services,
    community: Community,
    row: Invitation,
    letters: Sequence[Delivery],
    *,
    now: datetime,
) -> None:
    """Refuse to write to the invitation's address again so soon, or so often.

    Takes: letters, all of the invitation, oldest first.
    Raises: StillWaiting, TooOften, TooSoon.
    """
    chosen = services.settings
    same = [
        letter
        for letter in letters
        if letter.contact_key == row.contact_key
        and letter.event == "invitation"
        and not (letter.medium == "hand" and not deliveries.has_left(letter.state))
    ]  # but for what still waits for a leader, who may send it some other way
    if not same:
        return
    if chosen.limit_resends and len(same) > chosen.limit_resends:
        raise TooOften(count=len(same))
    has_expired = row.expires_at is not None and row.expires_at <= now
    if chosen.limit_resend_hours and not has_expired:
        _require_pause(same[-1], community, timedelta(hours=chosen.limit_resend_hours), now=now)


def _require_pause(
    newest: Delivery, community: Community, pause: timedelta, *, now: datetime
) -> None:
    if not deliveries.has_left(newest.state):
        raise StillWaiting
    if labels.of_state(newest.state) in labels.TROUBLE:
        pause = min(pause, _AFTER_FAILURE)
    since = newest.updated_at
    if now - since < pause:
        day, clock = slots.day_and_time(since + pause, zone=community.timezone, now=now)
        what, ago = _DONE.get(newest.state, "Sent"), _ago(now - since)
        raise TooSoon(what=what, ago=ago, when=f"{clock} {day}")


def _ago(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 1:
        return "less than a minute"
    count, unit = (minutes, "minute") if minutes < 60 else (minutes // 60, "hour")
    return f"{count} {unit}{'' if count == 1 else 's'}"
