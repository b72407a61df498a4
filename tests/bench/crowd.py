"""People with phones, cheaply: `python tests/bench/crowd.py < plan > result`, both JSON.

A process of its own and as little HTTP as will do, so that the servers are measured and not this.
Each client keeps one connection; each journey on it is a new browser without cookies. A plan says
which `journey`, at which `port`, by how many `clients`, with which `subjects` (codes, commands
or the bodies of requests), and maybe at which second each `starts`; without, every client begins
anew as soon as it is done. Times count from when a journey should have started, so that a queue is
not hidden; `began` is the second 0, by the clock that `time.monotonic` reads in every process.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any
from urllib.parse import urlencode

SIGNING_SECRET = "a signing secret of the benchmarks alone"
POSTMARK = ("postmark", "a password of the benchmarks alone")
_FORM = b"application/x-www-form-urlencoded"

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said."""

    status: int
    headers: Headers
    body: bytes


@dataclass(slots=True)
class Browser:
    """One visitor on a connection that is kept open."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    cookies: dict[bytes, bytes] = field(default_factory=dict)

    async def get(self, path: str, *, expect: int = 200) -> Answer:
        """Open a page."""
        return await self._ask(f"GET {path} HTTP/1.1".encode(), b"", b"", expect)

    async def submit(self, path: str, fields: dict[str, str], *, expect: int) -> Answer:
        """Send a form."""
        head = f"POST {path} HTTP/1.1".encode()
        return await self._ask(head, _FORM, urlencode(fields).encode(), expect)

    async def post(self, path: str, body: bytes, *more: bytes, kind: bytes = _FORM) -> Answer:
        """Send what is written already, with more headers, as a server does."""
        head = b"\r\n".join([f"POST {path} HTTP/1.1".encode(), *more])
        return await self._ask(head, kind, body, 200, by_browser=False)

    async def call(self, path: str, said: Any) -> Any:
        """Ask an API."""
        head = f"POST {path} HTTP/1.1".encode()
        answer = await self._ask(head, b"application/json", json.dumps(said).encode(), 200)
        return json.loads(answer.body)

    async def _ask(
        self, head: bytes, kind: bytes, body: bytes, expect: int, *, by_browser: bool = True
    ) -> Answer:
        lines = [head, b"Host: 127.0.0.1"]
        if by_browser:
            lines.append(b"Sec-Fetch-Site: same-origin")
        if self.cookies:
            lines.append(b"Cookie: " + b"; ".join(b"=".join(c) for c in self.cookies.items()))
        if kind:
            lines += [b"Content-Type: " + kind, b"Content-Length: %d" % len(body)]
        self.writer.write(b"\r\n".join([*lines, b"", body]))
        answer = await self._answer()
        if answer.status != expect:
            raise RuntimeError(f"{head!r}: {answer.status} {answer.body[:500]!r}")
        return answer

    async def _answer(self) -> Answer:
        head = await self.reader.readuntil(b"\r\n\r\n")
        first, *lines = head[:-4].split(b"\r\n")
        headers = [(name.lower(), value) for name, _, value in (x.partition(b": ") for x in lines)]
        for name, value in headers:
            if name == b"set-cookie":
                key, _, kept = value.partition(b";")[0].partition(b"=")
                self.cookies[key] = kept
        length = int(dict(headers).get(b"content-length", 0))
        return Answer(int(first.split()[1]), headers, await self.reader.readexactly(length))


def between(text: bytes, before: bytes, after: bytes) -> str:
    """The text after the first `before`, up to the next `after`."""
    _, found, rest = text.partition(before)
    if not found:
        raise RuntimeError(f"{before!r} is not in {text[:500]!r}")
    return rest.partition(after)[0].decode()


def _person(code: str) -> dict[str, str]:
    """Somebody whom nobody else is; a household at an address of its own."""
    return {
        "name": f"Rosa {code}",
        "address": f"{code} Oak Street",
        "contact": f"rosa.{code.lower()}@example.org",
    }


async def porchlight(browser: Browser, code: str) -> None:
    """Follow the link of a letter, fill in the form, be a member."""
    page = await browser.get(f"/j/{code}")
    token = between(page.body, b'name="token" value="', b'"')
    await browser.submit(f"/j/{code}", {"token": token, **_person(code)}, expect=303)


async def plain(browser: Browser, code: str) -> None:
    """The same at the plain handler."""
    await browser.get(f"/j/{code}")
    await browser.submit(f"/j/{code}", _person(code), expect=303)


async def peer(browser: Browser, key: str) -> None:
    """The same at django-invitations: its link redirects to the form."""
    await browser.get(f"/invitations/accept-invite/{key}/", expect=302)
    page = await browser.get("/sign-up/")
    token = between(page.body, b'name="csrfmiddlewaretoken" value="', b'"')
    await browser.submit("/sign-up/", {"csrfmiddlewaretoken": token, **_person(key)}, expect=302)


async def say(browser: Browser, text: str) -> None:
    """Give a command in the playground and wait for its reply."""
    said = await browser.call("/playground/calls", {"text": text})
    if "went wrong" in said["reply"]["text"]:
        raise RuntimeError(said["reply"]["text"])


async def slack(browser: Browser, body: str) -> None:
    """Bring a command as Slack does, signed just now, and wait for the acknowledgement."""
    moment = str(int(time.time()))
    signed = hmac.digest(SIGNING_SECRET.encode(), f"v0:{moment}:{body}".encode(), hashlib.sha256)
    answer = await browser.post(
        "/slack/events",
        body.encode(),
        f"X-Slack-Request-Timestamp: {moment}".encode(),
        f"X-Slack-Signature: v0={signed.hex()}".encode(),
    )
    if answer.body:
        raise RuntimeError(f"more than an acknowledgement: {answer.body[:500]!r}")


async def postmark(browser: Browser, body: str) -> None:
    """Tell what became of a letter, as Postmark does."""
    proof = base64.b64encode(":".join(POSTMARK).encode())
    login = b"Authorization: Basic " + proof
    await browser.post("/hooks/postmark", body.encode(), login, kind=b"application/json")


Journey = Callable[[Browser, str], Awaitable[None]]
JOURNEYS: dict[str, Journey] = {
    each.__name__: each for each in (porchlight, plain, peer, say, slack, postmark)
}


async def _client(
    plan: dict[str, Any], mine: Sequence[tuple[str, float | None]], begin: asyncio.Event
) -> list[float]:
    journey = JOURNEYS[plan["journey"]]
    reader, writer = await asyncio.open_connection("127.0.0.1", plan["port"])
    await begin.wait()
    began, times = time.perf_counter(), []
    for subject, second in mine:
        start = time.perf_counter() if second is None else began + second
        await asyncio.sleep(max(0.0, start - time.perf_counter()))
        await journey(Browser(reader, writer), subject)
        times.append(time.perf_counter() - start)
    writer.close()
    return times


async def main() -> None:
    """Carry out the plan; print how long all of it took and each journey."""
    plan = json.load(sys.stdin)
    starts = plan.get("starts") or [None] * len(plan["subjects"])
    work = list(zip(plan["subjects"], starts, strict=True))
    begin = asyncio.Event()
    clients = [
        asyncio.create_task(_client(plan, work[one :: plan["clients"]], begin))
        for one in range(plan["clients"])
    ]
    await asyncio.sleep(0.1)  # until all are connected
    began = time.monotonic()
    begin.set()
    times = await asyncio.gather(*clients)
    wall = time.monotonic() - began
    told = {"began": began, "wall": wall, "times": list(chain.from_iterable(times))}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main())
