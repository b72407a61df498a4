"""Roster files that leaders gave: kept while they are read, until they are applied or a day old."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, or_, select, update
from sqlmodel import Session, col

from storage.database import changed, run
from storage.tables import Receipt, RosterDraft


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a file has come; without the file, which may be large."""

    id: int
    community_id: int
    leader_id: int
    file_name: str
    state: str
    row_count: int
    done_count: int
    outcome: Mapping[str, Any]


def add(session: Session, draft: RosterDraft) -> RosterDraft:
    """Keep a file until its leader says Add."""
    session.add(draft)
    session.flush()
    return draft


def standing(session: Session, draft_id: int) -> Standing | None:
    """How far the file has come."""
    row: Any = run(session, _standing(), {"the_draft": draft_id}).one_or_none()
    return None if row is None else Standing(*row)


@cache
def _standing() -> Any:
    return select(
        col(RosterDraft.id),
        col(RosterDraft.community_id),
        col(RosterDraft.leader_id),
        col(RosterDraft.file_name),
        col(RosterDraft.state),
        col(RosterDraft.row_count),
        col(RosterDraft.done_count),
        col(RosterDraft.outcome),
    ).where(col(RosterDraft.id) == bindparam("the_draft"))


def content(session: Session, draft_id: int) -> bytes:
    """The file; empty once it was applied, cancelled or forgotten."""
    return _bytes(session, col(RosterDraft.content), draft_id)


def checked(session: Session, draft_id: int) -> bytes:
    """What was read of it, as `bot.community.rosters.lines` packs it; empty in the same way."""
    return _bytes(session, col(RosterDraft.checked), draft_id)


def _bytes(session: Session, column: Any, draft_id: int) -> bytes:
    query = select(column).where(col(RosterDraft.id) == draft_id)
    return bytes(run(session, query).scalar_one() or b"")


def read_on(session: Session, draft_id: int, *, since: int, piece: bytes, done: int) -> bool:
    """Keep one more piece that was read.

    Takes: since, how many rows had been read before; done, how many are by now.
    Gives: whether nobody else had read that piece meanwhile.
    """
    so_far = _mine(draft_id, "reading", col(RosterDraft.done_count) == since)
    longer = checked(session, draft_id) + piece
    return bool(changed(session, so_far.values(checked=longer, done_count=done)))


def move(session: Session, draft_id: int, was: str, state: str, **values: Any) -> bool:
    """Let the file be in the next state. Gives whether it was in the one before: only one moves it.

    Takes: values, other columns that change with it.
    """
    return bool(changed(session, _mine(draft_id, was).values(state=state, **values)))


def _mine(draft_id: int, state: str, *where: Any) -> Any:
    one = (col(RosterDraft.id) == draft_id, col(RosterDraft.state) == state)
    return update(RosterDraft).where(*one, *where)


def receipt_of(session: Session, draft_id: int) -> int | None:
    """The message that shows how far the file has come, if there is one."""
    query = select(col(Receipt.id)).where(col(Receipt.roster_draft_id) == draft_id)
    found: int | None = run(session, query).scalars().one_or_none()
    return found


def die_with(session: Session, leader_id: int) -> list[int]:
    """Cancel the files of somebody who leads no more that are not applied, nor on their way.

    Gives: their numbers.
    """
    theirs = col(RosterDraft.leader_id) == leader_id
    waiting = col(RosterDraft.state).in_(["reading", "ready", "broken"])
    ids = list(session.scalars(select(col(RosterDraft.id)).where(theirs, waiting)))
    gone: dict[str, Any] = {"state": "cancelled", "content": None, "checked": None}
    changed(session, update(RosterDraft).where(col(RosterDraft.id).in_(ids), waiting).values(gone))
    return ids


def forget(session: Session, *, before: datetime) -> None:
    """Forget the files that were given before this moment, and what they said of people."""
    old = col(RosterDraft.created_at) < before
    left = or_(col(RosterDraft.content).is_not(None), col(RosterDraft.checked).is_not(None))
    unfinished = col(RosterDraft.state).not_in(["applied", "cancelled", "failed"])
    changed(session, update(RosterDraft).where(old, unfinished).values(state="cancelled"))
    empty: dict[str, Any] = {"content": None, "checked": None, "outcome": {}}
    changed(session, update(RosterDraft).where(old, left).values(empty))
