"""The members' list: a large community beside a small one.

The same questions of the same house, once with fifty thousand members and once with a thousand,
taken in turn. What is measured is the verb behind `/members` in a thread of the database's pool, so
the time includes all its statements and the making of rows, and none of the chat.
"""

import asyncio
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

from sqlalchemy import Connection, insert, text
from sqlmodel import Session

from bot.community import members
from bot.community.members import Page, Wanted
from storage.database import Storage, make_engine
from storage.streets import address_key, address_order
from storage.tables import Household, HouseholdWord, Member
from storage.words import findable_by
from tests.bench import figures
from tests.bench.figures import Row
from tests.bench.stock import KEYS, Stocks, found

LARGE, SMALL = 50_000, 1_000  # members
_PER_HOME = 2.5
_PER_STREET = 40  # households
_TURNS = 20  # of each question in a round; their median counts
_AT_ONCE = 5_000  # rows in one INSERT
_NAMES = ("Maria", "Ana", "Rosa", "Li", "Noor", "Sam", "Ines", "Omar", "Kim", "Zoe")
_SURNAMES = ("Ruiz", "Silva", "Chen", "Khan", "Berg", "Costa", "Novak", "Okoro", "Haas", "Diaz")

QUESTIONS: dict[str, Callable[[int], Wanted]] = {
    "first page": lambda _: Wanted(),
    "page deep inside": lambda homes: Wanted(after=homes // 2),
    "a rare word": lambda _: Wanted("Quixano"),
    "a common word": lambda _: Wanted("st"),
    "two common words": lambda _: Wanted("maria st"),
    "two words that seldom meet": lambda _: Wanted("zoe khan"),
    "nothing found": lambda _: Wanted("xylophone"),
    "who joined lately": lambda _: Wanted(which="new"),
}


def measure(databases: Sequence[str], *, rounds: int) -> list[Row]:
    """How long a page takes among many members, beside a page among few."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Stocks(Path(folder), os.environ.get("DATABASE_URL")) as stocks,
    ):
        return [row for kind in databases for row in _measure(kind, stocks, rounds=rounds)]


def _measure(kind: str, stocks: Stocks, *, rounds: int) -> list[Row]:
    houses = {size: _housed(stocks.copy(kind, 0), size) for size in (LARGE, SMALL)}
    rows = []
    for name, wanted in QUESTIONS.items():
        contestants = {
            str(size): partial(_time, house, wanted(int(size / _PER_HOME)))
            for size, house in houses.items()
        }
        taken = figures.rounds(rounds, contestants)
        (walls, cpus), (few_walls, few_cpus) = (
            zip(*taken[str(size)], strict=True) for size in (LARGE, SMALL)
        )
        rows.append(
            Row(
                f"`/members` of {LARGE:,}, {name}, {kind}; beside: of {SMALL:,}",
                _shown(walls),
                _shown(cpus),
                _shown(few_walls),
                _shown(few_cpus),
                figures.times(figures.ratio(walls, few_walls)),
                figures.times(figures.ratio(cpus, few_cpus)),
                "100 ms, 1.5 x",
            )
        )
    for house in houses.values():
        asyncio.run(house.close())
    return rows


def _shown(seconds: Iterable[float]) -> str:
    return f"{median(seconds) * 1000:.1f} ms"


def _time(house: Storage, wanted: Wanted) -> tuple[float, float]:
    """Seconds that a page takes, and of the processor's in this thread: of SQLite, that is all."""
    now = datetime.now(UTC)

    def ask(session: Session) -> Page:
        return members._page(session, KEYS, 1, wanted, now=now)

    walls, cpus = [], []
    for _ in range(_TURNS):
        wall, cpu = time.perf_counter(), time.thread_time()
        house.read_now(ask)
        walls.append(time.perf_counter() - wall)
        cpus.append(time.thread_time() - cpu)
    return median(walls), median(cpus)


# The communities


def _housed(url: str, size: int) -> Storage:
    asyncio.run(found(url))
    engine = make_engine(url)
    with engine.connect().execution_options(writes=True) as connection:
        _settle(connection, size)
        connection.commit()
        connection.execute(text("ANALYZE"))
        connection.commit()
    engine.dispose()
    return Storage.open(url)


def _settle(connection: Connection, size: int) -> None:
    """So many members, in streets of forty households with two or three members each."""
    dice, now = random.Random(size), datetime.now(UTC)
    numbers = count(1)
    homes, people, words = [], [], []
    for home in range(1, int(size / _PER_HOME) + 1):
        address = f"{home % _PER_STREET + 1} Road{home // _PER_STREET} St"
        key = address_key(address)
        homes.append(
            {"id": home, "community_id": 1, "address": address, "address_key": key,
             "address_order": address_order(key), "created_at": now, "link_number": 0}
        )  # fmt: skip
        names = [_name(dice, next(numbers)) for _ in range(2 + home % 2)]
        people += [
            {"community_id": 1, "household_id": home, "name": name, "is_head": name == names[0],
             "language": "", "is_hidden": False,
             "joined_at": now - timedelta(minutes=dice.randrange(40 * size))}
            for name in names
        ]  # fmt: skip
        words += [
            {"household_id": home, "word": word, "community_id": 1}
            for word in findable_by([address, *names])
        ]
    for table, rows in ((Household, homes), (Member, people), (HouseholdWord, words)):
        for start in range(0, len(rows), _AT_ONCE):
            connection.execute(insert(table), rows[start : start + _AT_ONCE])


def _name(dice: random.Random, number: int) -> str:
    surname = "Quixano" if number == 500 else dice.choice(_SURNAMES)
    return f"{dice.choice(_NAMES)} {surname}"
