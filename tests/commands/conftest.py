"""Maple Court and what its leader says there."""

import pytest

from bot.ports import Services
from storage.database import Storage
from tests.community import scene


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database; tests under `@on_both` run on PostgreSQL, too."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def services(storage: Storage) -> Services:
    """A house in which Maple Court has been founded."""
    return await scene.plugged(storage)
