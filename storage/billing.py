"""Billing: how many households were registered in a month.

A household counts in a month in which it had a member at any moment. When a member lived where is
in their own row, from `moved_at` or `joined_at` to `removed_at`, and of households that they moved
out of in `stay`.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select, union
from sqlmodel import Session, col

from storage.database import dialect_of, insert_by, run
from storage.tables import BillingMonth, Member, Stay


@dataclass(frozen=True, slots=True)
class Registered:
    """How many were registered."""

    households: int
    members: int


def registered(session: Session, community_id: int) -> Registered:
    """How many are registered now."""
    row: Any = run(session, _now(), {"the_community": community_id}).one()
    return Registered(*row)


def registered_between(
    session: Session, community_id: int, *, since: datetime, until: datetime
) -> Registered:
    """How many were registered at any moment from `since` to before `until`."""
    values = {"the_community": community_id, "since": since, "until": until}
    households, members = (run(session, query, values).scalar_one() for query in _between())
    return Registered(households, members)


def closed(session: Session, community_id: int) -> dict[date, BillingMonth]:
    """The months that are closed, by their first day."""
    query = select(BillingMonth).where(col(BillingMonth.community_id) == community_id)
    return {row.month: row for row in session.scalars(query.order_by(col(BillingMonth.month)))}


def close(
    session: Session, community_id: int, month: date, found: Registered, *, now: datetime
) -> None:
    """Write a month down; one that is closed stays as it is."""
    values = {
        "community_id": community_id,
        "month": month,
        "household_count": found.households,
        "member_count": found.members,
        "closed_at": now,
    }
    statement = insert_by(dialect_of(session), BillingMonth).on_conflict_do_nothing()
    run(session, statement, values)


def move_out(session: Session, member: Member, *, now: datetime) -> None:
    """Remember that the member lived in this household until now; to be called before they move."""
    session.add(
        Stay(
            community_id=member.community_id,
            household_id=member.household_id,
            member_id=member.id,
            since=member.moved_at or member.joined_at,
            until=now,
        )
    )


def stays(session: Session, household_id: int) -> list[Stay]:
    """The stays in this household that are over."""
    return list(session.scalars(select(Stay).where(col(Stay.household_id) == household_id)))


@cache
def _now() -> Any:
    counted = (func.count(col(Member.household_id).distinct()), func.count())
    return select(*counted).where(_ours(Member), col(Member.removed_at).is_(None))


@cache
def _between() -> tuple[Any, Any]:
    """The statements that count households and members."""
    lived = _overlapping(func.coalesce(Member.moved_at, Member.joined_at), Member.removed_at)
    stayed = _overlapping(Stay.since, Stay.until)
    homes = union(
        select(col(Member.household_id)).where(_ours(Member), lived),
        select(col(Stay.household_id)).where(_ours(Stay), stayed),
    ).subquery()
    was_one = _overlapping(Member.joined_at, Member.removed_at)
    return (
        select(func.count()).select_from(homes),
        select(func.count()).select_from(Member).where(_ours(Member), was_one),
    )


def _overlapping(start: Any, end: Any) -> Any:
    """That a span, without an end while it lasts, has a moment in ours; an empty one has none."""
    has_end_after = and_(end > bindparam("since"), end > start)
    return and_(start < bindparam("until"), or_(end.is_(None), has_end_after))


def _ours(table: Any) -> Any:
    return col(table.community_id) == bindparam("the_community")
