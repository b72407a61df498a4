"""Suppressions: contacts that must not be written to, why, and until when."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, or_, update
from sqlmodel import Session, col, select

from storage.database import changed, insert_into, run
from storage.deliveries import RANK
from storage.tables import Suppression


def among(session: Session, contact_keys: Iterable[bytes], *, now: datetime) -> dict[bytes, str]:
    """Which of these contacts must not be written to, and why. It holds in every community.

    Of several reasons the gravest is given, so that a late bounce never covers up an opt-out.
    """
    rows = run(session, _among(), {"keys": list(contact_keys), "now": now})
    gravest_last = sorted(rows, key=lambda row: RANK[row.reason])
    return {row.contact_key: row.reason for row in gravest_last}


@cache
def _among() -> Any:
    return select(col(Suppression.contact_key), col(Suppression.reason)).where(
        col(Suppression.contact_key).in_(bindparam("keys", expanding=True)),
        or_(col(Suppression.until).is_(None), col(Suppression.until) > bindparam("now")),
    )


def add(
    session: Session,
    community_id: int | None,
    contact_key: bytes,
    *,
    reason: str,
    until: datetime | None,
    now: datetime,
) -> None:
    """From now on do not write to this contact."""
    statement = insert_into(session, Suppression).values(
        community_id=community_id,
        contact_key=contact_key,
        reason=reason,
        until=until,
        created_at=now,
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["contact_key", "reason"], set_={"until": until, "created_at": now}
        )
    )


def lift(session: Session, contact_key: bytes, *, reason: str, now: datetime) -> None:
    """Let the contact be written to again; the row stays as history."""
    changed(
        session,
        update(Suppression)
        .where(col(Suppression.contact_key) == contact_key, col(Suppression.reason) == reason)
        .values(until=now),
    )
