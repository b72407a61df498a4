"""Failures: what becomes of a job that could not be done, this time or ever."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from sqlmodel import Session

from bot.community.postman.ledger import GiveUp, Later, Record
from bot.ports import Pace
from storage import jobs, lanes
from storage.database import DatabaseAway
from storage.lanes import Claimed

GaveUp = Callable[[Session, Claimed, str], None]  # tells people why a job will not be done

_BUGS = 5  # tries of a job that fails for a reason of ours
_AWAY = timedelta(seconds=1)  # until a database that was away is asked again
_CHANCE = secrets.SystemRandom()
_JITTER = 0.25

log = structlog.get_logger()


def backoff(delays: tuple[float, ...], attempts_so_far: int) -> timedelta:
    """How long to wait before the next try: the delays in order, ±25 % so that crowds disperse."""
    delay = delays[min(attempts_so_far, len(delays) - 1)]
    return timedelta(seconds=delay * _CHANCE.uniform(1 - _JITTER, 1 + _JITTER))


def outcome(job: Claimed, pace: Pace, error: Exception, tell: GaveUp) -> Record:
    """What a job's failure comes to."""
    match error:
        case GiveUp():
            return buried(job, error.error, tell)
        case Later():
            after = backoff(pace.delays, job.attempts)
            if error.after is not None:
                after = timedelta(seconds=error.after)
            if datetime.now(UTC) - job.created_at > pace.give_up:
                return buried(job, error.error, tell)
            return _postponed(job, pace, after, error)
        case DatabaseAway():
            return _interrupted(job, _AWAY, "database away", counts=False)
        case _:
            reference = secrets.token_hex(4)
            log.error("postman.job_failed", job=job.id, kind=job.kind, reference=reference,
                      exc_info=error)  # fmt: skip
            if job.attempts + 1 >= _BUGS:
                return buried(job, f"error {reference}", tell)
            after = backoff(pace.delays, job.attempts)
            return _interrupted(job, after, f"error {reference}")


def buried(job: Claimed, error: str, tell: GaveUp) -> Record:
    """It will not be done, and whoever waits for it is told."""

    def record(session: Session) -> None:
        log.warning("postman.gave_up", job=job.id, kind=job.kind, error=error)
        if jobs.bury(session, job, error=error):
            tell(session, job, error)

    return record


def tell_nobody(session: Session, job: Claimed, error: str) -> None:
    """Nobody waits for this job."""


def _interrupted(job: Claimed, after: timedelta, error: str, *, counts: bool = True) -> Record:
    """Nobody knows how far it came, so the next try has to look first."""

    def record(session: Session) -> None:
        unconfirmed = job.unconfirmed
        jobs.retry(session, job, after=after, error=error, counts=counts, unconfirmed=unconfirmed)

    return record


def _postponed(job: Claimed, pace: Pace, after: timedelta, later: Later) -> Record:
    def record(session: Session) -> None:
        if later.pause:
            pause_lane(session, job.lane, pace, after.total_seconds())
        jobs.retry(session, job, after=after, error=later.error)

    return record


def pause_lane(
    session: Session, lane: str, pace: Pace, seconds: float, *, exactly: bool = False
) -> None:
    """Let nothing of the lane start for so long, in no worker.

    Takes: exactly, whether this ends a longer pause.
    """
    slack = (pace.burst - 1) / pace.per_second if pace.per_second else 0.0
    lanes.pause(session, lane, seconds=seconds, slack=timedelta(seconds=slack), exactly=exactly)
