"""Everything of a community, row by row, for the files that leaders take away."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from storage import batches, invitations
from storage.batches import Counts
from storage.invitations import Standing
from storage.tables import (
    Batch,
    Group,
    GroupMember,
    Household,
    Invitation,
    Leader,
    Member,
    Redemption,
)

_AT_ONCE = 1_000  # rows that are in memory together


@dataclass(frozen=True, slots=True)
class Person:
    """A member, as far as leaders know them."""

    member: Member
    household: Household
    groups: tuple[str, ...]
    invited_by: str  # the leader who gave the code, or who added them; empty: nobody knows


def members(session: Session, community_id: int) -> Iterator[Person]:
    """All members by address, heads first, fetched as they are asked for."""
    groups = _groups(session, community_id)
    adder: Any = aliased(Member)
    query: Any = (
        select(Member, Household, col(Leader.name), adder.name)
        .join(Household, col(Household.id) == col(Member.household_id))
        .outerjoin(Redemption, col(Redemption.member_id) == col(Member.id))
        .outerjoin(Invitation, col(Invitation.id) == col(Redemption.invitation_id))
        .outerjoin(Leader, col(Leader.id) == col(Invitation.leader_id))
        .outerjoin(adder, adder.id == col(Member.added_by_id))
        .where(col(Member.community_id) == community_id, col(Member.removed_at).is_(None))
        .order_by(
            col(Household.address_order),
            col(Household.id),
            col(Member.is_head).desc(),
            col(Member.id),
        )
    )
    for member, household, leader, added_by in _each(session, query):
        named = tuple(groups.get(member.id, ()))
        yield Person(member, household, named, leader or added_by or "")


def _groups(session: Session, community_id: int) -> dict[int, list[str]]:
    """The groups' names, by member."""
    query = (
        select(col(GroupMember.member_id), col(Group.name))
        .join(Group, col(Group.id) == col(GroupMember.group_id))
        .where(col(Group.community_id) == community_id)
        .order_by(col(Group.name))
    )
    found: defaultdict[int, list[str]] = defaultdict(list)
    for member_id, name in session.execute(query):
        found[member_id].append(name)
    return found


def _each(session: Session, query: Any) -> Any:
    return session.execute(query, execution_options={"yield_per": _AT_ONCE})


@dataclass(frozen=True, slots=True)
class Given:
    """An invitation, and who joined by it."""

    standing: Standing
    joined: str  # the member's name; empty: nobody has, or they left
    address: str


def given(session: Session, community_id: int) -> Iterator[Given]:
    """All invitations, the oldest first, a page at a time."""
    last = 0
    while page := invitations.standings(
        session,
        community_id,
        col(Invitation.id) > last,
        limit=_AT_ONCE,
        oldest_first=True,
    ):
        last = page[-1].invitation.id
        joined = _joined(session, page[0].invitation.id, last)
        for standing in page:
            yield Given(standing, *joined.get(standing.invitation.id, ("", "")))
        session.expunge_all()


def _joined(session: Session, first: int, last: int) -> dict[int, tuple[str, str]]:
    """Name and address of who joined, by invitation, those between two ids."""
    query = (
        select(col(Redemption.invitation_id), col(Member.name), col(Household.address))
        .join(Member, col(Member.id) == col(Redemption.member_id))
        .join(Household, col(Household.id) == col(Member.household_id))
        .where(col(Redemption.invitation_id).between(first, last), col(Member.removed_at).is_(None))
    )
    return {number: (name, address) for number, name, address in session.execute(query)}


def printed(
    session: Session, community_id: int, *, now: datetime
) -> Iterator[tuple[Batch, str, Counts]]:
    """All batches of passes, the oldest first, with who printed them and how they stand."""
    query = (
        select(Batch, col(Leader.name))
        .join(Leader, col(Leader.id) == col(Batch.leader_id))
        .where(col(Batch.community_id) == community_id)
        .order_by(col(Batch.id))
    )
    for batch, leader in session.execute(query).all():
        yield batch, leader, batches.counts(session, batch.id, now=now)
