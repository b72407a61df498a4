"""The database behind two calls, `read` and `write`.

Both run a plain synchronous function of a SQLModel `Session` in a thread; a write is one
transaction, so no network can slip into it. On SQLite one writer thread takes the waiting changes
together: one COMMIT, then all are answered (group commit); when one of several fails, all are made
anew with a savepoint each. On PostgreSQL each change is a transaction of its own on a pooled
connection. On both a change must be ready to run twice. What differs between the two databases
lives in this file only.
"""

import asyncio
import json
import queue
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import psycopg
from sqlalchemy import (
    URL,
    Connection,
    CursorResult,
    Engine,
    Executable,
    Table,
    UpdateBase,
    create_engine,
    event,
    func,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session, SQLModel

P = ParamSpec("P")
T = TypeVar("T")
Work = Mapping[str, float]  # lane -> seconds until its new job is due

_BATCH = 128  # changes in one group commit: bounds how long the first one waits
_READERS = 4  # SQLite reads are short; more threads only fight for the interpreter
_CONNECTIONS = 10  # PostgreSQL connections of one process
_SNAPSHOT = {"isolation_level": "REPEATABLE READ"}  # all that one read sees is of one moment
_CONNECT = 10  # seconds for PostgreSQL to answer at all
_CHANNEL = "porchlight"
_WORK = "work"  # a session's note that its transaction left work for the postman
# Two workers that lock the same rows in another order: PostgreSQL undoes one, which tries again.
_TRY_AGAIN = {"40001", "40P01"}


class DatabaseAway(Exception):
    """The database does not answer just now. Nothing was lost; try again in a moment."""


@dataclass(slots=True)
class _Change:
    run: Callable[[Session], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


_Answer = tuple[_Change, Any, BaseException | None]


class Storage:
    """An open database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._snapshots = engine if self.is_sqlite else engine.execution_options(**_SNAPSHOT)
        self._threads = ThreadPoolExecutor(
            _READERS if self.is_sqlite else _CONNECTIONS, thread_name_prefix="storage"
        )
        self._listeners: list[Callable[[Work], None]] = []
        self._changes: queue.SimpleQueue[_Change | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._writer = threading.Thread(target=self._write_all, name="storage-writer", daemon=True)
        if self.is_sqlite:
            self._writer.start()
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
        loop = asyncio.get_running_loop()
        run = partial(self.read_now, lambda session: query(session, *args, **kwargs))
        return await loop.run_in_executor(self._threads, run)

    async def write(
        self, change: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `change(session, ...)` as one transaction, on disk before this returns.

        Raises: whatever `change` raises, after rolling back; DatabaseAway.
        """
        if self._closing.is_set():
            raise DatabaseAway
        loop = asyncio.get_running_loop()

        def run(session: Session) -> T:
            return change(session, *args, **kwargs)

        if not self.is_sqlite:
            return await loop.run_in_executor(self._threads, self._write_alone, run)
        future: asyncio.Future[T] = loop.create_future()
        self._changes.put(_Change(run, loop, future))
        return await future

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
        if self.is_sqlite:
            self._changes.put(None)
            await asyncio.to_thread(self._writer.join)
        await asyncio.to_thread(self._threads.shutdown)
        if self._ear is not None:
            await asyncio.to_thread(self._ear.join)
        self.engine.dispose()

    # Reading

    def read_now(self, query: Callable[[Session], T]) -> T:
        """Run `query(session)` in this very thread: before the loop runs, or in a thread of it."""
        try:
            with self._snapshots.connect() as connection, _session(connection) as session:
                return query(session)
        except OperationalError as error:
            raise DatabaseAway from error

    # Writing on PostgreSQL

    def _write_alone(self, change: Callable[[Session], T]) -> T:
        for last in (False, False, True):
            try:
                with self.engine.begin() as connection, _session(connection) as session:
                    result = change(session)
                    session.flush()
                    if work := session.info.get(_WORK):
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

    # Writing on SQLite

    def _write_all(self) -> None:
        while batch := self._waiting():
            answers = self._commit_together(batch)
            for loop in {change.loop for change, _, _ in answers}:
                mine = [answer for answer in answers if answer[0].loop is loop]
                if not loop.is_closed():
                    loop.call_soon_threadsafe(_settle, mine)

    def _waiting(self) -> list[_Change]:
        """At least one change, with all others that wait already; empty when closing."""
        first = self._changes.get()
        if first is None:
            return []
        batch = [first]
        while len(batch) < _BATCH and not self._changes.empty():
            if (change := self._changes.get()) is None:
                self._changes.put(None)
                break
            batch.append(change)
        return batch

    def _commit_together(self, batch: Sequence[_Change]) -> list[_Answer]:
        work: dict[str, float] = {}
        try:
            try:
                answers = self._commit(_together, batch, work)
            except Exception as error:
                if _is_trouble(error):
                    raise
                if len(batch) == 1:
                    return [(batch[0], None, error)]
                work.clear()  # nothing was kept: the others go on without the one that failed
                answers = self._commit(_each_in_savepoint, batch, work)
        except Exception as error:  # noqa: BLE001 - nothing was kept: everyone in the batch hears it
            away = DatabaseAway() if isinstance(error, OperationalError) else error
            away.__cause__ = error if away is not error else error.__cause__
            return [(change, None, away) for change in batch]
        if work:
            self._tell(work)
        return answers

    def _commit(
        self,
        make: Callable[[Connection, Sequence[_Change], dict[str, float]], list[_Answer]],
        batch: Sequence[_Change],
        work: dict[str, float],
    ) -> list[_Answer]:
        with (
            self.engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            return make(connection, batch, work)

    def _tell(self, work: Work) -> None:
        for listener in tuple(self._listeners):
            listener(work)


def _session(connection: Connection) -> Session:
    """A session whose transaction is the connection's: its end is not in the session's hands."""
    return Session(connection, expire_on_commit=False, join_transaction_mode="rollback_only")


def _together(
    connection: Connection, batch: Sequence[_Change], work: dict[str, float]
) -> list[_Answer]:
    """Make all changes. Raises what the first that fails raises: then none must be kept."""
    answers: list[_Answer] = []
    with _session(connection) as session:
        for change in batch:
            answers.append((change, change.run(session), None))
            session.flush()
            session.expunge_all()  # the next change sees what the database says
            _add_work(work, session.info.pop(_WORK, {}))
            session.info.clear()
    return answers


def _each_in_savepoint(
    connection: Connection, batch: Sequence[_Change], work: dict[str, float]
) -> list[_Answer]:
    """Make all changes but those that fail; what they raise belongs to whoever asked for them."""
    answers: list[_Answer] = []
    for change in batch:
        try:
            with connection.begin_nested(), _session(connection) as session:
                result = change.run(session)
                session.flush()
        except Exception as error:
            if _is_trouble(error):
                raise  # the database itself: the whole batch fails
            answers.append((change, None, error))
        else:
            answers.append((change, result, None))
            _add_work(work, session.info.get(_WORK, {}))
    return answers


def _is_trouble(error: Exception) -> bool:
    """Whether the database could not do it now, rather than not at all."""
    code = getattr(error.orig, "sqlite_errorcode", None) if isinstance(error, DBAPIError) else None
    return isinstance(error, OperationalError) and code != sqlite3.SQLITE_ERROR


def _settle(answers: Sequence[_Answer]) -> None:
    for change, result, error in answers:
        if change.future.done():  # who asked has gone; the change stands
            continue
        if error is None:
            change.future.set_result(result)
        else:
            change.future.set_exception(error)


def leaves_work(session: Session, lane: str, *, due_in: float) -> None:
    """Note that this transaction leaves a job on the lane, so that its commit tells the postman.

    Takes: due_in, seconds until the job is due.
    """
    _add_work(session.info.setdefault(_WORK, {}), {lane: due_in})


def _add_work(known: dict[str, float], more: Work) -> None:
    for lane, due_in in more.items():
        known[lane] = min(due_in, known.get(lane, due_in))


def clock(session: Session) -> datetime:
    """The database's clock, so that workers on several machines agree. Aware UTC."""
    if session.get_bind().dialect.name == "sqlite":
        return datetime.now(UTC)  # the file and we live on one machine
    moment: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    return moment.astimezone(UTC)


def changed(session: Session, statement: UpdateBase) -> int:
    """Run an INSERT, UPDATE or DELETE; give how many rows it changed.

    Rows that the session holds already are not refreshed: read after writing, not before.
    """
    # psycopg's count for an INSERT is lost with its cursor unless it is asked for.
    options = {"synchronize_session": False, "preserve_rowcount": True}
    result = session.execute(statement, execution_options=options)
    return cast("CursorResult[Any]", result).rowcount


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


def make_engine(url: str) -> Engine:
    """A synchronous engine for a SQLite or PostgreSQL URL. Raises ValueError for others."""
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite_engine(parsed)
        case "postgresql" | "postgres":
            return _postgres_engine(parsed)
        case other:
            raise ValueError(
                f"DATABASE_URL must be sqlite:///file or postgresql://..., not {other}"
            )


def _postgres_engine(url: URL) -> Engine:
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,  # an error must not print an address
        connect_args={"connect_timeout": _CONNECT},
    )


def _lower(text: str | None) -> str | None:
    return text and text.lower()


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(
        url.set(drivername="sqlite"),
        pool_size=_READERS + 1,
        max_overflow=0,
        connect_args={"check_same_thread": False, "timeout": 5},
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        # Its own lower() knows ASCII alone, and would not find ÁNGEL.
        connection.create_function("lower", 1, _lower, deterministic=True)
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # an acknowledged sign-up survives a power cut
            "foreign_keys=ON",
            "busy_timeout=5000",
            "secure_delete=ON",  # erased names leave no copies in the file
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        # A write that began as a read fails at once when another process has written meanwhile.
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def ping(session: Session) -> None:
    """Raise unless the database answers."""
    session.execute(text("SELECT 1"))
