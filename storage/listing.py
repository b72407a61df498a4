"""Which invitations a leader asks to see, as conditions on each and its newest letter."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, and_
from sqlmodel import col

from storage.deliveries import RANK
from storage.invitations import FAILED
from storage.tables import Delivery, Invitation

State = Literal["all", "open", "failed", "waiting", "older", "joined", "expired", "void"]
_ON_THE_WAY = ("queued", "sending", "unknown", "deferred")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which invitations of a community."""

    state: State = "all"
    # Of "older": open, not failed, and the newest letter that left was written longer ago.
    days: int = 7
    receipt_id: int | None = None  # only what this receipt shows
    leader_id: int | None = None  # only what this leader gave


def matching(wanted: Wanted, *, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The conditions for `storage.invitations.standings` and `count`."""
    conditions = _of_state(wanted, now=now)
    if wanted.receipt_id is not None:
        conditions += (col(Invitation.receipt_id) == wanted.receipt_id,)
    if wanted.leader_id is not None:
        conditions += (col(Invitation.leader_id) == wanted.leader_id,)
    return conditions


def _of_state(wanted: Wanted, *, now: datetime) -> tuple[ColumnElement[bool], ...]:
    unused = and_(col(Invitation.redeemed_at).is_(None), col(Invitation.voided_at).is_(None))
    expired = and_(col(Invitation.expires_at).is_not(None), col(Invitation.expires_at) <= now)
    is_open = (unused, ~expired)
    by_letter = (*is_open, col(Invitation.medium) != "pass")
    match wanted.state:
        case "all":
            return ()
        case "open":
            return is_open
        case "failed":
            return (*by_letter, col(Delivery.state).in_(FAILED))
        case "waiting":
            return (*by_letter, col(Delivery.state).in_(_ON_THE_WAY))
        case "older":
            asked_before = now - timedelta(days=wanted.days)
            left = (col(Delivery.rank) >= RANK["sent"]) & col(Delivery.state).not_in(FAILED)
            return (*by_letter, left, col(Delivery.created_at) < asked_before)
        case "joined":
            return (col(Invitation.redeemed_at).is_not(None),)
        case "expired":
            return (unused, expired)
        case "void":
            return (col(Invitation.voided_at).is_not(None),)
