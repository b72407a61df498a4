"""Asking Telegram for updates, again and again; no public address is needed for it."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog
from telegram import Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.ext import ExtBot

from bot.chats.telegram.intake import Intake
from bot.chats.telegram.troubles import seconds

UPDATES = ("message", "callback_query", "my_chat_member", "chat_member", "chat_join_request")
AGAIN = (1, 2, 5, 15, 60)  # seconds before each further try
_WAIT = timedelta(seconds=25)  # for Telegram to answer that nothing happened
_PATIENCE = 5.0  # seconds for one handful before the next is asked for
_DATABASE = 1.0  # seconds

log = structlog.get_logger()


async def poll(bot: ExtBot[int], intake: Intake, stop: asyncio.Event) -> None:
    """Take in what happens until told to stop.

    A handful counts as received when the next is asked for, so it is taken in before that.
    """
    offset, failures = 0, 0
    while not stop.is_set():
        try:
            updates = await _or_stop(_next(bot, offset), stop) or ()
        except TelegramError as error:
            await rest(error, failures, stop)
            failures += 1
            continue
        failures = 0
        if not await _taken(intake, updates):
            await asyncio.sleep(_DATABASE)
        elif updates:
            offset = updates[-1].update_id + 1


def _next(bot: ExtBot[int], offset: int) -> "asyncio.Task[tuple[Update, ...]]":
    return asyncio.create_task(
        bot.get_updates(offset=offset or None, timeout=_WAIT, allowed_updates=UPDATES)
    )


async def _or_stop(
    asking: "asyncio.Task[tuple[Update, ...]]", stop: asyncio.Event
) -> tuple[Update, ...] | None:
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({asking, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if asking.done():
        return asking.result()
    asking.cancel()
    return None


async def _taken(intake: Intake, updates: Sequence[Update]) -> bool:
    """Whether none of them need be repeated."""
    taking = [intake.take(update) for update in updates]
    if not taking:
        return True
    done, _ = await asyncio.wait(taking, timeout=_PATIENCE)
    return all(task.result() for task in done)


async def rest(error: TelegramError, failures: int, stop: asyncio.Event) -> None:
    """Say in the log what is wrong, and wait before the next try."""
    pause = float(AGAIN[min(failures, len(AGAIN) - 1)])
    if isinstance(error, RetryAfter):
        pause = max(pause, seconds(error))
    log.warning("telegram.cannot_listen", reason=reason(error), again_in=pause)
    try:
        async with asyncio.timeout(pause):
            await stop.wait()
    except TimeoutError:
        return


def reason(error: TelegramError) -> str:
    """What is wrong, for the operator. Never the error's own words: the token may be in them."""
    match error:
        case InvalidToken():
            return "Telegram does not know TELEGRAM_TOKEN; ask BotFather for it again"
        case Conflict():
            return "another program listens with the same TELEGRAM_TOKEN; stop one of the two"
        case _:
            return type(error).__name__
