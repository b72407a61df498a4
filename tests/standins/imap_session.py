"""One client's session with the mailbox on loopback: the commands of IMAP that are understood.

Source: RFC 3501.
"""

import asyncio
import base64
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.standins.imap import ImapStandIn

_STRING = re.compile(r'"((?:[^"\\]|\\["\\])*)"|([^\s"(){}]+)')
_FETCH = re.compile(r"(\d+) \(BODY(\.PEEK)?\[\]<0\.(\d+)>\)")


class _Bad(Exception):
    """The client's command makes no sense here."""


class Session:
    """One client's session."""

    def __init__(
        self, standin: "ImapStandIn", reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._standin, self._reader, self._writer = standin, reader, writer
        self._state = "not logged in"
        self._secured = standin.tls != "starttls"
        self._shown = 0  # messages that the client was told of: no others are there for it

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
                assert self._standin.context is not None
                await self._writer.start_tls(self._standin.context)
                self._secured = True

    async def _answer(self, name: str, words: str) -> str:
        match name, self._state:
            case "CAPABILITY", _:
                self._write(f"* CAPABILITY {self._capabilities()}")
            case "NOOP", "selected":
                self._show()
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
        self._state = "selected"
        self._write(r"* FLAGS (\Seen \Answered \Flagged \Deleted \Draft)")
        self._show()
        self._write("* 0 RECENT")
        self._write(f"* OK [UIDVALIDITY {self._standin.validity}] as long as this is the same")
        return "OK [READ-WRITE] selected"

    def _show(self) -> None:
        self._standin.arrivals()
        self._shown = len(self._standin.messages)
        self._write(f"* {self._shown} EXISTS")

    def _search(self, words: str) -> None:
        asked = re.fullmatch(r"UNSEEN UID (\d+):\*", words)
        if asked is None:
            raise _Bad("SEARCH understands UNSEEN UID n:*")
        messages = self._standin.messages[: self._shown]
        last = max((kept.uid for kept in messages), default=0)
        lowest = min(int(asked[1]), last)  # RFC 3501, section 9: "*" is the last, in any order
        found = [str(kept.uid) for kept in messages if kept.uid >= lowest and not kept.is_read]
        self._write(" ".join(["* SEARCH", *found]))

    def _fetch(self, words: str) -> None:
        asked = _FETCH.fullmatch(words)
        if asked is None:
            raise _Bad("FETCH understands one id and (BODY.PEEK[]<0.n>)")
        for number, kept in enumerate(self._standin.messages[: self._shown], 1):
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
