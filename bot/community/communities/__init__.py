"""The community itself, shown and changed by its leaders."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.community import names, trail, troubles
from bot.community.actors import Actor
from bot.community.communities import fields
from bot.community.errors import Refusal
from bot.community.postman import mornings
from bot.ports import Services
from storage import communities, invitations, jobs, members
from storage.listing import Wanted, matching
from storage.tables import ChatLink, Community

_LONGEST_CHANNEL = 80
_MANY = 100  # communities in one channel: more than ever were
_TELLS_WHEN = {"timezone", "reminders", "digest_hour"}  # to do what is done each day


class AnothersChannel(Refusal):
    """Another community announces its joins in this channel. Please say it in one of your own."""

    status = 409


@dataclass(frozen=True, slots=True)
class Overview:
    """The community and its numbers."""

    community: Community
    leaders: tuple[str, ...]
    households: int
    members: int
    open_invitations: int
    announces_in: str | None  # the channel, in the chat where this was asked
    given_up: tuple[str, ...]  # why the chat was not told something
    paused: tuple[str, ...]  # why letters are held until a leader decides


async def overview(services: Services, actor: Actor, *, now: datetime) -> Overview:
    """The community as its leaders see it."""

    def query(session: Session) -> Overview:
        link = _link(session, actor)
        open_ones = matching(Wanted("open"), now=now)
        leaders = communities.leaders(session, actor.community_id, chats=services.chats)
        return Overview(
            community=communities.get(session, actor.community_id),
            leaders=tuple(row.name for row in leaders),
            households=members.household_count(session, actor.community_id),
            members=members.member_count(session, actor.community_id),
            open_invitations=invitations.count(session, actor.community_id, *open_ones),
            announces_in=_announces_in(link),
            given_up=tuple(
                job.error for job in jobs.dead(session, actor.community_id) if job.kind != "deliver"
            ),  # letters have their receipts
            paused=tuple(troubles.pauses(session, actor.community_id)),
        )

    return await services.storage.read(query)


def _link(session: Session, actor: Actor) -> ChatLink | None:
    return communities.link_of(session, actor.community_id, chat=actor.chat, place=actor.place)


def _announces_in(link: ChatLink | None) -> str | None:
    """How people know the channel where joins are announced, if they are."""
    if link is None or link.announce_channel is None:
        return None
    return link.announce_name or f"a channel of {link.chat.capitalize()}"


async def edit(
    services: Services, actor: Actor, changes: Mapping[str, str], *, now: datetime
) -> Community:
    """Change what the community is called, says and does.

    Takes: changes, typed words by field (see `fields.py`); those that are not there stay.
    Raises: BadFields; then nothing has changed.
    """
    parsed = fields.parse(changes, services.templates.languages)

    def change(session: Session) -> Community:
        community = communities.get(session, actor.community_id)
        for field, value in parsed.items():
            setattr(community, field, value)
        if parsed.keys() & _TELLS_WHEN:
            mornings.replan(session, community, now=now)
        subject = f"community:{','.join(sorted(parsed))}"
        trail.note(session, actor, "community.edited", subject, now=now)
        return community

    return await services.storage.write(change)


def _check_free(session: Session, actor: Actor, channel: str) -> None:
    """One channel, one community: what is said in it, and who is let into it, is of that one."""
    where = {"chat": actor.chat, "place": actor.place, "channel": channel}
    for link in communities.links_in(session, **where, limit=_MANY):
        if link.announce_channel == channel and link.community_id != actor.community_id:
            raise AnothersChannel


async def announce_in(
    services: Services, actor: Actor, channel: str | None, *, now: datetime
) -> None:
    """Announce joins in this channel of the actor's chat from now on, or nowhere.

    Announcements that an earlier channel refused are tried again here.
    Raises: AnothersChannel.
    """

    def change(session: Session) -> None:
        if channel is not None:
            _check_free(session, actor, channel)
        link = _link(session, actor)
        assert link is not None  # or there would be no actor
        link.announce_channel = channel
        link.announce_name = names.one_line(actor.channel_name)[:_LONGEST_CHANNEL]
        if channel is not None:
            jobs.revive(session, actor.community_id, f"chat:{actor.chat}")
        trail.note(session, actor, "announcements.moved", f"chat_link:{link.id}", now=now)

    await services.storage.write(change)
