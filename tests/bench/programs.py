"""Starts, feeds, times and stops the programs that are measured, each a process of its own."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

HERE = Path(__file__).parent
PYTHON = sys.executable
_KEPT = ("PATH", "PYTHONPATH", "HOME", "LANG", "LC_ALL", "SYSTEMROOT", "TMPDIR")
_START = 60.0  # seconds
_STOP = 20.0


@dataclass(frozen=True, slots=True)
class Program:
    """A server that answers at its port."""

    process: subprocess.Popen[bytes]
    port: int

    def cpu(self) -> float:
        """Seconds of CPU taken so far, by all its threads and its children, past and present."""
        process = psutil.Process(self.process.pid)
        family = [process, *process.children(recursive=True)]
        return sum(sum(each.cpu_times()[:4]) for each in family)


def environment(**settings: object) -> dict[str, str]:
    """Nothing of whoever runs this but what a program needs to start; byte code is kept."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {name.upper(): str(value) for name, value in settings.items()}


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def porchlight(folder: Path, **settings: object) -> Iterator[Program]:
    """All of Porchlight in one process, as `porchlight run` starts it, in this folder.

    No leader's day is long enough for a benchmark, so the limits of a day are lifted.
    """
    settings = {"limit_emails": 0, "limit_texts": 0, "limit_community_texts": 0} | settings
    port = free_port()
    command = [PYTHON, "-m", "bot", "run"]
    with serving(command, folder, port, page="/join", **settings) as program:
        yield program


@contextmanager
def serving(
    command: Sequence[object], folder: Path, port: int, *, page: str = "/", **settings: object
) -> Iterator[Program]:
    """A server in its folder, from the moment when it answers until its end."""
    with (folder / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(
            [*map(str, command)],
            cwd=folder,
            env=environment(port=port, **settings),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        await_page(process, port, page, Path(log.name))
        yield Program(process, port)
    finally:
        stop(process)


def await_page(process: subprocess.Popen[bytes], port: int, page: str, log: Path) -> None:
    """Return when the server has given its first page. Raises when it ends instead."""

    def has_page() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"it has ended:\n{log.read_text()[-4000:]}")
        return _status(port, page) == http.client.OK

    def why() -> str:
        return f"no page (status {_status(port, page)}):\n{log.read_text()[-4000:]}"

    until(has_page, within=_START, every=0.005, why=why)


def until(done: Callable[[], bool], *, within: float, every: float, why: Callable[[], str]) -> None:
    """Ask again and again, until it is so.

    Takes: within and every, in seconds. Raises: RuntimeError, with why, when it takes too long.
    """
    deadline = time.monotonic() + within
    while not done():
        if time.monotonic() > deadline:
            raise RuntimeError(why())
        time.sleep(every)  # what is asked is another program, which has no way to call us


def _status(port: int, page: str) -> int | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_START)
    try:
        connection.request("GET", page)
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the process to end, then insist."""
    process.terminate()
    try:
        process.wait(_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def crowd(program: Program, journey: str, subjects: Sequence[str], **plan: Any) -> "Crowd":
    """Send a crowd to the program. Gives how it fared."""
    plan = {"journey": journey, "port": program.port, "subjects": list(subjects), **plan}
    before = program.cpu()
    run = subprocess.run(
        [PYTHON, HERE / "crowd.py"],
        input=json.dumps(plan).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    result = json.loads(run.stdout)
    cpu = program.cpu() - before
    return Crowd(result["began"], result["wall"], cpu, sorted(result["times"]))


@dataclass(frozen=True, slots=True)
class Crowd:
    """How a crowd fared."""

    began: float  # as `time.monotonic` says
    wall: float  # seconds until all were served
    cpu: float  # seconds of the server's CPU meanwhile
    times: Sequence[float]  # seconds of each journey, ascending

    def percentile(self, share: float) -> float:
        """The time within which this share of the journeys was over."""
        return percentile(self.times, share)


def percentile(times: Sequence[float], share: float) -> float:
    """The time below which this share of them is; they are ascending."""
    return times[min(len(times) - 1, int(len(times) * share))]
