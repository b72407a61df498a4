"""Coverage: how far each address of the roster has come.

All that is known of an address is gathered as ranks: nothing happened, an invitation ended, is in
trouble, is open, somebody is in. An address has come as far as the highest.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlmodel import Session, col

from storage.database import run
from storage.invitations import FAILED, newest_delivery
from storage.tables import (
    Delivery,
    Household,
    Invitation,
    Member,
    Redemption,
    RosterEntry,
    Suppression,
)


class Came(IntEnum):
    """How far an address has come; the highest is shown."""

    NEVER = 0  # nobody there was invited
    ENDED = 1  # the invitation expired, was voided, or let somebody in who has left
    FAILED = 2  # the letter did not arrive, or is not wanted
    OPEN = 3  # invited
    JOINED = 4


class Reach(IntEnum):
    """Whether an address can be written to; the highest of its people counts."""

    NOWHERE = 0  # neither e-mail nor number
    BARRED = 1  # asked not to be written to, or came back lately
    THERE = 2


@dataclass(frozen=True, slots=True)
class Count:
    """How many addresses of a street have come equally far."""

    street: str
    came: Came
    reach: Reach
    entry_id: int  # the first of them on the roster
    count: int


@dataclass(frozen=True, slots=True)
class Place:
    """One address of the roster."""

    key: str
    address: str
    street: str
    came: Came
    reach: Reach


def counts(session: Session, community_id: int, *, now: datetime) -> list[Count]:
    """How far the addresses have come, by street."""
    rows: Any = run(session, _counts(), {"the_community": community_id, "now": now})
    return [
        Count(street, Came(came), Reach(reach), entry_id, count)
        for street, came, reach, entry_id, count in rows
    ]


def places(
    session: Session,
    community_id: int,
    *,
    came: Iterable[Came],
    streets: Sequence[str] = (),
    now: datetime,
) -> list[Place]:
    """The addresses that have come so far, in no order.

    Takes: streets, as they are spelt on the roster; empty: all.
    """
    values = {"the_community": community_id, "now": now, "came": [int(one) for one in came]}
    if streets:
        values["streets"] = list(streets)
    rows: Any = run(session, _places(bool(streets)), values)
    return [
        Place(key, address, street, Came(far), Reach(reach))
        for key, address, street, far, reach in rows
    ]


@cache
def _counts() -> Any:
    place = _place().subquery()
    how = (place.c.street, place.c.came, place.c.reach)
    return select(*how, func.min(place.c.entry_id), func.count()).group_by(*how)


@cache
def _places(of_streets: bool) -> Any:
    place = _place().subquery()
    query = select(
        place.c.address_key, place.c.address, place.c.street, place.c.came, place.c.reach
    ).where(place.c.came.in_(bindparam("came", expanding=True)))
    if of_streets:
        query = query.where(place.c.street.in_(bindparam("streets", expanding=True)))
    return query


def _place() -> Any:
    """Each address of the roster, once."""
    far = _facts().cte("fact")
    came = select(far.c.address_key, func.max(far.c.came).label("came")).group_by(far.c.address_key)
    highest = came.cte("came")
    return (
        select(
            col(RosterEntry.address_key),
            func.min(RosterEntry.id).label("entry_id"),
            func.min(RosterEntry.address).label("address"),
            func.min(RosterEntry.street).label("street"),
            func.coalesce(func.max(highest.c.came), int(Came.NEVER)).label("came"),
            func.max(_reach()).label("reach"),
        )
        .outerjoin(highest, highest.c.address_key == col(RosterEntry.address_key))
        .where(ours(RosterEntry))
        .group_by(col(RosterEntry.address_key))
    )


def _facts() -> Any:
    """How far an address has come, by everything that tells: (address_key, came)."""
    given = _given().cte("given").prefix_with("MATERIALIZED")
    people = _people().cte("people").prefix_with("MATERIALIZED")
    address, joined = col(RosterEntry.address_key), literal(int(Came.JOINED)).label("came")
    contacts = (col(RosterEntry.email_key), col(RosterEntry.phone_key))
    lived_in = and_(
        col(Household.community_id) == col(RosterEntry.community_id),
        col(Household.address_key) == address,
    )
    return union_all(
        select(address, joined).join(Household, lived_in).where(ours(RosterEntry), inhabited()),
        *(
            select(address, joined)
            .join(people, people.c.contact_key == key)
            .where(ours(RosterEntry))
            for key in contacts
        ),
        *(
            select(address, given.c.came).join(given, on).where(ours(RosterEntry))
            for on in (
                given.c.roster_entry_id == col(RosterEntry.id),
                *(given.c.contact_key == key for key in contacts),
            )
        ),
    )


def _given() -> Any:
    """All invitations, and how far they have come."""
    is_in = and_(
        col(Redemption.invitation_id) == col(Invitation.id),
        col(Member.id) == col(Redemption.member_id),
        col(Member.removed_at).is_(None),
    )
    over = or_(
        col(Invitation.redeemed_at).is_not(None),
        col(Invitation.voided_at).is_not(None),
        col(Invitation.expires_at) <= bindparam("now"),
    )
    in_trouble = and_(col(Invitation.medium) != "pass", col(Delivery.state).in_(FAILED))
    came = case(
        (exists().where(is_in), int(Came.JOINED)),
        (over, int(Came.ENDED)),
        (in_trouble, int(Came.FAILED)),
        else_=int(Came.OPEN),
    )
    return (
        select(col(Invitation.roster_entry_id), col(Invitation.contact_key), came.label("came"))
        .outerjoin(Delivery, col(Delivery.id) == newest_delivery())
        .where(ours(Invitation))
    )


def _people() -> Any:
    """The contacts of all members."""
    return union_all(
        *(
            select(key.label("contact_key")).where(
                ours(Member), col(Member.removed_at).is_(None), key.is_not(None)
            )
            for key in (col(Member.email_key), col(Member.phone_key))
        )
    )


def inhabited() -> ColumnElement[bool]:
    """In a query of households: that somebody lives there."""
    lives = (col(Member.household_id) == col(Household.id), col(Member.removed_at).is_(None))
    return exists().where(*lives)


def _reach() -> ColumnElement[int]:
    def is_open(key: Any) -> ColumnElement[bool]:
        barred = exists().where(
            col(Suppression.contact_key) == key,
            or_(col(Suppression.until).is_(None), col(Suppression.until) > bindparam("now")),
        )
        return and_(key.is_not(None), ~barred)

    email, phone = col(RosterEntry.email_key), col(RosterEntry.phone_key)
    return case(
        (or_(is_open(email), is_open(phone)), int(Reach.THERE)),
        (or_(email.is_not(None), phone.is_not(None)), int(Reach.BARRED)),
        else_=int(Reach.NOWHERE),
    )


def ours(table: Any) -> ColumnElement[bool]:
    """Of the community that is asked for."""
    return col(table.community_id) == bindparam("the_community")
