"""Billing: a household counts in a month in which somebody of it was registered, and only once."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.community import billing
from bot.community.actors import Actor
from bot.community.members import moving, undoing
from bot.community.postman import sweeping
from bot.ports import Services
from storage import billing as stored
from storage import communities, members
from storage.tables import Audit, BillingMonth, Household, Job, Member
from tests.community import scene
from tests.community.scene import on_both

FOUNDED = datetime(2026, 7, 10, 12, tzinfo=UTC)
NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)


def at(month: int, day: int, hour: int = 12) -> datetime:
    """A moment of that year."""
    return datetime(2026, month, day, hour, tzinfo=UTC)


@pytest.fixture(autouse=True)
async def older(services: Services) -> None:
    """Maple Court was founded in July."""
    await _community(services, created_at=FOUNDED)


async def _community(services: Services, **values: object) -> None:
    def change(session: Session) -> None:
        community = communities.get(session, 1)
        for name, value in values.items():
            setattr(community, name, value)

    await services.storage.write(change)


async def joined(
    services: Services,
    address: str,
    since: datetime,
    until: datetime | None = None,
    **more: Any,
) -> Member:
    """Somebody was a member there for so long."""

    def change(session: Session) -> Member:
        key = address.lower()
        home = members.household_by_key(session, 1, key) or Household(
            community_id=1, address=address, address_key=key, created_at=since
        )
        session.add(home)
        session.flush()
        member = Member(
            community_id=1,
            household_id=home.id,
            name="N",
            joined_at=since,
            removed_at=until,
            **more,
        )
        return members.add(session, member)

    return await services.storage.write(change)


async def moved(
    services: Services, who: Actor, member: Member, address: str, when: datetime
) -> int:
    """A leader moves them; gives how that is taken back."""
    done = await moving.move(services, who, member.id, address, now=when)
    return done.undo_id


async def months(services: Services, who: Actor, now: datetime = NOW) -> dict[int, tuple[int, int]]:
    """Households and members by month, as far as there were any."""
    found = (await billing.bill(services, who, now=now)).months
    return {one.first.month: (one.households, one.members) for one in found if one.members}


async def swept(services: Services, now: datetime) -> Sequence[BillingMonth]:
    """What is written down after the daily sweep."""
    await services.storage.write(billing.close_months, now=now)
    return await scene.all_of(services, BillingMonth)


@on_both
async def test_a_household_counts_in_every_month_in_which_it_had_a_member(
    services: Services, robin: Actor
) -> None:
    await joined(services, "1 Elm", at(7, 31), at(9, 1))  # three months
    await joined(services, "1 Elm", at(8, 5))  # of the same household
    await joined(services, "2 Elm", at(9, 10), at(9, 11))
    assert await months(services, robin) == {
        7: (1, 1), 8: (1, 2), 9: (2, 3), 10: (1, 1)
    }  # fmt: skip
    found = await billing.bill(services, robin, now=NOW)
    assert (found.now.households, found.now.members) == (1, 1)
    assert [one.first for one in found.months] == [date(2026, n, 1) for n in (10, 9, 8, 7)]


@on_both
async def test_who_comes_back_is_one_household(services: Services, robin: Actor) -> None:
    await joined(services, "1 Elm", at(9, 2), at(9, 3))
    await joined(services, "1 Elm", at(9, 20))
    assert await months(services, robin) == {9: (1, 2), 10: (1, 1)}


async def test_who_is_suspended_stays_registered(services: Services, robin: Actor) -> None:
    await joined(services, "1 Elm", at(9, 2), suspended_at=at(9, 3))
    assert await months(services, robin) == {9: (1, 1), 10: (1, 1)}


@on_both
async def test_a_move_counts_for_both_households_in_its_month(
    services: Services, robin: Actor
) -> None:
    member = await joined(services, "1 Elm", at(8, 2))
    await moved(services, robin, member, "2 Elm", at(9, 15))
    await moved(services, robin, member, "3 Elm", at(9, 16))
    assert await months(services, robin) == {8: (1, 1), 9: (3, 1), 10: (1, 1)}


@on_both
async def test_a_move_within_a_full_house_counts_no_household_twice(
    services: Services, robin: Actor
) -> None:
    member = await joined(services, "1 Elm", at(8, 2))
    await joined(services, "1 Elm", at(8, 2))
    await joined(services, "2 Elm", at(8, 2))
    await moved(services, robin, member, "2 Elm", at(9, 15))
    assert await months(services, robin) == {8: (2, 3), 9: (2, 3), 10: (2, 3)}


@on_both
async def test_two_that_are_merged_were_one_all_along(services: Services, robin: Actor) -> None:
    one = await joined(services, "1 Elm", at(9, 2), is_head=True)
    other = await joined(services, "1 Elm Close", at(9, 3))
    left = await joined(services, "1 Elm Close", at(9, 3))
    await moved(services, robin, left, "2 Elm", at(9, 5))
    merged = await moving.merge(
        services, robin, other.household_id, "1 Elm", head=one.id, now=at(9, 9)
    )
    assert await months(services, robin) == {9: (2, 3), 10: (2, 3)}
    await undoing.take_back(services, robin, merged.undo_id, now=at(9, 9, 13))
    assert await months(services, robin) == {9: (3, 3), 10: (3, 3)}


@on_both
async def test_a_move_that_is_taken_back_never_was(services: Services, robin: Actor) -> None:
    member = await joined(services, "1 Elm", at(8, 2))
    undo_id = await moved(services, robin, member, "2 Elm", at(9, 15))
    assert await months(services, robin) == {8: (1, 1), 9: (2, 1), 10: (1, 1)}
    await undoing.take_back(services, robin, undo_id, now=at(9, 15, 13))
    assert await months(services, robin) == {8: (1, 1), 9: (1, 1), 10: (1, 1)}
    (row,) = await scene.all_of(services, Member)
    assert row.moved_at is None


@on_both
async def test_a_second_membership_that_is_taken_back_never_was(
    services: Services, robin: Actor
) -> None:
    member = await joined(services, "1 Elm", at(8, 2), email="ana@ex.org", email_key=b"ana")
    done = await moving.also(services, robin, member.id, "2 Elm", now=at(9, 15))
    assert await months(services, robin) == {8: (1, 1), 9: (2, 2), 10: (2, 2)}
    await undoing.take_back(services, robin, done.undo_id, now=at(9, 15, 13))
    assert await months(services, robin) == {8: (1, 1), 9: (1, 1), 10: (1, 1)}


async def test_a_membership_that_never_was_counts_nothing(services: Services, robin: Actor) -> None:
    await joined(services, "1 Elm", at(9, 2), at(9, 2))  # taken back
    assert await months(services, robin) == {}


@on_both
@pytest.mark.parametrize(
    ("zone", "moment", "expected"),
    [
        ("UTC", datetime(2026, 8, 31, 23, 59, tzinfo=UTC), 8),
        ("UTC", datetime(2026, 9, 1, 0, 0, tzinfo=UTC), 9),
        ("America/Los_Angeles", datetime(2026, 9, 1, 6, 59, tzinfo=UTC), 8),
        ("America/Los_Angeles", datetime(2026, 9, 1, 7, 0, tzinfo=UTC), 9),
        ("Pacific/Kiritimati", datetime(2026, 8, 31, 9, 59, tzinfo=UTC), 8),
        ("Pacific/Kiritimati", datetime(2026, 8, 31, 10, 0, tzinfo=UTC), 9),
    ],
)
async def test_a_month_is_the_communitys_own(
    services: Services, robin: Actor, zone: str, moment: datetime, expected: int
) -> None:
    await _community(services, timezone=zone)
    await joined(services, "1 Elm", moment, moment + timedelta(seconds=1))
    await joined(services, "2 Elm", at(7, 20), moment)
    assert (await months(services, robin))[expected][0] == (2 if expected == 8 else 1)


# Closing


@on_both
async def test_a_month_that_is_over_is_written_down_once(services: Services, robin: Actor) -> None:
    await joined(services, "1 Elm", at(7, 20))
    assert [(row.month, row.household_count) for row in await swept(services, at(8, 1))] == [
        (date(2026, 7, 1), 1)
    ]
    before = await swept(services, at(8, 2))
    await joined(services, "2 Elm", at(7, 21))  # nobody ever joins in the past; and yet
    assert await swept(services, at(8, 3)) == before
    assert await months(services, robin, at(8, 3)) == {7: (1, 1), 8: (2, 2)}
    found = await billing.bill(services, robin, now=at(8, 3))
    assert [one.is_closed for one in found.months] == [False, True]


@on_both
async def test_a_house_that_was_off_writes_down_what_it_missed(
    services: Services, robin: Actor
) -> None:
    await joined(services, "1 Elm", at(7, 20), at(9, 1))
    await joined(services, "2 Elm", at(9, 2))
    rows = await swept(services, at(10, 20))
    assert [(row.month.month, row.household_count) for row in rows] == [(7, 1), (8, 1), (9, 2)]


async def test_the_daily_sweep_closes_what_is_over(services: Services) -> None:
    before = scene.NOW.replace(day=1) - timedelta(days=40)
    await _community(services, created_at=before)
    await sweeping.ask_for_sweep(services)  # of today: due since three, or soon
    await services.storage.write(_make_due)
    async with scene.at_work(services), asyncio.timeout(20):
        while not (rows := await scene.all_of(services, BillingMonth)):
            await asyncio.sleep(0.02)
    assert rows[-1].month < scene.NOW.date().replace(day=1)


def _make_due(session: Session) -> None:
    for job in session.exec(select(Job).where(Job.kind == "sweep")):
        job.run_at = scene.NOW - timedelta(days=1)


async def test_a_month_is_not_over_before_it_is_over_there(services: Services) -> None:
    await _community(services, timezone="America/Los_Angeles")
    assert await swept(services, datetime(2026, 8, 1, 6, 59, tzinfo=UTC)) == []
    assert len(await swept(services, datetime(2026, 8, 1, 7, 0, tzinfo=UTC))) == 1


@on_both
async def test_what_two_workers_close_is_closed_once(services: Services) -> None:
    first = await swept(services, at(8, 1))
    found = stored.Registered(99, 99)
    await services.storage.write(stored.close, 1, date(2026, 7, 1), found, now=at(8, 1))
    assert await scene.all_of(services, BillingMonth) == first


# For those who run the house


async def test_the_table_of_all_months(services: Services, robin: Actor) -> None:
    await joined(services, "1 Elm", at(9, 2))
    await swept(services, at(9, 10))
    file = await billing.export(services, robin, now=at(10, 2))
    assert file.name == "maple-court-billing.csv"
    assert file.content.decode("utf-8-sig").splitlines() == [
        '"Month","Households","Members","State"',
        '"2026-10","1","1","so far"',
        '"2026-09","1","1","so far"',
        '"2026-08","0","0","closed"',
        '"2026-07","0","0","closed"',
    ]
    assert [row.action for row in await scene.all_of(services, Audit)] == ["billing.exported"]


async def test_all_communities_of_a_month(services: Services) -> None:
    await scene.next_door(services)  # founded in this very month
    await joined(services, "1 Elm", at(9, 2))
    this, september = f"{scene.NOW:%Y-%m}", date(2026, 9, 1)

    async def table(month: date) -> list[str]:
        file = await billing.table(services, month, now=scene.NOW)
        return file.content.decode("utf-8-sig").splitlines()[1:]

    assert await table(scene.NOW.date().replace(day=1)) == [
        f'"1","Maple Court","{this}","1","1","so far"',
        f'"2","Birch Row","{this}","0","0","so far"',
    ]
    assert await table(september) == ['"1","Maple Court","2026-09","1","1","so far"']
    await swept(services, scene.NOW)
    assert await table(september) == ['"1","Maple Court","2026-09","1","1","closed"']
    assert await table(date(2020, 1, 1)) == []
    assert await table(date(2999, 1, 1)) == []
