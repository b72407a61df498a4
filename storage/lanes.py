"""Lanes: which jobs may start now, at which rate over all workers, and who holds them.

A claim moves `run_at` by a lease and raises the fence; a killed worker's jobs are simply due again
when the lease is over. No reaper, no heartbeat, no leader. Time is the database's clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, Update, bindparam, func, select, update
from sqlmodel import Session, col

from storage.database import brief, clock, insert_into, leaves_work, run
from storage.tables import Job, JobLane

TIMER = "timer"  # the lane of what stays in the house


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job in a worker's hands until its lease ends."""

    id: int
    lane: str
    kind: str
    key: str
    args: Mapping[str, Any]
    community_id: int | None
    fence: int
    attempts: int  # tries that failed in a known way
    unconfirmed: int  # tries that began, this one included, and whose end nobody knows
    tried_at: datetime | None  # when the try before this one began
    created_at: datetime  # when it was asked for


@dataclass(frozen=True, slots=True)
class Claims:
    """What a claim gave, and when to look again."""

    jobs: tuple[Claimed, ...]
    wait: float | None  # seconds until the lane has something to start; None: nothing is due


@brief
def claim(
    session: Session,
    lane: str,
    *,
    limit: int,
    lease: timedelta,
    per_second: float | None,
    burst: int,
) -> Claims:
    """Take up to `limit` due jobs of the lane, as many as its rate allows now.

    The lane's row is locked, so the rate is exact over all workers (GCRA: a leaky bucket that
    needs one moment for its whole memory).
    """
    interval = timedelta(seconds=1 / per_second) if per_second else timedelta(0)
    slack = interval * (burst - 1)
    free_at = _lane(session, lane, lock=per_second is not None)
    now = clock(session)  # after the lock: time that was spent waiting for it is no credit
    opens_at = free_at - slack
    if opens_at > now:
        return Claims((), (opens_at - now).total_seconds())
    start = max(free_at, now)
    if interval:
        limit = min(limit, int((now + slack - start) / interval) + 1)
    jobs = _take(session, lane, limit=limit, until=now + lease, now=now)
    if jobs and interval:
        _set_lane(session, lane, start + interval * len(jobs))
    return Claims(jobs, _next_wait(session, lane, now))


def _lane(session: Session, lane: str, *, lock: bool) -> datetime:
    query = _free_at(lock=lock)
    free_at: datetime | None = run(session, query, {"lane": lane}).scalar_one_or_none()
    if free_at is None:
        statement = insert_into(session, JobLane).on_conflict_do_nothing(index_elements=["lane"])
        run(session, statement, {"lane": lane, "free_at": clock(session)})
        free_at = run(session, query, {"lane": lane}).scalar_one()
    return free_at


@cache
def _free_at(*, lock: bool) -> Select[Any]:
    query = select(col(JobLane.free_at)).where(col(JobLane.lane) == bindparam("lane"))
    return query.with_for_update() if lock else query


def _set_lane(session: Session, lane: str, free_at: datetime) -> None:
    run(session, _set_free_at(), {"the_lane": lane, "free": free_at})


@cache
def _set_free_at() -> Update:
    the_lane = col(JobLane.lane) == bindparam("the_lane")
    return update(JobLane).where(the_lane).values(free_at=bindparam("free"))


def _take(
    session: Session, lane: str, *, limit: int, until: datetime, now: datetime
) -> tuple[Claimed, ...]:
    due = run(session, _due(), {"lane": lane, "now": now, "most": limit}).all()
    if not due:
        return ()
    before = {row.id: row.tried_at for row in due}
    taken = run(session, _taking(), {"ids": list(before), "until": until, "now": now})
    claimed = (Claimed(lane=lane, tried_at=before[row.id], **row._mapping) for row in taken)
    return tuple(sorted(claimed, key=lambda job: job.id))


@cache
def _due() -> Any:
    return (
        select(col(Job.id), col(Job.tried_at))
        .where(
            col(Job.lane) == bindparam("lane"),
            col(Job.state) == "ready",
            col(Job.run_at) <= bindparam("now"),
        )
        .order_by(col(Job.run_at), col(Job.id))
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)  # other workers' picks; SQLite has one writer
    )


@cache
def _taking() -> Update:
    return (
        update(Job)
        .where(col(Job.id).in_(bindparam("ids", expanding=True)))
        .values(
            run_at=bindparam("until"),
            claimed=True,
            fence=Job.fence + 1,
            unconfirmed=Job.unconfirmed + 1,
            tried_at=bindparam("now"),
        )
        .returning(
            col(Job.id), col(Job.kind), col(Job.key), col(Job.args), col(Job.community_id),
            col(Job.fence), col(Job.attempts), col(Job.unconfirmed), col(Job.created_at),
        )
    )  # fmt: skip


def _next_wait(session: Session, lane: str, now: datetime) -> float | None:
    due: datetime | None = run(session, _first_due(), {"lane": lane}).scalar_one()
    return None if due is None else max(0.0, (due - now).total_seconds())


@cache
def _first_due() -> Select[Any]:
    query = select(func.min(Job.run_at)).where(col(Job.lane) == bindparam("lane"))
    return query.where(col(Job.state) == "ready")


def pause(
    session: Session, lane: str, *, seconds: float, slack: timedelta, exactly: bool = False
) -> None:
    """Let nothing of the lane start for so long, in no worker.

    Takes: exactly, whether this ends a longer pause; else the longer one counts.
    """
    free_at = _lane(session, lane, lock=True)
    until = clock(session) + timedelta(seconds=seconds) + slack
    _set_lane(session, lane, until if exactly else max(free_at, until))
    leaves_work(session, lane, due_in=seconds)
