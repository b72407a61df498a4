"""People: members as leaders tell them apart, found by number, by household and by name."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlmodel import Session, col

from storage.tables import GroupMember, Household, HouseholdWord, Member


@dataclass(frozen=True, slots=True)
class Person:
    """A member, with where they live."""

    id: int
    name: str
    address: str
    suspended_at: datetime | None


def persons() -> Any:
    """The query whose rows are a `Person`; more can be asked of it."""
    columns = (col(Member.id), col(Member.name), col(Household.address), col(Member.suspended_at))
    return (
        select(*columns)
        .join(Household, col(Household.id) == col(Member.household_id))
        .where(col(Member.removed_at).is_(None))
    )


def found(
    session: Session,
    community_id: int,
    *where: ColumnElement[bool],
    within: int | None = None,
    limit: int,
) -> list[Person]:
    """Members of the community that match, oldest first.

    Takes: within, the number of a group in which they must be.
    """
    inside = exists().where(
        col(GroupMember.group_id) == within, col(GroupMember.member_id) == col(Member.id)
    )
    where += () if within is None else (inside,)
    query = persons().where(col(Member.community_id) == community_id, *where)
    return [Person(*row) for row in session.execute(query.order_by(col(Member.id)).limit(limit))]


# The conditions


def is_number(number: int) -> ColumnElement[bool]:
    """It is the member with this number."""
    return col(Member.id) == number


def lives_in(household_id: int) -> ColumnElement[bool]:
    """They live in the household with this number."""
    return col(Member.household_id) == household_id


def lives_at(address_key: str) -> ColumnElement[bool]:
    """They live at this address, in its normal form."""
    return col(Household.address_key) == address_key


def near_words(community_id: int, words: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    """All these words are found in their household; which of them it is remains to be seen."""
    with_word = select(col(HouseholdWord.household_id)).where(
        col(HouseholdWord.community_id) == community_id
    )
    return tuple(
        col(Member.household_id).in_(with_word.where(col(HouseholdWord.word) == word))
        for word in sorted(words)
    )
