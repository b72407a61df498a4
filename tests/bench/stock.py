"""Databases in which a community has given out many access passes."""

import asyncio
import random
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, Select, func, insert, select
from sqlmodel import SQLModel, col

from bot.app import open_house
from bot.community import codes
from bot.community.postman.mornings import DIGEST, REMIND
from bot.settings import Keys, Settings
from storage.database import make_engine
from storage.tables import Batch, Community, Invitation, Job, Leader, Receipt
from tests.bench import programs
from tests.provision import postgres
from tests.settings import settings_of

SECRET = "a secret of the benchmarks alone"
KEYS = Keys.from_secret(SECRET.encode())
_BATCH = 100  # passes, the most of one command
_AT_ONCE = 10_000  # rows in one INSERT
_POLL = 0.05  # seconds
_PATIENCE = 300.0  # seconds for what follows a round of sign-ups


def stock(url: str, count: int) -> None:
    """Found the first community in an empty database and give out so many passes."""
    asyncio.run(found(url))
    engine = make_engine(url)
    with engine.connect().execution_options(writes=True) as connection:
        community = connection.execute(select(col(Community.id))).scalar_one()
        leader = connection.execute(select(col(Leader.id))).scalar_one()
        for start in range(0, count, _AT_ONCE):
            _give(connection, community, leader, range(start, min(start + _AT_ONCE, count)))
        connection.commit()
    engine.dispose()


async def found(url: str) -> None:
    """Make the tables and the first community, led from the playground."""
    async with open_house(settings_of(Settings, database_url=url, secret_key=SECRET), migrate=True):
        pass


def _give(connection: Connection, community: int, leader: int, numbers: range) -> None:
    now = datetime.now(UTC)
    of = {"community_id": community, "leader_id": leader, "created_at": now}
    batches = range(numbers.start // _BATCH + 1, -(-numbers.stop // _BATCH) + 1)
    _insert(
        connection,
        Receipt,
        [{**of, "id": b, "chat": "playground", "channel": "leader"} for b in batches],
    )
    _insert(
        connection,
        Batch,
        [{**of, "id": b, "receipt_id": b, "label": "", "pass_count": _BATCH} for b in batches],
    )
    rows = [
        {
            **of,
            "id": number + 1,
            "receipt_id": number // _BATCH + 1,
            "batch_id": number // _BATCH + 1,
            "serial": number % _BATCH + 1,
            "medium": "pass",
            "generation": 0,
            "code_hash": codes.fingerprint(KEYS, code(number)),
        }
        for number in numbers
    ]
    _insert(connection, Invitation, rows)


def _insert(
    connection: Connection, table: type[SQLModel], rows: Sequence[dict[str, object]]
) -> None:
    connection.execute(insert(table), rows)


def code(number: int) -> str:
    """The access code of the pass with this number, from 0."""
    return codes.derive(KEYS, number + 1, 0)


def shuffled(count: int) -> Iterator[str]:
    """All codes in no order, so that they lie all over the table."""
    return map(code, random.Random(count).sample(range(count), count))


class Stocks:
    """Makes databases of either kind, each stocked once and then copied."""

    def __init__(self, folder: Path, given: str | None) -> None:
        """Takes: given, the URL of a PostgreSQL server to use instead of one of our own."""
        self._folder = folder
        self._given = given
        self._end = ExitStack()
        self._server = ""
        self._made: dict[tuple[str, int], str] = {}

    def __enter__(self) -> "Stocks":
        return self

    def __exit__(self, *_: object) -> None:
        self._end.close()

    def copy(self, kind: str, count: int) -> str:
        """The URL of a database with so many codes that nobody else uses; 0: with no tables."""
        if (kind, count) not in self._made:
            self._made[kind, count] = url = self._empty(kind)
            if count:
                stock(url, count)
        if kind == "sqlite":
            path = self._new_file()
            original = Path(self._made[kind, count].removeprefix("sqlite:///"))
            if original.exists():
                shutil.copy(original, path)
            return f"sqlite:///{path}"
        return self._database(self._made[kind, count])

    def _empty(self, kind: str) -> str:
        return f"sqlite:///{self._new_file()}" if kind == "sqlite" else self._database("template1")

    def _new_file(self) -> Path:
        return self._folder / f"{random.randbytes(8).hex()}.db"

    def _database(self, template: str) -> str:
        if not self._server:
            self._server = self._end.enter_context(postgres.server(self._given))
        made = postgres.fresh_database(self._server, template=template)
        return self._end.enter_context(made)


def await_quiet(url: str) -> None:
    """Return when the house has done all that its changes left to do: every join is announced."""
    engine = make_engine(url)
    waiting = select(func.count()).where(
        col(Job.state) == "ready", col(Job.kind).not_in({"sweep", DIGEST.kind, REMIND.kind})
    )

    def left() -> int:
        return _scalar(engine, waiting)

    programs.until(
        lambda: not left(),
        within=_PATIENCE,
        every=_POLL,
        why=lambda: f"{left()} jobs are still not done",
    )
    engine.dispose()


def _scalar(engine: Engine, query: Select[int]) -> int:
    with engine.connect() as connection:
        return connection.execute(query).scalar_one()
