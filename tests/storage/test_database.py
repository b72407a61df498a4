"""What `read` and `write` promise, on both databases alike."""

import asyncio
import threading
from datetime import UTC, timedelta, timezone

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlalchemy.pool import QueuePool
from sqlmodel import Session, col, func, select

from storage.database import DatabaseAway, Storage, leaves_work, make_engine, ping
from storage.group_commit import Work
from storage.tables import Attempt, GroupMember, PlaygroundMessage
from tests.storage.rows import NOW, add, count, words

PATIENCE = 5.0  # seconds: far more than anything here takes


class Mistaken(Exception):
    """The change thinks better of it."""


async def test_what_was_written_is_read_and_outlives_the_process(database_url: str) -> None:
    first = Storage.open(database_url)
    await first.write(add, "hello")
    await first.close()
    second = Storage.open(database_url)
    assert await second.read(words) == ["hello"]
    await second.close()


async def test_many_changes_at_once_share_commits_and_each_gets_its_own_answer(
    sqlite_storage: Storage,
) -> None:
    commits: list[object] = []
    event.listen(sqlite_storage.engine, "commit", commits.append)
    rows = await asyncio.gather(*(sqlite_storage.write(add, str(n)) for n in range(300)))
    assert [row.body["text"] for row in rows] == [str(number) for number in range(300)]
    assert sorted(await sqlite_storage.read(words), key=int) == [str(n) for n in range(300)]
    assert len(commits) <= 30, "changes that wait together are committed together"


async def test_a_failing_change_rolls_back_alone(storage: Storage) -> None:
    def fails(session: Session) -> None:
        add(session, "half done")
        raise Mistaken

    def clashes(session: Session) -> None:
        add(session, "also half done")
        add(session, "taken", key="once")

    await storage.write(add, "first", key="once")
    outcomes = await asyncio.gather(
        storage.write(add, "before"),
        storage.write(fails),
        storage.write(add, "between"),
        storage.write(clashes),
        storage.write(add, "after"),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [
        PlaygroundMessage, Mistaken, PlaygroundMessage, IntegrityError, PlaygroundMessage,
    ]  # fmt: skip
    assert sorted(await storage.read(words)) == ["after", "before", "between", "first"]


async def test_a_statement_the_database_refuses_harms_no_neighbour(storage: Storage) -> None:
    def nonsense(session: Session) -> None:
        session.execute(text("SELECT nothing FROM nowhere"))

    outcomes = await asyncio.gather(
        storage.write(add, "before"),
        storage.write(nonsense),
        storage.write(add, "after"),
        return_exceptions=True,
    )
    assert isinstance(outcomes[1], Exception)
    assert not isinstance(outcomes[1], DatabaseAway), "trying again would never help"
    assert sorted(await storage.read(words)) == ["after", "before"]


async def test_results_can_be_used_after_the_session_has_gone(storage: Storage) -> None:
    row = await storage.write(add, "hello")
    assert (row.id, row.body["text"], row.at) == (1, "hello", NOW)
    [again] = await storage.read(lambda session: list(session.exec(select(PlaygroundMessage))))
    assert (again.id, again.body["text"], again.at) == (1, "hello", NOW)


async def test_nobody_reads_what_is_not_committed(storage: Storage) -> None:
    written, may_commit = threading.Event(), threading.Event()

    def slow(session: Session) -> None:
        add(session, "draft")
        written.set()
        assert may_commit.wait(PATIENCE)

    writing = asyncio.create_task(storage.write(slow))
    assert await asyncio.to_thread(written.wait, PATIENCE)
    assert await storage.read(count) == 0
    may_commit.set()
    await writing
    assert await storage.read(count) == 1


async def test_one_read_sees_one_moment(storage: Storage) -> None:
    looked, may_look_again = threading.Event(), threading.Event()

    def twice(session: Session) -> tuple[int, int]:
        first = count(session)
        looked.set()
        assert may_look_again.wait(PATIENCE)
        return first, count(session)

    reading = asyncio.create_task(storage.read(twice))
    assert await asyncio.to_thread(looked.wait, PATIENCE)
    await storage.write(add, "meanwhile")
    may_look_again.set()
    assert await reading == (0, 0)
    assert await storage.read(count) == 1


async def test_a_change_stands_when_whoever_asked_has_gone(storage: Storage) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slow(session: Session) -> None:
        add(session, "kept")
        begun.set()
        assert may_end.wait(PATIENCE)

    asking = asyncio.create_task(storage.write(slow))
    assert await asyncio.to_thread(begun.wait, PATIENCE)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    may_end.set()
    await storage.write(add, "next")
    async with asyncio.timeout(PATIENCE):
        while sorted(await storage.read(words)) != ["kept", "next"]:
            await asyncio.sleep(0.01)


async def test_closing_finishes_what_was_asked_for_and_takes_nothing_more(
    database_url: str,
) -> None:
    storage = Storage.open(database_url)
    asked = [asyncio.create_task(storage.write(add, str(number))) for number in range(50)]
    await asyncio.sleep(0)
    await storage.close()
    assert len(await asyncio.gather(*asked)) == 50
    with pytest.raises(DatabaseAway):
        await storage.write(add, "too late")
    with pytest.raises(DatabaseAway):
        await storage.read(count)
    pool = storage.engine.pool
    assert isinstance(pool, QueuePool)
    assert pool.checkedout() == 0


async def test_a_commit_that_leaves_work_says_so_once_per_lane(storage: Storage) -> None:
    told: list[dict[str, float]] = []
    heard = threading.Event()

    def listen(work: Work) -> None:
        told.append(dict(work))
        heard.set()

    def leaves(session: Session) -> None:
        leaves_work(session, "email", due_in=30)
        leaves_work(session, "email", due_in=5)
        leaves_work(session, "text", due_in=0)

    def thinks_better(session: Session) -> None:
        leaves_work(session, "never", due_in=0)
        raise Mistaken

    storage.on_work(listen)
    await _until_heard(storage, heard)
    told.clear()
    heard.clear()
    with pytest.raises(Mistaken):
        await storage.write(thinks_better)
    await storage.write(leaves)
    assert await asyncio.to_thread(heard.wait, PATIENCE)
    assert told == [{"email": 5, "text": 0}]


async def _until_heard(storage: Storage, heard: threading.Event) -> None:
    """On PostgreSQL the ear needs a moment to connect."""
    async with asyncio.timeout(PATIENCE):
        while not heard.is_set():
            await storage.write(leaves_work, "first", due_in=0)
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.1)  # for the rest of the first ones


