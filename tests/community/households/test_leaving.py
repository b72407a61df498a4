"""Leaving: the role of head passes on, all that a membership opened is shut, nothing else is."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import Session

from bot.community import households
from bot.community.households import (
    NotAMember,
    NotHead,
    Suspended,
    housemates,
    leaving,
    pairing,
    sharing,
)
from bot.community.households.housemates import HouseholdFull
from bot.community.households.sharing import SharedLinkOver
from bot.ports import Services
from storage import erasing
from storage.tables import Delivery, HouseholdWord, Member
from tests.community import scene
from tests.community.households.test_households import rosa as rosa  # the fixture
from tests.community.scene import NOW, on_both


async def add(services: Services, rosa: int, name: str, contact: str = "") -> int:
    """Rosa adds somebody."""
    added = await housemates.add(services, rosa, name=name, contact=contact, now=NOW)
    return added.member_id


async def heads(services: Services) -> list[str]:
    """Who is head of a household."""
    rows = await scene.all_of(services, Member)
    return [row.name for row in rows if row.is_head and row.removed_at is None]


@on_both
async def test_the_role_passes_to_who_can_come_in(services: Services, rosa: int) -> None:
    await add(services, rosa, "Child")
    await add(services, rosa, "Luis", "luis@example.org")
    await leaving.leave(services, rosa, now=NOW)
    assert await heads(services) == ["Luis"]
    letters = await scene.all_of(services, Delivery)
    [told] = [row for row in letters if row.event == "household_left"]
    assert (told.contact, told.facts["inherits"]) == ("luis@example.org", True)
    words = {row.word for row in await scene.all_of(services, HouseholdWord)}
    assert "rosa" not in words
    with pytest.raises(NotAMember):
        await leaving.leave(services, rosa, now=NOW)


@on_both
async def test_when_all_leave_at_once_the_household_is_empty(services: Services, rosa: int) -> None:
    everybody = [rosa, *[await add(services, rosa, f"Mate {n}") for n in range(5)]]
    await asyncio.gather(*(leaving.leave(services, each, now=NOW) for each in everybody))
    rows = await scene.all_of(services, Member)
    assert all(row.removed_at is not None for row in rows)
    assert await scene.all_of(services, HouseholdWord) == []


@on_both
async def test_there_is_one_head_however_many_leave_and_join(services: Services, rosa: int) -> None:
    mates = [await add(services, rosa, f"Mate {n}") for n in range(4)]
    token = await sharing.share(services, rosa, now=NOW)
    home = (await households.home(services, rosa, now=NOW)).household_id
    await asyncio.gather(
        leaving.leave(services, rosa, now=NOW),
        leaving.leave(services, mates[0], now=NOW),
        *(
            sharing.join(services, home, token, name=f"New {n}", browser=f"b{n}", now=NOW)
            for n in range(3)
        ),
    )
    assert len(await heads(services)) == 1


@on_both
async def test_a_shared_link_is_for_as_many_as_fit(services: Services, rosa: int) -> None:
    token = await sharing.share(services, rosa, now=NOW)
    home = (await households.home(services, rosa, now=NOW)).household_id
    outcomes = await asyncio.gather(
        *(
            sharing.join(services, home, token, name=f"New {n}", browser=f"b{n}", now=NOW)
            for n in range(15)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(each, int) for each in outcomes) == 11
    assert sum(isinstance(each, HouseholdFull) for each in outcomes) == 4
    with pytest.raises(HouseholdFull):
        await sharing.share(services, rosa, now=NOW)
    with pytest.raises(SharedLinkOver):
        await sharing.look(services, home + 1, token, now=NOW)


async def test_of_many_links_only_the_newest_works(services: Services, rosa: int) -> None:
    tokens = [await sharing.share(services, rosa, now=NOW) for _ in range(3)]
    home = (await households.home(services, rosa, now=NOW)).household_id
    for old in tokens[:-1]:
        with pytest.raises(SharedLinkOver):
            await sharing.look(services, home, old, now=NOW)
    assert (await sharing.look(services, home, tokens[-1], now=NOW)).head == "Rosa"


@on_both
async def test_who_is_suspended_changes_nothing_and_may_leave(
    services: Services, rosa: int
) -> None:
    luis = await add(services, rosa, "Luis", "luis@example.org")

    def suspend(session: Session) -> None:
        session.get_one(Member, rosa).suspended_at = NOW

    await services.storage.write(suspend)
    for asked in (
        households.home(services, rosa, now=NOW),
        housemates.add(services, rosa, name="Eve", now=NOW),
        housemates.remove(services, rosa, housemate_id=luis, now=NOW),
        sharing.share(services, rosa, now=NOW),
        pairing.offer(services, rosa, now=NOW),
    ):
        with pytest.raises(Suspended):
            await asked
    with pytest.raises(NotHead):
        await housemates.add(services, luis, name="Eve", now=NOW)
    question = await leaving.ask(services, rosa, now=NOW)
    assert (question.brand.community, question.is_head) == ("Maple Court", True)
    await leaving.leave(services, rosa, now=NOW)
    assert await heads(services) == ["Luis"]


@on_both
async def test_how_to_reach_who_left_is_forgotten_in_time(services: Services, rosa: int) -> None:
    luis = await add(services, rosa, "Luis", "luis@example.org")
    await leaving.leave(services, luis, now=NOW)
    for after, contact in ((timedelta(0), "luis@example.org"), (timedelta(seconds=1), None)):
        await services.storage.write(erasing.erase_members, before=NOW + after)
        row = next(row for row in await scene.all_of(services, Member) if row.id == luis)
        assert (row.email, row.email_key is None) == (contact, contact is None)
        to_luis = [row for row in await scene.all_of(services, Delivery) if row.member_id == luis]
        assert {row.contact for row in to_luis} == {contact}
    still = next(row for row in await scene.all_of(services, Member) if row.id == rosa)
    assert still.email == "rosa@example.net"
