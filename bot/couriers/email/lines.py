"""Connections to one mail server, kept for a while and used again."""

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass

from aiosmtplib import SMTP, SMTPException, SMTPHeloError

from bot.couriers.email.settings import EmailSettings

_PORTS = {"starttls": 587, "tls": 465, "none": 25}  # RFC 8314, RFC 5321
_LETTERS = 100  # per connection: many servers end a session soon after


@dataclass(slots=True, eq=False)
class Line:
    """One connection to the mail server."""

    smtp: SMTP
    letters: int = 0  # carried over it
    resting: asyncio.Task[None] | None = None  # ends it when nobody comes


class Lines:
    """All connections to the mail server."""

    def __init__(self, settings: EmailSettings, *, answer_within: float, idle: float) -> None:
        """Make ready; no connection is opened. Touches: the file of authorities."""
        self._settings = settings
        self._answer_within = answer_within  # seconds to connect and to take leave
        self._idle = idle  # seconds a connection waits for more
        self._trust = None if settings.smtp_tls == "none" else _trust(settings)
        self._waiting: list[Line] = []

    async def take(self) -> Line:
        """A connection that stands and has said EHLO. Raises: OSError, SMTPException."""
        return self._take_waiting() or Line(await self._connect())

    async def put_back(self, line: Line, *, is_clean: bool) -> None:
        """Keep the connection for the next letter, unless it has carried enough.

        Takes: is_clean, whether the last letter was taken, so that its envelope is forgotten.
        """
        line.letters += 1
        if not is_clean:
            await self._start_over(line.smtp)
        if line.smtp.is_connected and line.letters < _LETTERS:
            self._waiting.append(line)
            line.resting = asyncio.create_task(self._rest(line))
        else:
            await self._hang_up(line.smtp)

    async def close(self) -> None:
        """Take leave of the server on every waiting connection."""
        while line := self._take_waiting():
            await self._hang_up(line.smtp)

    async def _connect(self) -> SMTP:
        settings = self._settings
        smtp = SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port or _PORTS[settings.smtp_tls],
            username=settings.smtp_user or None,
            password=settings.smtp_password.get_secret_value() or None,
            # This machine's own name has no say.
            local_hostname=settings.mailbox.address.rpartition("@")[2],
            use_tls=settings.smtp_tls == "tls",
            start_tls=settings.smtp_tls == "starttls",
            tls_context=self._trust,
            timeout=None,  # bounded here and by whoever uses it, step by step
        )
        try:
            async with asyncio.timeout(self._answer_within):
                await smtp.connect()
                if smtp.is_ehlo_or_helo_needed:  # what the server offers must be known beforehand
                    with suppress(SMTPHeloError):  # an old one: HELO comes next, by itself
                        await smtp.ehlo()
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _take_waiting(self) -> Line | None:
        """A connection that still stands, the one used last first."""
        while self._waiting:
            line = self._waiting.pop()
            if line.resting:
                line.resting.cancel()
            if line.smtp.is_connected:
                return line
        return None

    async def _rest(self, line: Line) -> None:
        await asyncio.sleep(self._idle)
        self._waiting.remove(line)
        await self._hang_up(line.smtp)

    async def _start_over(self, smtp: SMTP) -> None:
        """Make the server forget a refused envelope."""
        try:
            async with asyncio.timeout(self._answer_within):
                await smtp.rset()
        except (OSError, SMTPException):
            smtp.close()

    async def _hang_up(self, smtp: SMTP) -> None:
        """Say goodbye before closing. Source: RFC 5321, section 4.1.1.10."""
        with suppress(OSError, SMTPException):
            async with asyncio.timeout(self._answer_within):
                await smtp.quit()
        smtp.close()


def _trust(settings: EmailSettings) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=settings.smtp_ca_file or None)
