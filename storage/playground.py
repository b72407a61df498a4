"""What the playground's chat shows: the platform's own memory, kept here so that it survives."""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, Update, bindparam, select, update
from sqlmodel import Session, col

from storage.database import brief, dialect_of, insert_by, run
from storage.tables import PlaygroundMessage


@brief
def add(
    session: Session,
    *,
    channel: str,
    author: str,
    body: dict[str, Any],
    key: str | None = None,
    now: datetime,
) -> int:
    """Show a message; the same key is shown once. Gives the message's id."""
    message = {"channel": channel, "author": author, "body": body, "key": key, "at": now}
    new_id: int | None = run(session, _add(dialect_of(session)), message).scalar_one_or_none()
    if new_id is None:
        new_id = run(session, _by_key(), {"key": key}).scalar_one()
    return new_id


@cache
def _add(dialect: str) -> Any:
    statement = insert_by(dialect, PlaygroundMessage)
    return statement.on_conflict_do_nothing(index_elements=["key"]).returning(
        col(PlaygroundMessage.id)
    )


@cache
def _by_key() -> Select[Any]:
    return select(col(PlaygroundMessage.id)).where(col(PlaygroundMessage.key) == bindparam("key"))


@brief
def edit(session: Session, message_id: int, *, body: dict[str, Any], now: datetime) -> bool:
    """Replace a message's content. Gives whether it is there."""
    values = {"the_message": message_id, "body": body, "edited_at": now}
    return bool(run(session, _edit(), values).rowcount)


@cache
def _edit() -> Update:
    return (
        update(PlaygroundMessage)
        .where(col(PlaygroundMessage.id) == bindparam("the_message"))
        .values(body=bindparam("body"), edited_at=bindparam("edited_at"))
    )


def newest(session: Session, *, limit: int) -> list[PlaygroundMessage]:
    """The newest messages, oldest first."""
    query = select(PlaygroundMessage).order_by(col(PlaygroundMessage.id).desc()).limit(limit)
    return list(session.scalars(query))[::-1]
