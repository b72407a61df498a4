"""One job for many requests: it runs once more after each, and never beside itself."""

from datetime import UTC, datetime, timedelta

from storage import jobs
from storage.database import Storage
from tests.storage.work import LEASE, look, new, pass_time, row, settle, take

SOON = timedelta(milliseconds=400)
KEY = "receipt:1"


async def ask_again(storage: Storage, *, within: timedelta = SOON) -> None:
    run_at = datetime.now(UTC) + within
    await storage.write(jobs.enqueue_again, [new(KEY, run_at=run_at)])


async def test_many_requests_are_one_run_as_soon_as_the_first_asked(storage: Storage) -> None:
    await ask_again(storage)
    first = (await row(storage, KEY)).run_at
    for _ in range(20):
        await ask_again(storage)
    assert (await row(storage, KEY)).run_at == first, "later requests do not push it away"
    await pass_time(storage, seconds=1)
    await settle(storage, jobs.finish, await take(storage))
    assert (await look(storage)).wait is None


async def test_a_request_that_cannot_wait_brings_it_forward(storage: Storage) -> None:
    await ask_again(storage, within=timedelta(hours=1))
    await ask_again(storage, within=timedelta(0))
    assert (await take(storage)).key == KEY


async def test_asked_for_while_it_runs_it_runs_again_but_never_beside_itself(
    storage: Storage,
) -> None:
    await ask_again(storage, within=timedelta(0))
    running = await take(storage)
    for _ in range(3):
        await ask_again(storage, within=timedelta(0))
    assert (await look(storage)).jobs == ()
    assert await settle(storage, jobs.finish, running)
    again = await take(storage)
    assert again.fence > running.fence
    await settle(storage, jobs.finish, again)
    assert (await look(storage)).wait is None, "three requests, one more run"


async def test_asked_for_again_after_it_was_done_it_runs_with_all_its_time(
    storage: Storage,
) -> None:
    for end in (jobs.finish, jobs.bury):
        await ask_again(storage, within=timedelta(0))
        job = await take(storage)
        await settle(storage, end, job, **({} if end is jobs.finish else {"error": "gone"}))
        await pass_time(storage, days=3)
    await ask_again(storage, within=timedelta(0))
    job = await take(storage)
    assert (job.attempts, job.unconfirmed) == (0, 1)
    assert datetime.now(UTC) - job.created_at < timedelta(minutes=1)


async def test_asked_for_while_it_waits_for_a_retry_it_keeps_its_count(storage: Storage) -> None:
    await ask_again(storage, within=timedelta(0))
    job = await take(storage)
    asked_at = (await row(storage, KEY)).created_at
    await settle(storage, jobs.retry, job, after=timedelta(minutes=5), error="down")
    await ask_again(storage)
    await pass_time(storage, seconds=1)
    job = await take(storage)
    assert job.attempts == 1
    assert job.created_at == asked_at - timedelta(seconds=1)


async def test_asked_for_while_a_dead_worker_holds_it_the_request_is_kept(
    storage: Storage,
) -> None:
    await ask_again(storage, within=timedelta(0))
    await take(storage)
    await ask_again(storage)
    await pass_time(storage, seconds=LEASE.total_seconds())
    job = await take(storage)
    assert job.unconfirmed == 2
    await settle(storage, jobs.finish, job)
    assert (await take(storage)).key == KEY
