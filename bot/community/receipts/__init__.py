"""Receipts: the message in a leader's chat that shows how invitations fare, edited as they change.

Many changes in a short while are one edit. What it shows is composed by `receipt_cards`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.community.actors import Actor
from storage import receipts as stored
from storage.database import clock
from storage.jobs import NewJob, enqueue, enqueue_again
from storage.tables import Receipt

COALESCE = timedelta(milliseconds=400)  # edits that come together; the promise is 2 s
_ASKED = "receipts asked for"  # a session's note of what its transaction refreshes already


def open_for(session: Session, actor: Actor, *, now: datetime) -> Receipt:
    """A new receipt for what a leader asks, in their own talk with us."""
    return open_receipt(
        session,
        actor.community_id,
        leader_id=actor.leader_id,
        chat=actor.chat,
        channel=actor.private,
        now=now,
    )


def open_receipt(
    session: Session,
    community_id: int,
    *,
    leader_id: int,
    chat: str,
    channel: str,
    join_request_id: int | None = None,
    now: datetime,
) -> Receipt:
    """A new receipt, to be posted by the postman."""
    receipt = stored.add(
        session,
        Receipt(
            community_id=community_id,
            leader_id=leader_id,
            chat=chat,
            channel=channel,
            join_request_id=join_request_id,
            created_at=now,
        ),
    )
    session.info.setdefault(_ASKED, set()).add(receipt.id)
    enqueue(session, [_showing(receipt, clock(session))])
    return receipt


def refresh(session: Session, receipt_id: int) -> None:
    """Have the postman post the receipt or edit it to the newest state."""
    follow(session, [stored.get(session, receipt_id)])


def follow(session: Session, changed: Iterable[Receipt]) -> None:
    """The same, for receipts in hand. Once in a transaction is enough for all their changes."""
    asked: set[int] = session.info.setdefault(_ASKED, set())
    new = {receipt.id: receipt for receipt in changed if receipt.id not in asked}
    asked |= new.keys()
    run_at = clock(session) + COALESCE
    enqueue_again(session, [_showing(receipt, run_at) for receipt in new.values()])


def _showing(receipt: Receipt, run_at: datetime) -> NewJob:
    return NewJob(
        key=f"receipt:{receipt.id}",
        lane=f"chat:{receipt.chat}",
        kind="receipt",
        args={"receipt": receipt.id},
        community_id=receipt.community_id,
        run_at=run_at,
    )
