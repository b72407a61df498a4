"""Maple Court and who leads it, on each kind of database."""

import pytest

from bot.community.leaders import Actor
from bot.ports import Services
from storage.database import Storage
from tests.community import scene


@pytest.fixture
async def services(storage: Storage) -> Services:
    """A house in which Maple Court has been founded."""
    return await scene.plugged(storage)


@pytest.fixture
async def robin(services: Services) -> Actor:
    """The leader of Maple Court."""
    return await scene.actor(services)
