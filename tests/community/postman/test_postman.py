"""The postman does each job once, harms no neighbour by another's fault, and ends in peace."""

import asyncio
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session

from bot.community.postman.failures import backoff
from bot.community.postman.ledger import GiveUp, Later, Record
from bot.ports import Services
from storage import jobs
from storage.database import Storage
from storage.jobs import NewJob
from storage.lanes import Claimed
from storage.tables import Job
from tests.community import scene
from tests.community.rounds import (
    at_work,
    delivery,
    house,
    invite,
    job,
    pass_time,
    round_made,
    shown,
)
from tests.community.scene import on_both

ROOT = Path(__file__).parents[2]
LENA = "lena@resident.example"


async def ask(services: Services, *keys: str, lane: str = "timer", **more: Any) -> None:
    """Ask for jobs of a kind that only this test knows."""
    wanted = [NewJob(key=key, lane=lane, kind="test", args={}, **more) for key in keys]
    await services.storage.write(jobs.enqueue, wanted)


def finished(claimed: Claimed) -> Record:
    def record(session: Session) -> None:
        jobs.finish(session, claimed)

    return record


async def states(services: Services) -> dict[str, str]:
    rows = await scene.all_of(services, Job)
    return {row.key: row.state for row in rows if row.kind == "test"}


@on_both
async def test_what_a_leader_asks_for_is_done_and_shown(opened: Storage) -> None:
    services = await house(opened)
    async with at_work(services):
        began = time.monotonic()
        await invite(services, LENA)
        async with asyncio.timeout(10):
            while not any("has been sent" in text for text in await shown(services)):
                await asyncio.sleep(0.02)
        assert time.monotonic() - began < 5
    assert (await delivery(services)).state == "sent"
    assert len(await shown(services)) == 1


@on_both
async def test_a_commit_wakes_the_postman_before_his_next_look(opened: Storage) -> None:
    services = await house(opened)
    waits: list[float] = []

    async def noted(services: Services, claimed: Claimed) -> Record:
        waits.append(time.monotonic())
        return finished(claimed)

    async with at_work(services, test=noted):
        await asyncio.sleep(1.2)  # everything is at rest, PostgreSQL's ear has connected
        for number in range(8):
            began = time.monotonic()
            await ask(services, f"job {number}")
            async with asyncio.timeout(5):
                while len(waits) <= number:
                    await asyncio.sleep(0.005)
            waits[number] -= began
    assert sorted(waits)[3] < 0.5, "polling alone would take half a second on average"


@on_both
async def test_a_fault_of_ours_is_tried_again_then_given_up_and_harms_no_neighbour(
    opened: Storage,
) -> None:
    services = await house(opened)
    tries: list[str] = []

    async def faulty(services: Services, claimed: Claimed) -> Record:
        tries.append(claimed.key)
        if claimed.key == "faulty":
            raise ZeroDivisionError
        return finished(claimed)

    await ask(services, "before", "faulty", "after")
    for _ in range(7):
        await round_made(services, test=faulty)
        await pass_time(services, hours=1)
    assert await states(services) == {"before": "done", "faulty": "dead", "after": "done"}
    assert [tries.count(key) for key in ("before", "faulty", "after")] == [1, 5, 1]
    given_up = await job(services, "test")
    assert (await _row(services, "faulty")).error.startswith("error "), "a reference to the log"
    assert given_up.error == ""


async def _row(services: Services, key: str) -> Job:
    return next(row for row in await scene.all_of(services, Job) if row.key == key)


async def test_a_letter_given_up_for_a_fault_of_ours_is_told_to_the_leader(
    opened: Storage,
) -> None:
    services = await house(opened)

    async def faulty(services: Services, claimed: Claimed) -> Record:
        raise ZeroDivisionError

    await invite(services, LENA)
    for _ in range(6):
        await round_made(services, deliver=faulty)
        await pass_time(services, hours=1)
    await round_made(services)
    error = (await job(services)).error
    assert (await delivery(services)).state == "failed"
    [receipt] = await shown(services)
    assert "Something went wrong on our side" in receipt
    assert error.removeprefix("error ") in receipt


async def test_an_outcome_that_cannot_be_recorded_does_not_repeat_what_was_done(
    opened: Storage,
) -> None:
    services = await house(opened)
    done: list[str] = []

    async def unrecordable(services: Services, claimed: Claimed) -> Record:
        done.append(claimed.key)

        def record(session: Session) -> None:
            jobs.finish(session, claimed)
            if claimed.key == "bad":
                raise ZeroDivisionError

        return record

    await ask(services, "good", "bad", "fine")
    await round_made(services, test=unrecordable)
    await pass_time(services, hours=1)
    await round_made(services, test=unrecordable)
    assert sorted(done) == ["bad", "fine", "good"]
    assert await states(services) == {"good": "done", "bad": "dead", "fine": "done"}
    assert "could not be recorded" in (await _row(services, "bad")).error


