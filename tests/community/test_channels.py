"""The announcement channel is followed when it moves, and missed aloud when it is lost."""

from functools import partial

from sqlmodel import Session

from bot.chats.playground import PLACE, PORCH, SPEAKER
from bot.community import channels
from bot.ports import Services
from storage import communities
from storage.tables import Job
from tests.community import scene
from tests.community.scene import NOW, on_both

CHAT = "playground"


async def announced_in(services: Services, channel: str | None = None) -> str | None:
    """Where joins are announced; set first when a channel is given."""

    def change(session: Session) -> str | None:
        link = communities.link_of(session, 1, chat=CHAT, place=PLACE)
        assert link is not None
        if channel is not None:
            link.announce_channel = channel
        return link.announce_channel

    return await services.storage.write(change)


@on_both
async def test_a_moved_channel_is_followed_with_its_part(services: Services) -> None:
    for old, new in (("-5", "-100"), ("-5/7", "-100/7")):
        await announced_in(services, old)
        assert await channels.moved(services, chat=CHAT, place=PLACE, old="-5", new="-100", now=NOW)
        assert await announced_in(services) == new


async def test_another_channel_is_none_of_ours(services: Services) -> None:
    await announced_in(services, "-55")
    moved = await channels.moved(services, chat=CHAT, place=PLACE, old="-5", new="-1", now=NOW)
    lost = await channels.lost(
        services, chat=CHAT, place=PLACE, channel="-5", words="Gone.", now=NOW
    )
    assert (moved, lost, await announced_in(services)) == (False, False, "-55")


@on_both
async def test_all_leaders_there_are_told_of_a_lost_channel(services: Services) -> None:
    await scene.second_leader(services)
    lose = partial(
        channels.lost, services, chat=CHAT, place=PLACE, channel=PORCH, words="Gone.", now=NOW
    )
    assert await lose()
    assert not await lose(), "once"
    assert await announced_in(services) is None
    jobs = await scene.all_of(services, Job)
    told = {job.args["channel"]: job.args["words"] for job in jobs if job.kind == "notice"}
    assert told == {SPEAKER: "Gone.", "sam": "Gone."}
