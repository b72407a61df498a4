"""Slack's acknowledgements go first; answers follow, a few at a time."""

import asyncio
from dataclasses import dataclass, field

from bot.chats.slack.turns import Turns
from bot.door import Door

MANY = 20


@dataclass(slots=True)
class Line:
    """Some answers, each over when it is let go."""

    turns: Turns
    go: asyncio.Event = field(default_factory=asyncio.Event)
    now: int = 0
    most: int = 0
    done: int = 0

    async def answer(self) -> None:
        async with self.turns.answering():
            self.now += 1
            self.most = max(self.most, self.now)
            await self.go.wait()
            self.now -= 1
            self.done += 1


async def test_an_answer_waits_until_slack_has_its_acknowledgement() -> None:
    line = Line(Turns(Door()))
    with line.turns.acknowledging():
        answering = asyncio.create_task(line.answer())
        await asyncio.sleep(0.02)
        assert line.now == 0
    await asyncio.sleep(0.02)
    assert line.now == 1
    line.go.set()
    await answering


async def test_no_answer_waits_for_ever() -> None:
    line = Line(Turns(Door()))
    line.go.set()
    async with asyncio.timeout(5):
        with line.turns.acknowledging():
            await line.answer()
    assert line.done == 1


async def test_few_answer_at_once_and_all_in_the_end() -> None:
    line = Line(Turns(Door()))
    answering = [asyncio.create_task(line.answer()) for _ in range(MANY)]
    await asyncio.sleep(0.02)
    assert 1 < line.most < MANY
    line.go.set()
    async with asyncio.timeout(5):
        await asyncio.gather(*answering)
    assert line.done == MANY


async def test_an_answer_that_fails_gives_its_place_to_the_next() -> None:
    turns = Turns(Door())

    async def fail() -> None:
        async with turns.answering():
            raise RuntimeError

    async with asyncio.timeout(5):
        found = await asyncio.gather(*(fail() for _ in range(MANY)), return_exceptions=True)
    assert [type(each) for each in found] == [RuntimeError] * MANY


async def test_the_post_waits_from_the_moment_an_answer_stands_in_line() -> None:
    door = Door()
    line = Line(Turns(door))
    answering = asyncio.create_task(line.answer())
    await asyncio.sleep(0)
    post = asyncio.create_task(door.clear(within=60))
    await asyncio.sleep(0.02)
    assert not post.done()
    line.go.set()
    async with asyncio.timeout(5):
        await asyncio.gather(answering, post)
