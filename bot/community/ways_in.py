"""The way in: each new member's own link, good once, into the channel where joins are announced.

Whoever has joined is a member, whatever a chat says: when it does not answer at once, the page
comes without the link, and the next look at it tries again.
"""

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlmodel import Session

from bot.community.postman.ledger import Later, Record, Together
from bot.ports import Chat, ChatDown, ChatRefused, LetsIn, Services
from storage import communities, jobs, ways_in
from storage.database import clock
from storage.jobs import NewJob
from storage.lanes import Claimed
from storage.tables import ChatLink, Member, WayIn

_PATIENCE = 3.0  # seconds that a newcomer waits for the link
_LIFETIME = timedelta(days=30)

log = structlog.get_logger()


async def of(services: Services, member_id: int, *, now: datetime) -> list[tuple[str, str]]:
    """The member's links that still may work, made when there are none yet.

    Gives: (title of the channel, URL). Never raises for what a chat does.
    Touches: storage, and the chats that can let somebody in.
    """
    chats = [name for name, chat in services.chats.items() if isinstance(chat, LetsIn)]
    if not chats:
        return []
    for link in await services.storage.read(ways_in.wanting, member_id, chats=chats):
        await _make(services, link, member_id, until=now + _LIFETIME)
    found = await services.storage.read(ways_in.of, member_id)
    return [(way.title, way.url) for way in found if way.until > now and way.user_id is None]


async def _make(services: Services, link: ChatLink, member_id: int, *, until: datetime) -> None:
    chat, channel = services.chats[link.chat], link.announce_channel or ""
    assert isinstance(chat, LetsIn)
    try:
        async with asyncio.timeout(_PATIENCE):
            made = await chat.let_in(channel, name=_called(member_id), until=until)
    except (ChatDown, ChatRefused, TimeoutError) as error:
        log.warning("ways_in.not_made", chat=link.chat, error=type(error).__name__)
        return
    if made is not None:
        title, url = made
        way = WayIn(
            member_id=member_id,
            chat_link_id=link.id,
            community_id=link.community_id,
            channel=channel,
            title=title,
            url=url,
            until=until,
        )
        await services.storage.write(_keep, way, link.chat)


def _keep(session: Session, way: WayIn, chat: str) -> None:
    if not ways_in.keep(session, way):  # they were sent away while the chat made it
        jobs.enqueue(session, [_shutting(way, chat, clock(session))])


def close(session: Session, member_ids: Collection[int]) -> list[str]:
    """Have the links by which these members did not come in made worthless, and forget them.

    For whatever keeps a member out, in its transaction. Who is let back gets new ones.
    Gives: titles of the channels that they came into, where only people can take them out.
    """
    now = clock(session)
    found = ways_in.take_unused(session, member_ids)
    jobs.enqueue(session, [_shutting(way, chat, now) for way, chat in found if way.until > now])
    return ways_in.came_into(session, member_ids)


def _shutting(way: WayIn, chat: str, now: datetime) -> NewJob:
    return NewJob(
        key=f"shut:{way.url}",
        lane=f"chat:{chat}",
        kind="shut",
        args={
            "chat": chat,
            "channel": way.channel,
            "url": way.url,
            "title": way.title,
            "member": way.member_id,
        },
        community_id=way.community_id,
        run_at=now,
    )


async def shut(services: Services, job: Claimed) -> Record:
    """Make one link worthless."""
    name = str(job.args["chat"])
    chat = services.chats.get(name)
    if chat is None:
        raise Later(f"the chat {name} is not set up")
    try:
        if isinstance(chat, LetsIn):
            await chat.shut(str(job.args["channel"]), str(job.args["url"]))
    except ChatDown as down:
        raise Later("the chat is down", after=down.retry_after) from down
    except ChatRefused as refused:  # we are out of the group, or may not: its administrators can
        log.warning("ways_in.not_shut", chat=name, error=refused.words)
        return partial(_still_open, chat=chat, job=job)
    return Together(jobs.finish_all, job)


def _still_open(session: Session, *, chat: Chat, job: Claimed) -> None:
    """Tell those who lead in that chat which link is left to its administrators."""
    assert job.community_id is not None
    number, title = int(job.args["member"]), job.args["title"]
    words = (
        f"{session.get_one(Member, number).name} should no longer come into “{title}”, but has a "
        "link that was not used yet, and I may not take back links there. One of its "
        f"administrators can: it is called “{_called(number)}”."
    )
    notices = [
        NewJob(
            key=f"notice:{job.key}:{leader.id}",
            lane=job.lane,
            kind="notice",
            args={
                "chat": chat.name,
                "channel": chat.own_channel(leader.place, leader.user_id),
                "words": words,
            },
            community_id=job.community_id,
        )
        for leader in communities.leaders(session, job.community_id, chats=[chat.name])
    ]
    jobs.enqueue(session, notices)
    jobs.finish(session, job)


def _called(member_id: int) -> str:
    """What the platform's own list calls a member's link; it may be read by anybody there."""
    return f"member {member_id}"


async def used(services: Services, url: str, user_id: str, *, now: datetime) -> bool:
    """Somebody came in by a link, and is that member there. Gives whether it was a member's own."""
    return await services.storage.write(ways_in.used, url, user_id, now=now)


async def is_known(
    services: Services, *, chat: str, place: str, channel: str, user_id: str
) -> bool:
    """Whether somebody who asks to come in again is a member who was in by their own link."""
    return await services.storage.read(
        ways_in.is_known, chat=chat, place=place, channel=channel, user_id=user_id
    )
