"""Letters per second: from the leader's command until the mail server has them all."""

import json
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench import figures, programs
from tests.bench.figures import Row
from tests.bench.programs import HERE, PYTHON, Program

PASTE = 100  # addresses in one command, the most there may be
CONNECTIONS = 4  # as many as Porchlight keeps to a mail server
RATE = 1000  # letters per second: the most that can be set, and above what is measured
SENDER = "Maple Court <invites@maple-court.example>"


@dataclass(frozen=True, slots=True)
class Sent:
    """What sending some letters took."""

    wall: float  # seconds
    cpu: float  # seconds


class Sink:
    """The mail server that takes them."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [PYTHON, HERE / "sink.py"], stdout=subprocess.PIPE, text=True
        )
        self.port = int(self._line())

    def until(self, count: int) -> float:
        """Wait until so many different people have a letter each; give when the last was taken."""
        recipients = set()
        for _ in range(count):
            moment, recipient = self._line().split()
            recipients.add(recipient)
        if len(recipients) != count:
            raise RuntimeError(f"{count} letters went to {len(recipients)} people")
        return float(moment)

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _line(self) -> str:
        assert self._process.stdout is not None
        if not (line := self._process.stdout.readline()):
            raise RuntimeError("the mail server was left waiting: not all letters came")
        return line


@contextmanager
def house_with_mail(**settings: object) -> Iterator[tuple[Program, Sink]]:
    """Porchlight in an empty folder, with the sink as its mail server."""
    sink = Sink()
    mail = {
        "smtp_host": "127.0.0.1",
        "smtp_port": sink.port,
        "smtp_tls": "none",
        "smtp_sender": SENDER,
        "smtp_rate": RATE,
        "limit_emails": 0,  # no limit
        "limit_new_leader": 0,
    }
    try:
        with (
            tempfile.TemporaryDirectory(prefix="porchlight-bench-") as folder,
            programs.porchlight(Path(folder), **mail, **settings) as house,
        ):
            yield house, sink
    finally:
        sink.close()


def say(house: Program, text: str) -> dict[str, Any]:
    """Give a command in the playground; give its reply."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{house.port}/playground/calls",
        json.dumps({"text": text}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        reply: dict[str, Any] = json.load(answer)["reply"]
        return reply


def invite(house: Program, name: str, count: int) -> None:
    """Invite so many people: paste their addresses and press the button that sends."""
    for start in range(0, count, PASTE):
        numbers = range(start, min(start + PASTE, count))
        pasted = " ".join(f"{name}.{number}@example.org" for number in numbers)
        reply = say(house, f"/invite email {pasted}")
        for button in reply["buttons"]:
            if button["style"] == "primary":
                say(house, button["call"])


def ours(house: Program, sink: Sink, name: str, count: int) -> Sent:
    """Send so many letters by Porchlight."""
    began, used = time.monotonic(), house.cpu()
    invite(house, name, count)
    ended = sink.until(count)
    return Sent(ended - began, house.cpu() - used)


def plain(sink: Sink, count: int) -> Sent:
    """Send as many by the plain loop."""
    command = [PYTHON, HERE / "plain_letters.py", sink.port, count, CONNECTIONS]
    run = subprocess.run(
        [*map(str, command)], stdout=subprocess.PIPE, check=True, env=programs.environment()
    )
    told = json.loads(run.stdout)
    return Sent(sink.until(count) - told["began"], told["cpu"])


def measure(*, letters: int, rounds: int) -> list[Row]:
    """Measure both in turn."""
    names = (f"round.{number}" for number in range(rounds))
    with house_with_mail() as (house, sink):
        invite(house, "warm.up", 20)
        sink.until(20)
        taken = figures.rounds(
            rounds,
            {
                "ours": lambda: ours(house, sink, next(names), letters),
                "plain": lambda: plain(sink, letters),
            },
        )
    return [_row(letters, taken["ours"], taken["plain"])]


def _row(count: int, here: list[Sent], beside: list[Sent]) -> Row:
    return Row(
        f"{count} letters, from the command until the mail server has the last; "
        "beside: a loop that renders and sends the same",
        f"{count / median(sent.wall for sent in here):.0f} letters/s",
        f"{median(sent.cpu for sent in here) / count * 1000:.2f} ms each",
        f"{count / median(sent.wall for sent in beside):.0f} letters/s",
        f"{median(sent.cpu for sent in beside) / count * 1000:.2f} ms each",
        figures.times(figures.ratio([x.wall for x in beside], [x.wall for x in here])),
        figures.times(figures.ratio([x.cpu for x in here], [x.cpu for x in beside])),
        "at least 0.5 x the rate",
    )
