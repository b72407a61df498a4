"""Invitations, and how those of a receipt stand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, bindparam, false, or_, true, update
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, func, select

from storage.database import changed, run
from storage.deliveries import RANK
from storage.tables import (
    Delivery,
    Household,
    Invitation,
    Leader,
    Member,
    Redemption,
)

FAILED = ("failed", "undelivered", "bounced", "complained", "opted_out")


@dataclass(frozen=True, slots=True)
class Standing:
    """An invitation with its newest delivery and who gave it.

    A reminder counts as one only when it did not arrive: it tells nothing else that is new.
    """

    invitation: Invitation
    delivery: Delivery | None
    leader: str


def add_all(session: Session, rows: Sequence[Invitation]) -> None:
    """Store new invitations and give them their ids."""
    session.add_all(rows)
    session.flush()


def get(session: Session, community_id: int, invitation_id: int) -> Invitation | None:
    """The invitation, if it belongs to this community."""
    row = session.get(Invitation, invitation_id)
    return row if row is not None and row.community_id == community_id else None


def newest(session: Session) -> Invitation | None:
    """The newest invitation of all: enough to see whether the key still fits."""
    return session.exec(select(Invitation).order_by(col(Invitation.id).desc()).limit(1)).first()


def open_by_contact(
    session: Session, community_id: int, contact_keys: Iterable[bytes]
) -> dict[bytes, Invitation]:
    """The invitations to these contacts that are neither used nor void, expired ones included."""
    values = {"the_community": community_id, "keys": list(contact_keys)}
    rows = session.execute(_open_by_contact(), values).scalars()
    return {row.contact_key: row for row in rows}


@cache
def _open_by_contact() -> Any:
    return sa_select(Invitation).where(
        col(Invitation.community_id) == bindparam("the_community"),
        col(Invitation.contact_key).in_(bindparam("keys", expanding=True)),
        col(Invitation.redeemed_at).is_(None),
        col(Invitation.voided_at).is_(None),
    )


def set_void(session: Session, row: Invitation, *, voided_at: datetime | None) -> bool:
    """Void the invitation, or take that back. Gives False when it was used or changed already."""
    was = col(Invitation.voided_at)
    rows = changed(
        session,
        update(Invitation)
        .where(
            col(Invitation.id) == row.id,
            col(Invitation.redeemed_at).is_(None),
            was.is_(None) if voided_at else was.is_not(None),
        )
        .values(voided_at=voided_at),
    )
    return rows == 1


def standings(
    session: Session,
    community_id: int,
    *where: ColumnElement[bool],
    limit: int,
    offset: int = 0,
    oldest_first: bool = False,
) -> list[Standing]:
    """Invitations that match, newest first as a rule, each with its newest delivery."""
    number = col(Invitation.id)
    query = (
        _joined(select(Invitation, Delivery, Leader.name))
        .where(Invitation.community_id == community_id, *where)
        .order_by(number if oldest_first else number.desc())
        .limit(limit)
        .offset(offset)
    )
    return [Standing(*row) for row in session.exec(query)]


@dataclass(frozen=True, slots=True)
class Alike:
    """How many invitations of a receipt stand alike."""

    medium: str
    is_used: bool
    is_void: bool
    is_expired: bool
    state: str | None  # of the newest delivery
    count: int


def alike_of_receipt(session: Session, receipt_id: int, *, now: datetime) -> list[Alike]:
    """How the invitations that a receipt shows stand, counted by the database."""
    rows: Any = run(session, _alike(), {"the_receipt": receipt_id, "now": now})
    return [Alike(*row) for row in rows]


@cache
def _alike() -> Any:
    expired = func.coalesce(col(Invitation.expires_at) <= bindparam("now"), false())
    how = (
        col(Invitation.medium),
        col(Invitation.redeemed_at).is_not(None),
        col(Invitation.voided_at).is_not(None),
        expired,
        col(Delivery.state),
    )
    return (
        _joined(sa_select(*how, func.count()))
        .where(col(Invitation.receipt_id) == bindparam("the_receipt"))
        .group_by(*how)
    )


def in_trouble(session: Session, receipt_id: int, *, limit: int, now: datetime) -> list[Standing]:
    """The invitations of a receipt whose letter did not arrive, oldest first."""
    values = {"the_receipt": receipt_id, "now": now, "most": limit}
    return [Standing(*row) for row in session.execute(_in_trouble(), values)]


@cache
def _in_trouble() -> Any:
    return (
        _of_receipt()
        .where(
            col(Delivery.state).in_(FAILED),
            col(Invitation.redeemed_at).is_(None),
            col(Invitation.voided_at).is_(None),
            func.coalesce(col(Invitation.expires_at) > bindparam("now"), true()),
        )
        .order_by(col(Invitation.id))
        .limit(bindparam("most"))
    )


def held_up(session: Session, receipt_id: int) -> str:
    """Why letters of a receipt have not left yet, where there is a reason."""
    words = run(session, _held_up(), {"the_receipt": receipt_id}).scalar_one_or_none()
    return str(words or "")


@cache
def _held_up() -> Any:
    return (
        _joined(sa_select(col(Delivery.words)))
        .where(
            col(Invitation.receipt_id) == bindparam("the_receipt"),
            col(Delivery.rank) < RANK["sent"],
            col(Delivery.words) != "",
        )
        .order_by(col(Invitation.id))
        .limit(1)
    )


def joined_since(session: Session, receipt_id: int, *, since: datetime) -> list[tuple[str, str]]:
    """Who joined by an invitation of the receipt after this moment: (name, address)."""
    query = (
        sa_select(col(Member.name), col(Household.address))
        .join(Redemption, col(Redemption.member_id) == col(Member.id))
        .join(Invitation, col(Invitation.id) == col(Redemption.invitation_id))
        .join(Household, col(Household.id) == col(Member.household_id))
        .where(col(Invitation.receipt_id) == receipt_id, col(Redemption.at) > since)
        .order_by(col(Redemption.id))
    )
    return [(name, address) for name, address in session.execute(query)]


def failed_since(session: Session, receipt_id: int, *, since: datetime) -> list[Standing]:
    """The invitations of the receipt whose letter failed after this moment."""
    query = (
        _of_receipt()
        .where(
            col(Delivery.state).in_(FAILED),
            col(Delivery.updated_at) > since,
            col(Invitation.redeemed_at).is_(None),
        )
        .order_by(col(Invitation.id))
    )
    return [Standing(*row) for row in session.execute(query, {"the_receipt": receipt_id})]


def only_of_receipt(session: Session, receipt_id: int) -> Standing:
    """The one invitation that a receipt shows."""
    return Standing(*session.execute(_of_receipt(), {"the_receipt": receipt_id}).one())


@cache
def _of_receipt() -> Any:
    return _joined(sa_select(Invitation, Delivery, col(Leader.name))).where(
        col(Invitation.receipt_id) == bindparam("the_receipt")
    )


def count(session: Session, community_id: int, *where: ColumnElement[bool]) -> int:
    """How many invitations match."""
    query = _joined(select(func.count(col(Invitation.id))))
    return int(session.exec(query.where(Invitation.community_id == community_id, *where)).one())


def _joined(query: Any) -> Any:
    return (
        query.select_from(Invitation)
        .join(Leader, col(Leader.id) == col(Invitation.leader_id))
        .outerjoin(Delivery, col(Delivery.id) == newest_delivery())
    )


def newest_delivery() -> Any:
    """In a query of invitations: the number of the delivery that tells how each stands."""
    tells = (col(Delivery.event) != "reminder") | col(Delivery.state).in_(FAILED)
    newest = select(func.max(Delivery.id)).where(Delivery.invitation_id == Invitation.id, tells)
    return newest.correlate(Invitation).scalar_subquery()


def with_ids(invitation_ids: Iterable[int]) -> ColumnElement[bool]:
    """The condition for these invitations."""
    return col(Invitation.id).in_(list(invitation_ids))


def redemption(session: Session, invitation_id: int) -> Redemption | None:
    """The moment this invitation was used, if it was."""
    return session.exec(
        select(Redemption).where(Redemption.invitation_id == invitation_id)
    ).one_or_none()


def erase_contacts(session: Session, *, before: datetime) -> None:
    """Forget to whom invitations were sent that ended before this moment; the keyed hash stays."""
    ended = select(Invitation.id).where(
        or_(
            col(Invitation.redeemed_at) < before,
            col(Invitation.voided_at) < before,
            col(Invitation.expires_at) < before,
        )
    )
    changed(
        session,
        update(Delivery)
        .where(col(Delivery.invitation_id).in_(ended), col(Delivery.contact).is_not(None))
        .values(contact=None),
    )
    changed(
        session,
        update(Invitation)
        .where(col(Invitation.id).in_(ended), col(Invitation.contact).is_not(None))
        .values(contact=None),
    )
