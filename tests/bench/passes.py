"""What a batch of access passes costs: `python tests/bench/passes.py [rounds]`.

Side by side with a floor that does less than its job: one `qrcode.make()` and one PNG for each
pass, with no layout, text or PDF. Each runs in a process of its own from start to end, in turn.
"""

import json
import subprocess
import sys
from dataclasses import astuple, dataclass
from datetime import date
from functools import partial
from random import Random
from statistics import median

from bot.paper.printer import HOUSE, environment
from bot.paper.sheet import described
from bot.ports import Pass, Sheet
from bot.templating import TEMPLATES, Templates

COUNTS = (1, 10, 100)
ROUNDS = 5
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

FLOOR = """
import io, json, sys, qrcode
for one in json.load(sys.stdin.buffer)["passes"]:
    qrcode.make(one["link"]).save(io.BytesIO(), "PNG")
"""
# A small process in between: Linux counts what the parent held at the fork as the child's peak.
MEASURE = """
import json, os, subprocess, sys, time
start = time.perf_counter()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, used = os.wait4(child.pid, 0)
wall = time.perf_counter() - start
assert status == 0, status
print(json.dumps([used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024]))
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took from start to end."""

    cpu: float  # seconds, of all its threads
    wall: float  # seconds
    memory: float  # peak, in MiB


def main() -> None:
    """Print the medians and how many times the floor they are."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    print(f"Medians of {rounds} rounds          CPU s     wall s   peak MiB")
    for count in COUNTS:
        passes, floor = measured(count, rounds)
        show(f"{count:>4} passes as PDF", passes)
        show(f"{count:>4} QR codes as PNG, the floor", floor)
        show("     times the floor", ratio(passes, floor))


def measured(count: int, rounds: int) -> tuple[Cost, Cost]:
    """The median cost of so many passes, and of the floor."""
    python = [sys.executable]
    passes = partial(cost, [*python, "-m", "bot.paper", "sheet", str(TEMPLATES)])
    floor = partial(cost, [*python, "-c", FLOOR])
    taken = [(passes(asked), floor(asked)) for asked in (batch(count) for _ in range(rounds))]
    ours, theirs = zip(*taken, strict=True)
    return middle(ours), middle(theirs)


def cost(command: list[str], asked: bytes) -> Cost:
    """Run a command once, with the same input and environment as the printer's child."""
    run = subprocess.run(
        [sys.executable, "-S", "-c", MEASURE, *command],
        input=asked,
        stdout=subprocess.PIPE,
        check=True,
        cwd=HOUSE,
        env=environment(),
    )
    return Cost(*json.loads(run.stdout))


def batch(count: int) -> bytes:
    """A new batch, with new codes, as the printer hands it to its child."""
    draw = Random()
    codes = ["".join(draw.choices(CROCKFORD, k=12)) for _ in range(count)]
    passes = [
        Pass(code, f"https://join.maple-court.example/j/{code}", serial, date(2026, 12, 31))
        for serial, code in enumerate(codes, 1)
    ]
    sheet = Sheet(
        community="Maple Court",
        welcome="",
        colour="#0b4f58",
        type_at="join.maple-court.example/join",
        label="Oak Street",
        batch=7,
        count=count,
        paper="a4",
        language="en",
        passes=passes,
    )
    return json.dumps(described(sheet, Templates())).encode()


def middle(costs: tuple[Cost, ...]) -> Cost:
    """The median of each figure."""
    return Cost(*map(median, zip(*map(astuple, costs), strict=True)))


def ratio(ours: Cost, floor: Cost) -> Cost:
    """How many times the floor each figure is."""
    return Cost(*(a / b for a, b in zip(astuple(ours), astuple(floor), strict=True)))


def show(name: str, cost: Cost) -> None:
    """Print one line of the table."""
    print(f"{name:<34}{cost.cpu:>6.2f}{cost.wall:>11.2f}{cost.memory:>11.1f}")


if __name__ == "__main__":
    main()
