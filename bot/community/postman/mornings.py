"""Mornings: what is done once a day in each community, by its own clock.

The daily sweep writes a job for today and one for tomorrow, keyed by community and day, so that a
change of the clocks neither skips nor doubles one; a leader who changes the hour or the time zone
moves those that wait. A house that was off then does it when it comes up, unless it is too late.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.community.postman.ledger import Record
from storage import communities, jobs, mornings
from storage.database import clock
from storage.jobs import NewJob, enqueue
from storage.lanes import TIMER, Claimed
from storage.tables import Community

Do = Callable[[Session, Community, datetime], None]


@dataclass(frozen=True, slots=True)
class Daily:
    """Something that is done once a day."""

    kind: str  # of its job
    hour: Callable[[Community], int | None]  # of the day there; None: never
    late: timedelta  # after which it is left for another day


DIGEST = Daily("digest", lambda community: community.digest_hour, timedelta(hours=4))
# Ten is no hour at which a text wakes anybody, and leaves the day for a house that comes up late.
REMIND = Daily("remind", lambda community: 10 if community.reminders else None, timedelta(hours=9))
_ALL = (DIGEST, REMIND)


def plan(session: Session, those: Iterable[Community], *, now: datetime) -> None:
    """Ask for what is to be done today and tomorrow; asked for again, it is done once."""
    enqueue(session, [job for community in those for job in _jobs(community, now=now)])


def replan(session: Session, community: Community, *, now: datetime) -> None:
    """The same, after its hours or its time zone have changed: what waits is moved."""
    for job in _jobs(community, now=now):
        enqueue(session, [job])
        mornings.move(session, job.key, job.run_at or now)


def _jobs(community: Community, *, now: datetime) -> Iterator[NewJob]:
    zone = ZoneInfo(community.timezone)
    today = now.astimezone(zone).date()
    for daily in _ALL:
        for day in (today, today + timedelta(days=1)):
            at = moment(community, daily, day)
            is_new = day <= community.created_at.astimezone(zone).date()  # nothing to tell yet
            if at is not None and now < at + daily.late and not is_new:
                yield NewJob(
                    key=f"{daily.kind}:{community.id}:{day}",
                    lane=TIMER,
                    kind=daily.kind,
                    args={"community": community.id, "day": day.isoformat()},
                    community_id=community.id,
                    run_at=at,
                )


def moment(community: Community, daily: Daily, day: date) -> datetime | None:
    """When it is due on that day, there; None when it is switched off."""
    hour = daily.hour(community)
    zone = ZoneInfo(community.timezone)
    return None if hour is None else datetime.combine(day, time(hour), zone)


def in_turn(
    job: Claimed, daily: Daily, do: Callable[[Session, Community, datetime], None]
) -> Record:
    """Do what is done once a day for the job's community: now, later today, or not any more."""

    def record(session: Session) -> None:
        now = clock(session)
        whose = turn(session, job, daily, now=now)
        if isinstance(whose, timedelta):
            jobs.put_off(session, job, after=whose, error="not yet")
            return
        if whose is not None:
            do(session, whose, now)
        jobs.finish(session, job)

    return record


def turn(
    session: Session, job: Claimed, daily: Daily, *, now: datetime
) -> Community | timedelta | None:
    """Whose turn it is, or how long until then; None when it was missed, or is off."""
    community = communities.get(session, int(job.args["community"]))
    at = moment(community, daily, date.fromisoformat(job.args["day"]))
    if at is None or now >= at + daily.late:
        return None
    return community if now >= at else at - now
