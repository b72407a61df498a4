"""Asking for jobs, claiming them, and letting time pass by moving rows."""

from datetime import timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from storage import jobs, lanes
from storage.database import Storage, changed
from storage.jobs import NewJob
from storage.lanes import Claimed, Claims
from storage.tables import Job

LEASE = timedelta(seconds=30)


def new(key: str, *, lane: str = "email", **more: Any) -> NewJob:
    """A job to ask for."""
    return NewJob(key=key, lane=lane, kind="deliver", args={"delivery": 1}, **more)


async def ask(storage: Storage, *keys: str, **more: Any) -> None:
    """Ask for jobs with these keys."""
    await storage.write(jobs.enqueue, [new(key, **more) for key in keys])


async def look(storage: Storage, *, lane: str = "email", **how: Any) -> Claims:
    """Claim, as a worker does."""
    wanted = {"limit": 10, "lease": LEASE, "per_second": None, "burst": 1, **how}
    return await storage.write(lanes.claim, lane, **wanted)


async def take(storage: Storage, **how: Any) -> Claimed:
    """Claim the one job there is."""
    [job] = (await look(storage, **how)).jobs
    return job


async def settle(storage: Storage, what: Any, job: Claimed, **how: Any) -> bool:
    """Finish, retry, put off or bury it."""
    done: bool = await storage.write(what, job, **how)
    return done


async def row(storage: Storage, key: str) -> Job:
    """The job with this key, as it stands."""
    query = select(Job).where(Job.key == key)
    return await storage.read(lambda session: session.exec(query).one())


async def pass_time(storage: Storage, **units: float) -> None:
    """Let all jobs, and the leases on them, grow older."""
    span = timedelta(**units)

    def shift(session: Session) -> None:
        rows = session.exec(select(Job.id, Job.run_at, Job.created_at, Job.tried_at)).all()
        for job_id, run_at, created_at, tried_at in rows:
            moments = {
                "run_at": run_at - span,
                "created_at": created_at - span,
                "tried_at": tried_at and tried_at - span,
            }
            changed(session, update(Job).where(col(Job.id) == job_id).values(**moments))

    await storage.write(shift)
