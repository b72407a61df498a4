"""Maple Court and who leads it, on SQLite; tests under `@on_both` run on PostgreSQL, too."""

from collections.abc import AsyncIterator

import pytest

from bot.community.actors import Actor
from bot.ports import Services
from storage.database import Storage
from tests.community import scene


@pytest.fixture(params=["sqlite"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which database: PostgreSQL, too, under `@on_both`; making one there takes a second."""
    chosen: str = request.param
    return chosen


@pytest.fixture
async def opened(request: pytest.FixtureRequest, kind: str) -> AsyncIterator[Storage]:
    """An open, migrated, empty database of this kind."""
    storage = Storage.open(request.getfixturevalue(f"{kind}_url"))
    yield storage
    await storage.close()


@pytest.fixture
async def services(opened: Storage) -> Services:
    """A house in which Maple Court has been founded."""
    return await scene.plugged(opened)


@pytest.fixture
async def robin(services: Services) -> Actor:
    """The leader of Maple Court."""
    return await scene.actor(services)
