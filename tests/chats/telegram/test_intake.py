"""Updates are taken in order within a chat, several chats at once, and again after an absence."""

import asyncio
from datetime import UTC, datetime

from telegram import Chat, Message, Update

from bot.chats.telegram.intake import Intake
from storage.database import DatabaseAway


def update(number: int, chat: int) -> Update:
    """Something that was said in a chat."""
    where = Chat(chat, Chat.PRIVATE)
    when = datetime(2026, 11, 22, tzinfo=UTC)  # nobody asks
    return Update(number, message=Message(number, when, where))


async def test_one_chat_in_order_several_at_once() -> None:
    heard: list[int] = []
    gate = asyncio.Event()

    async def hear(one: Update) -> None:
        if one.update_id == 1:
            await gate.wait()
        await asyncio.sleep(0)
        heard.append(one.update_id)

    intake = Intake(hear)
    first, second, other = (intake.take(update(n, chat)) for n, chat in ((1, 7), (2, 7), (3, 8)))
    assert await asyncio.wait_for(other, 5)
    assert heard == [3], "another chat does not wait for this one"
    gate.set()
    await asyncio.gather(first, second)
    assert heard == [3, 1, 2]


async def test_what_the_database_could_not_note_is_to_be_repeated() -> None:
    async def hear(one: Update) -> None:
        if one.update_id == 1:
            raise DatabaseAway
        if one.update_id == 2:
            raise ValueError("a mistake of ours, which is logged and ends here")

    intake = Intake(hear)
    assert not await intake.take(update(1, 7))
    assert await intake.take(update(2, 7)), "a mistake would only be repeated"


async def test_the_end_waits_for_what_is_under_way() -> None:
    heard = []

    async def hear(one: Update) -> None:
        await asyncio.sleep(0.05)
        heard.append(one.update_id)

    intake = Intake(hear)
    intake.take(update(1, 7))
    await intake.finish()
    assert heard == [1]
