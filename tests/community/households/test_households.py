"""Households: the head adds and removes, everybody finds back in, strangers learn nothing."""

import asyncio
from datetime import timedelta

import pytest

from bot.community import households, letters, passes
from bot.community.actors import Actor
from bot.community.errors import BadFields
from bot.community.households import NotAMember, NotHead, TooManyLinks, housemates, proofs
from bot.community.households.housemates import CannotRemoveHead, HouseholdFull
from bot.community.households.proofs import LinkExpired
from bot.community.redemptions import Admitted
from bot.ports import Services
from storage.tables import Delivery, Invitation, Member
from tests.community import scene
from tests.community.scene import NOW, on_both

HOUR = timedelta(hours=1)
HOUSEHOLD_LIMIT = 12  # members, of a community that chose no other


async def join(services: Services, robin: Actor, name: str, address: str, email: str) -> Admitted:
    """Somebody signs up with a fresh pass."""
    await passes.mint(services, robin, count=1, now=NOW)
    row = (await scene.all_of(services, Invitation))[-1]
    form = scene.sign_up(name, address, email=email)
    return await scene.redeem(services, scene.code_of(services, row), form)


@pytest.fixture
async def rosa(services: Services, robin: Actor) -> int:
    """The head of the household in Flat 4B."""
    return (await join(services, robin, "Rosa", "Flat 4B", "rosa@example.net")).member_id


def names(home: households.Home) -> list[str]:
    """Who lives there."""
    return [mate.name for mate in home.members]


async def link_of(services: Services) -> str:
    """The token in the newest letter with a link home."""
    letter = [row for row in await scene.all_of(services, Delivery) if row.member_id][-1]
    shown = await services.storage.read(letters.words_of, services, letter)
    return shown.link.rpartition("/")[2]


async def links(services: Services) -> list[str | None]:
    """To whom a link home was written."""
    rows = await scene.all_of(services, Delivery)
    return [row.contact for row in rows if row.event == "household_link"]


@on_both
async def test_the_head_adds_and_removes(services: Services, rosa: int) -> None:
    added = await housemates.add(services, rosa, name="Lily", contact="201 555 0123", now=NOW)
    home = added.home
    assert names(home) == ["Rosa", "Lily"]
    assert home.members[1].contact_masked == "+1 •••0123"
    lily = home.members[1].id
    for _ in range(2):
        home = await housemates.remove(services, rosa, housemate_id=lily, now=NOW)
        assert names(home) == ["Rosa"]
    with pytest.raises(NotAMember):
        await households.home(services, lily, now=NOW)
    with pytest.raises(CannotRemoveHead):
        await housemates.remove(services, rosa, housemate_id=rosa, now=NOW)


async def test_only_the_head_may(services: Services, robin: Actor, rosa: int) -> None:
    tomas = (await join(services, robin, "Tomás", "flat 4b", "tomas@example.net")).member_id
    with pytest.raises(NotHead):
        await housemates.add(services, tomas, name="Eve", now=NOW)
    with pytest.raises(NotHead):
        await housemates.remove(services, tomas, housemate_id=rosa, now=NOW)
    assert names(await households.home(services, tomas, now=NOW)) == ["Rosa", "Tomás"]


async def test_the_neighbours_cannot_be_removed(
    services: Services, robin: Actor, rosa: int
) -> None:
    bob = (await join(services, robin, "Bob", "Flat 5", "bob@example.net")).member_id
    await housemates.remove(services, rosa, housemate_id=bob, now=NOW)
    assert names(await households.home(services, bob, now=NOW)) == ["Bob"]


@on_both
async def test_a_household_never_outgrows_its_limit(services: Services, rosa: int) -> None:
    outcomes = await asyncio.gather(
        *(housemates.add(services, rosa, name=f"Child {n}", now=NOW) for n in range(20)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, HouseholdFull) for each in outcomes) == 20 - HOUSEHOLD_LIMIT + 1
    assert len(await scene.all_of(services, Member)) == HOUSEHOLD_LIMIT


async def test_what_is_wrong_is_said_for_each_field(services: Services, rosa: int) -> None:
    with pytest.raises(BadFields) as refused:
        await housemates.add(services, rosa, name="", contact="lily@", now=NOW)
    assert set(refused.value.errors) == {"name", "contact"}
    assert len(await scene.all_of(services, Member)) == 1


# The way back in


async def test_a_member_gets_a_link_and_a_stranger_the_same_answer(
    services: Services, rosa: int
) -> None:
    for contact in ("ROSA@example.net", "stranger@example.net", "+1 201 555 0199"):
        await households.send_link(services, contact, source="203.0.113.9", now=NOW)
    assert await links(services) == ["rosa@example.net"]


async def test_links_are_limited_by_contact_and_by_source(services: Services, rosa: int) -> None:
    for number in range(3):
        await households.send_link(services, "rosa@example.net", source=f"{number}", now=NOW)
    with pytest.raises(TooManyLinks) as refused:
        await households.send_link(services, "rosa@example.net", source="9", now=NOW)
    assert 0 < refused.value.retry_after <= 3601
    assert len(await links(services)) == 3
    for number in range(10):
        await households.send_link(services, f"n{number}@example.net", source="one", now=NOW)
    with pytest.raises(TooManyLinks):
        await households.send_link(services, "n11@example.net", source="one", now=NOW)
    await households.send_link(services, "rosa@example.net", source="one", now=NOW + HOUR)
    assert len(await links(services)) == 4


async def test_a_link_is_good_for_an_hour_and_a_session_for_a_month(
    services: Services, rosa: int
) -> None:
    keys = services.keys
    await households.send_link(services, "rosa@example.net", source="203.0.113.9", now=NOW)
    token = await link_of(services)
    assert (await proofs.follow(services, token, now=NOW)).member_id == rosa
    with pytest.raises(LinkExpired):
        await proofs.follow(services, token, now=NOW + HOUR)
    cookie = households.session(keys, rosa, now=NOW)
    assert households.member_of(keys, cookie, now=NOW + timedelta(days=29)) == rosa
    assert households.member_of(keys, cookie, now=NOW + timedelta(days=30)) is None
    assert households.member_of(keys, token, now=NOW) is None


async def test_who_was_removed_gets_no_link(services: Services, rosa: int) -> None:
    lily = await housemates.add(services, rosa, name="Lily", contact="lily@example.net", now=NOW)
    await housemates.remove(services, rosa, housemate_id=lily.member_id, now=NOW)
    await households.send_link(services, "lily@example.net", source="203.0.113.9", now=NOW)
    assert await links(services) == []
