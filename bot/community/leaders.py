"""Who speaks: the leader behind a call, and their community."""

from dataclasses import dataclass

from sqlmodel import Session

from bot.community.errors import Refusal
from bot.messages import Call
from bot.ports import Services
from storage import communities
from storage.database import brief


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


@brief
def _actor(session: Session, call: Call) -> Actor:
    speaker = communities.speaker(session, chat=call.chat, place=call.place, user_id=call.speaker)
    if speaker is None:
        raise NoCommunityHere
    if speaker.leader_id is None:
        raise NotALeader(
            community=communities.get(session, speaker.community_id).name,
            leaders=", ".join(communities.leader_names(session, speaker.community_id)),
        )
    return Actor(
        leader_id=speaker.leader_id,
        community_id=speaker.community_id,
        name=speaker.name or "",
        chat=call.chat,
        place=call.place,
        channel=call.channel,
    )
