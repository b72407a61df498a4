"""Simple rows to write and read: messages of the playground."""

from datetime import UTC, datetime

from sqlmodel import Session, col, func, select

from storage.tables import PlaygroundMessage

NOW = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)


def add(session: Session, words: str, *, key: str | None = None) -> PlaygroundMessage:
    """Write one."""
    row = PlaygroundMessage(channel="leader", author="bot", body={"text": words}, key=key, at=NOW)
    session.add(row)
    session.flush()
    return row


def words(session: Session) -> list[str]:
    """What is written, in order."""
    rows = session.exec(select(PlaygroundMessage).order_by(col(PlaygroundMessage.id)))
    return [row.body["text"] for row in rows]


def count(session: Session) -> int:
    """How many there are."""
    return session.exec(select(func.count()).select_from(PlaygroundMessage)).one()
