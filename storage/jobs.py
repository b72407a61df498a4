"""The job table: everything that happens after a commit.

Who may start which job is in `lanes.py`; only the holder of the newest fence may finish one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    Executable,
    Update,
    bindparam,
    case,
    delete,
    func,
    select,
    true,
    update,
)
from sqlmodel import Session, col

from storage.database import (
    brief,
    changed,
    clock,
    dialect_of,
    insert_by,
    leaves_work,
    run,
)
from storage.lanes import Claimed
from storage.tables import Job
from storage.types import UTCDateTime


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be written."""

    key: str  # asked for twice under one key is done once
    lane: str
    kind: str
    args: Mapping[str, Any]
    community_id: int | None = None
    run_at: datetime | None = None  # None: now


@brief
def enqueue(session: Session, jobs: Iterable[NewJob]) -> None:
    """Write the jobs; those whose key is known already are left as they are."""
    _write(session, _enqueue(dialect_of(session)), jobs)


def _write(session: Session, statement: Executable, jobs: Iterable[NewJob]) -> None:
    now = clock(session)
    rows = [_row(job, now) for job in jobs]
    if not rows:
        return
    run(session, statement, rows)
    for row in rows:
        leaves_work(session, row["lane"], due_in=(row["run_at"] - now).total_seconds())


@cache
def _enqueue(dialect: str) -> Any:
    return insert_by(dialect, Job).on_conflict_do_nothing(index_elements=["key"])


def enqueue_again(session: Session, jobs: Iterable[NewJob]) -> None:
    """Write the jobs, or make known ones run once more: one run for many requests.

    A job that is running now runs again when it has finished, never beside itself, so that the
    newest state is shown last.
    """
    # In one order in every transaction, so that no two wait for each other.
    in_order = sorted(jobs, key=attrgetter("key"))
    _write(session, _enqueue_again(dialect_of(session)), in_order)


@cache
def _enqueue_again(dialect: str) -> Any:
    statement = insert_by(dialect, Job)
    new = statement.excluded
    waiting = (col(Job.state) == "ready") & ~col(Job.claimed)
    running = (col(Job.state) == "ready") & col(Job.claimed)
    soonest = case(
        (running, Job.run_at),
        (waiting & (col(Job.run_at) < new.run_at), Job.run_at),
        else_=new.run_at,
    )
    return statement.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "state": "ready",
            "run_at": soonest,
            "created_at": case((running | waiting, Job.created_at), else_=new.created_at),
            "again": case((running, true()), else_=False),
            "claimed": case((running, true()), else_=False),
            "attempts": case((running | waiting, Job.attempts), else_=0),
            "unconfirmed": case((running, Job.unconfirmed), else_=0),
        },
    )


def _row(job: NewJob, now: datetime) -> dict[str, Any]:
    return {
        "key": job.key,
        "lane": job.lane,
        "kind": job.kind,
        "args": dict(job.args),
        "community_id": job.community_id,
        "run_at": job.run_at or now,
        "created_at": now,
        "state": "ready",
        "claimed": False,
        "again": False,
        "fence": 0,
        "attempts": 0,
        "unconfirmed": 0,
        "error": "",
    }


def finish(session: Session, job: Claimed, *, again_after: timedelta = timedelta(0)) -> bool:
    """The job is done. Gives whether it was still ours to finish.

    Takes: again_after, how long it rests when it was asked for once more meanwhile.
    """
    values = _finished(job, clock(session), again_after)
    return bool(run(session, _finish(), values).rowcount)


def finish_all(
    session: Session, done: Sequence[Claimed], *, again_after: timedelta = timedelta(0)
) -> None:
    """The same for several, as far as they were still ours to finish."""
    now = clock(session)
    run(session, _finish(), [_finished(job, now, again_after) for job in done])


def _finished(job: Claimed, now: datetime, again_after: timedelta) -> dict[str, Any]:
    return {
        "the_job": job.id,
        "the_fence": job.fence,
        "now": now,
        "next_at": now + again_after,
    }


@cache
def _finish() -> Update:
    now = bindparam("now", type_=UTCDateTime)
    return (
        update(Job)
        .where(
            col(Job.id) == bindparam("the_job"),
            col(Job.fence) == bindparam("the_fence"),
            col(Job.state) == "ready",
        )
        .values(
            state=case((col(Job.again), "ready"), else_="done"),
            run_at=bindparam("next_at", type_=UTCDateTime),
            created_at=case((col(Job.again), now), else_=Job.created_at),
            claimed=False,
            again=False,
            attempts=0,
            unconfirmed=0,
            error="",
            finished_at=now,
        )
    )


