"""Undos: what a change did to each row, so that it can be taken back while the rows are as it left
them.

A change is kept as {"table", "key", "before", "after"}, the last three columns and their values. A
row that was dropped has no "after".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Table, and_, bindparam, delete, exists, insert, select, true, update
from sqlmodel import Session, SQLModel, col
from sqlmodel import select as sqlmodel_select

from storage.database import changed, run, table_of
from storage.tables import Undo
from storage.types import UTCDateTime

Change = dict[str, Any]


@dataclass(frozen=True)
class Changes:
    """What one transaction has changed so far; rows are changed through it, so it knows."""

    session: Session
    kept: list[Change] = field(default_factory=list)

    def set(self, row: SQLModel, **values: Any) -> None:
        """Give the row these values."""
        before = {name: getattr(row, name) for name in values}
        for name, value in values.items():
            setattr(row, name, value)
        self.session.flush()
        self._keep(row, before=before, after=values)

    def drop(self, row: SQLModel) -> None:
        """Delete the row."""
        self._keep(row, before=row.model_dump(), after=None)
        self.session.delete(row)
        self.session.flush()

    def _keep(
        self, row: SQLModel, *, before: Mapping[str, Any], after: Mapping[str, Any] | None
    ) -> None:
        table = table_of(type(row))
        key = {column.name: getattr(row, column.name) for column in table.primary_key}
        self.kept.append(
            {
                "table": table.name,
                "key": _written(key),
                "before": _written(before),
                "after": None if after is None else _written(after),
            }
        )


def _written(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as JSON has them."""
    return {name: _in_json(value) for name, value in values.items()}


def _in_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value


def _read(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values again, as the table's columns have them."""
    return {name: _from_json(table.c[name].type, value) for name, value in values.items()}


def _from_json(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, UTCDateTime):
        return datetime.fromisoformat(value)
    return bytes.fromhex(value) if kind.python_type is bytes else value


def keep(changes: Changes, community_id: int, *, leader_id: int, words: str, now: datetime) -> int:
    """Keep what was changed; gives the number by which it can be taken back."""
    row = Undo(
        community_id=community_id,
        leader_id=leader_id,
        words=words,
        changes=changes.kept,
        created_at=now,
    )
    changes.session.add(row)
    changes.session.flush()
    return row.id


def get(session: Session, community_id: int, undo_id: int) -> Undo | None:
    """What was kept, if it belongs to this community."""
    row = session.get(Undo, undo_id)
    return row if row is not None and row.community_id == community_id else None


def newest(session: Session, community_id: int, *, since: datetime, limit: int) -> list[Undo]:
    """What was changed since then and not taken back, newest first."""
    query = sqlmodel_select(Undo).where(
        Undo.community_id == community_id,
        col(Undo.created_at) > since,
        col(Undo.taken_at).is_(None),
    )
    return list(session.exec(query.order_by(col(Undo.id).desc()).limit(limit)))


def claim(session: Session, undo_id: int, *, now: datetime) -> bool:
    """Take it back, if nobody did. One row changed: you won."""
    mine = (col(Undo.id) == undo_id, col(Undo.taken_at).is_(None))
    return changed(session, update(Undo).where(*mine).values(taken_at=now)) > 0


def restore(session: Session, change: Change) -> bool:
    """Make the row what it was, if it still is what it became. Gives whether it was."""
    table = SQLModel.metadata.tables[change["table"]]
    before = _read(table, change["before"])
    if change["after"] is None:
        _put_back(session, table, before)
        return True
    still = [table.c[name] == value for name, value in _read(table, change["key"]).items()]
    still += [
        table.c[name].is_not_distinct_from(value)
        for name, value in _read(table, change["after"]).items()
    ]
    return changed(session, update(table).where(and_(*still)).values(before)) == 1


def _put_back(session: Session, table: Table, values: Mapping[str, Any]) -> None:
    """Insert the row again, unless it is there, or what it was about is gone."""
    key = and_(*(column == values[column.name] for column in table.primary_key))
    there = [
        exists().where(reference.column == values[column.name])
        for column in table.columns
        for reference in column.foreign_keys
        if values[column.name] is not None
    ]
    row = select(*(bindparam(name, values[name], table.c[name].type) for name in values))
    missing = ~exists().where(key)
    run(session, insert(table).from_select(list(values), row.where(true(), missing, *there)))


def current(session: Session, change: Change) -> dict[str, tuple[Any, Any]]:
    """What the row has now where it is not what it became: column -> (became, is now)."""
    table = SQLModel.metadata.tables[change["table"]]
    became = _read(table, change["after"])
    key = [table.c[name] == value for name, value in _read(table, change["key"]).items()]
    now = run(session, select(*(table.c[name] for name in became)).where(*key)).one()
    return {
        name: (became[name], value) for name, value in now._mapping.items() if value != became[name]
    }


def forget(session: Session, *, before: datetime) -> None:
    """Forget what was kept before then."""
    changed(session, delete(Undo).where(col(Undo.created_at) < before))