async def test_later_backs_off_and_is_given_up_in_the_end(opened: Storage) -> None:
    services = await house(opened)

    async def later(services: Services, claimed: Claimed) -> Record:
        raise Later("not now", after=600)

    await ask(services, "job")
    await round_made(services, test=later)
    row = await _row(services, "job")
    assert (row.state, row.attempts, row.error) == ("ready", 1, "not now")
    assert timedelta(minutes=8) < row.run_at - datetime.now(UTC) <= timedelta(minutes=10)
    await pass_time(services, hours=25)
    await round_made(services, test=later)
    assert (await _row(services, "job")).state == "dead"


async def test_what_can_never_be_done_is_given_up_at_once(opened: Storage) -> None:
    services = await house(opened)

    async def never(services: Services, claimed: Claimed) -> Record:
        raise GiveUp("channel gone")

    await ask(services, "job")
    await round_made(services, test=never)
    row = await _row(services, "job")
    assert (row.state, row.error, row.attempts) == ("dead", "channel gone", 0)


def test_backing_off_disperses_crowds() -> None:
    waits = [backoff((10, 100), tries).total_seconds() for tries in (0, 1, 9) for _ in range(200)]
    assert all(7.5 <= wait <= 12.5 for wait in waits[:200])
    assert all(75 <= wait <= 125 for wait in waits[200:])
    assert max(waits[:200]) - min(waits[:200]) > 3


async def test_a_job_ends_before_its_lease_does(opened: Storage) -> None:
    services = await house(opened)
    cancelled: list[float] = []

    async def endless(services: Services, claimed: Claimed) -> Record:
        began = time.monotonic()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(time.monotonic() - began)
            raise
        return finished(claimed)

    await ask(services, "job")
    await round_made(services, lease=3, test=endless)
    assert cancelled
    assert max(cancelled) < 3
    assert (await _row(services, "job")).unconfirmed >= 1, "nobody knows how far it came"


async def test_nobody_works_beside_somebody_who_holds_the_job(opened: Storage) -> None:
    services = await house(opened)
    at_once: list[int] = []
    running = 0

    async def slow(services: Services, claimed: Claimed) -> Record:
        nonlocal running
        running += 1
        at_once.append(running)
        await asyncio.sleep(0.1)
        running -= 1
        return finished(claimed)

    chat = services.chats["playground"]
    await ask(services, *(f"job {number}" for number in range(40)), lane=f"chat:{chat.name}")
    async with at_work(services, test=slow), at_work(services, test=slow):
        async with asyncio.timeout(20):
            while set((await states(services)).values()) != {"done"}:
                await asyncio.sleep(0.05)
    assert len(at_once) == 40, "each job once"
    assert 2 <= max(at_once) <= 2 * chat.pace.at_once, "so many in each of two workers"


async def test_told_to_stop_he_finishes_what_is_under_way_and_begins_nothing(
    opened: Storage,
) -> None:
    services = await house(opened)
    begun: list[str] = []

    async def slow(services: Services, claimed: Claimed) -> Record:
        begun.append(claimed.key)
        await asyncio.sleep(0.5)
        return finished(claimed)

    await ask(services, *(f"job {number}" for number in range(40)), lane="chat:playground")
    async with at_work(services, test=slow):
        while not begun:
            await asyncio.sleep(0.01)
    done = [key for key, state in (await states(services)).items() if state == "done"]
    assert sorted(done) == sorted(begun)
    assert len(begun) < 40


def test_sigterm_ends_a_worker_in_peace(sqlite_url: str) -> None:
    environment = {
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": sqlite_url,
        "SECRET_KEY": "a secret of the tests alone, 32+ bytes",
    }
    command = [sys.executable, "-m", "bot", "worker"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as worker:
        assert worker.stderr is not None
        assert "worker.started" in worker.stderr.readline()
        worker.send_signal(signal.SIGTERM)
        _, said = worker.communicate(timeout=30)
    assert worker.returncode == 0, said
    assert "Traceback" not in said


async def test_there_is_one_sweep_a_day_however_often_he_starts(opened: Storage) -> None:
    services = await house(opened)
    for _ in range(3):
        async with at_work(services), asyncio.timeout(10):
            while any(row.run_at <= datetime.now(UTC) for row in await _waiting_sweeps(services)):
                await asyncio.sleep(0.02)
    assert len(await _waiting_sweeps(services)) == 1, await scene.all_of(services, Job)
    [next_one] = await _waiting_sweeps(services)
    assert next_one.run_at.hour == 3
    assert timedelta(0) < next_one.run_at - datetime.now(UTC) <= timedelta(days=1, hours=3)


async def _waiting_sweeps(services: Services) -> list[Job]:
    rows = await scene.all_of(services, Job)
    return [row for row in rows if (row.kind, row.state) == ("sweep", "ready")]
