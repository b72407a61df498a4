"""The benchmarks: `make bench`, or `python tests/bench/run.py --help` for parts and sizes.

Everything is measured side by side with something that does the same or less, in turn, in one run:
on a busy machine the ratios hold and the absolute figures do not. Nothing here passes or fails.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench import (
    acks,
    figures,
    letters,
    members,
    news,
    passes,
    replies,
    roster,
    signup,
    start,
)
from tests.bench.figures import Row

ROOT = Path(__file__).parent.parent.parent
PEER = ROOT / ".venv/peer/bin/python"


def main() -> None:
    """Measure what was asked for; print the table."""
    chosen = _choices()
    print(f"{figures.machine()}. Load before: {figures.load()}.", file=sys.stderr)
    rows: list[Row] = []
    before = figures.load()
    for name in chosen.parts:
        print(f"Measuring {name} ...", file=sys.stderr)
        rows += PARTS[name](chosen)
    print(figures.table(rows))
    print(
        f"\n{figures.machine()}. Medians of {chosen.rounds} rounds; ratios are medians of each "
        f"round's. Load before: {before}, after: {figures.load()}."
    )


def _letters(chosen: argparse.Namespace) -> list[Row]:
    return letters.measure(letters=chosen.letters, rounds=chosen.rounds)


def _signup(chosen: argparse.Namespace) -> list[Row]:
    return signup.measure(
        chosen.databases,
        chosen.codes,
        people=chosen.people,
        rounds=chosen.rounds,
        given=os.environ.get("DATABASE_URL"),
        peer=chosen.peer,
    )


def _replies(chosen: argparse.Namespace) -> list[Row]:
    return replies.measure(letters_out=chosen.letters, rounds=chosen.rounds)


def _acks(chosen: argparse.Namespace) -> list[Row]:
    return acks.measure(letters_out=chosen.letters, rounds=chosen.rounds)


def _news(chosen: argparse.Namespace) -> list[Row]:
    return news.measure(letters_out=chosen.letters, rounds=chosen.rounds)


def _passes(chosen: argparse.Namespace) -> list[Row]:
    ours, floor = passes.measured(100, chosen.rounds)
    share = passes.ratio(ours, floor)
    return [
        Row(
            "`/passes 100` as PDF; beside: 100 QR codes as PNG",
            f"{ours.wall:.2f} s, {ours.memory:.0f} MiB",
            f"{ours.cpu:.2f} s",
            f"{floor.wall:.2f} s, {floor.memory:.0f} MiB",
            f"{floor.cpu:.2f} s",
            figures.times(share.wall),
            figures.times(share.cpu),
        )
    ]


def _members(chosen: argparse.Namespace) -> list[Row]:
    return members.measure(chosen.databases, rounds=chosen.rounds)


def _roster(chosen: argparse.Namespace) -> list[Row]:
    return roster.measure(rows=chosen.rows, rounds=chosen.rounds)


def _start(chosen: argparse.Namespace) -> list[Row]:
    return start.measure(rounds=chosen.rounds)


PARTS: dict[str, Callable[[argparse.Namespace], list[Row]]] = {
    "letters": _letters,
    "signup": _signup,
    "replies": _replies,
    "acks": _acks,
    "news": _news,
    "passes": _passes,
    "members": _members,
    "roster": _roster,
    "start": _start,
}


def _choices() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=list(PARTS), choices=PARTS, metavar="PART")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=10_000, help="of a roster's file")
    parser.add_argument("--letters", type=int, default=1000)
    parser.add_argument("--people", type=int, default=400, help="sign-ups in each round")
    parser.add_argument("--codes", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgres"])
    parser.add_argument("--peer", type=Path, default=PEER, help="the Python that has Django")
    chosen = parser.parse_args()
    needed = chosen.people * chosen.rounds + signup.WARM_UP
    if needed > min(chosen.codes):
        parser.error(f"so many sign-ups need {needed} codes")
    return chosen


if __name__ == "__main__":
    main()
