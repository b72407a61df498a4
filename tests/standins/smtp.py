"""A mail server on loopback that keeps what it takes and misbehaves on demand.

In a test: `async with SmtpStandIn() as server`, then `server.port`, `server.taken`.
As a process: `python -m tests.standins.smtp --folder mail --port 0` prints its port, and keeps
each message as `0001.eml` beside its envelope `0001.json`; `ca.pem` appears there with TLS.

A fault is a phrase: where, then what.
    GREETING 554 5.3.2 No service   refuses to talk
    MAIL 452 4.3.1 Disk full        answers so to MAIL; EHLO, RCPT and BODY likewise
    DROP before | DROP after        hangs up before the body, or after having kept it
    SILENCE after                   keeps the body and never says so
"""

import argparse
import asyncio
import json
import re
import ssl
import subprocess
import warnings
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.standins.serving import ARRIVING

Tls = Literal["none", "starttls", "tls"]
_ASKING = re.compile(r" ((?:RET|ENVID|NOTIFY|ORCPT)=[!-~]+)")


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that the server took."""

    sender: str
    recipients: list[str]
    content: bytes = field(repr=False)
    encrypted: bool
    user: str  # who had logged in, or ""


@dataclass(frozen=True, slots=True)
class Certificates:
    """An authority and a server's certificate from it."""

    authority: Path
    chain: Path
    key: Path

    def for_server(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.chain, self.key)
        return context


