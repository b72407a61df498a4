"""A database that does not answer: writers wait a while, then hear so, and all is well after."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import psycopg
import pytest
from sqlalchemy import text
from sqlmodel import Session

from storage import attempts
from storage.database import DatabaseAway, Storage, leaves_work
from tests.storage.rows import NOW, add, words


@contextmanager
def writing_elsewhere(path: str) -> Iterator[sqlite3.Connection]:
    """Another process, say a backup tool, holds SQLite's only write lock."""
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield other
    finally:
        if other.in_transaction:
            other.rollback()
        other.close()


def path_of(storage: Storage) -> str:
    return str(storage.engine.url.database)


async def test_a_short_lock_is_waited_out(sqlite_storage: Storage) -> None:
    with writing_elsewhere(path_of(sqlite_storage)) as other:
        writing = asyncio.create_task(sqlite_storage.write(add, "patient"))
        threading.Timer(3, other.rollback).start()
        assert await sqlite_storage.read(words) == [], "readers are not kept waiting"
        began = time.monotonic()
        await writing
        assert time.monotonic() - began > 2
    assert await sqlite_storage.read(words) == ["patient"]


async def test_a_long_lock_is_reported_to_everyone_who_waits_and_then_forgotten(
    sqlite_storage: Storage,
) -> None:
    with writing_elsewhere(path_of(sqlite_storage)):
        began = time.monotonic()
        outcomes = await asyncio.gather(
            *(sqlite_storage.write(add, "lost") for _ in range(2)), return_exceptions=True
        )
        assert time.monotonic() - began < 15
    assert [type(outcome) for outcome in outcomes] == [DatabaseAway, DatabaseAway]
    await sqlite_storage.write(add, "after")
    assert await sqlite_storage.read(words) == ["after"]


@asynccontextmanager
async def shut(url: str, server: str) -> AsyncIterator[None]:
    """The database throws everyone out and lets nobody in, as while its server restarts."""
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        try:
            yield
        finally:
            admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@pytest.mark.postgres
async def test_a_server_that_went_away_is_reported_and_found_again(
    postgres_url: str, postgres_server: str
) -> None:
    storage = Storage.open(postgres_url)
    heard: list[dict[str, float]] = []
    storage.on_work(lambda work: heard.append(dict(work)))
    await storage.write(add, "before")
    async with shut(postgres_url, postgres_server):
        with pytest.raises(DatabaseAway):
            await storage.write(add, "lost")
        with pytest.raises(DatabaseAway):
            await storage.read(words)
    await storage.write(add, "after")
    assert await storage.read(words) == ["before", "after"]
    async with asyncio.timeout(10):  # the ear, too, connects again
        while not heard:
            await storage.write(_leave_work)
            await asyncio.sleep(0.1)
    await storage.close()


def _leave_work(session: Session) -> None:
    leaves_work(session, "email", due_in=0)


@pytest.mark.postgres
async def test_a_connection_cut_in_the_midst_of_a_change_keeps_nothing_of_it(
    postgres_url: str,
) -> None:
    storage = Storage.open(postgres_url)

    def cut(session: Session) -> None:
        add(session, "half")
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(DatabaseAway):
        await storage.write(cut)
    await storage.write(add, "after")
    assert await storage.read(words) == ["after"]
    await storage.close()


@pytest.mark.postgres
async def test_changes_that_lock_each_other_out_are_tried_again_by_themselves(
    postgres_url: str,
) -> None:
    storage = Storage.open(postgres_url)
    await storage.write(attempts.count, ["left", "right"], now=NOW)
    both_hold_one = threading.Barrier(2, timeout=5)
    tries: list[str] = []

    def raise_both(session: Session, first: str, second: str) -> None:
        tries.append(first)
        attempts.count(session, [first], now=NOW)
        if len(tries) <= 2:  # the second try meets nobody
            both_hold_one.wait()
        attempts.count(session, [second], now=NOW)

    await asyncio.gather(
        storage.write(raise_both, "left", "right"), storage.write(raise_both, "right", "left")
    )
    assert len(tries) == 3, "one of the two was undone and tried again"
    numbers = await storage.write(attempts.count, ["left", "right"], now=NOW)
    assert numbers == {"left": 4, "right": 4}
    await storage.close()
