"""What was measured, and the table of it."""

import os
import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

T = TypeVar("T")
K = TypeVar("K", bound=str)

_HEAD = ("Measured", "Here", "CPU", "Beside it", "CPU", "Ratio", "CPU ratio", "Aim")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; what does not apply stays empty."""

    name: str
    here: str
    cpu: str = ""
    beside: str = ""
    beside_cpu: str = ""
    ratio: str = ""
    cpu_ratio: str = ""
    aim: str = ""


def rounds(count: int, contestants: Mapping[K, Callable[[], T]]) -> dict[K, list[T]]:
    """Let all have their turn in every round, so that a busy moment meets them alike."""
    taken: dict[K, list[T]] = {name: [] for name in contestants}
    for number in range(count):
        # Every other round the other way about: nobody always follows the same one.
        turn = list(contestants) if number % 2 == 0 else list(contestants)[::-1]
        for name in turn:
            taken[name].append(contestants[name]())
    return taken


def ratio(ours: Iterable[float], theirs: Iterable[float]) -> float:
    """The median of the rounds' ratios: both of a pair were measured in the same minute."""
    return median(a / b for a, b in zip(ours, theirs, strict=True))


def times(value: float) -> str:
    """A ratio as people read it."""
    return f"{value:.2f} x"


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown."""
    lines = [_HEAD, ("---",) * len(_HEAD), *map(_cells, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.name, row.here, row.cpu, row.beside, row.beside_cpu, row.ratio, row.cpu_ratio, row.aim,
    )  # fmt: skip


def load() -> str:
    """How busy the machine is: the mean number of running threads over 1, 5 and 15 minutes."""
    return " / ".join(f"{value:.1f}" for value in os.getloadavg())


def machine() -> str:
    """What this was measured on."""
    system = f"{platform.system()} {platform.machine()}"
    return f"{os.cpu_count()} CPUs, {system}, Python {platform.python_version()}"