def make_certificates(folder: Path, *, names: str = "DNS:localhost,IP:127.0.0.1") -> Certificates:
    """Make an authority of our own and its certificate for a server, good for two days."""
    made = Certificates(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    authority_key = folder / "ca.key"
    _openssl(
        made.authority, authority_key, "Authority",
        "-addext", "basicConstraints=critical,CA:TRUE",
        "-addext", "keyUsage=critical,keyCertSign",
    )  # fmt: skip
    _openssl(
        made.chain, made.key, "localhost", "-CA", str(made.authority), "-CAkey", str(authority_key),
        "-addext", "basicConstraints=critical,CA:FALSE",
        "-addext", f"subjectAltName={names}",
    )  # fmt: skip
    return made


def _openssl(certificate: Path, key: Path, name: str, *more: str) -> None:
    wanted = (
        f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN={name}"
    )
    where = ("-keyout", str(key), "-out", str(certificate))
    subprocess.run(["openssl", *wanted.split(), *where, *more], check=True, capture_output=True)


class SmtpStandIn:
    """The server. Reads like the real one: strict about order, login and encryption."""

    def __init__(
        self,
        *,
        port: int = 0,
        tls: Tls = "none",
        certificates: Certificates | None = None,
        login: tuple[str, str] | None = None,
        folder: Path | None = None,
        dsn: bool = False,  # whether it knows what a report is: RFC 3461
    ) -> None:
        self.port = port
        self.dsn = dsn
        self.asked: list[str] = []  # of reports: the options of RFC 3461, one after the other
        self.taken: list[Taken] = []
        self.connections = 0  # made so far
        self._tls = tls
        self._context = certificates.for_server() if certificates else None
        self._login = login
        self._folder = folder
        self._fault, self._times = "", 0
        self._open: set[asyncio.BaseTransport] = set()

    def fail(self, fault: str, *, times: int = 1_000_000) -> None:
        """Misbehave the next `times` times that the fault's moment comes."""
        self._fault, self._times = fault, times

    def recover(self) -> None:
        """Behave again."""
        self._fault, self._times = "", 0

    @property
    def open_connections(self) -> int:
        return sum(not each.is_closing() for each in self._open)

    def hang_up(self) -> None:
        """Drop every connection, as servers do to idle clients."""
        for transport in list(self._open):
            transport.close()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._protocol,
            "127.0.0.1",
            self.port,
            ssl=self._context if self._tls == "tls" else None,
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

    def due(self, moment: str) -> str:
        """What the fault says for this moment; empty when it is about another."""
        if not self._fault.startswith(moment) or self._times <= 0:
            return ""
        self._times -= 1
        return self._fault.removeprefix(moment).strip() or moment

    def keep(self, taken: Taken) -> None:
        self.taken.append(taken)
        if self._folder:
            stem = self._folder / f"{len(self.taken):04}"
            stem.with_suffix(".eml").write_bytes(taken.content)
            envelope = {key: value for key, value in asdict(taken).items() if key != "content"}
            stem.with_suffix(".json").write_text(json.dumps(envelope))

    def _protocol(self) -> asyncio.BaseProtocol:
        self.connections += 1
        if refusal := self.due("GREETING"):
            return _Refusal(refusal)
        with warnings.catch_warnings():  # aiosmtpd's, of a login without STARTTLS: it is meant
            warnings.simplefilter("ignore", UserWarning)
            return self._conversation()

    def _conversation(self) -> asyncio.BaseProtocol:
        starttls = self._tls == "starttls"
        return _Conversation(
            self,
            loop=asyncio.get_running_loop(),
            hostname="mail.stand-in.test",
            tls_context=self._context if starttls else None,
            require_starttls=starttls,
            authenticator=self._knows if self._login else None,
            auth_required=self._login is not None,
            auth_require_tls=starttls,
        )

    def _knows(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any
    ) -> AuthResult:
        assert isinstance(given, LoginPassword)
        user, password = given.login.decode(), given.password.decode()
        return AuthResult(success=(user, password) == self._login, handled=False, auth_data=user)


class _Refusal(asyncio.Protocol):
    """Refuses at the door."""

    def __init__(self, reply: str) -> None:
        self._reply = reply

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(f"{self._reply}\r\n".encode())
        transport.close()


class _Conversation(SMTP):
    """One client's session."""

    def __init__(self, standin: SmtpStandIn, **options: Any) -> None:
        self._standin = standin
        super().__init__(_Handler(standin), **options)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._standin._open.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._standin._open = {each for each in self._standin._open if not each.is_closing()}
        super().connection_lost(error)

    async def smtp_MAIL(self, arg: str | None) -> None:
        await super().smtp_MAIL(self._without_asking(arg))

    async def smtp_RCPT(self, arg: str | None) -> None:
        await super().smtp_RCPT(self._without_asking(arg))

    def _without_asking(self, arg: str | None) -> str | None:
        """Keep what is asked about reports, which the library does not know."""
        if not self._standin.dsn or arg is None:
            return arg
        self._standin.asked += _ASKING.findall(arg)
        return _ASKING.sub("", arg)

    async def smtp_DATA(self, arg: str | None) -> None:
        if self._standin.due("DROP before"):
            _wire(self).abort()
        else:
            await super().smtp_DATA(arg)


class _Handler:
    """What the server answers at each step."""

    def __init__(self, standin: SmtpStandIn) -> None:
        self._standin = standin

    async def handle_EHLO(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        session.host_name = hostname
        if reply := self._standin.due("EHLO"):
            return [reply]
        return [*responses[:-1], "250-DSN", responses[-1]] if self._standin.dsn else responses

    async def handle_MAIL(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if reply := self._standin.due("MAIL"):
            return self._answered(server, reply)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if reply := self._standin.due("RCPT"):
            return self._answered(server, reply)
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if reply := self._standin.due("BODY"):
            return self._answered(server, reply)
        self._standin.keep(_taken(server, session, envelope))
        if self._standin.due("DROP after"):
            _wire(server).abort()
        if self._standin.due("SILENCE after"):
            await asyncio.Event().wait()  # ended by the connection's end
        return f"250 2.0.0 OK: queued as {len(self._standin.taken):06X}"

    def _answered(self, server: SMTP, reply: str) -> str:
        if reply.startswith("421"):  # RFC 5321, 3.8: the server says so and closes
            asyncio.get_running_loop().call_soon(_wire(server).close)
        return reply


def _wire(server: SMTP) -> asyncio.WriteTransport:
    assert isinstance(server.transport, asyncio.WriteTransport)
    return server.transport


def _taken(server: SMTP, session: Session, envelope: Envelope) -> Taken:
    assert isinstance(envelope.content, bytes)
    return Taken(
        sender=envelope.mail_from or "",
        recipients=list(envelope.rcpt_tos),
        content=envelope.content,
        encrypted=_wire(server).get_extra_info("sslcontext") is not None,
        user=session.auth_data or "" if session.authenticated else "",
    )


async def _serve(chosen: argparse.Namespace) -> None:
    folder = Path(chosen.folder)
    folder.mkdir(parents=True, exist_ok=True)
    server = SmtpStandIn(
        port=chosen.port,
        tls=chosen.tls,
        certificates=None if chosen.tls == "none" else make_certificates(folder),
        login=(chosen.user, chosen.password) if chosen.user else None,
        folder=folder,
    )
    server.fail(chosen.fault, times=chosen.times)
    async with server:
        print(server.port, flush=True)
        await asyncio.Event().wait()


def _choices() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", choices=("none", "starttls", "tls"), default="none")
    parser.add_argument("--user", default="")
    parser.add_argument("--password", default="")
    parser.add_argument("--fault", default="")
    parser.add_argument("--times", type=int, default=1_000_000)
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(_serve(_choices()))
