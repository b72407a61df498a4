"""Mornings: once a day in each community, by its own clock, and never twice."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from bot.community.postman import mornings
from bot.community.postman.mornings import DIGEST
from bot.ports import Services
from storage import communities, jobs
from storage.lanes import TIMER, Claimed
from storage.tables import Community, Job
from tests.community import scene
from tests.community.scene import on_both

FOUNDED = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def change(services: Services, **values: Any) -> None:
    """Maple Court is older, and as it is said here."""

    def change(session: Session) -> None:
        community = communities.get(session, 1)
        for name, value in {"created_at": FOUNDED, **values}.items():
            setattr(community, name, value)

    await services.storage.write(change)


async def plan(services: Services, now: datetime) -> None:
    """The sweep asks for what the days bring."""
    await services.storage.write(
        lambda session: mornings.plan(session, communities.every(session), now=now)
    )


async def planned(services: Services, kind: str = "digest") -> list[str]:
    """What waits, as moments in UTC."""
    rows = await scene.jobs(services, kind)
    return sorted(f"{row.run_at:%m-%d %H:%M}" for row in rows)


def whose(services: Services, job: Job, now: datetime) -> Community | timedelta | None:
    """Whose turn it is at this moment."""
    claimed = Claimed(job.id, TIMER, job.kind, job.key, job.args, 1, 1, 0, 1, None, job.created_at)
    return services.storage.read_now(
        lambda session: mornings.turn(session, claimed, DIGEST, now=now)
    )


@on_both
async def test_it_comes_at_its_hour_there_however_the_clocks_are_changed(
    services: Services,
) -> None:
    await change(services, timezone="Europe/Madrid")
    for day in (27, 28, 29, 30):  # on 29 March 2026 clocks go forward
        for hour in (3, 9):
            await plan(services, datetime(2026, 3, day, hour, tzinfo=UTC))
    assert await planned(services) == [
        "03-27 07:00", "03-28 07:00", "03-29 06:00", "03-30 06:00", "03-31 06:00",
    ]  # fmt: skip


async def test_an_hour_that_is_skipped_or_comes_twice_is_one_moment(services: Services) -> None:
    await change(services, timezone="Europe/Madrid", digest_hour=2)
    for day in (date(2026, 3, 29), date(2026, 10, 25)):
        await plan(services, datetime(day.year, day.month, day.day, tzinfo=UTC))
    assert await planned(services) == ["03-29 01:00", "03-30 00:00", "10-25 00:00", "10-26 01:00"]


async def test_nothing_is_planned_where_it_is_off_or_on_the_first_day(services: Services) -> None:
    await plan(services, scene.NOW - timedelta(hours=5))
    assert len(await planned(services)) == 1  # tomorrow's; it was founded today
    assert await planned(services, "remind") == []
    await change(services, digest_hour=None)
    await plan(services, scene.NOW + timedelta(days=9))
    assert len(await planned(services)) == 1


@on_both
async def test_a_changed_hour_moves_what_waits_and_never_doubles(services: Services) -> None:
    await change(services)
    at_seven = datetime(2026, 5, 4, 7, tzinfo=UTC)
    await plan(services, at_seven)
    assert await planned(services) == ["05-04 08:00", "05-05 08:00"]

    async def move(hour: int | None, zone: str, now: datetime) -> None:
        await change(services, digest_hour=hour, timezone=zone)
        await services.storage.write(
            lambda session: mornings.replan(session, communities.get(session, 1), now=now)
        )

    await move(18, "UTC", at_seven)
    assert await planned(services) == ["05-04 18:00", "05-05 18:00"]
    await move(18, "America/New_York", at_seven)
    assert await planned(services) == ["05-04 22:00", "05-05 22:00"]
    await services.storage.write(_done, "digest:1:2026-05-04")
    await move(9, "UTC", at_seven)
    assert await planned(services) == ["05-05 09:00"]


def _done(session: Session, key: str) -> None:
    jobs.cancel(session, [key])


@pytest.mark.parametrize(
    ("hour", "minute", "expected"),
    [(7, 30, timedelta(minutes=30)), (8, 0, "turn"), (11, 59, "turn"), (12, 0, None)],
)
async def test_a_house_that_was_off_makes_up_until_noon(
    services: Services, hour: int, minute: int, expected: object
) -> None:
    await change(services)
    await plan(services, datetime(2026, 5, 4, 3, tzinfo=UTC))
    (job, _) = await scene.jobs(services, "digest")
    found = whose(services, job, datetime(2026, 5, 4, hour, minute, tzinfo=UTC))
    assert ("turn" if isinstance(found, Community) else found) == expected
    await change(services, digest_hour=None)
    assert whose(services, job, datetime(2026, 5, 4, hour, minute, tzinfo=UTC)) is None
