"""Workers and stand-in servers as processes of their own, which can be killed at any moment."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.standins import twilio

ROOT = Path(__file__).parents[2]
_BASICS = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "QUIET_HOURS": "off"}


@dataclass(frozen=True, slots=True)
class Worker:
    """A `porchlight worker`."""

    pid: int
    log: Path

    @property
    def is_ready(self) -> bool:
        """Whether it has begun to work."""
        return "worker.started" in self.log.read_text()

    def kill(self) -> None:
        """SIGKILL: no last words, no cleaning up."""
        os.kill(self.pid, signal.SIGKILL)


class Workers:
    """Starts workers, in the present folder, and kills those that are left in the end."""

    def __init__(self, settings: dict[str, str], *, lease: float) -> None:
        command = [sys.executable, str(Path(__file__).with_name("forge.py"))]
        self._forge = subprocess.Popen(
            [*command, "worker", "--lease", str(lease)],
            env={**_BASICS, **settings},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.alive: list[Worker] = []
        self._count = 0

    def start(self) -> None:
        """One more."""
        self._count += 1
        log = Path(f"worker-{self._count}.log").absolute()
        log.touch()
        assert self._forge.stdin is not None
        assert self._forge.stdout is not None
        self._forge.stdin.write(f"{log}\n")
        self._forge.stdin.flush()
        self.alive.append(Worker(int(self._forge.stdout.readline()), log))

    def kill(self, worker: Worker) -> None:
        """One less."""
        self.alive.remove(worker)
        worker.kill()

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *error: object) -> None:
        for worker in list(self.alive):
            self.kill(worker)
        self._forge.communicate()


@contextmanager
def mail_server(folder: Path) -> Iterator[dict[str, str]]:
    """A mail server that keeps its mail in the folder. Gives the settings to reach it."""
    with _standin("smtp", folder) as port:
        yield {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": port,
            "SMTP_TLS": "none",
            "SMTP_SENDER": "invites@mail.example",
        }


@contextmanager
def twilio_server(folder: Path, *how: str) -> Iterator[dict[str, str]]:
    """A Twilio that keeps its texts in the folder. Gives the settings to reach it.

    Takes: how it misbehaves, as its command line has it.
    """
    with _standin("twilio", folder, *how) as port:
        yield {
            "TWILIO_ACCOUNT_SID": twilio.ACCOUNT,
            "TWILIO_AUTH_TOKEN": twilio.TOKEN,
            "TWILIO_FROM": twilio.NUMBER,
            "TWILIO_BASE_URL": f"http://127.0.0.1:{port}",
            "TWILIO_SETTLE": "1",
        }


@contextmanager
def _standin(name: str, folder: Path, *how: str) -> Iterator[str]:
    command = [sys.executable, "-m", f"tests.standins.{name}", "--folder", str(folder), *how]
    with subprocess.Popen(command, env=_BASICS, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()
