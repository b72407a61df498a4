"""A job is asked for once, held by one worker at a time, and never lost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from storage import communities, jobs
from storage.database import Storage
from storage.tables import Community
from tests.storage.work import LEASE, ask, look, new, pass_time, row, settle, take

SECOND = timedelta(seconds=1)


class Mistaken(Exception):
    """The change thinks better of it."""


async def test_a_job_is_written_with_what_it_is_about_or_not_at_all(storage: Storage) -> None:
    def thinks_better(session: Session) -> None:
        jobs.enqueue(session, [new("deliver:1")])
        raise Mistaken

    with pytest.raises(Mistaken):
        await storage.write(thinks_better)
    assert (await look(storage)).jobs == ()


async def test_asked_for_twice_is_done_once(storage: Storage) -> None:
    await ask(storage, "deliver:1", "deliver:1")
    await ask(storage, "deliver:1")
    job = await take(storage)
    assert (job.key, job.args, job.attempts, job.unconfirmed) == (
        "deliver:1", {"delivery": 1}, 0, 1,
    )  # fmt: skip
    assert await settle(storage, jobs.finish, job)
    await ask(storage, "deliver:1")
    assert (await look(storage)).jobs == (), "what was done is not done again"


async def test_a_job_is_done_when_it_is_due_and_not_before(storage: Storage) -> None:
    await ask(storage, "later", run_at=datetime.now(UTC) + timedelta(hours=1))
    claims = await look(storage)
    assert claims.jobs == ()
    assert claims.wait is not None
    assert 3590 < claims.wait <= 3600, "the worker hears when to look again"
    await pass_time(storage, hours=1)
    assert (await take(storage)).key == "later"


async def test_what_is_due_longest_goes_first(storage: Storage) -> None:
    now = datetime.now(UTC)
    for key, age in (("new", 1), ("oldest", 9), ("old", 5)):
        await ask(storage, key, run_at=now - timedelta(seconds=age))
    order = [(await take(storage, limit=1)).key for _ in range(3)]
    assert order == ["oldest", "old", "new"]


async def test_lanes_do_not_see_each_other(storage: Storage) -> None:
    await ask(storage, "one", lane="email")
    await ask(storage, "other", lane="text")
    assert [job.key for job in (await look(storage, lane="text")).jobs] == ["other"]
    assert [job.key for job in (await look(storage, lane="email")).jobs] == ["one"]


async def test_a_dead_workers_job_is_taken_over_when_its_lease_ends(storage: Storage) -> None:
    await ask(storage, "deliver:1")
    lost = await take(storage)
    claims = await look(storage)
    assert claims.jobs == ()
    assert claims.wait is not None
    assert 0 < claims.wait <= LEASE.total_seconds()
    await pass_time(storage, seconds=LEASE.total_seconds())
    taken_over = await take(storage)
    assert (taken_over.id, taken_over.unconfirmed, taken_over.attempts) == (lost.id, 2, 0)
    assert taken_over.fence > lost.fence
    assert taken_over.tried_at is not None, "it is known when the try before began"


@pytest.mark.parametrize("end", ["finish", "retry", "put off", "bury"])
async def test_who_lost_the_lease_changes_nothing(storage: Storage, end: str) -> None:
    ways: dict[str, tuple[Any, dict[str, Any]]] = {
        "finish": (jobs.finish, {}),
        "retry": (jobs.retry, {"after": 9 * SECOND, "error": "late"}),
        "put off": (jobs.put_off, {"after": 9 * SECOND, "error": "late"}),
        "bury": (jobs.bury, {"error": "late"}),
    }
    what, how = ways[end]
    await ask(storage, "deliver:1")
    lost = await take(storage)
    await pass_time(storage, seconds=LEASE.total_seconds())
    taken_over = await take(storage)
    before = await row(storage, "deliver:1")
    assert not await settle(storage, what, lost, **how)
    assert (await row(storage, "deliver:1")).model_dump() == before.model_dump()
    assert await settle(storage, jobs.finish, taken_over)
    assert (await row(storage, "deliver:1")).state == "done"
    assert not await settle(storage, what, taken_over, **how), "and done is done"


async def test_a_retry_counts_and_waits(storage: Storage) -> None:
    await ask(storage, "deliver:1")
    job = await take(storage)
    await settle(storage, jobs.retry, job, after=60 * SECOND, error="450")
    claims = await look(storage)
    assert claims.jobs == ()
    assert claims.wait is not None
    assert 55 < claims.wait <= 60
    await pass_time(storage, seconds=60)
    again = await take(storage)
    assert (again.attempts, again.unconfirmed) == (1, 1), "how the last try ended is known"
    await settle(storage, jobs.retry, again, after=SECOND, error="lost", unconfirmed=1)
    await pass_time(storage, seconds=1)
    assert (await take(storage)).unconfirmed == 2


async def test_what_was_put_off_was_never_tried(storage: Storage) -> None:
    await ask(storage, "deliver:1")
    first = await take(storage)
    await pass_time(storage, seconds=LEASE.total_seconds())
    second = await take(storage)
    await settle(storage, jobs.put_off, second, after=9 * SECOND, error="too early")
    await pass_time(storage, seconds=9)
    third = await take(storage)
    assert (third.unconfirmed, third.attempts) == (second.unconfirmed, second.attempts)
    assert first.tried_at is None
    assert second.tried_at is not None
    assert third.tried_at == second.tried_at - 9 * SECOND, "the only real try, grown older"


async def test_given_up_stays_visible_and_can_be_revived(storage: Storage) -> None:
    mine, theirs = await storage.write(_two_communities)
    await ask(storage, "announce:1", lane="chat:playground", community_id=mine)
    await ask(storage, "announce:2", lane="chat:playground", community_id=theirs)
    for job in (await look(storage, lane="chat:playground")).jobs:
        await settle(storage, jobs.bury, job, error="channel gone")
    await pass_time(storage, days=3)
    assert (await look(storage, lane="chat:playground")).jobs == ()
    assert [(job.key, job.error) for job in await storage.read(jobs.dead, mine)] == [
        ("announce:1", "channel gone")
    ]
    assert await storage.write(jobs.revive, mine, "chat:slack") == 0
    assert await storage.write(jobs.revive, mine, "chat:playground") == 1
    revived = await take(storage, lane="chat:playground")
    assert (revived.key, revived.attempts, revived.unconfirmed) == ("announce:1", 0, 1)
    assert datetime.now(UTC) - revived.created_at < timedelta(hours=1), "and has all its time again"


def _two_communities(session: Session) -> tuple[int, int]:
    now = datetime.now(UTC)
    rows = [Community(name=n, slug=n, welcome="", created_at=now) for n in ("mine", "theirs")]
    return communities.add(session, rows[0]).id, communities.add(session, rows[1]).id


async def test_only_what_nobody_holds_can_be_taken_back(storage: Storage) -> None:
    await ask(storage, "held")
    held = await take(storage)
    await ask(storage, "waiting", "other")
    await storage.write(jobs.cancel, ["held", "waiting", "unknown"])
    assert [job.key for job in (await look(storage)).jobs] == ["other"]
    assert (await row(storage, "waiting")).state == "done"
    assert await settle(storage, jobs.finish, held)


async def test_finished_jobs_are_forgotten_and_dead_ones_kept(storage: Storage) -> None:
    await ask(storage, "done", "dead", "waiting")
    for job in (await look(storage)).jobs:
        if job.key == "done":
            await settle(storage, jobs.finish, job)
        if job.key == "dead":
            await settle(storage, jobs.bury, job, error="why")
    await storage.write(jobs.forget_finished, before=datetime.now(UTC) - timedelta(days=30))
    assert (await row(storage, "done")).state == "done"
    await storage.write(jobs.forget_finished, before=datetime.now(UTC) + SECOND)
    assert await storage.read(jobs.waiting) == 1
    assert (await row(storage, "dead")).state == "dead"
    await ask(storage, "done")
    assert (await take(storage)).key == "done", "its key is free again"
