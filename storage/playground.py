"""What the playground's chat shows: the platform's own memory, kept here so that it survives."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from storage.database import changed, insert_into
from storage.tables import PlaygroundMessage


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
    statement = insert_into(session, PlaygroundMessage).values(
        channel=channel, author=author, body=body, key=key, at=now
    )
    session.execute(statement.on_conflict_do_nothing(index_elements=["key"]))
    query = select(PlaygroundMessage.id)
    if key is not None:
        query = query.where(PlaygroundMessage.key == key)
    return session.exec(query.order_by(col(PlaygroundMessage.id).desc()).limit(1)).one()


def edit(session: Session, message_id: int, *, body: dict[str, Any], now: datetime) -> bool:
    """Replace a message's content. Gives whether it is there."""
    rows = changed(
        session,
        update(PlaygroundMessage)
        .where(col(PlaygroundMessage.id) == message_id)
        .values(body=body, edited_at=now),
    )
    return bool(rows)


def newest(session: Session, *, limit: int) -> list[PlaygroundMessage]:
    """The newest messages, oldest first."""
    query = select(PlaygroundMessage).order_by(col(PlaygroundMessage.id).desc()).limit(limit)
    return list(session.exec(query))[::-1]
