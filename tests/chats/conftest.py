"""A whole house with nothing configured, served in this process."""

from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import SecretStr

from bot.app import House, open_house
from bot.settings import Settings

HOME = "http://127.0.0.1:8080"


@pytest.fixture
async def house(sqlite_url: str) -> AsyncIterator[House]:
    """The house as it starts with an empty `.env`."""
    secret = "a secret of the tests alone, 32+ bytes"
    settings = Settings(database_url=sqlite_url, secret_key=SecretStr(secret))
    async with open_house(settings) as opened:
        yield opened


@pytest.fixture
async def script(house: House) -> AsyncIterator[httpx.AsyncClient]:
    """A script on this computer."""
    async with client(house) as opened:
        yield opened


def client(house: House, *, peer: str = "127.0.0.1", address: str = HOME) -> httpx.AsyncClient:
    """Somebody who calls from `peer` and names us by `address`. An error of ours is a 500."""
    transport = httpx.ASGITransport(house.app, client=(peer, 50000), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=address)
