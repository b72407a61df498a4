"""Redemptions: the statements behind the sign-up page, prepared once.

This is the one path that a crowd may take at the same moment, so its statements are built once and
run beside the ORM (`database.run`): a sixth of the time, the same tables.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Update, and_, bindparam, or_, select, update
from sqlmodel import Session, col

from storage.database import brief, dialect_of, insert_by, run, table_of
from storage.streets import address_order
from storage.tables import (
    Community,
    Household,
    Invitation,
    Leader,
    Member,
    Receipt,
    Redemption,
)


@dataclass(frozen=True, slots=True)
class Found:
    """What a code opens, at one glance."""

    invitation_id: int
    generation: int
    contact: str | None
    expires_at: datetime | None
    redeemed_at: datetime | None
    voided_at: datetime | None
    leader: str
    leader_removed_at: datetime | None
    member_id: int | None  # who used the code
    browser: bytes | None  # by which browser
    community_id: int
    community: str
    welcome: str
    features: list[str]
    colour: str
    language: str  # the community's
    theirs: str  # in which the invitation was written; empty: in the community's
    region: str
    timezone: str
    household_limit: int
    logo: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A code that was used up just now."""

    invitation_id: int
    community_id: int
    receipt_id: int | None


@cache
def _by_code() -> Any:
    return (
        select(  # in the order of `Found`
            col(Invitation.id),
            col(Invitation.generation),
            col(Invitation.contact),
            col(Invitation.expires_at),
            col(Invitation.redeemed_at),
            col(Invitation.voided_at),
            col(Leader.name),
            col(Leader.removed_at),
            col(Redemption.member_id),
            col(Redemption.browser),
            col(Community.id),
            col(Community.name),
            col(Community.welcome),
            col(Community.features),
            col(Community.colour),
            col(Community.language),
            col(Invitation.language),
            col(Community.region),
            col(Community.timezone),
            col(Community.household_limit),
            col(Community.logo),
        )
        .select_from(Invitation)
        .join(Leader, col(Leader.id) == col(Invitation.leader_id))
        .join(Community, col(Community.id) == col(Invitation.community_id))
        .outerjoin(Redemption, col(Redemption.invitation_id) == col(Invitation.id))
        .where(col(Invitation.code_hash) == bindparam("code_hash"))
    )


@brief
def by_code(session: Session, code_hash: bytes) -> Found | None:
    """What the code with this fingerprint opens; one look-up in one unique index."""
    row: Any = run(session, _by_code(), {"code_hash": code_hash}).one_or_none()
    return None if row is None else Found(*row)


@cache
def _claim() -> Update:
    usable: ColumnElement[bool] = and_(
        col(Invitation.redeemed_at).is_(None),
        col(Invitation.voided_at).is_(None),
        or_(col(Invitation.expires_at).is_(None), col(Invitation.expires_at) > bindparam("now")),
    )
    return (
        update(Invitation)
        .where(col(Invitation.code_hash) == bindparam("the_code"), usable)
        .values(redeemed_at=bindparam("now"))
        .returning(col(Invitation.id), col(Invitation.community_id), col(Invitation.receipt_id))
    )


def claim(session: Session, code_hash: bytes, *, now: datetime) -> Claim | None:
    """Use the code up, if it can be used. One row changed: you won. The same on both databases."""
    row = run(session, _claim(), {"the_code": code_hash, "now": now}).one_or_none()
    return None if row is None else Claim(row.id, row.community_id, row.receipt_id)


@cache
def _found(dialect: str) -> Any:
    return (
        insert_by(dialect, Household)
        .on_conflict_do_nothing(index_elements=["community_id", "address_key"])
        .returning(col(Household.id))
    )


def found_household(
    session: Session, community_id: int, *, address: str, address_key: str, now: datetime
) -> int | None:
    """Store a new household and give its id; None when the address has one already."""
    values = {
        "community_id": community_id,
        "address": address,
        "address_key": address_key,
        "address_order": address_order(address_key),
        "created_at": now,
    }
    found: int | None = run(session, _found(dialect_of(session)), values).scalar_one_or_none()
    return found


def household_at(session: Session, community_id: int, address_key: str) -> Household:
    """The household at this address, with nobody else changing it until this transaction ends."""
    query = select(Household).where(
        col(Household.community_id) == community_id, col(Household.address_key) == address_key
    )
    return session.scalars(query.with_for_update()).one()


@cache
def _add(dialect: str, table: type[Member | Redemption]) -> Any:
    return insert_by(dialect, table).returning(table_of(table).c.id)


def add(session: Session, table: type[Member | Redemption], **values: Any) -> int:
    """Store a new member or redemption and give its id; a constraint allows one per invitation."""
    new_id: int = run(session, _add(dialect_of(session), table), values).scalar_one()
    return new_id


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A new member, with what there is to tell about the join."""

    member: Member
    address: str
    invitation: Invitation | None  # none when the head of the household added them
    leader: str | None  # who gave the invitation
    receipt: Receipt | None  # that shows it


def newcomers(session: Session, member_ids: Iterable[int]) -> list[Newcomer]:
    """These members, unless they were removed since."""
    rows = session.execute(_newcomers(), {"ids": list(member_ids)})
    return [Newcomer(*row) for row in rows]


@cache
def _newcomers() -> Any:
    return (
        select(Member, col(Household.address), Invitation, col(Leader.name), Receipt)
        .join(Household, col(Household.id) == col(Member.household_id))
        .outerjoin(Redemption, col(Redemption.member_id) == col(Member.id))
        .outerjoin(Invitation, col(Invitation.id) == col(Redemption.invitation_id))
        .outerjoin(Leader, col(Leader.id) == col(Invitation.leader_id))
        .outerjoin(Receipt, col(Receipt.id) == col(Invitation.receipt_id))
        .where(
            col(Member.id).in_(bindparam("ids", expanding=True)), col(Member.removed_at).is_(None)
        )
    )
