"""Starts workers in no time: has imported everything and forks one for each line it reads.

A line is the name of the worker's log; the answer is its process id. Each fork then is
`porchlight worker`, with the arguments that this was started with.
"""

import importlib
import os
import signal
import sys
from pathlib import Path

from bot.__main__ import cli

# What a worker imports when it needs it, imported before it is forked.
_SLOW = ("twilio.http.async_http_client", "twilio.rest", "bot.app")  # 0.25 s and a second


def main() -> None:
    """Fork as often as asked."""
    for name in _SLOW:
        importlib.import_module(name)
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
