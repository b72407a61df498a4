"""Who leads, and how leaders add and remove one another.

Only leaders in chats that are set up count: nobody can ask the others. Everything here that
changes who leads holds the community's row, so two changes of one moment see each other.
"""

from datetime import datetime

from sqlmodel import Session

from bot.community import names
from bot.community.actors import Actor, not_a_leader
from bot.community.errors import Refusal
from bot.ports import Services
from storage import audits, communities
from storage.tables import Leader


class LeadsAlready(Refusal):
    """{name} is a leader already."""

    status = 409


class NoSuchLeader(Refusal):
    """There is no leader #{number}. `/leaders` lists them all."""

    status = 404


class LastLeader(Refusal):
    """You are the last leader. Nobody could invite, or make anybody a leader, after you: add
    somebody first with `/leaders add`."""

    status = 409


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
    Raises: BadWords, LeadsAlready, NotALeader.
    """
    name = names.name(name, what="display name")

    def change(session: Session) -> Leader:
        for row in _held(session, services, actor):
            if (row.chat, row.user_id) == (actor.chat, user_id):
                raise LeadsAlready(name=row.name)
        row = communities.add_leader(
            session,
            actor.community_id,
            chat=actor.chat,
            place=actor.place,
            user_id=user_id,
            name=name,
            now=now,
        )
        _note(session, actor, "added", row, now=now)
        return row

    return await services.storage.write(change)


async def remove(services: Services, actor: Actor, leader_id: int, *, now: datetime) -> Leader:
    """Let somebody lead no more; the invitations they gave stay good.

    Raises: NoSuchLeader, LastLeader, NotALeader.
    """

    def change(session: Session) -> Leader:
        rows = _held(session, services, actor)
        row = next((row for row in rows if row.id == leader_id), None)
        if row is None:
            raise NoSuchLeader(number=leader_id)
        if len(rows) == 1:
            raise LastLeader
        row.removed_at = now
        _note(session, actor, "removed", row, now=now)
        return row

    return await services.storage.write(change)


async def reopen(services: Services, actor: Actor, leader_id: int, *, now: datetime) -> Leader:
    """Let somebody who was removed lead again.

    Raises: NoSuchLeader, LeadsAlready, NotALeader.
    """

    def change(session: Session) -> Leader:
        _held(session, services, actor)
        row = communities.leader(session, actor.community_id, leader_id)
        if row is None or row.chat not in services.chats:
            raise NoSuchLeader(number=leader_id)
        if row.removed_at is None:
            raise LeadsAlready(name=row.name)
        row.removed_at = None
        _note(session, actor, "added", row, now=now)
        return row

    return await services.storage.write(change)


def _held(session: Session, services: Services, actor: Actor) -> list[Leader]:
    """Who leads, unchanged until this transaction ends.

    Raises: NotALeader, when somebody removed the actor a moment ago.
    """
    communities.lock(session, actor.community_id)
    rows = communities.leaders(session, actor.community_id, chats=services.chats)
    if actor.leader_id not in {row.id for row in rows}:
        raise not_a_leader(session, actor.community_id, services.chats)
    return rows


def _note(session: Session, actor: Actor, what: str, row: Leader, *, now: datetime) -> None:
    audits.note(
        session,
        actor.community_id,
        actor=actor.trace,
        action=f"leader.{what}",
        subject=f"leader:{row.id}",
        now=now,
    )
