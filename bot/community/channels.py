"""The channel where joins are announced, when the platform moves it or takes it away.

A part of a channel, like a topic, is written with a slash: `-100123/7` is within `-100123`.
"""

from datetime import datetime

from sqlmodel import Session

from bot.ports import Services
from storage import audits, communities, jobs, receipts
from storage.jobs import NewJob
from storage.tables import ChatLink, Job


async def moved(
    services: Services, *, chat: str, place: str, old: str, new: str, now: datetime
) -> bool:
    """Announce in the channel's new id from now on.

    Gives: whether joins were announced there.
    """

    def change(session: Session) -> bool:
        links = communities.announcing_within(session, old, chat=chat, place=place)
        for link in links:
            assert link.announce_channel is not None
            link.announce_channel = new + link.announce_channel.removeprefix(old)
            _note(session, link, "moved", now=now)
        return bool(links)

    return await services.storage.write(change)


async def lost(
    services: Services, *, chat: str, place: str, channel: str, words: str, now: datetime
) -> bool:
    """Announce nowhere, and tell the leaders in that chat why.

    Takes: words, for the leaders, who are told where their user id leads.
    Gives: whether joins were announced there.
    """

    def change(session: Session) -> bool:
        links = communities.announcing_within(session, channel, chat=chat, place=place)
        for link in links:
            link.announce_channel = None
            leaders = communities.leaders(session, link.community_id, chats=[chat])
            notices = [_notice(link, leader.user_id, words, now=now) for leader in leaders]
            jobs.enqueue(session, notices)
            _note(session, link, "lost", now=now)
        return bool(links)

    return await services.storage.write(change)


async def opened_again(
    services: Services, *, chat: str, place: str, user_id: str, channel: str
) -> int:
    """Show in a leader's own channel what could not be shown while they had shut us out.

    Gives: how many messages follow.
    """

    def change(session: Session) -> int:
        led = communities.led(session, chat=chat, place=place, user_id=user_id)
        return sum(_revive(session, one.community_id, chat, channel) for one in led)

    return await services.storage.write(change)


def _revive(session: Session, community_id: int, chat: str, channel: str) -> int:
    lane = f"chat:{chat}"
    missed = [
        job.id
        for job in jobs.dead(session, community_id)
        if job.lane == lane and _channel(session, job) == channel
    ]
    return jobs.revive(session, community_id, lane, only=missed) if missed else 0


def _channel(session: Session, job: Job) -> str | None:
    """Where a message to one person is to be shown; None for an announcement."""
    receipt = job.args.get("receipt")
    if receipt is not None:
        return receipts.get(session, int(receipt)).channel
    channel: str | None = job.args.get("channel")
    return channel


def _notice(link: ChatLink, user_id: str, words: str, *, now: datetime) -> NewJob:
    return NewJob(
        key=f"notice:lost:{link.id}:{user_id}:{now.isoformat()}",
        lane=f"chat:{link.chat}",
        kind="notice",
        args={"chat": link.chat, "channel": user_id, "words": words},
        community_id=link.community_id,
    )


def _note(session: Session, link: ChatLink, what: str, *, now: datetime) -> None:
    audits.note(
        session,
        link.community_id,
        actor="porchlight",
        action=f"announcements.{what}",
        subject=f"chat_link:{link.id}",
        now=now,
    )