def retry(
    session: Session,
    job: Claimed,
    *,
    after: timedelta,
    error: str,
    counts: bool = True,
    unconfirmed: int = 0,
) -> bool:
    """The job failed and is due again. `unconfirmed` tries may have worked."""
    return _settle(
        session,
        job,
        run_at=clock(session) + after,
        again=False,
        attempts=Job.attempts + int(counts),
        error=error,
        unconfirmed=unconfirmed,
    )


def put_off(session: Session, job: Claimed, *, after: timedelta, error: str) -> bool:
    """The job was not even tried this time, and is due again as if nobody had claimed it."""
    return _settle(
        session,
        job,
        run_at=clock(session) + after,
        again=False,
        error=error,
        unconfirmed=job.unconfirmed - 1,
        tried_at=job.tried_at,
    )


def put_back(session: Session, job: Claimed, *, error: str) -> bool:
    """The job keeps its place in the line: it is due since it was asked for."""
    return _settle(session, job, run_at=Job.created_at, again=False, error=error, unconfirmed=0)


def hold(session: Session, job: Claimed, *, error: str) -> bool:
    """The job was not even tried, and waits until somebody releases it."""
    return _settle(
        session,
        job,
        state="held",
        again=False,
        error=error,
        unconfirmed=job.unconfirmed - 1,
        tried_at=job.tried_at,
    )


def held(session: Session, community_id: int) -> int:
    """How many of a community's jobs are held."""
    where = (col(Job.community_id) == community_id, col(Job.state) == "held")
    return session.scalars(select(func.count()).select_from(Job).where(*where)).one()


def release(session: Session, community_id: int, lane: str) -> int:
    """Let a community's held jobs of the lane take their place in line again. Gives how many."""
    rows = changed(
        session,
        update(Job)
        .where(
            col(Job.community_id) == community_id, col(Job.lane) == lane, col(Job.state) == "held"
        )
        .values(state="ready", run_at=Job.created_at, error=""),
    )
    if rows:
        leaves_work(session, lane, due_in=0)
    return rows


def bury(session: Session, job: Claimed, *, error: str) -> bool:
    """The job is given up; it stays visible as dead and can be revived."""
    return _settle(session, job, state="dead", error=error, finished_at=clock(session))


def _settle(session: Session, job: Claimed, **values: Any) -> bool:
    rows = changed(
        session,
        update(Job)
        .where(col(Job.id) == job.id, col(Job.fence) == job.fence, col(Job.state) == "ready")
        .values(claimed=False, **values),
    )
    return bool(rows)


def cancel(session: Session, keys: Iterable[str]) -> None:
    """Take back jobs that no worker holds; one that is under way finishes."""
    changed(
        session,
        update(Job)
        .where(
            col(Job.key).in_(list(keys)), col(Job.state).in_(["ready", "held"]), ~col(Job.claimed)
        )
        .values(state="done", finished_at=clock(session), error="cancelled"),
    )


def revive(
    session: Session, community_id: int, lane: str, *, only: Sequence[int] | None = None
) -> int:
    """Try the lane's dead jobs of a community again from the start, or only some of them.

    Gives: how many there were.
    """
    now = clock(session)
    rows = changed(
        session,
        update(Job)
        .where(
            col(Job.community_id) == community_id,
            col(Job.lane) == lane,
            col(Job.state) == "dead",
            true() if only is None else col(Job.id).in_(only),
        )
        .values(state="ready", attempts=0, unconfirmed=0, run_at=now, created_at=now),
    )
    if rows:
        leaves_work(session, lane, due_in=0)
    return rows


def dead(session: Session, community_id: int) -> list[Job]:
    """The jobs that were given up, newest first."""
    query = select(Job).where(col(Job.community_id) == community_id, col(Job.state) == "dead")
    return list(session.scalars(query.order_by(col(Job.id).desc()).limit(100)))


def waiting(session: Session) -> int:
    """How many jobs are not finished."""
    query = select(func.count()).select_from(Job).where(col(Job.state) == "ready")
    return session.scalars(query).one()


def forget_finished(session: Session, *, before: datetime) -> None:
    """Delete jobs that were done before this moment. Dead ones stay until somebody looks."""
    changed(session, delete(Job).where(col(Job.state) == "done", col(Job.finished_at) < before))
