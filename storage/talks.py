"""Conversations by which forms are filled in, where a chat has no forms of its own."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col

from storage.database import brief, changed, insert_into
from storage.tables import Talk


@brief
def get(session: Session, chat: str, speaker: str) -> Talk | None:
    """What somebody is being asked."""
    return session.get(Talk, (chat, speaker))


@brief
def put(
    session: Session,
    chat: str,
    speaker: str,
    *,
    key: str,
    form: dict[str, Any],
    filled: dict[str, str],
    step: int,
    now: datetime,
) -> None:
    """Ask somebody this from now on, in place of what they were asked before."""
    values = {"key": key, "form": form, "filled": filled, "step": step, "at": now}
    statement = insert_into(session, Talk).values(chat=chat, speaker=speaker, **values)
    session.execute(
        statement.on_conflict_do_update(index_elements=["chat", "speaker"], set_=values)
    )


@brief
def end(session: Session, chat: str, speaker: str) -> bool:
    """Ask somebody nothing any more. Gives whether they were asked anything."""
    where = (col(Talk.chat) == chat, col(Talk.speaker) == speaker)
    return changed(session, delete(Talk).where(*where)) > 0


def forget(session: Session, *, before: datetime) -> None:
    """Forget what nobody finished."""
    changed(session, delete(Talk).where(col(Talk.at) < before))
