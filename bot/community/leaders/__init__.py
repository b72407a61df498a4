"""Who leads, and how owners add and remove leaders; who may is said in `owners.py`."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.community import names, receipts, trail
from bot.community.actors import Actor
from bot.community.errors import Refusal
from bot.community.leaders import handing_over
from bot.community.leaders.handing_over import Left, ToThemselves
from bot.community.leaders.owners import (
    NoSuchLeader,
    held,
    known,
    require_another,
    require_owner,
    require_removable,
    row_of,
)
from bot.ports import Services
from storage import communities, roster_drafts
from storage import handing_over as stored
from storage import receipts as stored_receipts
from storage.tables import Leader


class LeadsAlready(Refusal):
    """{name} is a leader already."""

    status = 409


class OwnsAlready(Refusal):
    """{name} is an owner already."""

    status = 409


class OwnsNot(Refusal):
    """You are no owner, so there is nothing to give up."""

    status = 409


@dataclass(frozen=True, slots=True)
class Removed:
    """Somebody who leads no more."""

    leader: Leader
    left: Left | None  # what is open of what they gave
    heir: Leader | None  # who has that now


async def leading(services: Services, actor: Actor) -> list[Leader]:
    """Who leads the actor's community, by number."""
    return await services.storage.read(
        communities.leaders, actor.community_id, chats=services.chats
    )


async def add(
    services: Services, actor: Actor, *, user_id: str, name: str, now: datetime
) -> Leader:
    """Let somebody in the actor's chat lead, too.

    Takes: name, as the chat shows it.
    Raises: BadWords, LeadsAlready, NotALeader, OwnersOnly.
    """
    name = names.name(name, what="display name")

    def change(session: Session) -> Leader:
        rows = held(session, services, actor)
        for row in rows:
            if (row.chat, row.user_id) == (actor.chat, user_id):
                raise LeadsAlready(name=row.name)
        require_owner(rows, actor)
        row = communities.add_leader(
            session,
            actor.community_id,
            chat=actor.chat,
            place=actor.place,
            user_id=user_id,
            name=name,
            now=now,
        )
        _show_again(session, row, now=now)
        _note(session, actor, "added", row, now=now)
        return row

    return await services.storage.write(change)


async def remove(
    services: Services, actor: Actor, leader_id: int, *, heir_id: int | None = None, now: datetime
) -> Removed:
    """Let somebody lead no more; the invitations they gave stay good, their drafts die.

    Takes: heir_id, who takes over at once what is open of theirs.
    Raises: NoSuchLeader, LastLeader, LastOwner, NotALeader, OwnerStays, OwnersOnly.
    """

    def change(session: Session) -> Removed:
        rows = held(session, services, actor)
        row = row_of(rows, leader_id)
        require_removable(rows, actor, row)
        heir = None if heir_id is None else row_of(rows, heir_id)
        if heir is row:
            raise ToThemselves(name=row.name)
        row.removed_at = now
        _forget_drafts(session, row, now=now)
        _note(session, actor, "removed", row, now=now)
        left = handing_over.left_of(session, row.community_id, row.id, now=now)
        if heir is not None and left is not None:
            handing_over.give(session, services, row, heir, by=actor.trace, now=now)
        return Removed(row, left, heir if left else None)

    return await services.storage.write(change)


async def reopen(services: Services, actor: Actor, leader_id: int, *, now: datetime) -> Leader:
    """Let somebody who was removed lead again; whoever owned is a leader as others are.

    Raises: NoSuchLeader, LeadsAlready, NotALeader, OwnersOnly.
    """

    def change(session: Session) -> Leader:
        rows = held(session, services, actor)
        require_owner(rows, actor)
        row = known(session, actor, leader_id)
        if row.chat not in services.chats:
            raise NoSuchLeader(number=leader_id)
        if row.removed_at is None:
            raise LeadsAlready(name=row.name)
        row.removed_at, row.role = None, "leader"
        _show_again(session, row, now=now)
        _note(session, actor, "added", row, now=now)
        return row

    return await services.storage.write(change)


async def let_own(services: Services, actor: Actor, leader_id: int, *, now: datetime) -> Leader:
    """Make a leader an owner, who may add and remove leaders, too.

    Raises: NoSuchLeader, NotALeader, OwnersOnly, OwnsAlready.
    """

    def change(session: Session) -> Leader:
        row = _ownable(held(session, services, actor), actor, leader_id)
        row.role = "owner"
        _note(session, actor, "owns", row, now=now)
        return row

    return await services.storage.write(change)


async def could_own(services: Services, actor: Actor, leader_id: int) -> Leader:
    """The leader whom the actor could make an owner. Raises: what `let_own` raises."""

    def query(session: Session) -> Leader:
        rows = communities.leaders(session, actor.community_id, chats=services.chats)
        return _ownable(rows, actor, leader_id)

    return await services.storage.read(query)


def _ownable(rows: list[Leader], actor: Actor, leader_id: int) -> Leader:
    row = row_of(rows, leader_id)
    if row.role == "owner":
        raise OwnsAlready(name=row.name)
    require_owner(rows, actor)
    return row


async def own_no_more(services: Services, actor: Actor, *, now: datetime) -> None:
    """Let the actor be a leader as others are, and no owner.

    Raises: LastLeader, LastOwner, NotALeader, OwnsNot.
    """

    def change(session: Session) -> None:
        rows = held(session, services, actor)
        row = row_of(rows, actor.leader_id)
        if row.role != "owner":
            raise OwnsNot
        require_another(rows, row)
        row.role = "leader"
        _note(session, actor, "owns_no_more", row, now=now)

    await services.storage.write(change)


def _show_again(session: Session, row: Leader, *, now: datetime) -> None:
    """Let the receipts of somebody who is back show how it goes with what is open."""
    shown, _ = stored.shown_on(session, row, now=now)
    receipts.follow(session, stored_receipts.among(session, shown))


def _forget_drafts(session: Session, row: Leader, *, now: datetime) -> None:
    stored.forget_drafts(session, row.id, now=now)
    for draft_id in roster_drafts.die_with(session, row.id):
        if (receipt_id := roster_drafts.receipt_of(session, draft_id)) is not None:
            receipts.refresh(session, receipt_id)


def _note(session: Session, actor: Actor, what: str, row: Leader, *, now: datetime) -> None:
    trail.note(session, actor, f"leader.{what}", f"leader:{row.id}", now=now)
