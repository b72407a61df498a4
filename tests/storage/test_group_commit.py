"""Brief changes on SQLite: in the loop's own thread, yet never in its way."""

import asyncio
import sqlite3
import threading
import time

import pytest
from sqlalchemy import text
from sqlmodel import Session

from storage.database import DatabaseAway, Storage, brief
from tests.storage.rows import add, count, words

PATIENCE = 5.0  # seconds; a busy machine is no fault


@brief
def brief_add(session: Session, said: str, key: str | None = None) -> int:
    """Write one, and tell in which thread."""
    add(session, said, key=key)
    return threading.get_ident()


def slow_add(session: Session, said: str) -> int:
    """The same, not known to be brief."""
    return brief_add(session, said)


@brief
def where(session: Session) -> int:
    """In which thread this reads."""
    session.execute(text("SELECT 1"))
    return threading.get_ident()


async def test_what_is_brief_stays_in_the_loops_thread(sqlite_storage: Storage) -> None:
    here = threading.get_ident()
    assert await sqlite_storage.write(brief_add, "brief") == here
    assert await sqlite_storage.read(where) == here
    assert await sqlite_storage.write(slow_add, "slow") != here
    assert await sqlite_storage.read(words) == ["brief", "slow"]


async def test_brief_and_other_changes_are_made_in_the_order_in_which_they_were_asked_for(
    sqlite_storage: Storage,
) -> None:
    changes = [brief_add, slow_add, brief_add, brief_add, slow_add] * 10
    asked = [sqlite_storage.write(change, f"{n}") for n, change in enumerate(changes)]
    await asyncio.gather(*asked)
    assert await sqlite_storage.read(words) == [f"{n}" for n in range(50)]


async def test_a_brief_change_that_fails_harms_no_neighbour(sqlite_storage: Storage) -> None:
    await sqlite_storage.write(brief_add, "first", key="once")
    outcomes = await asyncio.gather(
        sqlite_storage.write(brief_add, "before"),
        sqlite_storage.write(brief_add, "twice", key="once"),
        sqlite_storage.write(brief_add, "after"),
        return_exceptions=True,
    )
    assert [isinstance(outcome, Exception) for outcome in outcomes] == [False, True, False]
    assert sorted(await sqlite_storage.read(words)) == ["after", "before", "first"]


async def test_while_another_process_writes_a_brief_change_waits_and_the_loop_does_not(
    sqlite_storage: Storage,
) -> None:
    await sqlite_storage.write(brief_add, "before")
    with sqlite3.connect(str(sqlite_storage.engine.url.database), isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(sqlite_storage.write(brief_add, "waited"))
        longest = 0.0
        for _ in range(20):
            began = time.perf_counter()
            await asyncio.sleep(0.02)
            longest = max(longest, time.perf_counter() - began)
        assert longest < 1.0, "the loop stood still"
        assert not writing.done()
        assert await sqlite_storage.read(count) == 1, "whoever reads is not kept waiting"
        other.execute("ROLLBACK")
    async with asyncio.timeout(PATIENCE):
        await writing
    assert await sqlite_storage.read(words) == ["before", "waited"]


async def test_a_database_that_cannot_be_written_is_said_to_be_away(
    sqlite_storage: Storage,
) -> None:
    @brief
    def refuses(session: Session) -> None:
        connection = session.connection().connection.driver_connection
        assert isinstance(connection, sqlite3.Connection)
        connection.execute("PRAGMA query_only=ON")
        try:
            add(session, "no")
        finally:
            connection.execute("PRAGMA query_only=OFF")

    with pytest.raises(DatabaseAway):
        await sqlite_storage.write(refuses)
    await sqlite_storage.write(brief_add, "again")
    assert await sqlite_storage.read(words) == ["again"]
