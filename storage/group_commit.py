"""Writing to SQLite: waiting changes are made together, with one COMMIT, and then all are answered.

One writer at a time is all that SQLite has, and the COMMIT's wait for the disk is most of what a
small change takes. Changes that are brief are made right in the event loop's thread, where handing
the interpreter to and fro would cost more than they do; any other takes its batch into a thread.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session

T = TypeVar("T")
Work = Mapping[str, float]  # lane -> seconds until its new job is due

WORK = "work"  # a session's note that its transaction left work for the postman
_BATCH = 128  # changes in one group commit: bounds how long the first one waits
_BRIEF_BATCH = 16  # and how long the event loop stands still


class DatabaseAway(Exception):
    """The database does not answer just now. Nothing was lost; try again in a moment."""


@dataclass(frozen=True, slots=True)
class _Change:
    run: Callable[[Session], Any]
    is_brief: bool
    future: asyncio.Future[Any]


_Answer = tuple[_Change, Any, BaseException | None]


class GroupCommit:
    """The one writer of an SQLite file in this process."""

    def __init__(self, engine: Engine, tell: Callable[[Work], None]) -> None:
        """Takes: tell, called with the work that a commit left."""
        self._engine = engine
        self._tell = tell
        self._waiting: list[_Change] = []
        self._writing: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="storage-writer")

    async def write(self, run: Callable[[Session], T], *, is_brief: bool) -> T:
        """Make a change and give what it gives, once it is on disk. Raises: what it raises."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.append(_Change(run, is_brief, future))
        if self._writing is None:
            self._writing = loop.create_task(self._write_all())
        return await future

    async def close(self) -> None:
        """Finish what was asked for."""
        if self._writing is not None:
            await self._writing
        await asyncio.to_thread(self._thread.shutdown)

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                _settle(await self._write(self._next()))
        finally:
            self._writing = None

    def _next(self) -> list[_Change]:
        """The changes to make together, in the order in which they were asked for."""
        batch = self._waiting[:_BATCH]
        if all(change.is_brief for change in batch):
            batch = batch[:_BRIEF_BATCH]
        del self._waiting[: len(batch)]
        return batch

    async def _write(self, batch: Sequence[_Change]) -> list[_Answer]:
        loop = asyncio.get_running_loop()
        work: dict[str, float] = {}
        try:
            if not all(change.is_brief for change in batch):
                answers = await loop.run_in_executor(self._thread, self._commit, batch, work)
            elif (made := await self._commit_here(batch, work)) is not None:
                answers = made
            else:
                answers = await loop.run_in_executor(self._thread, self._commit, batch, work)
        except Exception as error:  # noqa: BLE001 - nothing was kept: everyone in the batch hears it
            away = DatabaseAway() if isinstance(error, OperationalError) else error
            away.__cause__ = error if away is not error else error.__cause__
            return [(change, None, away) for change in batch]
        if work:
            self._tell(work)
        return answers

    def _commit(self, batch: Sequence[_Change], work: dict[str, float]) -> list[_Answer]:
        """All in this very thread."""
        with self._connection() as connection, connection.begin():
            return _make(connection, batch, work)

    async def _commit_here(
        self, batch: Sequence[_Change], work: dict[str, float]
    ) -> list[_Answer] | None:
        """Make the changes in the loop's thread and let another wait for the disk.

        Gives: None when another process is writing at the moment, so that one had to wait.
        """
        loop = asyncio.get_running_loop()
        with self._connection(impatient=True) as connection:
            try:
                transaction = connection.begin()
            except OperationalError as error:
                if _code(error) == sqlite3.SQLITE_BUSY:
                    return None
                raise
            with transaction:
                answers = _make(connection, batch, work)
                await loop.run_in_executor(self._thread, transaction.commit)
            return answers

    def _connection(self, *, impatient: bool = False) -> Connection:
        return self._engine.connect().execution_options(writes=True, impatient=impatient)


def session_on(connection: Connection) -> Session:
    """A session whose transaction is the connection's: its end is not in the session's hands."""
    return Session(connection, expire_on_commit=False, join_transaction_mode="rollback_only")


def add_work(known: dict[str, float], more: Work) -> None:
    """Remember the earliest of each lane."""
    for lane, due_in in more.items():
        known[lane] = min(due_in, known.get(lane, due_in))


def _make(
    connection: Connection, batch: Sequence[_Change], work: dict[str, float]
) -> list[_Answer]:
    try:
        with connection.begin_nested():
            return _make_together(connection, batch, work)
    except Exception as error:
        if _is_trouble(error):
            raise
        if len(batch) == 1:
            return [(batch[0], None, error)]
        work.clear()  # nothing was kept: the others go on without the one that failed
        return _make_each(connection, batch, work)


def _make_together(
    connection: Connection, batch: Sequence[_Change], work: dict[str, float]
) -> list[_Answer]:
    """Make all changes. Raises what the first that fails raises: then none must be kept."""
    answers: list[_Answer] = []
    with session_on(connection) as session:
        for change in batch:
            answers.append((change, change.run(session), None))
            session.flush()
            session.expunge_all()  # the next change sees what the database says
            add_work(work, session.info.pop(WORK, {}))
            session.info.clear()
    return answers


def _make_each(
    connection: Connection, batch: Sequence[_Change], work: dict[str, float]
) -> list[_Answer]:
    """Make all changes but those that fail; what they raise belongs to whoever asked for them."""
    answers: list[_Answer] = []
    for change in batch:
        try:
            with connection.begin_nested(), session_on(connection) as session:
                result = change.run(session)
                session.flush()
        except Exception as error:
            if _is_trouble(error):
                raise
            answers.append((change, None, error))
        else:
            answers.append((change, result, None))
            add_work(work, session.info.get(WORK, {}))
    return answers


def _is_trouble(error: Exception) -> bool:
    """Whether the database could not do it now, rather than not at all."""
    return isinstance(error, OperationalError) and _code(error) != sqlite3.SQLITE_ERROR


def _code(error: DBAPIError) -> int | None:
    return getattr(error.orig, "sqlite_errorcode", None)


def _settle(answers: Sequence[_Answer]) -> None:
    for change, result, error in answers:
        if change.future.done():  # who asked has gone; the change stands
            continue
        if error is None:
            change.future.set_result(result)
        else:
            change.future.set_exception(error)
