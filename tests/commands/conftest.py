"""Maple Court and what its leader says there."""

from collections.abc import AsyncIterator

import pytest

from bot.ports import Services
from storage.database import Storage
from tests.community import scene


@pytest.fixture(params=["sqlite"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which database: PostgreSQL, too, under `@on_both`; making one there takes a second."""
    chosen: str = request.param
    return chosen


@pytest.fixture
async def services(request: pytest.FixtureRequest, kind: str) -> AsyncIterator[Services]:
    """A house in which Maple Court has been founded."""
    storage = Storage.open(request.getfixturevalue(f"{kind}_url"))
    yield await scene.plugged(storage)
    await storage.close()
