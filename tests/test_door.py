"""Whoever waits for an answer goes first, and nobody is kept waiting for ever."""

import asyncio

import pytest

from bot.door import Door

PATIENCE = 5.0  # seconds; a busy machine is no fault


async def test_at_an_empty_door_nobody_waits() -> None:
    async with asyncio.timeout(PATIENCE):
        await Door().clear(within=3600)


async def test_the_post_waits_until_the_last_visitor_has_an_answer() -> None:
    door = Door()
    with door.answering():
        with door.answering():
            clearing = asyncio.create_task(door.clear(within=3600))
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not clearing.done(), "one still waits"
    async with asyncio.timeout(PATIENCE):
        await clearing


async def test_a_crowd_does_not_stop_the_post() -> None:
    door = Door()
    async with asyncio.timeout(PATIENCE):
        with door.answering():
            await door.clear(within=0.01)


async def test_an_answer_that_fails_leaves_the_door_clear() -> None:
    door = Door()
    with pytest.raises(ZeroDivisionError), door.answering():
        _ = 1 / 0
    async with asyncio.timeout(PATIENCE):
        await door.clear(within=3600)
