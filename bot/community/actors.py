"""Who speaks: the leader behind a call, looked up at every call."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import Session

from bot.community.errors import Refusal
from bot.messages import Call
from bot.ports import Services
from storage import communities
from storage.database import brief


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
        raise not_a_leader(session, speaker.community_id, chats)
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


def not_a_leader(session: Session, community_id: int, chats: Iterable[str]) -> Stranger:
    """Why somebody who leads nothing here cannot give commands."""
    community = communities.get(session, community_id).name
    leaders = [row.name for row in communities.leaders(session, community_id, chats=chats)]
    if not leaders:
        return NobodyLeads(community=community)
    return NotALeader(community=community, leaders=", ".join(leaders))
