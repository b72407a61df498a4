"""Workers share lanes: each job goes to one of them, and the rate is exact over all."""

import asyncio
import random
import threading
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import combinations

import pytest
from sqlmodel import Session, select

from storage import jobs, lanes
from storage.database import Storage
from storage.tables import Job, JobLane
from tests.storage.work import ask, look, row, settle, take

RATE, BURST = 50.0, 5


@asynccontextmanager
async def workers(url: str, count: int) -> AsyncIterator[list[Storage]]:
    """As many processes would: each with a storage of its own."""
    opened = [Storage.open(url) for _ in range(count)]
    yield opened
    await asyncio.gather(*(storage.close() for storage in opened))


async def test_every_job_goes_to_exactly_one_worker(database_url: str) -> None:
    done: Counter[str] = Counter()

    async def work(storage: Storage) -> None:
        while claimed := (await look(storage, limit=random.randint(1, 7))).jobs:
            for job in claimed:
                done[job.key] += 1
                await settle(storage, jobs.finish, job)

    async with workers(database_url, 2) as opened:
        keys = [f"deliver:{number}" for number in range(150)]
        await ask(opened[0], *keys)
        await asyncio.gather(*(work(storage) for storage in opened for _ in range(4)))
        assert done == Counter(keys)
        assert await opened[0].read(jobs.waiting) == 0


async def test_two_workers_together_keep_to_the_rate(database_url: str) -> None:
    async def work(storage: Storage) -> None:
        while True:
            claims = await look(storage, limit=4, per_second=RATE, burst=BURST)
            for job in claims.jobs:
                await settle(storage, jobs.finish, job)
            if claims.wait is None:
                return
            await asyncio.sleep(min(claims.wait, 0.05))

    async with workers(database_url, 2) as opened:
        await ask(opened[0], *(f"deliver:{number}" for number in range(80)))
        await asyncio.gather(*(work(storage) for storage in opened for _ in range(2)))
        started = await opened[0].read(_starts)
    assert len(started) == 80
    assert rate_violations(started) == []
    assert (started[-1] - started[0]).total_seconds() < 2 * 80 / RATE, "nor does it dawdle"


def _starts(session: Session) -> list[datetime]:
    return sorted(moment for moment in session.exec(select(Job.tried_at)) if moment)


def rate_violations(started: list[datetime]) -> list[tuple[int, float]]:
    """Windows in which more than `rate x length + burst` jobs began."""
    slips = timedelta(microseconds=len(started))  # each moment is kept to the microsecond
    return [
        (last - first + 1, (started[last] - started[first]).total_seconds())
        for first, last in combinations(range(len(started)), 2)
        if last - first + 1
        > RATE * (started[last] - started[first] + slips).total_seconds() + BURST
    ]


def test_a_violation_would_be_noticed() -> None:
    moment = datetime(2026, 5, 4)  # noqa: DTZ001 - only differences matter
    assert rate_violations([moment] * BURST) == []
    assert rate_violations([moment] * (BURST + 1)) == [(BURST + 1, 0.0)]


@pytest.mark.postgres
async def test_time_spent_waiting_for_the_lane_earns_no_credit(postgres_url: str) -> None:
    locked, may_go = threading.Event(), threading.Event()

    def hold(session: Session) -> None:
        session.exec(select(JobLane).with_for_update()).one()
        locked.set()
        assert may_go.wait(5)

    async with workers(postgres_url, 2) as (one, other):
        await ask(one, *(f"deliver:{number}" for number in range(20)))
        await look(one, limit=1, per_second=RATE, burst=BURST)
        holding = asyncio.create_task(one.write(hold))
        assert await asyncio.to_thread(locked.wait, 5)
        waiting = asyncio.create_task(other.write(lanes.claim, "email", limit=10,
            lease=timedelta(seconds=30), per_second=RATE, burst=BURST))  # fmt: skip
        await asyncio.sleep(0.5)
        may_go.set()
        await holding
        first = (await waiting).jobs
        second = (await look(other, per_second=RATE, burst=BURST)).jobs
        assert len(first) == BURST
        assert len(second) < BURST
        assert rate_violations(await one.read(_starts)) == []


async def test_a_burst_is_what_an_idle_lane_may_start_at_once(storage: Storage) -> None:
    await ask(storage, *(f"deliver:{number}" for number in range(20)))
    assert len((await look(storage, limit=20, per_second=0.5, burst=3)).jobs) == 3
    claims = await look(storage, limit=20, per_second=0.5, burst=3)
    assert claims.jobs == ()
    assert claims.wait is not None
    assert 1 < claims.wait <= 2, "the next one is due in 1 / rate seconds"


async def test_a_pause_holds_the_lane_in_every_worker_and_no_other(database_url: str) -> None:
    async with workers(database_url, 2) as (one, other):
        for rate in (None, RATE):
            lane = f"rate {rate}"
            await ask(one, f"first {lane}", f"second {lane}", lane=lane)
            slack = timedelta(seconds=(BURST - 1) / RATE if rate else 0)
            await one.write(lanes.pause, lane, seconds=0.6, slack=slack)
            for worker in (one, other):
                claims = await look(worker, lane=lane, per_second=rate, burst=BURST)
                assert claims.jobs == ()
                assert claims.wait is not None
                assert 0.2 < claims.wait <= 0.6
            await ask(one, f"elsewhere {rate}", lane="elsewhere")
            assert (await take(other, lane="elsewhere")).key == f"elsewhere {rate}"
            await asyncio.sleep(0.6)
            assert (await look(other, lane=lane, per_second=rate, burst=BURST)).jobs


async def test_a_shorter_pause_does_not_end_a_longer_one(storage: Storage) -> None:
    await ask(storage, "deliver:1")
    for seconds in (60, 1):
        await storage.write(lanes.pause, "email", seconds=seconds, slack=timedelta(0))
    claims = await look(storage)
    assert claims.jobs == ()
    assert claims.wait is not None
    assert claims.wait > 55


async def test_a_paused_job_is_not_a_tried_one(storage: Storage) -> None:
    await ask(storage, "deliver:1")
    await storage.write(lanes.pause, "email", seconds=60, slack=timedelta(0))
    await look(storage)
    assert (await row(storage, "deliver:1")).unconfirmed == 0
