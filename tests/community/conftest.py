"""Maple Court and who leads it, on SQLite; tests under `@on_both` run on PostgreSQL, too."""

from collections.abc import AsyncIterator

import pytest

from bot.community.leaders import Actor
from bot.ports import Services
from storage.database import Storage
from tests.community import scene


@pytest.fixture(params=["sqlite"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which database: PostgreSQL, too, under `@on_both`; making one there takes a second."""
    chosen: str = request.param
    return chosen


@pytest.fixture
async def storage(request: pytest.FixtureRequest, kind: str) -> AsyncIterator[Storage]:
    """An open, migrated, empty database."""
    opened = Storage.open(request.getfixturevalue(f"{kind}_url"))
    yield opened
    await opened.close()


@pytest.fixture
async def services(storage: Storage) -> Services:
    """A house in which Maple Court has been founded."""
    return await scene.plugged(storage)


@pytest.fixture
async def robin(services: Services) -> Actor:
    """The leader of Maple Court."""
    return await scene.actor(services)
