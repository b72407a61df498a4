"""Handing over: what a leader gave goes to another, who is told from then on how it goes.

Nothing is lost when nobody takes it: codes work, letters leave, and owners are reminded of it. What
residents have read stays as it is; pages name whoever has the invitation now.
"""

from datetime import datetime

from sqlmodel import Session

from bot.community import receipts
from bot.community.actors import Actor
from bot.community.errors import Refusal
from bot.community.leaders.owners import held, known, require_owner, row_of
from bot.ports import Services
from storage import audits
from storage import handing_over as stored
from storage.handing_over import Left as Left
from storage.jobs import NewJob, enqueue
from storage.tables import Leader


class ToThemselves(Refusal):
    """Those are {name}'s already. Choose somebody else."""

    status = 409


class NothingToHandOver(Refusal):
    """No open invitation of {name} is left to hand over."""

    status = 409


async def hand_over(
    services: Services, actor: Actor, giver_id: int, *, to: int, now: datetime
) -> tuple[Left, Leader]:
    """Give a leader what is open of what another gave, who may lead no more.

    Gives: what that was, and who has it now.
    Raises: NoSuchLeader, NotALeader, NothingToHandOver, OwnersOnly, ToThemselves.
    """

    def change(session: Session) -> tuple[Left, Leader]:
        rows = held(session, services, actor)
        giver, heir = known(session, actor, giver_id), row_of(rows, to)
        if giver.id == heir.id:
            raise ToThemselves(name=giver.name)
        if giver.removed_at is None and giver.id != actor.leader_id:
            require_owner(rows, actor)
        return give(session, services, giver, heir, by=actor.trace, now=now), heir

    return await services.storage.write(change)


async def waiting(services: Services, actor: Actor, *, now: datetime) -> list[Left]:
    """What is open of those who lead no more."""
    return await services.storage.read(
        stored.left_by, actor.community_id, stored.by_former(), now=now
    )


def of_former(session: Session, community_id: int, *, now: datetime) -> list[Left]:
    """The same, within a transaction."""
    return stored.left_by(session, community_id, stored.by_former(), now=now)


async def of(services: Services, actor: Actor, leader_id: int, *, now: datetime) -> Left | None:
    """What is open of what this leader gave; None when nothing is."""
    return await services.storage.read(left_of, actor.community_id, leader_id, now=now)


def left_of(session: Session, community_id: int, leader_id: int, *, now: datetime) -> Left | None:
    """The same, within a transaction."""
    return next(iter(stored.left_by(session, community_id, stored.by(leader_id), now=now)), None)


def give(
    session: Session, services: Services, giver: Leader, heir: Leader, *, by: str, now: datetime
) -> Left:
    """Give somebody what another gave; the community's row is held.

    Takes: by, who does it, as the audit trail calls them.
    Gives: how much of it is open.
    Raises: NothingToHandOver.
    """
    left = left_of(session, giver.community_id, giver.id, now=now)
    if left is None:
        raise NothingToHandOver(name=giver.name)
    if by != f"leader:{heir.id}":  # whoever takes it themselves is told already
        _tell(session, services, heir, left, now=now)
    before, _ = stored.shown_on(session, giver, now=now)
    for batch in stored.open_batches(session, giver, now=now):
        receipt_id = _receipt_of(session, services, heir, now=now)
        stored.show_batch(session, batch, leader_id=heir.id, receipt_id=receipt_id)
    others, unseen = stored.shown_on(session, giver, now=now)
    if others or unseen:  # one receipt for all of them
        receipt_id = _receipt_of(session, services, heir, now=now)
        stored.show_on(session, giver, others, receipt_id, now=now)
    stored.give(session, giver, to=heir.id)
    _leave_texts(session, giver, heir)
    receipts.follow(session, stored.hand(session, before, to=heir.id))
    _note(session, giver, heir, by=by, now=now)
    return left


def counted(left: Left) -> str:
    """3 open invitations and 40 passes."""
    letters = f"{left.letters} open invitation{'' if left.letters == 1 else 's'}"
    noun = "pass" if left.passes == 1 else "passes"
    if not left.letters:
        return f"{left.passes} open {noun}"
    return f"{letters} and {left.passes} {noun}" if left.passes else letters


def _tell(session: Session, services: Services, heir: Leader, left: Left, *, now: datetime) -> None:
    """Say to the heir what the receipts that come next are."""
    words = f"You have {counted(left)} of {left.name} from now on. See below how it goes."
    notice = NewJob(
        key=f"handed_over:{left.leader_id}:{heir.id}:{now.isoformat()}",
        lane=f"chat:{heir.chat}",
        kind="notice",
        args={"chat": heir.chat, "channel": _own(services, heir), "words": words},
        community_id=heir.community_id,
    )
    enqueue(session, [notice])


def _own(services: Services, leader: Leader) -> str:
    """Where the leader is alone with us."""
    return services.chats[leader.chat].own_channel(leader.place, leader.user_id)


def _receipt_of(session: Session, services: Services, heir: Leader, *, now: datetime) -> int:
    receipt = receipts.open_receipt(
        session,
        heir.community_id,
        leader_id=heir.id,
        chat=heir.chat,
        channel=_own(services, heir),
        now=now,
    )
    return receipt.id


def _leave_texts(session: Session, giver: Leader, heir: Leader) -> None:
    """What the giver was to send from their own phone, the heir sends in their own name."""
    for text in stored.texts_by_hand(session, heir):
        if text.facts.get("leader_id") == giver.id:
            text.facts = {**text.facts, "leader_id": heir.id, "invited_by": heir.name}


def _note(session: Session, giver: Leader, heir: Leader, *, by: str, now: datetime) -> None:
    audits.note(
        session,
        giver.community_id,
        actor=by,
        action="leader.handed_over",
        subject=f"leader:{giver.id},leader:{heir.id}",
        now=now,
    )
