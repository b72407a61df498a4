"""Telegram on loopback, and a plain client of it."""

from collections.abc import AsyncIterator

import pytest
from telegram import Bot

from tests.standins.telegram import TelegramStandIn


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramStandIn]:
    async with TelegramStandIn(query_lifetime=0.5) as telegram:
        yield telegram


@pytest.fixture
async def bot(telegram: TelegramStandIn) -> AsyncIterator[Bot]:
    bot = Bot(telegram.token, base_url=telegram.api_url, base_file_url=telegram.file_url)
    async with bot:
        yield bot
