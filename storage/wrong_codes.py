"""How many unknown codes came from where, by the hour, so that a restart forgets nothing."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import Session, col, select

from storage.database import changed, insert_into
from storage.tables import WrongCode

EVERYBODY = "all"


def count(session: Session, source: str, *, now: datetime) -> int:
    """Count one more wrong code from this source and from everybody; give the source's number."""
    hour = _hour(now)
    for who in (source, EVERYBODY):
        statement = insert_into(session, WrongCode).values(source=who, hour=hour, count=1)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["source", "hour"], set_={"count": WrongCode.count + 1}
            )
        )
    return seen(session, source, now=now)


def seen(session: Session, source: str, *, now: datetime) -> int:
    """How many wrong codes came from this source in the present hour."""
    query = select(WrongCode.count).where(WrongCode.source == source, WrongCode.hour == _hour(now))
    return session.exec(query).first() or 0


def forget(session: Session, *, before: datetime) -> None:
    """Delete the counts of hours that are over."""
    changed(session, delete(WrongCode).where(col(WrongCode.hour) < before))


def _hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)


def hour_ends_in(now: datetime) -> int:
    """Seconds until the counts start afresh."""
    return int((_hour(now) + timedelta(hours=1) - now).total_seconds()) + 1
