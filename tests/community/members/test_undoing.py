"""Taking back: once, within a day, by any leader, and never over what has happened since."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from bot.community.actors import Actor
from bot.community.members import membership, moving, undoing
from bot.community.members.changing import Done
from bot.community.members.undoing import ChangedSince, NoSuchChange, TakenBack
from bot.ports import Services
from storage import undos
from storage.tables import Audit, Household, Member, Undo
from tests.community import scene
from tests.community.scene import NOW, on_both

PEOPLE = ((1, "Ana", True), (1, "Bob", False), (1, "Cleo", False), (2, "Dae", True))


@pytest.fixture
async def homes(services: Services) -> None:
    """Ana, Bob and Cleo in Elm Street, Dae in Oak Lane."""

    def change(session: Session) -> None:
        for address in ("1 Elm St", "2 Oak Ln"):
            home = Household(
                community_id=1, address=address, address_key=address.lower(), created_at=NOW
            )
            session.add(home)
            session.flush()
        for home_id, name, is_head in PEOPLE:
            session.add(
                Member(
                    community_id=1,
                    household_id=home_id,
                    name=name,
                    is_head=is_head,
                    email=f"{name}@example.net",
                    joined_at=NOW,
                )
            )
            session.flush()

    await services.storage.write(change)


async def back(services: Services, who: Actor, done: Done, **later: float) -> str:
    """Take a change back, some time later."""
    now = NOW + timedelta(**later)
    return await undoing.take_back(services, who, done.undo_id, now=now)


async def member(services: Services, number: int) -> Member:
    """The member's row."""
    return (await scene.all_of(services, Member))[number - 1]


@on_both
async def test_of_two_leaders_at_the_same_moment_one_wins(
    services: Services, robin: Actor, homes: None
) -> None:
    sam = await scene.second_leader(services)
    done = await moving.move(services, robin, 2, "2", now=NOW)
    outcomes = await asyncio.gather(
        *(back(services, who, done) for who in (robin, sam) * 4), return_exceptions=True
    )
    assert sum(outcome == done.words for outcome in outcomes) == 1
    assert sum(isinstance(outcome, TakenBack) for outcome in outcomes) == 7
    rows = await scene.all_of(services, Audit)
    assert [row.action for row in rows if row.action == "change.taken_back"] == [
        "change.taken_back"
    ]
    assert (await member(services, 2)).household_id == 1


@on_both
async def test_leaders_who_change_one_member_at_once_leave_one_state(
    services: Services, robin: Actor, homes: None
) -> None:
    sam = await scene.second_leader(services)
    await asyncio.gather(
        moving.move(services, robin, 1, "2", now=NOW),
        membership.make_head(services, sam, 3, now=NOW),
        moving.move(services, sam, 2, "2", now=NOW),
        membership.make_head(services, robin, 4, now=NOW),
        return_exceptions=True,
    )
    rows = [row for row in await scene.all_of(services, Member) if row.removed_at is None]
    for home in {row.household_id for row in rows}:
        assert sum(row.is_head for row in rows if row.household_id == home) == 1


@on_both
async def test_a_day_later_nothing_is_taken_back(
    services: Services, robin: Actor, homes: None
) -> None:
    done = await membership.rename(services, robin, 2, "Robert", now=NOW)
    with pytest.raises(NoSuchChange):
        await back(services, robin, done, hours=24)
    assert await back(services, robin, done, hours=23, minutes=59) == done.words
    await services.storage.write(undos.forget, before=NOW + timedelta(seconds=1))
    assert await scene.all_of(services, Undo) == []


SINCE: list[tuple[tuple[Any, ...], tuple[Any, ...], str]] = [  # the change, what followed, why not
    (
        (membership.rename, 2, "Robert"),
        (membership.rename, 2, "Bobby"),
        "member #2 is called Bobby now",
    ),
    (
        (moving.move, 2, "2"),
        (moving.move, 2, "3 Ash Rd"),
        "Bob lives at 3 Ash Rd now; Bob is the head of the household now",
    ),
    (
        (moving.also, 1, "3 Ash Rd"),
        (membership.remove, 5),
        "Ana is no longer a member now",
    ),
    ((membership.suspend, 2), (membership.let_back, 2), "Bob is not suspended now"),
    (
        (membership.make_head, 2),
        (membership.make_head, 3),
        "Bob is not the head of the household now",
    ),
]


@on_both
@pytest.mark.parametrize(("change", "then", "why"), SINCE)
async def test_what_has_changed_since_is_said_and_kept(
    services: Services,
    robin: Actor,
    homes: None,
    change: tuple[Any, ...],
    then: tuple[Any, ...],
    why: str,
) -> None:
    done = await change[0](services, robin, *change[1:], now=NOW)
    await then[0](services, robin, *then[1:], now=NOW + timedelta(seconds=1))
    before = await scene.all_of(services, Member)
    with pytest.raises(ChangedSince) as refused:
        await back(services, robin, done)
    assert refused.value.facts["why"] == why
    assert await scene.all_of(services, Member) == before
    assert (await scene.all_of(services, Undo))[0].taken_at is None


@on_both
async def test_an_address_that_another_household_has_by_now_stays_with_it(
    services: Services, robin: Actor, homes: None
) -> None:
    done = await moving.correct(services, robin, 1, "9 Ash Rd", now=NOW)
    await moving.correct(services, robin, 2, "1 Elm St", now=NOW)
    with pytest.raises(ChangedSince) as refused:
        await back(services, robin, done)
    assert "household #2 is at 1 Elm St now" in refused.value.words


async def test_only_leaders_of_the_community_take_it_back(
    services: Services, robin: Actor, homes: None
) -> None:
    noor = await scene.next_door(services)
    done = await membership.rename(services, robin, 2, "Robert", now=NOW)
    with pytest.raises(NoSuchChange):
        await back(services, noor, done)
    assert await back(services, await scene.second_leader(services), done) == done.words


@on_both
async def test_changes_are_taken_back_in_the_order_that_was_said_last_first(
    services: Services, robin: Actor, homes: None
) -> None:
    before = await scene.all_of(services, Member)
    done = [
        await membership.make_head(services, robin, 2, now=NOW),
        await moving.merge(services, robin, 2, "1", head=2, now=NOW),
        await membership.remove(services, robin, 2, now=NOW),
    ]
    for one in reversed(done):
        await back(services, robin, one)
    assert await scene.all_of(services, Member) == before
