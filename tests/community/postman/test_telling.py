"""The chat hears of everything, once, however it fares itself."""

import asyncio
import time
from datetime import UTC, datetime

import pytest

from bot.chats.playground import LEADER, PORCH
from bot.community import deliveries, invitations
from bot.messages import Card
from bot.ports import ChatDown, ChatRefused, Services
from storage.database import Storage
from storage.tables import Invitation, Receipt
from tests.community import scene
from tests.community.rounds import (
    ShakyChat,
    at_work,
    delivery,
    house,
    invite,
    job,
    pass_time,
    round_made,
    shown,
    until,
)  # fmt: skip
from tests.community.scene import on_both

LENA = "lena@resident.example"
JOINED = "Rosa Delgado joined at Flat 4B, invited by Robin Vale."


async def join(services: Services, row: Invitation) -> None:
    """The resident signs up."""
    await scene.redeem(services, scene.code_of(services, row), now=datetime.now(UTC))


@on_both
async def test_a_join_is_announced_once(opened: Storage) -> None:
    services = await house(opened)
    [row] = await invite(services, LENA)
    await round_made(services)
    await join(services, row)
    await round_made(services)
    await round_made(services)
    assert await shown(services, PORCH) == [JOINED]
    assert "Rosa Delgado joined at" in (await shown(services))[0]


@on_both
async def test_joins_of_one_moment_are_told_together_ten_in_a_message(opened: Storage) -> None:
    services = await house(opened)
    rows = await invite(services, " ".join(f"r{n}@resident.example" for n in range(12)))
    for number, row in enumerate(rows):
        form = scene.sign_up(
            f"Rosa {number}", f"{number} Oak Street", email=f"{number}@example.net"
        )
        code = scene.code_of(services, row)
        await scene.redeem(services, code, form, now=datetime.now(UTC))
    await pass_time(services, seconds=1)
    await round_made(services)
    said = await shown(services, PORCH)
    assert sorted(len(message.splitlines()) for message in said) == [2, 10]
    expected = {f"Rosa {n} joined at {n} Oak Street, invited by Robin Vale." for n in range(12)}
    assert {line for message in said for line in message.splitlines()} == expected


@pytest.mark.parametrize("trouble", [ChatDown(), ChatDown(retry_after=60)], ids=["down", "busy"])
async def test_while_the_chat_is_down_nothing_is_lost_and_then_said_once(
    opened: Storage, trouble: ChatDown
) -> None:
    chat = ShakyChat()
    services = await house(opened, chat=chat)
    [row] = await invite(services, LENA)
    await round_made(services)
    chat.trouble = trouble
    await join(services, row)
    async with at_work(services):
        await until(services, lambda session: chat.posts + chat.edits > 1)
        await asyncio.sleep(0.3)
    assert await shown(services, PORCH) == []
    chat.trouble = None
    await pass_time(services, minutes=10)
    await round_made(services)
    assert await shown(services, PORCH) == [JOINED]
    assert "Rosa Delgado joined at" in (await shown(services))[0]


async def test_a_busy_chat_is_left_alone_for_as_long_as_it_asked(opened: Storage) -> None:
    chat = ShakyChat()
    services = await house(opened, chat=chat)
    chat.trouble = ChatDown(retry_after=600)
    await invite(services, LENA)
    await round_made(services)
    asked = chat.posts
    await invite(services, "mara@resident.example")
    await pass_time(services, minutes=9)
    await round_made(services)
    assert chat.posts == asked, "a new receipt waits with the others"


async def test_a_refused_announcement_is_visible_and_can_be_made_elsewhere(
    opened: Storage,
) -> None:
    chat = ShakyChat()
    services = await house(opened, chat=chat)
    [row] = await invite(services, LENA)
    await round_made(services)
    chat.trouble = ChatRefused("The channel is gone.")
    await join(services, row)
    await round_made(services)
    assert ((await job(services, "announce")).state, chat.posts) == ("dead", 2)
    chat.trouble = None
    await pass_time(services, hours=30)
    await round_made(services)
    assert await shown(services, PORCH) == [], "it is not tried again by itself"
    overview = (await scene.say(services, "/community")).text
    assert "could not be shown in the chat: The channel is gone. `/announce here`" in overview
    await scene.say(services, "/announce here")
    await round_made(services)
    assert JOINED in await shown(services, LEADER), "announced where the leader said it"
    assert "could not be shown" not in (await scene.say(services, "/community")).text


async def test_an_old_receipt_survives_a_chat_that_is_down_for_a_moment(
    opened: Storage,
) -> None:
    chat = ShakyChat()
    services = await house(opened, chat=chat)
    [row] = await invite(services, LENA)
    await round_made(services)
    await pass_time(services, days=3)
    chat.trouble = ChatDown()
    robin = await scene.actor(services)
    await invitations.void(services, robin, row.id, now=datetime.now(UTC))
    async with at_work(services):
        await until(services, lambda session: chat.edits > 1)
    assert (await job(services, "receipt")).state == "ready"
    chat.trouble = None
    await pass_time(services, minutes=1)
    await round_made(services)
    assert "void" in (await shown(services))[0]


@on_both
async def test_a_hundred_deliveries_are_few_edits_and_the_last_is_shown_within_two_seconds(
    opened: Storage,
) -> None:
    chat = ShakyChat()
    services = await house(opened, chat=chat)
    people = [f"resident{number}@resident.example" for number in range(100)]
    async with at_work(services):
        began = time.monotonic()
        await invite(services, *people)
        async with asyncio.timeout(30):
            while not any("100 of 100 sent" in text for text in await shown(services)):
                await asyncio.sleep(0.02)
        took = time.monotonic() - began
        assert chat.posts == 1
        assert chat.edits <= took / 0.4 + 1, "one in 400 ms at most"
        newest = await delivery(services)
        happened = time.monotonic()
        await deliveries.happened(
            services, newest.id, "bounced", key="event:1", now=datetime.now(UTC)
        )
        async with asyncio.timeout(30):
            while not any("1 bounced" in text for text in await shown(services)):
                await asyncio.sleep(0.02)
        assert time.monotonic() - happened < 2
    assert len(await shown(services)) == 1


async def test_a_receipt_that_would_show_the_same_is_left_alone(opened: Storage) -> None:
    chat = ShakyChat()
    services = await house(opened, chat=chat)
    await invite(services, LENA)
    await round_made(services)
    before = (chat.posts, chat.edits)
    for number in range(3):
        await deliveries.happened(
            services, (await delivery(services)).id, "sent", key=f"event:{number}",
            now=datetime.now(UTC),
        )  # fmt: skip
        await round_made(services)
    assert (chat.posts, chat.edits) == before


async def test_a_receipt_posted_but_not_recorded_is_not_posted_twice(opened: Storage) -> None:
    chat = ShakyChat()
    services = await house(opened, chat=chat)
    await invite(services, LENA)
    receipt = (await scene.all_of(services, Receipt))[0]
    await chat.post(receipt.channel, Card("a worker died after this"), key=f"receipt:{receipt.id}")
    await round_made(services)
    [text] = await shown(services)
    assert LENA in text
