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
import base64
import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from tests.standins.serving import ARRIVING
from tests.standins.smtp import Certificates

Tls = Literal["none", "starttls", "tls"]
_STRING = re.compile(r'"((?:[^"\\]|\\["\\])*)"|([^\s"(){}]+)')
_FETCH = re.compile(r"(\d+) \(BODY(\.PEEK)?\[\]<0\.(\d+)>\)")


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
            await _Session(self, reader, writer).talk()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # the client went
        finally:
            self._open.discard(writer)
            writer.transport.abort()


class _Bad(Exception):
    """The client's command makes no sense here."""


class _Session:
    """One client's session."""

    def __init__(
        self, standin: ImapStandIn, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._standin, self._reader, self._writer = standin, reader, writer
        self._state = "not logged in"
        self._secured = standin.tls != "starttls"

    async def talk(self) -> None:
        self._write("* OK ready")
        while self._state != "gone":
            tag, _, rest = (await self._line()).partition(" ")
            name, _, words = rest.partition(" ")
            name = name.upper()
            if name == "UID":
                name, _, words = words.partition(" ")
            self._standin.said.append(name)
            fault = self._standin.due(name)
            if fault == "DROP":
                return
            if fault == "SILENCE":
                await self._reader.read()  # until the client goes
                return
            try:
                answer = "NO not now" if fault == "NO" else await self._answer(name, words)
            except _Bad as error:
                answer = f"BAD {error}"
            self._write(f"{tag} {answer}")
            await self._writer.drain()
            if name == "STARTTLS" and answer.startswith("OK"):
                await self._writer.start_tls(self._standin.context)
                self._secured = True

    async def _answer(self, name: str, words: str) -> str:
        match name, self._state:
            case "CAPABILITY", _:
                self._write(f"* CAPABILITY {self._capabilities()}")
            case "NOOP", _:
                pass
            case "LOGOUT", _:
                self._state = "gone"
                self._write("* BYE till soon")
            case "STARTTLS", "not logged in" if not self._secured:
                pass
            case (("LOGIN" | "AUTHENTICATE"), "not logged in") if not self._secured:
                return "NO [PRIVACYREQUIRED] encrypt first"
            case "LOGIN", "not logged in":
                return self._let_in(*_strings(words, 2))
            case "AUTHENTICATE", "not logged in" if words == "PLAIN":
                return self._let_in(*await self._plain())
            case "SELECT", "logged in":
                return self._select(*_strings(words, 1))
            case "SEARCH", "selected":
                self._search(words)
            case "FETCH", "selected":
                self._fetch(words)
            case "STORE", "selected":
                self._store(words)
            case _:
                raise _Bad(f"{name} is not for now")
        return f"OK {name} done"

    def _capabilities(self) -> str:
        if not self._secured:
            return "IMAP4rev1 STARTTLS LOGINDISABLED"
        return "IMAP4rev1 AUTH=PLAIN" if self._standin.offers_plain else "IMAP4rev1"

    async def _plain(self) -> list[str]:
        if not self._standin.offers_plain:
            raise _Bad("no such way to log in")
        self._write("+ ")
        return base64.b64decode(await self._line()).decode().split("\0")[1:]

    def _let_in(self, user: str, password: str) -> str:
        if (user, password) != self._standin.login:
            return "NO [AUTHENTICATIONFAILED] no"
        self._state = "logged in"
        return "OK welcome"

    def _select(self, folder: str) -> str:
        if folder != self._standin.folder:
            return "NO [NONEXISTENT] no such folder"
        self._standin.arrivals()
        self._state = "selected"
        self._write(r"* FLAGS (\Seen \Answered \Flagged \Deleted \Draft)")
        self._write(f"* {len(self._standin.messages)} EXISTS")
        self._write("* 0 RECENT")
        self._write(f"* OK [UIDVALIDITY {self._standin.validity}] as long as this is the same")
        return "OK [READ-WRITE] selected"

    def _search(self, words: str) -> None:
        asked = re.fullmatch(r"UNSEEN UID (\d+):\*", words)
        if asked is None:
            raise _Bad("SEARCH understands UNSEEN UID n:*")
        messages = self._standin.messages
        last = max((kept.uid for kept in messages), default=0)
        lowest = min(int(asked[1]), last)  # RFC 3501, section 9: "*" is the last, in any order
        found = [str(kept.uid) for kept in messages if kept.uid >= lowest and not kept.is_read]
        self._write(" ".join(["* SEARCH", *found]))

    def _fetch(self, words: str) -> None:
        asked = _FETCH.fullmatch(words)
        if asked is None:
            raise _Bad("FETCH understands one id and (BODY.PEEK[]<0.n>)")
        for number, kept in enumerate(self._standin.messages, 1):
            if kept.uid == int(asked[1]):
                kept.is_read |= asked[2] is None
                part = kept.content[: int(asked[3])]
                self._write(f"* {number} FETCH (UID {kept.uid} BODY[]<0> {{{len(part)}}}")
                self._writer.write(part + b")\r\n")

    def _store(self, words: str) -> None:
        asked = re.fullmatch(r"([\d,]+) \+FLAGS\.SILENT \(\\Seen\)", words)
        if asked is None:
            raise _Bad(r"STORE understands ids and +FLAGS.SILENT (\Seen)")
        ids = set(map(int, asked[1].split(",")))
        for kept in self._standin.messages:
            kept.is_read |= kept.uid in ids

    async def _line(self) -> str:
        line = await self._reader.readuntil(b"\r\n")
        return line.decode("ascii").removesuffix("\r\n")

    def _write(self, line: str) -> None:
        self._writer.write(f"{line}\r\n".encode("ascii"))


def _strings(words: str, count: int) -> list[str]:
    found = [re.sub(r"\\(.)", r"\1", quoted) or bare for quoted, bare in _STRING.findall(words)]
    if len(found) != count:
        raise _Bad(f"{count} words are needed")
    return found


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
