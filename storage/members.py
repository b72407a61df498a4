"""Households, members and redemptions."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, or_, update
from sqlalchemy import select as sa_select
from sqlmodel import Session, SQLModel, col, func, select

from storage.database import changed, run
from storage.tables import (
    ChatMember,
    GroupMember,
    Household,
    Invitation,
    Member,
    Redemption,
    WayIn,
)


def lock_household(session: Session, household_id: int) -> Household:
    """The household, with nobody else changing it until this transaction ends."""
    return session.exec(
        select(Household).where(Household.id == household_id).with_for_update()
    ).one()


def add(session: Session, member: Member) -> Member:
    """Store a new member."""
    session.add(member)
    session.flush()
    return member


def get(session: Session, member_id: int) -> Member | None:
    """The member, unless removed."""
    row = session.get(Member, member_id)
    return row if row is not None and row.removed_at is None else None


def household(session: Session, household_id: int) -> Household:
    """The household."""
    return session.get_one(Household, household_id)


def household_of(session: Session, community_id: int, household_id: int) -> Household | None:
    """The household, if it belongs to this community."""
    row = session.get(Household, household_id)
    return row if row is not None and row.community_id == community_id else None


def household_by_key(session: Session, community_id: int, address_key: str) -> Household | None:
    """The household at this address."""
    here = (col(Household.community_id) == community_id, col(Household.address_key) == address_key)
    return session.scalars(sa_select(Household).where(*here)).one_or_none()


def rights_of(session: Session, member_id: int) -> list[SQLModel]:
    """What ends with a membership: who they are in chats, their groups, their ways in."""
    return [
        row
        for table in (ChatMember, GroupMember, WayIn)
        for row in session.scalars(sa_select(table).where(col(table.member_id) == member_id))
    ]


def of_household(session: Session, household_id: int) -> list[Member]:
    """Who lives there, the head first."""
    return list(
        session.exec(
            select(Member)
            .where(Member.household_id == household_id, col(Member.removed_at).is_(None))
            .order_by(col(Member.is_head).desc(), col(Member.id))
        )
    )


def remove(session: Session, member_id: int, *, now: datetime) -> None:
    """The member is no longer one."""
    changed(
        session,
        update(Member)
        .where(col(Member.id) == member_id, col(Member.removed_at).is_(None))
        .values(removed_at=now),
    )


def by_contact(
    session: Session, contact_keys: Iterable[bytes], *, community_id: int | None = None
) -> list[Member]:
    """The members with one of these contacts; in one community, or in all for a way back in."""
    found = session.execute(_by_contact(), {"keys": list(contact_keys)}).scalars()
    return [row for row in found if community_id in {None, row.community_id}]


@cache
def _by_contact() -> Any:
    keys: Any = bindparam("keys", expanding=True)
    return (
        sa_select(Member)
        .where(
            or_(col(Member.email_key).in_(keys), col(Member.phone_key).in_(keys)),
            col(Member.removed_at).is_(None),
        )
        .order_by(col(Member.id))
    )


def contacts_among(
    session: Session, contact_keys: Iterable[bytes], *, community_id: int
) -> set[bytes]:
    """Which of these contacts are members': their own, or where their invitation was sent."""
    values = {"keys": list(contact_keys), "the_community": community_id}
    own = {key for row in run(session, _own_contacts(), values) for key in row if key is not None}
    return own | set(run(session, _used_contacts(), values).scalars())


@cache
def _own_contacts() -> Any:
    keys: Any = bindparam("keys", expanding=True)
    return sa_select(col(Member.email_key), col(Member.phone_key)).where(
        col(Member.community_id) == bindparam("the_community"),
        or_(col(Member.email_key).in_(keys), col(Member.phone_key).in_(keys)),
        col(Member.removed_at).is_(None),
    )


@cache
def _used_contacts() -> Any:
    return (
        sa_select(col(Invitation.contact_key))
        .join(Redemption, col(Redemption.invitation_id) == col(Invitation.id))
        .join(Member, col(Member.id) == col(Redemption.member_id))
        .where(
            col(Invitation.community_id) == bindparam("the_community"),
            col(Invitation.contact_key).in_(bindparam("keys", expanding=True)),
            col(Member.removed_at).is_(None),
        )
    )


def household_count(session: Session, community_id: int) -> int:
    """How many households with at least one member there are: the number that is billed."""
    homes = select(func.count(col(Member.household_id).distinct()))
    here = (Member.community_id == community_id, col(Member.removed_at).is_(None))
    return int(session.exec(homes.where(*here)).one())


def names_of(session: Session, member_ids: Iterable[int]) -> dict[int, str]:
    """What these are called, also when they are no members any more."""
    query = select(Member.id, Member.name).where(col(Member.id).in_(list(member_ids)))
    return dict(session.exec(query).all())


def member_count(session: Session, community_id: int) -> int:
    """How many members the community has."""
    query = select(func.count(col(Member.id))).where(Member.community_id == community_id)
    return int(session.exec(query.where(col(Member.removed_at).is_(None))).one())


def name_and_address(session: Session, redemption: Redemption) -> tuple[str, str]:
    """Who used a code, and where they live."""
    member = session.get_one(Member, redemption.member_id)
    return member.name, session.get_one(Household, redemption.household_id).address


def redemption_of(session: Session, member_id: int) -> Redemption | None:
    """How this member came in, if by a code."""
    return session.exec(select(Redemption).where(Redemption.member_id == member_id)).one_or_none()
