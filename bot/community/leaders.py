"""Who leads: the leader behind a call, and how leaders add and remove one another.

Only leaders in chats that are set up count: nobody can ask the others. Everything here that
changes who leads holds the community's row, so two changes of one moment see each other.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.community import names
from bot.community.errors import Refusal
from bot.messages import Call
from bot.ports import Services
from storage import audits, communities
from storage.database import brief
from storage.tables import Leader


class Stranger(Refusal):
    """You lead no community here."""

    status = 403


class NotALeader(Stranger):
    """Only leaders of {community} may do that: {leaders}. Please ask one of them."""


class NobodyLeads(Stranger):
    """Nobody leads {community} at the moment. If you started Porchlight, say
    `/leaders claim CODE` here; the code is printed where Porchlight was started."""


class NoCommunityHere(Stranger):
    """This chat does not belong to a community yet. If you started Porchlight, say
    `/leaders claim CODE` here; the code is printed where Porchlight was started."""

    status = 404


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


@dataclass(frozen=True, slots=True)
class Actor:
    """A leader who gives a command, and where."""

    leader_id: int
    community_id: int
    name: str
    chat: str
    place: str
    channel: str
    private: str  # where they alone are told how things go
    channel_name: str = ""  # as people know it; empty: nobody said
    user_id: str = ""  # as the chat knows them
    role: str = "leader"  # or owner
    community: str = ""  # its name

    @property
    def trace(self) -> str:
        """How the audit trail calls them."""
        return f"leader:{self.leader_id}"


async def actor_of(services: Services, call: Call) -> Actor:
    """The leader who made the call.

    Raises: NoCommunityHere, NotALeader, NobodyLeads.
    Touches: storage, reading.
    """
    return await services.storage.read(_actor, call, services.chats)


@brief
def _actor(session: Session, call: Call, chats: Iterable[str]) -> Actor:
    speaker = communities.speaker(session, chat=call.chat, place=call.place, user_id=call.speaker)
    if speaker is None:
        raise NoCommunityHere
    if speaker.leader_id is None:
        raise _not_a_leader(session, speaker.community_id, chats)
    return Actor(
        leader_id=speaker.leader_id,
        community_id=speaker.community_id,
        name=speaker.name or "",
        chat=call.chat,
        place=call.place,
        channel=call.channel,
        private=call.private or call.channel,
        channel_name=call.channel_name,
        user_id=call.speaker,
        role=speaker.role or "",
        community=speaker.community,
    )


def _not_a_leader(session: Session, community_id: int, chats: Iterable[str]) -> Stranger:
    community = communities.get(session, community_id).name
    leaders = [row.name for row in communities.leaders(session, community_id, chats=chats)]
    if not leaders:
        return NobodyLeads(community=community)
    return NotALeader(community=community, leaders=", ".join(leaders))


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
        raise _not_a_leader(session, actor.community_id, services.chats)
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
