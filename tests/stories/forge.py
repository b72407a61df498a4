"""Starts workers in no time: has imported everything and forks one for each line it reads.

A line is the name of the worker's log; the answer is its process id. Each fork then is
`porchlight worker`, with the arguments that this was started with.
"""

import os
import signal
import sys
from pathlib import Path

from twilio.http.async_http_client import AsyncTwilioHttpClient  # noqa: F401 - takes 0.25 s
from twilio.rest import Client  # noqa: F401

import bot.app  # noqa: F401 - takes a second
from bot.__main__ import cli


def main() -> None:
    """Fork as often as asked."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended: they were killed
    while name := sys.stdin.readline().strip():
        pid = os.fork()
        if pid == 0:
            _work(name)
        print(pid, flush=True)


def _work(log: str) -> None:
    with Path(log).open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    try:
        cli(sys.argv[1:], standalone_mode=False)
    finally:
        os._exit(1)


if __name__ == "__main__":
    main()
