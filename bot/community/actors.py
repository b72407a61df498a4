"""Who speaks: the leader behind a call, and for which of their communities; asked at every call.

A place of a chat may belong to several communities, and somebody may lead several of them. Which
one is meant is decided by the call's mark (`bot.community.binding`), else by the channel, else by
what they chose with `/use`; where nothing decides, nothing is done.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from bot.community.errors import Refusal
from bot.messages import Call
from bot.ports import Services
from storage import choices, communities
from storage.communities import Led
from storage.database import brief
from storage.words import plain


class Stranger(Refusal):
    """You lead no community here, so I cannot do that. If you should, ask somebody who leads it to
    say `/leaders add` and your name."""

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


class MeantAnother(Stranger):
    """That was made for a community that you do not lead here, so nothing was done. Please say what
    you want as a command."""


class AskWhich(Stranger):
    """You lead several communities here, so nothing was done yet. Which one do you mean? Choose it,
    then say it again."""

    status = 409
    led: Sequence[Led]

    def __init__(self, led: Sequence[Led]) -> None:
        super().__init__(led=led)


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
    label: str = ""  # what tells it from others that they lead here; empty: there are none

    @property
    def trace(self) -> str:
        """How the audit trail calls them."""
        return f"leader:{self.leader_id}"


async def actor_of(services: Services, call: Call, *, meant: int | None = None) -> Actor:
    """The leader who made the call.

    Takes: meant, the community for which the call was made, from its mark; none: it says nothing.
    Raises: NoCommunityHere, NotALeader, NobodyLeads, MeantAnother, AskWhich.
    Touches: storage, reading.
    """
    return await services.storage.read(_actor, call, meant, services.chats)


@brief
def _actor(session: Session, call: Call, meant: int | None, chats: Iterable[str]) -> Actor:
    led = communities.led(session, chat=call.chat, place=call.place, user_id=call.speaker)
    if not led:
        raise _stranger(session, call, chats)
    one = _decided(session, call, led, meant)
    return Actor(
        leader_id=one.leader_id,
        community_id=one.community_id,
        name=one.name,
        chat=call.chat,
        place=call.place,
        channel=call.channel,
        private=call.private or call.channel,
        channel_name=call.channel_name,
        user_id=call.speaker,
        role=one.role,
        community=one.community,
        label=label(one, led),
    )


def _decided(session: Session, call: Call, led: Sequence[Led], meant: int | None) -> Led:
    """The one that is meant. Raises: MeantAnother, AskWhich."""
    by_id = {one.community_id: one for one in led}
    if meant is not None:
        # Not the next best instead: a button of a community that they left would act on another.
        if meant not in by_id:
            raise MeantAnother
        return by_id[meant]
    for channel in communities.around(call.channel):
        announcing = [one for one in led if one.announce_channel == channel]
        if len(announcing) == 1:
            return announcing[0]
    if len(led) == 1:
        return led[0]
    chosen = choices.chosen(session, chat=call.chat, place=call.place, user_id=call.speaker)
    if chosen not in by_id:
        raise AskWhich(led)
    return by_id[chosen]


def label(one: Led, led: Sequence[Led]) -> str:
    """What tells a community from the others that somebody leads; empty when there are none."""
    if len(led) == 1:
        return ""
    is_like = [other for other in led if plain(other.community) == plain(one.community)]
    return one.community if len(is_like) == 1 else f"{one.community} (#{one.community_id})"


def _stranger(session: Session, call: Call, chats: Iterable[str]) -> Stranger:
    """Why somebody who leads nothing here cannot give commands.

    Where it could be one of several communities, none of them is named.
    """
    links = communities.links_in(session, chat=call.chat, place=call.place, limit=2)
    if not links:
        return NoCommunityHere()
    if len(links) > 1:
        links = communities.links_in(
            session, chat=call.chat, place=call.place, channel=call.channel, limit=2
        )
    if len(links) != 1:
        return Stranger()
    return not_a_leader(session, links[0].community_id, chats)


def not_a_leader(session: Session, community_id: int, chats: Iterable[str]) -> Stranger:
    """Why somebody who leads nothing here cannot give commands."""
    community = communities.get(session, community_id).name
    leaders = [row.name for row in communities.leaders(session, community_id, chats=chats)]
    if not leaders:
        return NobodyLeads(community=community)
    return NotALeader(community=community, leaders=", ".join(leaders))
