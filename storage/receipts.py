"""Receipts: the messages that show leaders what became of what they asked for."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Update, bindparam, update
from sqlmodel import Session, col, select

from storage.database import run
from storage.tables import Invitation, Receipt


def add(session: Session, receipt: Receipt) -> Receipt:
    """Store a new receipt, not yet posted."""
    session.add(receipt)
    session.flush()
    return receipt


def get(session: Session, receipt_id: int) -> Receipt:
    """The receipt."""
    return session.get_one(Receipt, receipt_id)


def among(session: Session, receipt_ids: Iterable[int]) -> list[Receipt]:
    """Several receipts, in no order."""
    return list(session.execute(_among(), {"ids": list(receipt_ids)}).scalars())


@cache
def _among() -> Any:
    return select(Receipt).where(col(Receipt.id).in_(bindparam("ids", expanding=True)))


def of_invitation(session: Session, invitation_id: int) -> Receipt | None:
    """The receipt that shows this invitation."""
    found = session.execute(_of_invitation(), {"the_invitation": invitation_id})
    return found.scalars().one_or_none()


@cache
def _of_invitation() -> Any:
    return (
        select(Receipt)
        .join(Invitation, col(Invitation.receipt_id) == col(Receipt.id))
        .where(col(Invitation.id) == bindparam("the_invitation"))
    )


def expired(session: Session, *, after: datetime, before: datetime) -> list[Receipt]:
    """Those that show an invitation which expired, unused, between these moments."""
    query = (
        select(Receipt)
        .join(Invitation, col(Invitation.receipt_id) == col(Receipt.id))
        .where(
            col(Invitation.expires_at).between(after, before),
            col(Invitation.redeemed_at).is_(None),
        )
        .distinct()
    )
    return list(session.scalars(query))


def mark_shown(session: Session, shown: Mapping[int, tuple[str, str, datetime]]) -> None:
    """Remember where receipts are shown and what they say.

    Takes: shown, (message, fingerprint, until when news were told) by id.
    """
    rows = [
        {"the_receipt": receipt_id, "message": message, "shown": fingerprint, "told": told_at}
        for receipt_id, (message, fingerprint, told_at) in shown.items()
    ]
    run(session, _mark_shown(), rows)


@cache
def _mark_shown() -> Update:
    return (
        update(Receipt)
        .where(col(Receipt.id) == bindparam("the_receipt"))
        .values(message=bindparam("message"), shown=bindparam("shown"), told_at=bindparam("told"))
    )
