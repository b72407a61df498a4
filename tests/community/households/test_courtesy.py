"""Courtesy: what members ask us to write never costs a fortune, and wakes or pesters nobody."""

import dataclasses

import pytest

from bot.community.households import housemates
from bot.ports import Services
from storage.tables import Delivery
from tests.community import scene
from tests.community.households.test_households import rosa as rosa  # the fixture
from tests.community.scene import NOW, on_both


async def told(services: Services, rosa: int, name: str, contact: str) -> str:
    """Rosa adds somebody; how they were told."""
    return (await housemates.add(services, rosa, name=name, contact=contact, now=NOW)).told


@on_both
async def test_a_text_goes_where_leaders_may_text_and_nowhere_else(
    services: Services, rosa: int
) -> None:
    assert await told(services, rosa, "Here", "+1 201 555 0123") == "text"
    assert await told(services, rosa, "Jamaica", "+1 876 555 0123") == "not"
    assert await told(services, rosa, "Britain", "+44 7400 123456") == "not"
    rows = [row for row in await scene.all_of(services, Delivery) if row.event == "household_added"]
    assert [row.contact for row in rows] == ["+12015550123"]


async def test_texts_count_for_the_communitys_day(services: Services, rosa: int) -> None:
    settings = services.settings.model_copy(update={"limit_community_texts": 2})
    strict = dataclasses.replace(services, settings=settings)
    numbers = ["+1 201 555 0123", "+1 201 555 0124", "+1 201 555 0125"]
    outcomes = [await told(strict, rosa, number[-4:], number) for number in numbers]
    assert outcomes == ["text", "text", "not"]


@pytest.mark.parametrize("contact", ["", " "])
async def test_nobody_is_written_to_without_a_contact(
    services: Services, rosa: int, contact: str
) -> None:
    assert await told(services, rosa, "Lily", contact) == ""
    assert not [
        row for row in await scene.all_of(services, Delivery) if row.event == "household_added"
    ]


async def test_adding_twice_adds_and_writes_once(services: Services, rosa: int) -> None:
    assert await told(services, rosa, "Luis", "luis@example.org") == "email"
    assert await told(services, rosa, "luis", "luis@example.org") == ""
    rows = [row for row in await scene.all_of(services, Delivery) if row.event == "household_added"]
    assert len(rows) == 1
