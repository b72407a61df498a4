"""How long a roster of thousands of rows takes: read and shown, then added.

Side by side with a floor that does less: one process that reads the same file, judges its addresses
and numbers by the same libraries, and puts the rows into a bare SQLite table.
"""

import base64
import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench import figures, programs
from tests.bench.figures import Row
from tests.bench.programs import Program

_POLL = 0.2  # seconds: what asks more often is measured itself
_STREETS = ("Elm", "Oak", "Ash", "Fir")
_PATIENCE = 300.0  # seconds
_AIM = 20.0  # seconds for 10,000 rows, until they are on the roster

FLOOR = """
import csv, sqlite3, sys, phonenumbers
from email_validator import validate_email
def kept(row):
    number = phonenumbers.parse(row["Phone"], "US")
    assert phonenumbers.is_valid_number(number)
    email = validate_email(row["E-mail"], check_deliverability=False).normalized
    phone = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return row["Address"], row["Name"], email, phone
rows = [kept(row) for row in csv.DictReader(sys.stdin)]
with sqlite3.connect(sys.argv[1]) as database:
    database.execute("CREATE TABLE entry (address, name, email, phone, UNIQUE (address, name))")
    database.executemany("INSERT INTO entry VALUES (?, ?, ?, ?)", rows)
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """One import, in seconds."""

    shown: float  # until the leader reads what it would change
    added: float  # until it is on the roster, after the button
    cpu: float
    seen: int  # states of the message in which it was counted, as the leader saw it move
    waited: float  # the longest that somebody waited for a page meanwhile

    @property
    def total(self) -> float:
        """Without the leader's own time."""
        return self.shown + self.added


def measure(*, rows: int, rounds: int) -> list[Row]:
    """Import as many rows into an empty house as often, in turn with the floor."""
    taken: dict[str, list[Any]] = figures.rounds(
        rounds, {"here": lambda: _imported(_file(rows)), "floor": lambda: _floor(_file(rows))}
    )
    here, floor = taken["here"], taken["floor"]
    share = figures.ratio([one.total for one in here], floor)
    return [
        Row(
            f"`/roster import` of {rows:,} rows, then *Add*; beside: the same libraries and table",
            f"{median(one.shown for one in here):.1f} s until shown, "
            f"{median(one.added for one in here):.1f} s until added",
            f"{median(one.cpu for one in here):.1f} s",
            f"{median(floor):.1f} s",
            ratio=figures.times(share),
            aim=f"{_AIM:.0f} s for 10,000 rows",
        ),
        Row(
            "meanwhile: how often the message moved; how long the sign-up page took at most",
            f"{median(one.seen for one in here):.0f} times; "
            f"{max(one.waited for one in here) * 1000:.0f} ms",
        ),
    ]


def _file(rows: int) -> str:
    """A list in which everybody has an e-mail address and a number."""
    lines = (
        f"{n // 200 + 2} {_STREETS[n % 4]} Street Unit {n},Ana Ruiz {n},"
        f"ana{n}@example.org,+1 415-555-{100 + n % 100:04}"
        for n in range(rows)
    )
    return "\n".join(["Address,Name,E-mail,Phone", *lines])


def _floor(file: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        command = [sys.executable, "-c", FLOOR, f"{folder}/floor.db"]
        subprocess.run(command, input=file, text=True, check=True)
        return time.monotonic() - begun


def _imported(file: str) -> Taken:
    with tempfile.TemporaryDirectory() as folder, programs.porchlight(Path(folder)) as house:
        cpu = house.cpu()
        with _asking(house) as waits:
            begun = time.monotonic()
            content = base64.b64encode(file.encode()).decode()
            given = {"name": "list.csv", "type": "text/csv", "content": content}
            _say(house, text="", files=[given])
            texts = _watch(house, "press the button")
            shown = time.monotonic() - begun
            begun = time.monotonic()
            _say(house, text="/roster apply 1")
            _watch(house, "is on the roster")
            added = time.monotonic() - begun
        seen = sum("Reading:" in text for text in texts)
        return Taken(shown, added, house.cpu() - cpu, seen, max(waits))


def _watch(house: Program, words: str) -> set[str]:
    """All that the receipt said until it says this."""
    seen: set[str] = set()

    def is_said() -> bool:
        messages = json.loads(_ask(house, "GET", "/playground/messages"))
        seen.update(one["text"] for one in messages if "list.csv" in one["text"])
        return any(words in text for text in seen)

    def why() -> str:
        return f"still not “{words}”: {sorted(seen)}"

    programs.until(is_said, within=_PATIENCE, every=_POLL, why=why)
    return seen


@contextmanager
def _asking(house: Program) -> Iterator[list[float]]:
    """Have a resident open the sign-up page again and again. Gives the seconds that each took."""
    waits: list[float] = []
    done = threading.Event()

    def ask() -> None:
        while not done.wait(_POLL):
            begun = time.monotonic()
            _ask(house, "GET", "/join")
            waits.append(time.monotonic() - begun)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield waits
    finally:
        done.set()
        thread.join()


def _say(house: Program, **said: object) -> None:
    _ask(house, "POST", "/playground/calls", json.dumps(said))


def _ask(house: Program, method: str, path: str, body: str | None = None) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=_PATIENCE)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(f"{path}: {answer.status} {said[:200]!r}")
        return said
    finally:
        connection.close()
