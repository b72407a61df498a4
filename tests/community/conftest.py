"""Maple Court and who leads it, on SQLite; tests under `@on_both` run on PostgreSQL, too."""

import pytest

from bot.community.leaders import Actor
from bot.ports import Services
from storage.database import Storage
from tests.community import scene


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database: making one on PostgreSQL takes a second."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def services(storage: Storage) -> Services:
    """A house in which Maple Court has been founded."""
    return await scene.plugged(storage)


@pytest.fixture
async def robin(services: Services) -> Actor:
    """The leader of Maple Court."""
    return await scene.actor(services)
