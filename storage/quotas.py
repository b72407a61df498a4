"""Quotas: how many letters are allotted to each day, and what else limits are counted from.

Allotting is a statement in the transaction that inserts the letters: no limit is passed unseen.
"""

from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, exists, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from storage.database import changed, dialect_of, insert_by, run
from storage.tables import Delivery, Leader, Quota


def add(session: Session, source: str, day: date, count: int) -> int:
    """Allot so many letters to the day, or take them back when negative. Gives its new number."""
    values = {"source": source, "day": day, "count": count}
    total: int = run(session, _add(dialect_of(session)), values).scalar_one()
    return total


@cache
def _add(dialect: str) -> Any:
    statement = insert_by(dialect, Quota)
    return statement.on_conflict_do_update(
        index_elements=["source", "day"],
        set_={"count": col(Quota.count) + statement.excluded.count},
    ).returning(col(Quota.count))


def forget(session: Session, *, before: date) -> None:
    """Delete the numbers of days that are over."""
    changed(session, delete(Quota).where(col(Quota.day) < before))


def invited_often(
    session: Session, contact_keys: Iterable[bytes], *, since: datetime, most: int
) -> set[bytes]:
    """Which of these contacts have had so many invitations since then, of all communities."""
    values = {"keys": list(contact_keys), "since": since, "most": most}
    return set(run(session, _invited_often(), values).scalars())


@cache
def _invited_often() -> Any:
    return (
        select(col(Delivery.contact_key))
        .where(
            col(Delivery.contact_key).in_(bindparam("keys", expanding=True)),
            col(Delivery.created_at) > bindparam("since"),
        )
        .group_by(col(Delivery.contact_key))
        .having(func.count(col(Delivery.invitation_id).distinct()) >= bindparam("most"))
    )


def numbers_asked(session: Session, community_id: int, *, since: datetime) -> set[str]:
    """The numbers that a community has texted, or meant to, since then."""
    query = select(col(Delivery.contact)).where(
        col(Delivery.community_id) == community_id,
        col(Delivery.medium) == "text",
        col(Delivery.created_at) > since,
        col(Delivery.contact).is_not(None),
    )
    return set(session.scalars(query))


def added_by_a_leader(session: Session, leader_id: int) -> datetime | None:
    """When another leader added this one. None: they lead from their chat since it was set up."""
    found: datetime | None = run(session, _added(), {"the_leader": leader_id}).scalar_one_or_none()
    return found


@cache
def _added() -> Any:
    earlier = aliased(Leader)
    is_not_first = exists().where(
        col(earlier.community_id) == col(Leader.community_id),
        col(earlier.chat) == col(Leader.chat),
        col(earlier.id) < col(Leader.id),
    )
    return select(col(Leader.added_at)).where(
        col(Leader.id) == bindparam("the_leader"), is_not_first
    )
