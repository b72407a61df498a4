"""A mailbox on loopback that is read by IMAP, as strict as servers are, and misbehaves on demand.

In a test: `async with ImapStandIn() as server`, then `server.put(content)`, `server.unread`.
As a process: `python -m tests.standins.imap --maildir mail --port 0 --user ana --password x` prints
its port and shows what a mail server has put into the Maildir.

A fault is a phrase: what happens, then at which command.
    DROP FETCH      hangs up instead of an answer
    SILENCE LOGIN   never answers
    NO STORE        refuses
Source: RFC 3501.
"""

import argparse
import asyncio
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from tests.standins.imap_session import Session
from tests.standins.serving import ARRIVING
from tests.standins.smtp import Certificates

Tls = Literal["none", "starttls", "tls"]


@dataclass(slots=True)
class Kept:
    """A message in the folder."""

    uid: int
    content: bytes = field(repr=False)
    is_read: bool = False


class ImapStandIn:
    """The server of one mailbox with one folder."""

    def __init__(
        self,
        *,
        port: int = 0,
        tls: Tls = "none",
        certificates: Certificates | None = None,
        login: tuple[str, str] = ("bounces", "secret"),
        folder: str = "INBOX",
        offers_plain: bool = True,  # AUTHENTICATE PLAIN, besides LOGIN
        maildir: Path | None = None,
    ) -> None:
        self.port = port
        self.login = login
        self.folder = folder
        self.tls = tls
        self.offers_plain = offers_plain
        self.messages: list[Kept] = []
        self.validity = 1
        self.said: list[str] = []  # by clients, without what was secret
        self.context = certificates.for_server() if certificates else None
        self._maildir = maildir
        self._known: set[str] = set()
        self._fault, self._times = "", 0
        self._open: set[asyncio.StreamWriter] = set()

    def put(self, *contents: bytes) -> None:
        """Have messages arrive."""
        for content in contents:
            self.messages.append(Kept(len(self.messages) + 1, content))

    def start_over(self) -> None:
        """Number all messages anew, as after a restored backup."""
        self.validity += 1
        for uid, kept in enumerate(self.messages, 1):
            kept.uid = uid
        self.hang_up()  # what clients know of the folder is no longer true

    @property
    def unread(self) -> list[int]:
        """The ids of unread messages."""
        return [kept.uid for kept in self.messages if not kept.is_read]

    def fail(self, fault: str, *, times: int = 1_000_000) -> None:
        """Misbehave the next `times` times that the fault's command comes."""
        self._fault, self._times = fault, times

    def due(self, command: str) -> str:
        """What goes wrong at this command; empty when nothing does."""
        what, _, where = self._fault.partition(" ")
        if where != command or self._times <= 0:
            return ""
        self._times -= 1
        return what

    def arrivals(self) -> None:
        """Look what has been put into the Maildir. Each file is seen once."""
        if self._maildir is None:
            return
        for path in sorted(self._maildir.glob("new/*"), key=lambda each: each.stat().st_mtime):
            if path.name not in self._known:
                self._known.add(path.name)
                self.put(path.read_bytes().replace(b"\n", b"\r\n"))

    def hang_up(self) -> None:
        """Drop every connection."""
        for writer in list(self._open):
            writer.transport.abort()

    async def __aenter__(self) -> Self:
        secured = self.context if self.tls == "tls" else None
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, ssl=secured, limit=1 << 20
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._server.close()
        await asyncio.sleep(ARRIVING)
        self.hang_up()
        await self._server.wait_closed()
        while self._open:
            await asyncio.sleep(0.01)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            await Session(self, reader, writer).talk()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # the client went
        finally:
            self._open.discard(writer)
            writer.transport.abort()


async def _run(chosen: argparse.Namespace) -> None:
    login = (chosen.user, chosen.password)
    server = ImapStandIn(port=chosen.port, login=login, maildir=Path(chosen.maildir))
    async with server:
        print(server.port, flush=True)
        await asyncio.Event().wait()


def _choices() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--maildir", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--user", default="bounces")
    parser.add_argument("--password", default="secret")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(_run(_choices()))
