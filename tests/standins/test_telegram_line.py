"""The stand-in for Telegram: how it tells a bot what happened, and how it goes wrong."""

import asyncio
import time
from datetime import timedelta

import pytest
from telegram import Bot, Update
from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from tests.standins.telegram import TelegramStandIn
from tests.standins.telegram_bots import asked, hooked, refused
from tests.standins.telegram_rates import Rates
from tests.standins.telegram_world import Json, Refused

# The client warns, at each 429, that a number of seconds will be a timedelta some day.
pytestmark = pytest.mark.filterwarnings("ignore:Deprecated since version v22.2")


async def test_updates_wait_until_they_are_confirmed_and_for_one_poller(
    bot: Bot, telegram: TelegramStandIn
) -> None:
    ana = telegram.add_user("Ana Ruiz")
    await telegram.start(ana)
    [first] = await bot.get_updates()
    assert await bot.get_updates() == (first,)
    waiting = asyncio.create_task(bot.get_updates(first.update_id + 1, timeout=5))
    await telegram.until(lambda: not telegram.line.pending)
    await telegram.say(ana, ana, "/help")
    [second] = await waiting
    assert second.message is not None
    assert second.message.text == "/help"

    waiting = asyncio.create_task(bot.get_updates(second.update_id + 1, timeout=5))
    await telegram.until(lambda: not telegram.line.pending)
    assert (await asked(telegram, "getUpdates", {}))["result"] == []
    with pytest.raises(Conflict, match="terminated by other getUpdates request"):
        await waiting
    await telegram.repeat()
    assert await bot.get_updates(second.update_id + 1) == (second,)
    assert await bot.get_updates(second.update_id + 1) == ()


async def test_a_webhook_is_told_with_its_secret_until_it_agrees(
    bot: Bot, telegram: TelegramStandIn
) -> None:
    ana = telegram.add_user("Ana Ruiz")
    told: list[Json] = []
    secrets: list[str] = []
    with refused("An HTTPS URL must be provided"):
        await bot.set_webhook("http://porch.example/telegram")
    async with hooked(told, secrets, [503, 500]) as url:
        await bot.set_webhook(url, secret_token="s3cret")
        with pytest.raises(Conflict, match="while webhook is active"):
            await bot.get_updates()
        await telegram.start(ana)
        await telegram.until(lambda: not telegram.line.pending)
        assert [each["message"]["text"] for each in told] == ["/start"] * 3
        assert {each["update_id"] for each in told} == {told[0]["update_id"]}
        info = await bot.get_webhook_info()
        assert (info.url, info.pending_update_count) == (url, 0)
        assert info.last_error_message == "Wrong response from the webhook: 500"

        await telegram.repeat()
        assert await telegram.deliver(told[0], secret="wrong") == 200
        assert await telegram.deliver(told[0], secret="") == 200
        assert secrets == ["s3cret"] * 4 + ["wrong", ""]
        await bot.delete_webhook()
        await telegram.say(ana, ana, "/help")
        [update] = await bot.get_updates()
        assert len(told) == 6
        assert Update.de_json(told[0], bot) != update


@pytest.mark.parametrize(
    ("kind", "error", "shown"),
    [
        ("429", RetryAfter, 0),
        ("502", NetworkError, 0),
        ("drop_before", NetworkError, 0),
        ("drop_after", NetworkError, 1),
        ("slow", TimedOut, 1),
        ("Forbidden: bot was blocked by the user", Forbidden, 0),
        ("Bad Request: CHAT_WRITE_FORBIDDEN", BadRequest, 0),
    ],
)
async def test_each_fault_looks_as_telegrams_and_then_is_over(
    bot: Bot, telegram: TelegramStandIn, kind: str, error: type[TelegramError], shown: int
) -> None:
    ana = telegram.add_user("Ana Ruiz")
    await telegram.start(ana)
    telegram.fault("sendMessage", kind, times=1, retry_after=7, seconds=1)
    with pytest.raises(error) as met:
        await bot.send_message(ana.id, "x", read_timeout=0.3)
    asked = getattr(met.value, "retry_after", 7)
    assert asked in {7, timedelta(seconds=7)}, "PTB_TIMEDELTA says which"
    assert len(telegram.said(ana)) == shown
    await bot.send_message(ana.id, "y")
    assert telegram.said(ana)[-1].text == "y"
    assert [call.method for call in telegram.calls] == ["getMe", "sendMessage", "sendMessage"]


async def test_nothing_works_while_telegram_is_down_or_does_not_know_the_bot(
    bot: Bot, telegram: TelegramStandIn
) -> None:
    telegram.down = True
    with pytest.raises(NetworkError, match="Bad Gateway"):
        await bot.get_me()
    telegram.recover()
    assert (await bot.get_me()).username == "PorchlightBot"
    stranger = Bot(f"5:{'x' * 35}", base_url=telegram.api_url)
    with pytest.raises(InvalidToken):
        await stranger.initialize()
    await stranger.shutdown()
    answer = await asked(telegram, "sendPigeon", {})
    assert (answer["error_code"], answer["description"]) == (404, "Not Found: method not found")
    await bot.log_out()
    with refused("Logged out"):
        await bot.get_me()


async def test_rates_are_enforced_on_demand(bot: Bot, telegram: TelegramStandIn) -> None:
    ana = telegram.add_user("Ana Ruiz")
    await telegram.start(ana)
    for _ in range(4):
        await bot.send_message(ana.id, "x")
    telegram.enforce_rates = True
    for _ in range(3):
        await bot.send_message(ana.id, "x")
    began = time.monotonic()
    with pytest.raises(RetryAfter) as met:
        await bot.send_message(ana.id, "x")
    waits = met.value.retry_after  # PTB_TIMEDELTA says which
    seconds = waits.total_seconds() if isinstance(waits, timedelta) else waits
    assert 0 < seconds <= 3
    assert time.monotonic() - began < 1
    assert len(telegram.said(ana)) == 7


def test_a_group_takes_twenty_messages_a_minute_and_a_person_more() -> None:
    rates = Rates()
    for second in range(20):
        rates.spend(-100, 1, now=second)
        rates.spend(700, 1, now=second)
    rates.spend(700, 1, now=20)
    with pytest.raises(Refused) as refusal:
        rates.spend(-100, 1, now=20)
    assert (refusal.value.code, refusal.value.parameters) == (429, {"retry_after": 40})
    rates.spend(-100, 1, now=60)
