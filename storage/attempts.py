"""How often limited things were tried, by the hour, so that a restart forgets nothing."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import Session, col, select

from storage.database import brief, changed, insert_into
from storage.tables import Attempt


@brief
def count(session: Session, sources: Iterable[str], *, now: datetime) -> dict[str, int]:
    """Count one more try of each source; give the numbers of the present hour."""
    hour = _hour(now)
    numbers = {}
    for source in sorted(sources):  # in one order, so that two at once never wait for each other
        statement = insert_into(session, Attempt).values(source=source, hour=hour, count=1)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["source", "hour"], set_={"count": Attempt.count + 1}
            )
        )
        numbers[source] = session.exec(
            select(Attempt.count).where(Attempt.source == source, Attempt.hour == hour)
        ).one()
    return numbers


def forget(session: Session, *, before: datetime) -> None:
    """Delete the numbers of hours that are over."""
    changed(session, delete(Attempt).where(col(Attempt.hour) < before))


def _hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)


def hour_ends_in(now: datetime) -> int:
    """Seconds until the numbers start afresh."""
    return int((_hour(now) + timedelta(hours=1) - now).total_seconds()) + 1
