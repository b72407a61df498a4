"""Batches of access passes."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, false, update
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, func, select

from storage.database import changed, run
from storage.tables import Batch, Invitation


def add(session: Session, batch: Batch) -> Batch:
    """Store a new batch of passes."""
    session.add(batch)
    session.flush()
    return batch


def get(session: Session, community_id: int, batch_id: int) -> Batch | None:
    """The batch, if it belongs to this community."""
    row = session.get(Batch, batch_id)
    return row if row is not None and row.community_id == community_id else None


def newest(session: Session, community_id: int, *, limit: int) -> list[tuple[Batch, int]]:
    """The newest batches, each with how many of its passes were used."""
    query = (
        select(Batch, func.count(col(Invitation.redeemed_at)))
        .outerjoin(Invitation, col(Invitation.batch_id) == col(Batch.id))
        .where(Batch.community_id == community_id)
        .group_by(col(Batch.id))
        .order_by(col(Batch.id).desc())
        .limit(limit)
    )
    return [(row, used) for row, used in session.exec(query)]


@dataclass(frozen=True, slots=True)
class Counts:
    """How the passes of a batch stand."""

    joined: int
    void: int
    expired: int
    left: int


def counts(session: Session, batch_id: int, *, now: datetime) -> Counts:
    """How many passes of the batch were used, are void, have expired, or are left."""
    row = run(session, _counts(), {"the_batch": batch_id, "now": now}).one()
    return Counts(*(int(count or 0) for count in row))


@cache
def _counts() -> Any:
    joined = col(Invitation.redeemed_at).is_not(None)
    void = ~joined & col(Invitation.voided_at).is_not(None)
    expired = ~joined & ~void & (col(Invitation.expires_at) <= bindparam("now"))
    left = ~joined & ~void & ~func.coalesce(expired, false())

    def counted(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.sum(case((condition, 1), else_=0))

    return sa_select(*map(counted, (joined, void, expired, left))).where(
        col(Invitation.batch_id) == bindparam("the_batch")
    )


def of_receipt(session: Session, receipt_id: int) -> Batch | None:
    """The batch that this receipt shows, if it shows one."""
    found = session.execute(_of_receipt(), {"the_receipt": receipt_id})
    return found.scalars().one_or_none()


@cache
def _of_receipt() -> Any:
    return sa_select(Batch).where(col(Batch.receipt_id) == bindparam("the_receipt"))


def passes(session: Session, batch_id: int) -> list[Invitation]:
    """The passes of a batch in order."""
    return list(
        session.exec(
            select(Invitation)
            .where(Invitation.batch_id == batch_id)
            .order_by(col(Invitation.serial))
        )
    )


def void(session: Session, batch_id: int, *, now: datetime) -> int:
    """Void all unused passes of a batch. Gives how many."""
    return changed(
        session,
        update(Invitation)
        .where(
            col(Invitation.batch_id) == batch_id,
            col(Invitation.redeemed_at).is_(None),
            col(Invitation.voided_at).is_(None),
        )
        .values(voided_at=now),
    )
