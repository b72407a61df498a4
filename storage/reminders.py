"""Reminders: whose letter went without an answer, and who was reminded when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, exists, or_, select
from sqlmodel import Session, col, func

from storage.deliveries import RANK
from storage.listing import Wanted, matching
from storage.tables import Delivery, Invitation, Leader, Suppression

EVENT = "reminder"  # of a delivery
_ARRIVED = ("sent", "delivered")  # as far as anybody can tell


@dataclass(frozen=True, slots=True)
class Unanswered:
    """An open invitation whose letter arrived, as far as anybody can tell."""

    invitation: Invitation
    invited_by: str
    asked_at: datetime  # when a leader had it sent, last
    written_at: datetime  # the newest letter, reminders included
    letters: int


def unanswered(
    session: Session, community_id: int, *, most: int, most_by_text: int, before: datetime,
    now: datetime,
) -> Iterator[Unanswered]:  # fmt: skip
    """Who may be reminded, the oldest first.

    Takes: most and most_by_text, reminders that an invitation gets; before, when a leader must
    have had it sent.
    Leaves out who asked not to be reminded or not to be written to, and addresses that bounced.
    """
    told = _letters(community_id)
    asked_at, reminders, by_text = told.c.asked_at, told.c.reminders, told.c.by_text
    query: Any = (
        select(Invitation, col(Leader.name), asked_at, told.c.written_at, told.c.letters)
        .join(Leader, col(Leader.id) == col(Invitation.leader_id))
        .join(told, told.c.invitation_id == col(Invitation.id))
        .join(Delivery, col(Delivery.id) == told.c.newest)
        .where(
            col(Invitation.community_id) == community_id,
            *matching(Wanted("open"), now=now),
            col(Invitation.medium).in_(("email", "text")),
            col(Invitation.contact).is_not(None),
            col(Invitation.unreminded_at).is_(None),
            col(Delivery.state).in_(_ARRIVED),
            asked_at < before,
            reminders < most,
            or_(col(Invitation.medium) == "email", by_text < most_by_text),
            ~_suppressed(now),
        )
        .order_by(col(Invitation.id))
    )
    return (Unanswered(*row) for row in session.execute(query))


def _letters(community_id: int) -> Any:
    """Of each invitation: when it was sent and written about last, its newest letter, how many."""
    is_reminder = col(Delivery.event) == EVENT
    by_text = is_reminder & (col(Delivery.medium) == "text")
    return (
        select(
            col(Delivery.invitation_id),
            func.max(case((~is_reminder, Delivery.created_at))).label("asked_at"),
            func.max(Delivery.created_at).label("written_at"),
            func.max(Delivery.id).label("newest"),
            func.count().label("letters"),
            func.sum(case((is_reminder, 1), else_=0)).label("reminders"),
            func.sum(case((by_text, 1), else_=0)).label("by_text"),
        )
        .where(col(Delivery.community_id) == community_id, col(Delivery.invitation_id).is_not(None))
        .group_by(col(Delivery.invitation_id))
        .subquery()
    )


def _suppressed(now: datetime) -> Any:
    return exists().where(
        col(Suppression.contact_key) == col(Invitation.contact_key),
        or_(col(Suppression.until).is_(None), col(Suppression.until) > now),
    )


def reminded_at(session: Session, invitation_id: int) -> list[datetime]:
    """When reminders of this invitation left, oldest first."""
    query = (
        select(col(Delivery.created_at))
        .where(
            col(Delivery.invitation_id) == invitation_id,
            col(Delivery.event) == EVENT,
            col(Delivery.rank) >= RANK["sent"],
            col(Delivery.state) != "failed",
        )
        .order_by(col(Delivery.id))
    )
    return list(session.scalars(query))
