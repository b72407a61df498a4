"""What is done once a day: moved jobs, and what a leader is told about."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col, func, select

from storage.database import changed
from storage.invitations import Standing, count, standings
from storage.listing import Wanted, matching
from storage.tables import Delivery, Invitation, Job, Receipt, Redemption

_SWEPT = timedelta(days=2)  # looked back: one sweep may be missed
_NEVER_CAME = ("failed", "undelivered", "bounced")  # who said no needs no second look


def move(session: Session, key: str, run_at: datetime) -> None:
    """Have a job that waits done at another time; one that is done or under way stays as it is."""
    changed(
        session,
        update(Job)
        .where(col(Job.key) == key, col(Job.state) == "ready", ~col(Job.claimed))
        .values(run_at=run_at),
    )


def without_word(session: Session, *, before: datetime) -> list[Receipt]:
    """The receipts of letters that were sent in the two days before and of which no word came."""
    query = (
        select(Receipt)
        .join(Invitation, col(Invitation.receipt_id) == col(Receipt.id))
        .join(Delivery, col(Delivery.invitation_id) == col(Invitation.id))
        .where(
            Delivery.state == "sent",
            col(Delivery.updated_at).between(before - _SWEPT, before),
        )
        .distinct()
    )
    return list(session.exec(query))


@dataclass(frozen=True, slots=True)
class Needs:
    """What needs a leader's attention, among the invitations that they gave."""

    failed: int
    some_failed: tuple[Standing, ...]  # the newest of those
    older: int  # open for longer than a week
    by_hand: int  # waiting since yesterday for the leader to send them
    households: int  # that joined of late


def needs_of(
    session: Session, community_id: int, leader_id: int, *, since: datetime, shown: int,
    now: datetime,
) -> Needs:  # fmt: skip
    """How a leader's invitations stand; `since` when joins are news."""
    failed = (
        *matching(Wanted("failed", leader_id=leader_id), now=now),
        col(Delivery.state).in_(_NEVER_CAME),
    )
    older = matching(Wanted("older", leader_id=leader_id), now=now)
    by_hand = (
        *matching(Wanted("waiting", leader_id=leader_id), now=now),
        col(Delivery.medium) == "hand",
        col(Delivery.created_at) < since,
    )
    return Needs(
        failed=count(session, community_id, *failed),
        some_failed=tuple(standings(session, community_id, *failed, limit=shown)),
        older=count(session, community_id, *older),
        by_hand=count(session, community_id, *by_hand),
        households=_households(session, community_id, leader_id, since=since),
    )


def _households(session: Session, community_id: int, leader_id: int, *, since: datetime) -> int:
    query = (
        select(func.count(func.distinct(col(Redemption.household_id))))
        .join(Invitation, col(Invitation.id) == col(Redemption.invitation_id))
        .where(
            Redemption.community_id == community_id,
            Invitation.leader_id == leader_id,
            Redemption.at > since,
        )
    )
    return session.exec(query).one()


def private_place(session: Session, leader_id: int) -> tuple[str, str] | None:
    """Where the leader is told how things go, (chat, channel): where their newest receipt is."""
    query = select(Receipt).where(Receipt.leader_id == leader_id).order_by(col(Receipt.id).desc())
    receipt = session.exec(query.limit(1)).first()
    return None if receipt is None else (receipt.chat, receipt.channel)