async def test_a_moment_without_a_zone_is_refused(storage: Storage) -> None:
    naive = PlaygroundMessage(channel="leader", author="bot", at=NOW.replace(tzinfo=None))

    def keep(session: Session) -> None:
        session.add(naive)
        session.flush()

    with pytest.raises(StatementError, match="without a time zone"):
        await storage.write(keep)
    assert await storage.read(count) == 0


async def test_moments_come_back_in_utc_wherever_they_were_said(storage: Storage) -> None:
    in_madrid = NOW.astimezone(timezone(timedelta(hours=2))).replace(microsecond=123456)

    def keep(session: Session) -> None:
        session.add(Attempt(source="code:all", hour=in_madrid, count=1))

    await storage.write(keep)
    [back] = await storage.read(lambda session: list(session.exec(select(Attempt.hour))))
    assert back == in_madrid
    assert back.tzinfo is UTC
    same = select(func.count()).where(col(Attempt.hour) == in_madrid)
    assert await storage.read(lambda session: session.exec(same).one()) == 1


async def test_references_to_nothing_are_refused(storage: Storage) -> None:
    def dangle(session: Session) -> None:
        session.add(GroupMember(group_id=1, member_id=99, community_id=99))

    with pytest.raises(IntegrityError):
        await storage.write(dangle)


@pytest.mark.parametrize("url", ["mysql://host/name", "oracle://host/name"])
def test_other_databases_are_refused_in_words(url: str) -> None:
    with pytest.raises(ValueError, match="DATABASE_URL must be sqlite"):
        make_engine(url)


async def test_no_error_repeats_what_was_to_be_written(storage: Storage) -> None:
    await storage.write(add, "first", key="lena@resident.example")
    with pytest.raises(IntegrityError) as caught:
        await storage.write(add, "second", key="lena@resident.example")
    assert "parameters hidden" in str(caught.value)
    with pytest.raises(OperationalError), make_engine("sqlite:////nowhere/at/all.db").connect():
        pass
    await storage.read(ping)
