"""A Slack that agrees to everything and keeps nothing, so that it is never what is measured.

`python tests/bench/workspace.py` prints its port, then a line for each answer to a command and for
each edit that says a letter was delivered: the moment, by the clock that `time.monotonic` reads in
every process, "answer" or "delivered", and whose it is: the end of the response URL,
`/answers/17`, or to whom the letter went. It ends when its standard input does.
"""

import asyncio
import json
import re
import sys
import time
from typing import Any
from urllib.parse import unquote_plus

TEAM = "T0MAPLE00"
_ANSWERS = "/answers/"
_DELIVERED = re.compile(r"([\w.]+@example\.org)\W+the e-mail has been delivered")
_AGREED: dict[str, dict[str, Any]] = {
    "/api/auth.test": {
        "team_id": TEAM,
        "team": "Maple Court",
        "user_id": "U0PORCH00",
        "user": "porchlight",
        "bot_id": "B0PORCH00",
        "url": "https://maple-court.slack.com/",
    },
    "/api/conversations.open": {"channel": {"id": "D0LEADER0"}},
    "/api/chat.postMessage": {"channel": "D0LEADER0", "ts": "1700000000.000100"},
    "/api/chat.update": {"channel": "D0LEADER0", "ts": "1700000000.000100"},
}


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer what comes over one connection, until its end."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            first, *lines = head.decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines if line)
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            writer.write(_written(*_answer(first.split()[1], unquote_plus(body.decode()))))
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def _answer(path: str, body: str) -> tuple[str, str, bytes]:
    if path.startswith(_ANSWERS):
        _say("answer", path.removeprefix(_ANSWERS))
        return "200 OK", "text/plain", b"ok"
    if path == "/api/chat.update" and (found := _DELIVERED.search(body)):
        _say("delivered", found[1])
    said = _AGREED.get(path.partition("?")[0])
    if said is None:
        return "404 Not Found", "text/plain", b""
    return "200 OK", "application/json", json.dumps({"ok": True, **said}).encode()


def _say(kind: str, whose: str) -> None:
    print(time.monotonic(), kind, whose, flush=True)


def _written(status: str, kind: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def main() -> None:
    """Serve until whoever started it is gone."""
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
