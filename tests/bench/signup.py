"""Sign-ups per second: open the link, send the form, be a member."""

import itertools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from tests.bench import figures, programs, stock
from tests.bench.figures import Row
from tests.bench.programs import HERE, Crowd, Program
from tests.bench.stock import SECRET, Stocks

CLIENTS = 8
WARM_UP = 40  # sign-ups before the first round
_LAST = 0.99
_NOUNS = {"sqlite": "SQLite", "postgres": "PostgreSQL without fsync"}


@dataclass(frozen=True, slots=True)
class Round:
    """How a crowd of newcomers fared."""

    rate: float  # sign-ups per second
    last: float  # seconds, the 99th percentile
    cpu: float  # seconds of the server for each, with all that follows a sign-up


def measure(
    kinds: list[str], sizes: list[int], *, people: int, rounds: int, given: str | None, peer: Path
) -> list[Row]:
    """Measure all in turn, on each kind of database.

    Takes: sizes, how many codes are stored, the smallest first; peer, the Python that has Django.
    """
    rows = []
    with (
        tempfile.TemporaryDirectory(prefix="porchlight-bench-") as name,
        Stocks(folder := Path(name), given) as stocks,
    ):
        for kind in kinds:
            rows += _measure_on(kind, stocks, folder, sizes, people, rounds, peer)
    return rows


def _measure_on(
    kind: str, stocks: Stocks, folder: Path, sizes: list[int], people: int, rounds: int, peer: Path
) -> list[Row]:
    with ExitStack() as end:
        contestants: dict[str, Callable[[], Round]] = {}
        for size in sizes:
            contestants[f"{size}"] = end.enter_context(_ours(stocks, folder, kind, size, people))
        plain = _plain(stocks, folder, kind, sizes[0], people)
        contestants["plain"] = end.enter_context(plain)
        if peer.exists():
            keys = people * rounds + WARM_UP
            theirs = _peer(stocks, folder, kind, max(keys, sizes[0]), people, peer)
            contestants["peer"] = end.enter_context(theirs)
        taken = figures.rounds(rounds, contestants)
    return _rows(_NOUNS[kind], sizes, taken)


@contextmanager
def _ours(
    stocks: Stocks, folder: Path, kind: str, size: int, people: int
) -> Iterator[Callable[[], Round]]:
    url = stocks.copy(kind, size)
    settings = {"database_url": url, "secret_key": SECRET, "log_level": "WARNING"}
    settings |= {"playground": "on"}
    with programs.porchlight(folder, **settings) as house:
        one = partial(_round, house, "porchlight", stock.shuffled(size), url)
        one(WARM_UP)
        yield partial(one, people)


@contextmanager
def _plain(
    stocks: Stocks, folder: Path, kind: str, size: int, people: int
) -> Iterator[Callable[[], Round]]:
    url = stocks.copy(kind, size)
    command = [programs.PYTHON, HERE / "plain_pages.py", url]
    with programs.serving(command, folder, programs.free_port()) as pages:
        one = partial(_round, pages, "plain", stock.shuffled(size), None)
        one(WARM_UP)
        yield partial(one, people)


@contextmanager
def _peer(
    stocks: Stocks, folder: Path, kind: str, size: int, people: int, python: Path
) -> Iterator[Callable[[], Round]]:
    command = [python, HERE / "peer.py", folder, size]
    url = stocks.copy(kind, 0)
    with programs.serving(command, folder, programs.free_port(), database_url=url) as pages:
        keys = iter((folder / "keys").read_text().split())
        one = partial(_round, pages, "peer", keys, None)
        one(WARM_UP)
        yield partial(one, people)


def _round(
    program: Program, journey: str, subjects: Iterator[str], url: str | None, people: int
) -> Round:
    """Takes: url, the database to watch until nothing is left to do; None: nothing follows."""
    used = program.cpu()
    some = list(itertools.islice(subjects, people))
    crowd: Crowd = programs.crowd(program, journey, some, clients=CLIENTS)
    if url is not None:
        stock.await_quiet(url)
    return Round(people / crowd.wall, crowd.percentile(_LAST), (program.cpu() - used) / people)


def _rows(noun: str, sizes: list[int], taken: dict[str, list[Round]]) -> list[Row]:
    ours = taken[f"{sizes[0]}"]
    name = f"{noun}, {CLIENTS} clients, {sizes[0]:,} codes: sign-ups"
    rows = [_row(f"{name}; beside: a plain handler", ours, taken["plain"], "shown")]
    if "peer" in taken:
        rows.append(
            _row(f"{name}; beside: django-invitations", ours, taken["peer"], "at least 4 x")
        )
    else:
        rows.append(Row(f"{name}; beside: django-invitations", "", beside="not installed"))
    for size in sizes[1:]:
        many = taken[f"{size}"]
        name = f"{noun}, {size:,} codes; beside: {sizes[0]:,} codes"
        rows.append(_row(name, many, ours, "0.9 x to 1.1 x"))
    return rows


def _row(name: str, here: list[Round], beside: list[Round], aim: str) -> Row:
    return Row(
        name,
        *_shown(here),
        *_shown(beside),
        figures.times(figures.ratio([x.rate for x in here], [x.rate for x in beside])),
        figures.times(figures.ratio([x.cpu for x in here], [x.cpu for x in beside])),
        aim,
    )


def _shown(some: list[Round]) -> tuple[str, str]:
    rate, last = median(x.rate for x in some), median(x.last for x in some)
    return f"{rate:.0f}/s, p99 {last * 1000:.0f} ms", f"{median(x.cpu for x in some) * 1000:.2f} ms"
