"""Deliveries and their events."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Integer, Update, and_, bindparam, case, func, or_, update
from sqlmodel import Session, col, select

from storage.database import changed, dialect_of, insert_by, run
from storage.tables import Delivery, DeliveryEvent, Invitation, Member, Receipt

# Callbacks repeat and arrive in any order, so the state shown is a maximum over this ranking.
# Bounced beats delivered: gateways accept, then bounce.
RANK = {
    state: rank
    for rank, state in enumerate(
        (
            "queued", "sending", "unknown", "sent", "deferred", "failed", "undelivered",
            "delivered", "bounced", "complained", "opted_out",
        )
    )
}  # fmt: skip


def has_left(state: str | None) -> bool:
    """Whether a delivery in this state has left the house."""
    return state is not None and RANK[state] >= RANK["sent"]


def add_all(session: Session, rows: Sequence[Delivery]) -> None:
    """Store new deliveries and give them their ids."""
    session.add_all(rows)
    session.flush()


def get(session: Session, delivery_id: int) -> Delivery | None:
    """The delivery."""
    return session.get(Delivery, delivery_id)


class ToCarry(NamedTuple):
    """A delivery, and what decides whether and how it is carried."""

    delivery: Delivery
    invitation: Invitation | None  # that it is about
    receipt: Receipt | None  # that shows it
    is_kept_out: bool  # it is to a member who is suspended, or none any more


def to_carry(session: Session, delivery_ids: Iterable[int]) -> list[ToCarry]:
    """The deliveries with these numbers."""
    found = session.execute(_to_carry(), {"ids": list(delivery_ids)})
    return [ToCarry(*row) for row in found]


@cache
def _to_carry() -> Any:
    is_kept_out = and_(
        col(Member.id).is_not(None),
        or_(col(Member.removed_at).is_not(None), col(Member.suspended_at).is_not(None)),
    )
    return (
        select(Delivery, Invitation, Receipt, is_kept_out)
        .outerjoin(Invitation, col(Invitation.id) == col(Delivery.invitation_id))
        .outerjoin(Receipt, col(Receipt.id) == col(Invitation.receipt_id))
        .outerjoin(Member, col(Member.id) == col(Delivery.member_id))
        .where(col(Delivery.id).in_(bindparam("ids", expanding=True)))
    )


def of_invitation(session: Session, invitation_id: int) -> list[Delivery]:
    """All deliveries of an invitation, oldest first."""
    return list(
        session.exec(
            select(Delivery)
            .where(Delivery.invitation_id == invitation_id)
            .order_by(col(Delivery.id))
        )
    )


def with_message_id(session: Session, message_id: str) -> Delivery | None:
    """The delivery whose e-mail has this Message-ID."""
    return session.exec(select(Delivery).where(Delivery.message_id == message_id)).one_or_none()


def open_to(session: Session, contact_key: bytes) -> list[Delivery]:
    """The newest delivery to this contact of each invitation that is not used or void."""
    newest = (
        select(func.max(Delivery.id))
        .join(Invitation, col(Invitation.id) == col(Delivery.invitation_id))
        .where(
            Delivery.contact_key == contact_key,
            col(Invitation.redeemed_at).is_(None),
            col(Invitation.voided_at).is_(None),
        )
        .group_by(col(Delivery.invitation_id))
    )
    return list(session.exec(select(Delivery).where(col(Delivery.id).in_(newest))))


def first_message_id(session: Session, delivery: Delivery) -> str:
    """The Message-ID of the first e-mail of the same invitation; empty when this is the first."""
    if delivery.invitation_id is None or delivery.attempt == 1:
        return ""
    first = session.exec(
        select(Delivery.message_id)
        .where(
            Delivery.invitation_id == delivery.invitation_id,
            Delivery.medium == "email",
            col(Delivery.id) < delivery.id,
        )
        .order_by(col(Delivery.id))
        .limit(1)
    ).first()
    return first or ""


def record(
    session: Session,
    delivery: Delivery,
    event: str,
    *,
    key: str,
    code: str = "",
    words: str = "",
    now: datetime,
) -> bool:
    """Keep a fact about the delivery and raise its state if the fact ranks higher.

    Gives whether the fact was new. The same key twice is one fact.
    """
    fact = {
        "community_id": delivery.community_id,
        "delivery_id": delivery.id,
        "event": event,
        "code": code,
        "words": words,
        "key": key,
        "at": now,
    }
    if run(session, _add_event(dialect_of(session)), fact).scalar_one_or_none() is None:
        return False
    state = {"the_id": delivery.id, "state": event, "rank": RANK[event], "words": words, "at": now}
    run(session, _raise_state(), state)
    return True


@cache
def _add_event(dialect: str) -> Any:
    return _add_events(dialect).returning(col(DeliveryEvent.id))


@cache
def _raise_state() -> Update:
    rank = bindparam("rank", type_=Integer)
    return (
        update(Delivery)
        .where(col(Delivery.id) == bindparam("the_id"), col(Delivery.rank) < rank)
        .values(
            state=bindparam("state"),
            rank=rank,
            words=bindparam("words"),
            updated_at=bindparam("at"),
        )
    )


def note_trouble(session: Session, delivery: Delivery, words: str, *, now: datetime) -> None:
    """Say why the delivery still waits, without raising its state."""
    changed(
        session,
        update(Delivery)
        .where(col(Delivery.id) == delivery.id, col(Delivery.rank) <= RANK["unknown"])
        .values(words=words, updated_at=now),
    )


def record_sent(
    session: Session,
    sent: Sequence[Delivery],
    *,
    codes: Mapping[int, str],
    provider_ids: Mapping[int, str],
    now: datetime,
) -> None:
    """Keep for many deliveries at once that they have left, and how the provider calls them."""
    facts = [
        {
            "community_id": delivery.community_id,
            "delivery_id": delivery.id,
            "event": "sent",
            "code": codes[delivery.id],
            "words": "",
            "key": f"{delivery.id}:sent",
            "at": now,
        }
        for delivery in sent
    ]
    run(session, _add_events(dialect_of(session)), facts)
    states = [
        {"the_id": delivery.id, "theirs": provider_ids[delivery.id] or None, "at": now}
        for delivery in sent
    ]
    run(session, _set_sent(), states)


@cache
def _add_events(dialect: str) -> Any:
    return insert_by(dialect, DeliveryEvent).on_conflict_do_nothing(index_elements=["key"])


@cache
def _set_sent() -> Update:
    overtaken = col(Delivery.rank) > RANK["sent"]  # a callback was faster than the answer
    return (
        update(Delivery)
        .where(col(Delivery.id) == bindparam("the_id"))
        .values(
            state=case((overtaken, Delivery.state), else_="sent"),
            words=case((overtaken, Delivery.words), else_=""),
            rank=case((overtaken, Delivery.rank), else_=RANK["sent"]),
            provider_id=func.coalesce(Delivery.provider_id, bindparam("theirs")),
            updated_at=bindparam("at"),
        )
    )


def newest(session: Session, media: Iterable[str], *, limit: int) -> list[Delivery]:
    """The newest deliveries of these media that have left, newest first: the outbox's view."""
    return list(
        session.exec(
            select(Delivery)
            .where(col(Delivery.medium).in_(list(media)), Delivery.rank >= RANK["sent"])
            .order_by(col(Delivery.updated_at).desc(), col(Delivery.id).desc())
            .limit(limit)
        )
    )
