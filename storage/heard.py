"""What was heard already, so that a platform's repetition never acts twice."""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col

from storage.database import brief, changed, dialect_of, insert_by, run
from storage.tables import Heard


@brief
def once(session: Session, key: str, *, now: datetime) -> bool:
    """Note that this was heard. Gives whether it was heard for the first time."""
    row = run(session, _once(dialect_of(session)), {"key": key, "at": now}).one_or_none()
    return row is not None


@cache
def _once(dialect: str) -> Any:
    statement = insert_by(dialect, Heard).on_conflict_do_nothing(index_elements=["key"])
    return statement.returning(col(Heard.key))


def knows(session: Session, key: str) -> bool:
    """Whether this was heard already. Notes nothing."""
    return session.get(Heard, key) is not None


@brief
def forget_one(session: Session, key: str) -> None:
    """It may be heard again: nothing was done."""
    changed(session, delete(Heard).where(col(Heard.key) == key))


def forget(session: Session, *, before: datetime) -> None:
    """Forget what nobody repeats any more."""
    changed(session, delete(Heard).where(col(Heard.at) < before))
