"""The roll is read from indexes, and no further than asked: its time does not grow.

What is asserted is how the databases mean to answer, never how long they took.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import Session, insert

from storage import household_words, roll
from storage.database import Storage
from storage.streets import address_order
from storage.tables import Community, Household, HouseholdWord, Member
from storage.words import findable_by
from tests.community.scene import NOW

HOMES = 3_000  # enough for PostgreSQL to think of its indexes
STREETS = 60


def stock(session: Session) -> None:
    """Two communities, each with many households."""
    for community in (1, 2):
        session.add(
            Community(id=community, name="M", slug=f"m{community}", welcome="", created_at=NOW)
        )
    session.flush()
    homes, people, words = [], [], []
    for number in range(1, 2 * HOMES + 1):
        community = 1 + number % 2
        address = f"{number // STREETS} Street{number % STREETS} St"
        key = address.lower()
        name = f"Maria {'Odd' if number == 7 else 'Even'}"
        homes.append(
            {"id": number, "community_id": community, "address": address, "address_key": key,
             "address_order": address_order(key), "link_number": 0, "created_at": NOW}
        )  # fmt: skip
        people.append(
            {"community_id": community, "household_id": number, "name": name, "is_head": True,
             "joined_at": NOW, "language": "", "is_hidden": False}
        )  # fmt: skip
        words += [
            {"household_id": number, "word": word, "community_id": community}
            for word in findable_by([address, name])
        ]
    for table, rows in ((Household, homes), (Member, people), (HouseholdWord, words)):
        session.execute(insert(table), rows)


@pytest.fixture
async def stocked(storage: Storage) -> Storage:
    """A database with them, of whose size the planner knows."""
    await storage.write(stock)
    with storage.engine.connect() as connection:
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("ANALYZE"))
    return storage


@contextmanager
def heard(storage: Storage) -> Iterator[list[tuple[str, Any]]]:
    """The statements that reach the database meanwhile."""
    said: list[tuple[str, Any]] = []

    def hear(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if statement.startswith("SELECT"):
            said.append((statement, parameters))

    event.listen(storage.engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        event.remove(storage.engine, "before_cursor_execute", hear)


def reads_whole(storage: Storage, statement: str, parameters: Any) -> list[str]:
    """How the database means to read tables from end to end for this statement, or to sort them."""
    with storage.engine.connect() as connection:
        if storage.is_sqlite:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            steps = [row.detail for row in plan]
            tables = ("SCAN household", "SCAN member", "USE TEMP B-TREE FOR ORDER BY")
            return [step for step in steps if step.startswith(tables)]
        [tree] = connection.exec_driver_sql(
            f"EXPLAIN (FORMAT JSON) {statement}", parameters
        ).scalar_one()
        kinds = [node["Node Type"] for node in nodes(tree["Plan"])]
        return [kind for kind in kinds if kind in {"Seq Scan", "Sort", "Incremental Sort"}]


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All steps of a plan of PostgreSQL."""
    yield node
    for below in node.get("Plans", ()):
        yield from nodes(below)


ASKED: dict[str, Any] = {
    "the first page": lambda session: roll.first(session, 1, limit=10),
    "a page far inside": lambda session: roll.beside(session, 1, 4_000, limit=11),
    "the page before it": lambda session: roll.beside(session, 1, 4_000, limit=11, backwards=True),
    "how many members": lambda session: roll.members_up_to(session, 1, 100),
    "who joined lately": lambda session: roll.joined_since(session, 1, NOW, limit=10),
    "a common word": lambda session: household_words.matching(session, 2, ["maria"], most=20),
    "what nobody is called": lambda session: household_words.matching(
        session, 1, ["zulu"], most=20
    ),
}


SORTED: dict[str, Any] = {  # afterwards, and they are few
    "a rare word": lambda session: household_words.matching(session, 2, ["odd"], most=20),
    "a rare word and a common one": lambda session: household_words.matching(
        session, 2, ["maria", "odd"], most=20
    ),
    "who is suspended": lambda session: roll.with_suspended(session, 1, limit=10),
    "who lives there": lambda session: roll.households(session, [2, 4, 6]),
    "some in order": lambda session: roll.in_order(session, 1, range(2, 40, 2), limit=10),
}


async def plans(storage: Storage, asked: dict[str, Any]) -> dict[str, set[str]]:
    """What is read from end to end, or sorted, for each of these questions."""
    found = {}
    for name, query in asked.items():
        with heard(storage) as said:
            await storage.read(query)
        assert said
        found[name] = {step for one, values in said for step in reads_whole(storage, one, values)}
    return found


async def test_no_table_is_read_from_end_to_end(stocked: Storage) -> None:
    assert await plans(stocked, ASKED) == {name: set() for name in ASKED}
    harmless = {"Sort", "USE TEMP B-TREE FOR ORDER BY"}
    assert {name: whole - harmless for name, whole in (await plans(stocked, SORTED)).items()} == {
        name: set() for name in SORTED
    }
    for words in ("SELECT count(*) FROM member WHERE name = 'x'",
                  "SELECT id FROM household ORDER BY address"):  # fmt: skip
        assert reads_whole(stocked, words, ())


async def test_pages_follow_each_other_through_the_whole_list(stocked: Storage) -> None:
    def every(session: Session) -> list[int]:
        ids = roll.first(session, 1, limit=500)
        while more := roll.beside(session, 1, ids[-1], limit=500):
            ids += more
        return ids

    ids = await stocked.read(every)
    assert len(set(ids)) == HOMES
    assert all(number % 2 == 0 for number in ids)
    back = await stocked.read(roll.beside, 1, ids[700], limit=300, backwards=True)
    assert back == ids[400:700]
    assert await stocked.read(roll.beside, 2, ids[0], limit=10) == []
    assert await stocked.read(roll.in_order, 1, ids[40:60][::-1], limit=10) == ids[40:50]


async def test_a_search_says_when_there_may_be_more(stocked: Storage) -> None:
    def search(session: Session, *words: str) -> tuple[int, bool]:
        found = household_words.matching(session, 2, words, most=200)
        return len(found.household_ids), found.is_all

    assert await stocked.read(search, "maria", "st", "odd") == (1, True)
    assert await stocked.read(search, "maria", "zulu") == (0, True)
    assert await stocked.read(search, "street7") == (HOMES // STREETS * 2, True)
    for words in (("maria", "st"), ("s",)):
        found, is_all = await stocked.read(search, *words)
        assert 200 < found <= household_words.LOOKED_AT
        assert not is_all
