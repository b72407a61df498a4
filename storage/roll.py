"""The roll: who lives where, in the order of addresses, a page at a time.

Nothing here takes longer in a larger community. Lists are read from an index and only so far as
asked, so what is counted is counted up to a number; pages begin at the household that stands last
on the one before, never after a count of rows.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, select, tuple_
from sqlmodel import Session, col

from storage.database import run
from storage.tables import Household, Member

_PLACE = (col(Household.address_order), col(Household.id))


def first(session: Session, community_id: int, *, limit: int) -> list[int]:
    """The households that stand first, by address."""
    values = {"the_community": community_id, "the_limit": limit}
    return list(run(session, _first(), values).scalars())


def beside(
    session: Session, community_id: int, anchor_id: int, *, limit: int, backwards: bool = False
) -> list[int]:
    """The households that follow this one by address, or come before it; by address."""
    values: dict[str, Any] = {"the_community": community_id, "anchor": anchor_id}
    place = run(session, _place(), values).scalar_one_or_none()
    if place is None:
        return []
    values |= {"place": place, "the_limit": limit}
    found = list(run(session, _beside(backwards), values).scalars())
    return found[::-1] if backwards else found


def in_order(
    session: Session, community_id: int, household_ids: Iterable[int], *, limit: int
) -> list[int]:
    """Those of these households in which somebody lives, by address."""
    values = {
        "the_community": community_id,
        "ids": sorted(household_ids),
        "the_limit": limit,
    }
    return list(run(session, _in_order(), values).scalars())


def with_suspended(session: Session, community_id: int, *, limit: int) -> list[int]:
    """Households with a member who is suspended."""
    values = {"the_community": community_id, "the_limit": limit}
    return list(run(session, _with_suspended(), values).scalars())


def joined_since(session: Session, community_id: int, moment: datetime, *, limit: int) -> list[int]:
    """The household of each who has joined since then, the newest first."""
    values = {"the_community": community_id, "moment": moment, "the_limit": limit}
    return list(run(session, _joined_since(), values).scalars())


def members_up_to(session: Session, community_id: int, most: int) -> int:
    """How many members there are, counted up to this number."""
    values = {"the_community": community_id, "most": most}
    found: int = run(session, _members_up_to(), values).scalar_one()
    return found


def households(
    session: Session, household_ids: Sequence[int]
) -> list[tuple[Household, tuple[Member, ...]]]:
    """These households in this order, each with its members, the head first."""
    rows = session.execute(_households(), {"ids": list(household_ids)}).scalars()
    by_id = {row.id: row for row in rows}
    people: dict[int, list[Member]] = {household_id: [] for household_id in household_ids}
    for mate in session.execute(_members(), {"ids": list(household_ids)}).scalars():
        people[mate.household_id].append(mate)
    return [(by_id[one], tuple(people[one])) for one in household_ids]


@cache
def _first() -> Any:
    return _inhabited().order_by(*_PLACE).limit(bindparam("the_limit"))


@cache
def _place() -> Any:
    return select(col(Household.address_order)).where(
        col(Household.id) == bindparam("anchor"),
        col(Household.community_id) == bindparam("the_community"),
    )


@cache
def _beside(backwards: bool) -> Any:
    here, anchor = tuple_(*_PLACE), tuple_(bindparam("place"), bindparam("anchor"))
    beyond: ColumnElement[bool] = here < anchor if backwards else here > anchor
    order = [column.desc() if backwards else column.asc() for column in _PLACE]
    return _inhabited().where(beyond).order_by(*order).limit(bindparam("the_limit"))


@cache
def _in_order() -> Any:
    these = col(Household.id).in_(bindparam("ids", expanding=True))
    return _inhabited().where(these).order_by(*_PLACE).limit(bindparam("the_limit"))


def _inhabited() -> Select[Any]:
    lives_there = exists().where(
        col(Member.household_id) == col(Household.id), col(Member.removed_at).is_(None)
    )
    here = col(Household.community_id) == bindparam("the_community")
    return select(col(Household.id)).where(here, lives_there)


def _of_members() -> Select[Any]:
    return select(col(Member.household_id)).where(
        col(Member.community_id) == bindparam("the_community"), col(Member.removed_at).is_(None)
    )


@cache
def _with_suspended() -> Any:
    suspended = col(Member.suspended_at).is_not(None)
    return _of_members().where(suspended).distinct().limit(bindparam("the_limit"))


@cache
def _joined_since() -> Any:
    since = col(Member.joined_at) >= bindparam("moment")
    newest = col(Member.joined_at).desc()
    return _of_members().where(since).order_by(newest).limit(bindparam("the_limit"))


@cache
def _members_up_to() -> Any:
    newest = col(Member.joined_at).desc()  # in the order of an index that begins here
    counted = _of_members().order_by(newest).limit(bindparam("most")).subquery()
    return select(func.count()).select_from(counted)


@cache
def _households() -> Any:
    return select(Household).where(col(Household.id).in_(bindparam("ids", expanding=True)))


@cache
def _members() -> Any:
    return (
        select(Member)
        .where(
            col(Member.household_id).in_(bindparam("ids", expanding=True)),
            col(Member.removed_at).is_(None),
        )
        .order_by(col(Member.is_head).desc(), col(Member.id))
    )
