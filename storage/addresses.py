"""Addresses of the roster: who is on it there, who has joined there, and who joined beside it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, or_, select
from sqlmodel import Session, col

from storage.coverage import inhabited, ours
from storage.database import run
from storage.tables import Household, Invitation, Member, Redemption, RosterEntry


@dataclass(frozen=True, slots=True)
class Resident:
    """A member, where they live, and by which invitation they came, if by one."""

    member: Member
    household: Household
    invitation: Invitation | None


def elsewhere(session: Session, community_id: int) -> int:
    """How many households have joined from addresses that are not on the roster."""
    found: int = run(session, _elsewhere(), {"the_community": community_id}).scalar_one()
    return found


def entries_at(session: Session, community_id: int, keys: Sequence[str]) -> list[RosterEntry]:
    """Who is on the roster at these addresses, in the order of the roster."""
    found = session.scalars(_entries_at(), {"the_community": community_id, "keys": list(keys)})
    return list(found)


def entry(session: Session, community_id: int, entry_id: int) -> RosterEntry | None:
    """The line of the roster, if it belongs to this community."""
    row = session.get(RosterEntry, entry_id)
    return row if row is not None and row.community_id == community_id else None


def entries(session: Session, community_id: int, entry_ids: Collection[int]) -> list[RosterEntry]:
    """These lines of the roster, as far as they are still there, in their order."""
    query = select(RosterEntry).where(
        col(RosterEntry.community_id) == community_id, col(RosterEntry.id).in_(entry_ids)
    )
    return list(session.scalars(query.order_by(col(RosterEntry.id))))


def residents(session: Session, entries: Sequence[RosterEntry]) -> list[Resident]:
    """The members behind these lines, by where they live, their contact or their invitation."""
    if not entries:
        return []
    values = {
        "the_community": entries[0].community_id,
        "keys": [one.address_key for one in entries],
        "contacts": [key for one in entries for key in (one.email_key, one.phone_key) if key],
        "entries": [one.id for one in entries],
    }
    return [Resident(*row) for row in session.execute(_residents(), values)]


@cache
def _elsewhere() -> Any:
    """Nothing leads from these households to the roster: no address, contact or invitation."""
    at_home = and_(_of_same(), col(RosterEntry.address_key) == col(Household.address_key))
    lives = (col(Member.household_id) == col(Household.id), col(Member.removed_at).is_(None))
    by_contact = [
        exists().where(*lives, _of_same(), entry_key == member_key)
        for entry_key, member_key in (
            (col(RosterEntry.email_key), col(Member.email_key)),
            (col(RosterEntry.phone_key), col(Member.phone_key)),
        )
    ]
    came_by = (
        *lives,
        col(Redemption.member_id) == col(Member.id),
        col(Invitation.id) == col(Redemption.invitation_id),
    )
    by_invitation = [
        exists().where(*came_by, on)
        for on in (
            col(Invitation.roster_entry_id).is_not(None),
            and_(_of_same(), col(RosterEntry.email_key) == col(Invitation.contact_key)),
            and_(_of_same(), col(RosterEntry.phone_key) == col(Invitation.contact_key)),
        )
    ]
    known = or_(exists().where(at_home), *by_contact, *by_invitation)
    query = select(func.count()).select_from(Household)
    return query.where(ours(Household), inhabited(), ~known)


def _of_same() -> ColumnElement[bool]:
    return col(RosterEntry.community_id) == col(Household.community_id)


@cache
def _entries_at() -> Any:
    return (
        select(RosterEntry)
        .where(
            ours(RosterEntry), col(RosterEntry.address_key).in_(bindparam("keys", expanding=True))
        )
        .order_by(col(RosterEntry.id))
    )


@cache
def _residents() -> Any:
    contacts: Any = bindparam("contacts", expanding=True)
    theirs = or_(
        col(Household.address_key).in_(bindparam("keys", expanding=True)),
        col(Member.email_key).in_(contacts),
        col(Member.phone_key).in_(contacts),
        col(Invitation.roster_entry_id).in_(bindparam("entries", expanding=True)),
        col(Invitation.contact_key).in_(contacts),
    )
    return (
        select(Member, Household, Invitation)
        .join(Household, col(Household.id) == col(Member.household_id))
        .outerjoin(Redemption, col(Redemption.member_id) == col(Member.id))
        .outerjoin(Invitation, col(Invitation.id) == col(Redemption.invitation_id))
        .where(ours(Member), col(Member.removed_at).is_(None), theirs)
        .order_by(col(Member.is_head).desc(), col(Member.id))
    )


def given_to(entries: Sequence[RosterEntry]) -> ColumnElement[bool]:
    """The condition for invitations that were given for these lines, or to their contacts."""
    contacts = [key for one in entries for key in (one.email_key, one.phone_key) if key]
    return or_(
        col(Invitation.roster_entry_id).in_([one.id for one in entries]),
        col(Invitation.contact_key).in_(contacts),
    )
