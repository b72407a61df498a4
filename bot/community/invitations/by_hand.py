"""By hand: invitations that a leader sends as texts from the own phone, with our words.

They need no registered number, and whoever gets one hears from somebody they know. Nothing of ours
carries them, so nothing of ours can tell that they went: until the leader says so they wait. The
page they are sent from is one leader's alone; its link is signed, and good for a day.
"""

from datetime import datetime, timedelta

from sqlmodel import Session

from bot.community import invitations, labels, tokens
from bot.community.actors import Actor
from bot.community.deliveries import note
from bot.community.errors import Refusal
from bot.community.labels import Label
from bot.ports import Services
from storage import audits, by_hand, deliveries
from storage.invitations import Standing
from storage.tables import Delivery, Invitation

LIFETIME = timedelta(days=1)  # of the page's link; a new one is a press of a button away
WAITS: Label = "to send by hand"


class NotByHand(Refusal):
    """Invitation #{number} does not go by hand. `/invites {number}` shows how it fares."""

    status = 409


class NothingByHand(Refusal):
    """Nothing that this message shows goes from your own phone. `/invites` lists all."""

    status = 404


def page(services: Services, leader_id: int, receipt_id: int, *, now: datetime) -> str:
    """The address of the page where the leader sends what a receipt shows."""
    link = tokens.sign(services.keys, purpose(leader_id), receipt_id, until=now + LIFETIME)
    return f"{services.settings.address}/s/{leader_id}/{link}"


def purpose(leader_id: int) -> str:
    """What the link of the page is signed for: one leader, whatever it shows."""
    return f"by hand:{leader_id}"


async def page_of(
    services: Services, actor: Actor, number: int, *, stands: Label = WAITS, now: datetime
) -> str | None:
    """The address of the actor's page with an invitation that stands so; None when there is none.

    Takes: stands, "sent" for one that the actor sent already.
    """

    def query(session: Session) -> str | None:
        row = invitations.usable(session, actor, number)
        newest = deliveries.of_invitation(session, row.id)[-1:]
        if row.receipt_id is None or not newest or not is_theirs(newest[0], actor.leader_id):
            return None
        if label(row, newest[0], now=now) != stands:
            return None
        return page(services, actor.leader_id, row.receipt_id, now=now)

    return await services.storage.read(query)


def is_theirs(delivery: Delivery, leader_id: int) -> bool:
    """Whether the text is in this leader's name: another's would say "This is ..." falsely."""
    return delivery.medium == "hand" and delivery.facts.get("leader_id") == leader_id


def label(row: Invitation, delivery: Delivery, *, now: datetime) -> Label:
    """How an invitation stands whose newest letter this is."""
    return labels.label(Standing(row, delivery, ""), now=now)


async def page_of_all(services: Services, actor: Actor, receipt_id: int, *, now: datetime) -> str:
    """The address of the page for all that a receipt shows. Raises: NothingByHand."""

    def query(session: Session) -> str:
        if not any(
            row.community_id == actor.community_id and is_theirs(text, actor.leader_id)
            for row, text in by_hand.of_receipt(session, receipt_id)
        ):
            raise NothingByHand
        return page(services, actor.leader_id, receipt_id, now=now)

    return await services.storage.read(query)


async def prepare(
    services: Services, actor: Actor, number: int, *, typed: str = "", now: datetime
) -> str | None:
    """Have an invitation wait for the actor to send it, with the same code.

    Takes: typed, another number than the one it goes to.
    Gives: the address of the page; None when there is no number to send it to.
    Raises: what `invitations.send_to` raises.
    """
    if not typed and (waiting := await page_of(services, actor, number, now=now)):
        return waiting
    wanted = typed or await services.storage.read(_number_of, actor, number)
    if not wanted:
        return None
    await invitations.send_to(services, actor, number, medium="hand", typed=wanted, now=now)
    return await page_of(services, actor, number, now=now)


def _number_of(session: Session, actor: Actor, number: int) -> str:
    row = invitations.usable(session, actor, number)
    return (row.contact or "") if row.medium in {"text", "hand"} else ""


async def say_sent(services: Services, actor: Actor, number: int, *, now: datetime) -> None:
    """The actor says that they sent it. Raises: NotByHand, and what `invitations.usable` raises."""

    def change(session: Session) -> None:
        row = invitations.usable(session, actor, number)
        newest = deliveries.of_invitation(session, row.id)[-1:]
        if not newest or newest[0].medium != "hand":
            raise NotByHand(number=number)
        mark(session, newest[0], actor.leader_id, actor.name, now=now)

    await services.storage.write(change)


def mark(session: Session, delivery: Delivery, leader_id: int, name: str, *, now: datetime) -> None:
    """Take the leader's word for it, once."""
    if delivery.rank >= deliveries.RANK["sent"]:
        return
    words = f"From {name}’s own phone; we cannot see whether it arrived."
    note(session, delivery, "sent", key=f"{delivery.id}:by hand", words=words, now=now)
    audits.note(
        session,
        delivery.community_id,
        actor=f"leader:{leader_id}",
        action="invitation.sent_by_hand",
        subject=f"invitation:{delivery.invitation_id}",
        now=now,
    )
