"""Handing over: what is open of what a leader gave, and who has it from then on.

Open is what somebody can still join by. What has expired goes along, as whoever has it is named to
those who come too late; it is shown to nobody anew.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, exists, or_, select, update
from sqlmodel import Session, col, func

from storage.database import changed
from storage.deliveries import RANK
from storage.tables import Batch, Delivery, Draft, Invitation, Leader, Receipt


@dataclass(frozen=True, slots=True)
class Left:
    """What is open of what somebody gave."""

    leader_id: int
    name: str
    letters: int  # invitations by e-mail and text
    passes: int


def _unused() -> tuple[ColumnElement[bool], ...]:
    return (col(Invitation.redeemed_at).is_(None), col(Invitation.voided_at).is_(None))


def _open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    expires = col(Invitation.expires_at)
    return (*_unused(), or_(expires.is_(None), expires > now))


def _of(leader: Leader) -> tuple[ColumnElement[bool], ...]:
    """Given by this leader; the index is by community."""
    here = col(Invitation.community_id) == leader.community_id
    return (here, col(Invitation.leader_id) == leader.id)


def left_by(
    session: Session, community_id: int, *where: ColumnElement[bool], now: datetime
) -> list[Left]:
    """What is open, by the leaders who gave it, those with nothing left out."""
    passes = func.sum(case((col(Invitation.medium) == "pass", 1), else_=0))
    query = (
        select(col(Leader.id), col(Leader.name), func.count() - passes, passes)
        .join(Invitation, col(Invitation.leader_id) == col(Leader.id))
        .where(col(Invitation.community_id) == community_id, *_open(now), *where)
        .group_by(col(Leader.id), col(Leader.name))
        .order_by(col(Leader.id))
    )
    rows: Any = session.execute(query)
    return [Left(number, name, int(letters), int(passes)) for number, name, letters, passes in rows]


def by(leader_id: int) -> ColumnElement[bool]:
    """Given by this leader."""
    return col(Leader.id) == leader_id


def by_former() -> ColumnElement[bool]:
    """Given by somebody who leads no more."""
    return col(Leader.removed_at).is_not(None)


def open_batches(session: Session, leader: Leader, *, now: datetime) -> list[Batch]:
    """The leader's batches of which a pass is open."""
    a_pass = exists().where(col(Invitation.batch_id) == col(Batch.id), *_open(now))
    mine = (col(Batch.community_id) == leader.community_id, col(Batch.leader_id) == leader.id)
    query = select(Batch).where(*mine, a_pass)
    return list(session.scalars(query.order_by(col(Batch.id))))


def shown_on(session: Session, leader: Leader, *, now: datetime) -> tuple[set[int], bool]:
    """The leader's receipts that show something open of theirs, and whether none shows some."""
    query = (
        select(col(Invitation.receipt_id))
        .outerjoin(Receipt, col(Receipt.id) == col(Invitation.receipt_id))
        .where(
            *_of(leader),
            *_open(now),
            or_(col(Receipt.id).is_(None), col(Receipt.leader_id) == leader.id),
        )
        .distinct()
    )
    found = set(session.scalars(query))
    return {number for number in found if number is not None}, None in found


def show_batch(session: Session, batch: Batch, *, leader_id: int, receipt_id: int) -> None:
    """Let a batch be somebody else's, shown on a receipt of theirs."""
    changed(
        session,
        update(Invitation)
        .where(col(Invitation.batch_id) == batch.id, col(Invitation.receipt_id) == batch.receipt_id)
        .values(receipt_id=receipt_id),
    )
    batch.leader_id, batch.receipt_id = leader_id, receipt_id
    session.flush()


def show_on(
    session: Session, leader: Leader, before: Collection[int], receipt_id: int, *, now: datetime
) -> None:
    """Show on this receipt what is open of the leader's on those before, and what none showed."""
    shown = col(Invitation.receipt_id)
    changed(
        session,
        update(Invitation)
        .where(
            *_of(leader),
            *_open(now),
            or_(shown.is_(None), shown.in_(before)),
        )
        .values(receipt_id=receipt_id),
    )


def hand(session: Session, receipt_ids: Collection[int], *, to: int) -> list[Receipt]:
    """Let these receipts say to whom they were handed."""
    rows = list(session.scalars(select(Receipt).where(col(Receipt.id).in_(receipt_ids))))
    for row in rows:
        row.handed_to_id = to
    session.flush()
    return rows


def give(session: Session, leader: Leader, *, to: int) -> None:
    """Let all that nobody used yet be somebody else's."""
    changed(
        session,
        update(Invitation).where(*_of(leader), *_unused()).values(leader_id=to),
    )


def texts_by_hand(session: Session, leader: Leader) -> list[Delivery]:
    """The letters that wait for this leader to send them, of invitations that they have."""
    query = (
        select(Delivery)
        .join(Invitation, col(Invitation.id) == col(Delivery.invitation_id))
        .where(
            *_of(leader),
            *_unused(),
            col(Delivery.medium) == "hand",
            col(Delivery.rank) < RANK["sent"],
        )
    )
    return list(session.scalars(query))


def forget_drafts(session: Session, leader_id: int, *, now: datetime) -> None:
    """Let what somebody has not yet said Send to never be sent."""
    mine = (col(Draft.leader_id) == leader_id, col(Draft.taken_at).is_(None))
    changed(session, update(Draft).where(*mine).values(taken_at=now))
