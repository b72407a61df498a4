"""The database behind two calls, `read` and `write`.

Both run a plain synchronous function of a SQLModel `Session`, as a rule in a thread; a write is one
transaction, so no network can slip into it. On SQLite changes share commits (`group_commit.py`); on
PostgreSQL each is a transaction of its own on a pooled connection. On both a change must be ready
to run twice. What differs between the two databases lives here and in `engines.py` only.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import psycopg
from sqlalchemy import (
    Connection,
    CursorResult,
    Engine,
    Executable,
    Table,
    UpdateBase,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session, SQLModel

from storage.engines import CONNECTIONS, READERS
from storage.engines import make_engine as make_engine
from storage.group_commit import WORK, GroupCommit, add_work, session_on
from storage.group_commit import DatabaseAway as DatabaseAway
from storage.group_commit import Work as Work

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

_SNAPSHOT = {"isolation_level": "REPEATABLE READ"}  # all that one read sees is of one moment
_CHANNEL = "porchlight"
# Two workers that lock the same rows in another order: PostgreSQL undoes one, which tries again.
_TRY_AGAIN = {"40001", "40P01"}


def brief(function: F) -> F:
    """Mark a query or change that takes a millisecond at most, however much is stored.

    On SQLite it runs in the event loop's own thread: a handful of look-ups by index cost less than
    the way into another thread and back.
    """
    function.is_brief = True  # type: ignore[attr-defined]  # a mark; `_is_brief` looks for it
    return function


class Storage:
    """An open database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._snapshots = engine if self.is_sqlite else engine.execution_options(**_SNAPSHOT)
        self._threads = ThreadPoolExecutor(
            READERS if self.is_sqlite else CONNECTIONS, thread_name_prefix="storage"
        )
        self._listeners: list[Callable[[Work], None]] = []
        self._closing = threading.Event()
        self._group_commit = GroupCommit(engine, self._tell) if self.is_sqlite else None
        self._ear: threading.Thread | None = None

    @classmethod
    def open(cls, url: str) -> "Storage":
        """Open the database of this URL. Does not connect yet, and does not migrate."""
        return cls(make_engine(url))

    async def read(
        self, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `query(session, ...)` on one snapshot and give what it gives."""
        if self._closing.is_set():
            raise DatabaseAway

        def run(session: Session) -> T:
            return query(session, *args, **kwargs)

        if self.is_sqlite and _is_brief(query):
            return self.read_now(run)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self.read_now, run)

    async def write(
        self, change: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `change(session, ...)` as one transaction, on disk before this returns.

        Raises: whatever `change` raises, after rolling back; DatabaseAway.
        """
        if self._closing.is_set():
            raise DatabaseAway

        def run(session: Session) -> T:
            return change(session, *args, **kwargs)

        if self._group_commit is not None:
            return await self._group_commit.write(run, is_brief=_is_brief(change))
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._write_alone, run)

    def on_work(self, listener: Callable[[Work], None]) -> None:
        """Call `listener` (in any thread) after a commit that left work, in any process."""
        self._listeners.append(listener)
        if not self.is_sqlite and self._ear is None:
            self._ear = threading.Thread(target=self._listen, name="storage-ear", daemon=True)
            self._ear.start()

    async def close(self) -> None:
        """Finish what was asked for, then let go of the database."""
        self._closing.set()
        self._listeners.clear()
        if self._group_commit is not None:
            await self._group_commit.close()
        await asyncio.to_thread(self._threads.shutdown)
        if self._ear is not None:
            await asyncio.to_thread(self._ear.join)
        self.engine.dispose()

    # Reading

    def read_now(self, query: Callable[[Session], T]) -> T:
        """Run `query(session)` in this very thread: before the loop runs, or in a thread of it."""
        try:
            with self._snapshots.connect() as connection, session_on(connection) as session:
                return query(session)
        except OperationalError as error:
            raise DatabaseAway from error

    # Writing on PostgreSQL

    def _write_alone(self, change: Callable[[Session], T]) -> T:
        for last in (False, False, True):
            try:
                with self.engine.begin() as connection, session_on(connection) as session:
                    result = change(session)
                    session.flush()
                    if work := session.info.get(WORK):
                        run(session, select(func.pg_notify(_CHANNEL, json.dumps(work))))
                    return result
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) in _TRY_AGAIN and not last:
                    continue
                if isinstance(error, OperationalError):
                    raise DatabaseAway from error
                raise
        raise AssertionError("unreachable")

    def _listen(self) -> None:
        """Turn other processes' notifications into calls; the workers' poll covers its absences."""
        url = self.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        while not self._closing.wait(0):
            try:
                with psycopg.connect(url, autocommit=True) as connection:
                    connection.execute(f"LISTEN {_CHANNEL}")
                    while not self._closing.is_set():
                        for notice in connection.notifies(timeout=0.5, stop_after=1):
                            self._tell(json.loads(notice.payload))
            except psycopg.OperationalError:
                self._closing.wait(1)

    # Telling of work

    def _tell(self, work: Work) -> None:
        for listener in tuple(self._listeners):
            listener(work)


def _is_brief(function: Callable[..., Any]) -> bool:
    return getattr(function, "is_brief", False)


def leaves_work(session: Session, lane: str, *, due_in: float) -> None:
    """Note that this transaction leaves a job on the lane, so that its commit tells the postman.

    Takes: due_in, seconds until the job is due.
    """
    add_work(session.info.setdefault(WORK, {}), {lane: due_in})


def clock(session: Session) -> datetime:
    """The database's clock, so that workers on several machines agree. Aware UTC."""
    if dialect_of(session) == "sqlite":
        return datetime.now(UTC)  # the file and we live on one machine
    moment: datetime = run(session, _now()).scalar_one()
    return moment.astimezone(UTC)


@cache
def _now() -> Any:
    return select(func.clock_timestamp())


def changed(session: Session, statement: UpdateBase) -> int:
    """Run an INSERT, UPDATE or DELETE; give how many rows it changed.

    Rows that the session holds already are not refreshed: read after writing, not before.
    """
    # psycopg's count for an INSERT is lost with its cursor unless it is asked for.
    options = {"synchronize_session": False, "preserve_rowcount": True}
    result = session.execute(statement, execution_options=options)
    return cast("CursorResult[Any]", result).rowcount


@contextmanager
def rehearsed(session: Session) -> Iterator[None]:
    """See what would come of changes: at the end of this `with` they never happened."""
    with session.connection().begin_nested() as trial:
        try:
            yield
        finally:
            trial.rollback()


def run(session: Session, statement: Executable, values: Any = None) -> CursorResult[Any]:
    """Run a prepared statement in the session's transaction, beside the ORM.

    For the few paths that a crowd takes: what the session holds is neither flushed nor refreshed.
    """
    return cast("Connection", session.bind).execute(statement, values)


def table_of(model: type[SQLModel]) -> Table:
    """The table behind a model."""
    table: Table = model.__table__  # type: ignore[attr-defined]  # SQLModel adds it unseen
    return table


def dialect_of(session: Session) -> str:
    """Which database this is: "sqlite" or "postgresql"."""
    return session.get_bind().dialect.name


def insert_into(session: Session, table: type[SQLModel]) -> Any:
    """An INSERT that knows ON CONFLICT; the construct's methods are alike on both databases."""
    return insert_by(dialect_of(session), table)


def insert_by(dialect: str, table: type[SQLModel]) -> Any:
    """The same, to be prepared before there is a session."""
    return (sqlite if dialect == "sqlite" else postgresql).insert(table)


def ping(session: Session) -> None:
    """Raise unless the database answers."""
    session.execute(text("SELECT 1"))
