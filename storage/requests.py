"""Join requests: who, without a code, asks to be let in, and what the leaders decided."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, bindparam, or_, update
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, func, select

from storage.database import brief, changed
from storage.tables import (
    Community,
    Delivery,
    Household,
    Invitation,
    JoinRequest,
    Member,
    Receipt,
    Redemption,
    RosterEntry,
)

# Where people ask


@brief
def open_doors(session: Session, *, limit: int) -> list[str]:
    """The slugs of communities where somebody without a code may ask."""
    query = select(Community.slug).where(col(Community.may_ask))
    return list(session.exec(query.order_by(col(Community.id)).limit(limit)))


@brief
def by_slug(session: Session, slug: str) -> Community | None:
    """The community of this address."""
    return session.exec(select(Community).where(Community.slug == slug)).one_or_none()


# The requests


def add(session: Session, row: JoinRequest) -> JoinRequest:
    """Store a new request and give it its number."""
    session.add(row)
    session.flush()
    return row


def get(session: Session, community_id: int, number: int) -> JoinRequest | None:
    """The request, if it belongs to this community."""
    row = session.get(JoinRequest, number)
    return row if row is not None and row.community_id == community_id else None


def open_of(session: Session, community_id: int, contact_key: bytes) -> JoinRequest | None:
    """What this contact asks and nobody has decided yet."""
    of_contact = _of_contact(community_id, contact_key)
    query = select(JoinRequest).where(*of_contact, col(JoinRequest.decided_at).is_(None))
    return session.exec(query.limit(1)).first()


def count_of(session: Session, community_id: int, contact_key: bytes, *, since: datetime) -> int:
    """How many requests of this contact there were since then."""
    query = select(func.count()).select_from(JoinRequest)
    of_contact = _of_contact(community_id, contact_key)
    return session.exec(query.where(*of_contact, col(JoinRequest.created_at) > since)).one()


def before(session: Session, row: JoinRequest) -> JoinRequest | None:
    """What the same contact asked last before this, and was answered."""
    return session.exec(
        select(JoinRequest)
        .where(
            *_of_contact(row.community_id, row.contact_key),
            col(JoinRequest.id) < row.id,
            col(JoinRequest.decided_at).is_not(None),
        )
        .order_by(col(JoinRequest.id).desc())
        .limit(1)
    ).first()


def _of_contact(community_id: int, contact_key: bytes) -> tuple[ColumnElement[bool], ...]:
    return (
        col(JoinRequest.contact_key) == contact_key,
        col(JoinRequest.community_id) == community_id,
    )


def open_count(session: Session, community_id: int) -> int:
    """How many requests wait for an answer."""
    query = select(func.count()).select_from(JoinRequest).where(*_open(community_id))
    return session.exec(query).one()


def page(session: Session, community_id: int, *, limit: int, offset: int) -> list[JoinRequest]:
    """Requests that wait for an answer, whoever waits longest first."""
    query = select(JoinRequest).where(*_open(community_id)).order_by(col(JoinRequest.id))
    return list(session.exec(query.limit(limit).offset(offset)))


def waiting_count(session: Session, community_id: int, *, after: datetime, before: datetime) -> int:
    """How many open requests were made between these moments."""
    query = select(func.count()).select_from(JoinRequest).where(*_open(community_id))
    made_at = col(JoinRequest.created_at)
    return session.exec(query.where(made_at >= after, made_at < before)).one()


def _open(community_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        col(JoinRequest.community_id) == community_id,
        col(JoinRequest.decided_at).is_(None),
    )


def decide(
    session: Session,
    row: JoinRequest,
    decision: str,
    *,
    leader_id: int | None = None,
    reason: str = "",
    now: datetime,
) -> bool:
    """Decide a request that is open. One row changed: you won. The same on both databases."""
    done = changed(
        session,
        update(JoinRequest)
        .where(col(JoinRequest.id) == row.id, col(JoinRequest.decided_at).is_(None))
        .values(decision=decision, leader_id=leader_id, reason=reason, decided_at=now),
    )
    session.refresh(row)
    return bool(done)


def reopen(session: Session, row: JoinRequest) -> bool:
    """Take back that a request was declined. Gives False when it was not, or is not any more."""
    done = changed(
        session,
        update(JoinRequest)
        .where(col(JoinRequest.id) == row.id, col(JoinRequest.decision) == "declined")
        .values(decision="", leader_id=None, reason="", decided_at=None),
    )
    session.refresh(row)
    return bool(done)


# What comes of them


def cards(session: Session, number: int) -> list[Receipt]:
    """The messages that show a request to leaders."""
    return list(session.exec(select(Receipt).where(Receipt.join_request_id == number)))


def invitation_of(session: Session, number: int) -> Invitation | None:
    """The invitation that was given to whoever asked."""
    query = select(Invitation).where(Invitation.join_request_id == number)
    return session.exec(query.order_by(col(Invitation.id).desc()).limit(1)).first()


@brief
def behind(session: Session, invitation_id: int) -> JoinRequest | None:
    """The request that an invitation answers."""
    return session.execute(_behind(), {"the_invitation": invitation_id}).scalar_one_or_none()


@cache
def _behind() -> Any:
    return (
        sa_select(JoinRequest)
        .join(Invitation, col(Invitation.join_request_id) == col(JoinRequest.id))
        .where(col(Invitation.id) == bindparam("the_invitation"))
    )


def letters_of(session: Session, number: int) -> list[Delivery]:
    """The letters that answer a request, oldest first."""
    query = select(Delivery).where(Delivery.join_request_id == number)
    return list(session.exec(query.order_by(col(Delivery.id))))


# What is known of whoever asks


def invited_there(session: Session, community_id: int, contact_key: bytes) -> list[Member]:
    """The members whose invitation was sent to this contact, whatever their own is now."""
    query = (
        select(Member)
        .join(Redemption, col(Redemption.member_id) == col(Member.id))
        .join(Invitation, col(Invitation.id) == col(Redemption.invitation_id))
        .join(Delivery, col(Delivery.invitation_id) == col(Invitation.id))
        .where(
            Delivery.contact_key == contact_key,  # it has an index
            Invitation.contact_key == contact_key,
            Invitation.community_id == community_id,
            col(Member.removed_at).is_(None),
        )
        .distinct()
    )
    return list(session.exec(query))


def left_at(session: Session, community_id: int, contact_key: bytes) -> datetime | None:
    """When somebody with this contact ceased to be a member, if one did, the last time."""
    query = select(func.max(Member.removed_at)).where(
        Member.community_id == community_id,
        or_(col(Member.email_key) == contact_key, col(Member.phone_key) == contact_key),
    )
    return session.exec(query).one()


def members_at(session: Session, community_id: int, address_key: str) -> list[Member]:
    """Who lives at this address, the head first."""
    query = (
        select(Member)
        .join(Household, col(Household.id) == col(Member.household_id))
        .where(
            Household.community_id == community_id,
            Household.address_key == address_key,
            col(Member.removed_at).is_(None),
        )
        .order_by(col(Member.is_head).desc(), col(Member.id))
    )
    return list(session.exec(query))


def on_roster(session: Session, community_id: int, address_key: str) -> list[RosterEntry] | None:
    """What the roster says of this address; None when there is no roster."""
    query = select(RosterEntry).where(RosterEntry.community_id == community_id)
    if session.exec(query.limit(1)).first() is None:
        return None
    return list(session.exec(query.where(RosterEntry.address_key == address_key)))


# What time does to them


def unanswered(session: Session, *, before: datetime, limit: int) -> Sequence[JoinRequest]:
    """Open requests made before this moment, oldest first."""
    query = select(JoinRequest).where(
        col(JoinRequest.decided_at).is_(None), col(JoinRequest.created_at) < before
    )
    return list(session.exec(query.order_by(col(JoinRequest.id)).limit(limit)))


def erase(session: Session, *, closed_before: datetime, decided_before: datetime) -> None:
    """Forget what was typed into requests that ended before these moments, and whom we answered.

    Takes: closed_before, of those that nobody decided; decided_before, of the others.
    """
    ended = or_(
        (col(JoinRequest.decision) == "closed") & (col(JoinRequest.decided_at) < closed_before),
        col(JoinRequest.decided_at) < decided_before,
    )
    theirs: Any = select(JoinRequest.id).where(ended)
    changed(
        session,
        update(Delivery)
        .where(col(Delivery.join_request_id).in_(theirs), col(Delivery.contact).is_not(None))
        .values(contact=None),
    )
    changed(
        session,
        update(JoinRequest)
        .where(ended, col(JoinRequest.name) != "")
        .values(contact=None, name="", address="", words=""),
    )
