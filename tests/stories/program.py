"""The whole program as its operator starts it: `porchlight run`, a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import httpx

ROOT = Path(__file__).parents[2]
T = TypeVar("T")

_PATIENCE = 30.0  # seconds to start or to stop; a busy machine takes 4


@dataclass(frozen=True, slots=True)
class Program:
    """A running Porchlight."""

    address: str  # "http://127.0.0.1:40123"
    database_url: str
    log: Path  # what it said, from the first start on

    def at(self, path: str) -> str:
        """The address of one of its pages."""
        return f"{self.address}{path}"

    def say(self, text: str) -> str:
        """Speak as the leader, by the playground's API. Gives the words of the reply."""
        answer = httpx.post(self.at("/playground/calls"), json={"text": text})
        return str(answer.raise_for_status().json()["reply"]["text"])

    def invite(self, address: str) -> str:
        """Invite by e-mail. Gives the link of the letter."""
        self.say(f"/invite email {address}")
        return self.letter(address)["link"]

    def letter(self, to: str, *, link: str = "/j/") -> dict[str, str]:
        """The newest letter to somebody whose link has these letters, once it is there."""

        def found() -> dict[str, str] | None:
            mine = (letter for letter in self.letters() if letter["to"] == to)
            return next((letter for letter in mine if link in letter["link"]), None)

        return wait_for(found)

    def letters(self) -> list[dict[str, str]]:
        """All letters that residents were sent, newest first."""
        found: list[dict[str, str]] = (
            httpx.get(self.at("/playground/letters")).raise_for_status().json()
        )
        return found


def free_port() -> int:
    """A port of this computer that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(folder: Path, *, port: int) -> Iterator[Program]:
    """Start Porchlight in the folder with nothing set up, wait until it can work, stop it.

    Raises: AssertionError when it does not start, does not stop, or logged an error meanwhile.
    """
    database_url = f"sqlite:///{folder / 'porchlight.db'}"
    program = Program(f"http://127.0.0.1:{port}", database_url, folder / "log.txt")
    with program.log.open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"],
            cwd=folder,
            env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        wait_for(partial(_is_ready, program, process))
        yield program
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=_PATIENCE)
    said = program.log.read_text()
    assert code == 0, said
    assert '"level": "error"' not in said, said
    assert "Traceback" not in said, said


def wait_for(what: Callable[[], T | None]) -> T:
    """Ask again until there is an answer."""
    deadline = time.monotonic() + _PATIENCE
    while not (found := what()):
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
    return found


def _is_ready(program: Program, process: "subprocess.Popen[bytes]") -> bool:
    assert process.poll() is None, program.log.read_text()
    try:
        return httpx.get(program.at("/readyz")).is_success
    except httpx.TransportError:
        return False
