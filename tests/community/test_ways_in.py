"""Each member's own link is made once, kept, and shown until it is used or too old."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from bot.chats.playground import PLACE, PORCH, Playground
from bot.community import ways_in
from bot.community.households import leaving, pairing
from bot.community.members import membership, undoing
from bot.community.members.changing import Done
from bot.ports import ChatDown, ChatRefused, Services
from storage.database import Storage
from storage.tables import WayIn
from tests.community import rounds, scene
from tests.community.scene import NOW, on_both


class Porch(Playground):
    """A playground whose channel has a door."""

    def __init__(self) -> None:
        super().__init__(outbox=("email", "text"))
        self.made: list[str] = []
        self.shut_links: list[tuple[str, str]] = []
        self.meanwhile: list[Awaitable[object]] = []  # what happens while a link is made
        self.answers: Callable[[], None] = lambda: None

    async def let_in(self, channel: str, *, name: str, until: datetime) -> tuple[str, str] | None:
        """Make a link, unless the channel is shut."""
        self.answers()
        self.made.append(name)
        while self.meanwhile:
            await self.meanwhile.pop()
        return None if channel != PORCH else ("Front porch", f"https://in.example/{len(self.made)}")

    async def shut(self, channel: str, link: str) -> None:
        """Make a link worthless."""
        self.answers()
        self.shut_links.append((channel, link))


@pytest.fixture
def porch() -> Porch:
    return Porch()


@pytest.fixture
async def services_with_door(opened: Storage, porch: Porch) -> Services:
    """The house, with a chat that can let somebody in."""
    return await rounds.house(opened, chat=porch)


@on_both
async def test_a_member_gets_one_link(services_with_door: Services, porch: Porch) -> None:
    services = services_with_door
    rosa = await joined(services)
    first = await ways_in.of(services, rosa, now=NOW)
    assert first == [("Front porch", "https://in.example/1")]
    assert await ways_in.of(services, rosa, now=NOW) == first
    assert porch.made == [f"member {rosa}"]


@on_both
async def test_a_used_link_is_shown_no_more_and_says_who_it_was(
    services_with_door: Services,
) -> None:
    services = services_with_door
    rosa = await joined(services)
    [(_, url)] = await ways_in.of(services, rosa, now=NOW)
    where = {"chat": "playground", "place": PLACE, "channel": PORCH}
    assert not await ways_in.is_known(services, **where, user_id="u1")
    assert await ways_in.used(services, url, "u1", now=NOW)
    assert not await ways_in.used(services, url, "u2", now=NOW), "good once"
    assert not await ways_in.used(services, "https://other.example", "u2", now=NOW)
    assert await ways_in.is_known(services, **where, user_id="u1")
    assert not await ways_in.is_known(services, **where, user_id="u2")
    here = {"chat": "playground", "place": PLACE}
    [known] = await pairing.speaking(services, **here, user_id="u1")
    assert known.member_id == rosa, "who speaks there is that member from now on"
    assert await pairing.speaking(services, **here, user_id="u2") == []
    assert await ways_in.of(services, rosa, now=NOW) == []


async def test_an_old_link_is_shown_no_more(services_with_door: Services) -> None:
    rosa = await joined(services_with_door)
    assert await ways_in.of(services_with_door, rosa, now=NOW)
    later = NOW + timedelta(days=31)
    assert await ways_in.of(services_with_door, rosa, now=later) == []


async def test_a_chat_that_is_away_is_asked_again(
    services_with_door: Services, porch: Porch
) -> None:
    rosa = await joined(services_with_door)

    def down() -> None:
        raise ChatDown

    porch.answers = down
    assert await ways_in.of(services_with_door, rosa, now=NOW) == []
    porch.answers = lambda: None
    assert await ways_in.of(services_with_door, rosa, now=NOW)


async def _suspended(services: Services, member_id: int, *, now: datetime) -> None:
    await membership.suspend(services, await scene.actor(services), member_id, now=now)


async def _removed(services: Services, member_id: int, *, now: datetime) -> None:
    await membership.remove(services, await scene.actor(services), member_id, now=now)


@on_both
@pytest.mark.parametrize("end", [leaving.leave, _removed, _suspended])
async def test_an_unused_link_ends_with_the_right_to_be_there(
    services_with_door: Services, porch: Porch, end: Callable[..., Awaitable[object]]
) -> None:
    services = services_with_door
    rosa = await joined(services)
    [(_, url)] = await ways_in.of(services, rosa, now=NOW)
    await scene.say(services, "/announce off")
    await end(services, rosa, now=NOW)
    await scene.all_done(services)
    assert porch.shut_links == [(PORCH, url)], "where it was made, wherever joins are told now"
    assert await scene.all_of(services, WayIn) == []


@on_both
async def test_a_link_that_is_made_while_its_owner_goes_is_shut_too(
    services_with_door: Services, porch: Porch
) -> None:
    services = services_with_door
    rosa = await joined(services)
    porch.meanwhile.append(leaving.leave(services, rosa, now=NOW))
    assert await ways_in.of(services, rosa, now=NOW) == []
    await scene.all_done(services)
    assert porch.shut_links == [(PORCH, "https://in.example/1")]


async def test_a_used_link_is_nothing_to_shut(services_with_door: Services, porch: Porch) -> None:
    services = services_with_door
    rosa = await joined(services)
    [(_, url)] = await ways_in.of(services, rosa, now=NOW)
    await ways_in.used(services, url, "u1", now=NOW)
    await leaving.leave(services, rosa, now=NOW)
    assert await scene.jobs(services, "shut") == []
    assert len(await scene.all_of(services, WayIn)) == 1, "it says who is whom in the group"


@pytest.mark.parametrize("end", [membership.remove, membership.suspend])
async def test_who_came_in_by_it_is_left_to_those_who_run_the_channel(
    services_with_door: Services, end: Callable[..., Awaitable[Done]]
) -> None:
    services = services_with_door
    rosa, robin = await joined(services), await scene.actor(services)
    [(_, url)] = await ways_in.of(services, rosa, now=NOW)
    words = "Whoever administers “Front porch” can take them out there, too: I cannot."
    done = await end(services, robin, rosa, now=NOW)
    assert not done.left_to_do, "the link was not used"
    await undoing.take_back(services, robin, done.undo_id, now=NOW)
    [(_, url)] = await ways_in.of(services, rosa, now=NOW)
    await ways_in.used(services, url, "u1", now=NOW)
    assert (await end(services, robin, rosa, now=NOW)).left_to_do == words
    (kept,) = await undoing.recent(services, robin, limit=9, now=NOW)
    assert "Front porch" not in kept.words


async def test_a_link_that_cannot_be_shut_is_told_to_the_leaders(
    services_with_door: Services, porch: Porch
) -> None:
    services = services_with_door
    rosa, robin = await joined(services), await scene.actor(services)
    await ways_in.of(services, rosa, now=NOW)

    def refuse() -> None:
        raise ChatRefused("no")

    porch.answers = refuse
    await membership.remove(services, robin, rosa, now=NOW)
    await scene.all_done(services)
    said = [text for text in await rounds.shown(services) if "take back links" in text]
    assert said == [
        "Rosa Delgado should no longer come into “Front porch”, but has a link that was not used "
        "yet, and I may not take back links there. One of its administrators can: it is called "
        f"“member {rosa}”."
    ]


async def test_without_such_a_chat_there_is_none(services: Services) -> None:
    assert await ways_in.of(services, await joined(services), now=NOW) == []


async def joined(services: Services) -> int:
    """Rosa joins. Gives her member id."""
    [row] = await scene.invite(services, await scene.actor(services), "rosa@example.org")
    return (await scene.redeem(services, scene.code_of(services, row))).member_id
