"""Who speaks: the leader behind a call, and their community."""

from dataclasses import dataclass

from sqlmodel import Session

from bot.community.errors import Refusal
from bot.messages import Call
from bot.ports import Services
from storage import communities


class NotALeader(Refusal):
    """Only leaders of {community} may do that: {leaders}. Please ask one of them."""

    status = 403


class NoCommunityHere(Refusal):
    """This chat does not belong to a community yet."""

    status = 404


@dataclass(frozen=True, slots=True)
class Actor:
    """A leader who gives a command, and where."""

    leader_id: int
    community_id: int
    name: str
    chat: str
    place: str
    channel: str

    @property
    def trace(self) -> str:
        """How the audit trail calls them."""
        return f"leader:{self.leader_id}"


async def actor_of(services: Services, call: Call) -> Actor:
    """The leader who made the call.

    Raises: NoCommunityHere, NotALeader.
    Touches: storage, reading.
    """
    return await services.storage.read(_actor, call)


def _actor(session: Session, call: Call) -> Actor:
    community_id, leader = communities.leader_in(
        session, chat=call.chat, place=call.place, user_id=call.speaker
    )
    if community_id is None:
        raise NoCommunityHere
    if leader is None:
        raise NotALeader(
            community=communities.get(session, community_id).name,
            leaders=", ".join(communities.leader_names(session, community_id)),
        )
    return Actor(
        leader_id=leader.id,
        community_id=community_id,
        name=leader.name,
        chat=call.chat,
        place=call.place,
        channel=call.channel,
    )
