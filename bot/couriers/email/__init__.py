"""Carries letters by e-mail: SMTP to the operator's mail server, over a few kept connections.

E-mail is carried at least once: after an unclear end the same bytes go out again, with the same
Message-ID, for a lost invitation is far worse than a repeated one.
"""

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from aiosmtplib import SMTP, SMTPException, SMTPResponseException
from email_validator import EmailNotValidError, validate_email

from bot.couriers.email import replies
from bot.couriers.email.mime import compose
from bot.couriers.email.settings import EmailSettings, configured, problems
from bot.messages import Carried, Letter, Medium
from bot.ports import Pace
from bot.settings import Misconfigured

__all__ = ("EmailCourier", "EmailSettings", "compose", "configured", "problems")

_PORTS = {"starttls": 587, "tls": 465, "none": 25}  # RFC 8314, RFC 5321
_CONNECTIONS = 4  # a letter takes 4 round trips: 10 letters/s at 100 ms each
_LETTERS = 100  # per connection: many servers end a session soon after
_IDLE = 15.0  # seconds a connection waits for more; servers drop them after 30 s and up
_ANSWER = 30.0  # seconds to connect, and again to agree on the envelope
_TAKE = 120.0  # seconds for the server to take the body: giving up early makes duplicates
_LEASE = 240.0  # seconds; the worker cancels at 80 %, after 2 x _ANSWER + _TAKE
_DELAYS = (30, 120, 600, 1800, 7200, 21600)  # seconds; greylists open after 5 to 30 minutes
_GIVE_UP = timedelta(hours=24)


@dataclass(slots=True, eq=False)
class _Line:
    """One connection to the mail server."""

    smtp: SMTP
    letters: int = 0  # carried over it
    resting: asyncio.Task[None] | None = None  # ends it when nobody comes


class EmailCourier:
    """Carries letters to one mail server."""

    medium: Medium = "email"
    settle = 0.0  # seconds: there is nothing to look up, and so nothing to wait for

    def __init__(
        self,
        settings: EmailSettings,
        *,
        answer_within: float = _ANSWER,
        take_within: float = _TAKE,
        idle: float = _IDLE,
    ) -> None:
        """Make ready; no connection is opened before the first letter.

        Raises: Misconfigured when `problems` finds any. Touches: the file of authorities.
        """
        if found := problems(settings):
            raise Misconfigured(*found)
        self._settings = settings
        self._sender = settings.mailbox
        self._trust = None if settings.smtp_tls == "none" else _trust(settings)
        self._answer_within = answer_within
        self._take_within = take_within
        self._idle = idle
        self._places = asyncio.Semaphore(_CONNECTIONS)
        self._waiting: list[_Line] = []
        rate = settings.smtp_rate
        self.pace = Pace(
            rate, max(1, round(rate / 5)), 4 * _CONNECTIONS, _DELAYS, _GIVE_UP, lease=_LEASE
        )

    async def carry(self, letter: Letter) -> Carried:
        """Try once to hand the letter to the mail server.

        Gives: `provider_id` is what the server said when it took the letter, its queue id within.
        Touches: network, for at most 180 s.
        """
        try:
            letter = replace(letter, to=_ascii_address(letter.to))
        except EmailNotValidError:
            return Carried("permanent", replies.UNWRITABLE)
        content = compose(letter, self._sender)
        async with self._places:
            return await self._carry(letter.to, content)

    async def find(self, letter: Letter) -> Carried | None:
        """SMTP keeps no record that could be asked."""
        return None

    async def close(self) -> None:
        """Take leave of the server on every waiting connection."""
        while line := self._take_waiting():
            await self._hang_up(line.smtp)

    async def _carry(self, to: str, content: bytes) -> Carried:
        try:
            line = self._take_waiting() or _Line(await self._connect())
        except (OSError, SMTPException) as fault:
            return replies.not_connected(fault)
        try:
            carried = await self._hand_over(line.smtp, to, content)
            await self._put_back(line, carried)
        except BaseException:
            line.smtp.close()
            raise
        return carried

    async def _connect(self) -> SMTP:
        settings = self._settings
        smtp = SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port or _PORTS[settings.smtp_tls],
            username=settings.smtp_user or None,
            password=settings.smtp_password.get_secret_value() or None,
            local_hostname=self._sender.address.rpartition("@")[2],  # this machine's has no say
            use_tls=settings.smtp_tls == "tls",
            start_tls=settings.smtp_tls == "starttls",
            tls_context=self._trust,
            timeout=None,  # bounded here and in `_hand_over`, step by step
        )
        async with asyncio.timeout(self._answer_within):
            await smtp.connect()
        return smtp

    async def _hand_over(self, smtp: SMTP, to: str, content: bytes) -> Carried:
        """The mail transaction. Only an end without an answer to the body leaves us unsure."""
        stage: replies.Stage = "sender"
        try:
            async with asyncio.timeout(self._answer_within):
                await smtp.mail(self._sender.address)
                stage = "recipient"
                await smtp.rcpt(to)
            stage = "content"
            async with asyncio.timeout(self._take_within):
                taken = await smtp.data(content)
        except SMTPResponseException as refusal:
            if refusal.code < 400:  # nonsense: the next answer may still belong to this
                smtp.close()
            return replies.refused(stage, refusal.code, refusal.message)
        except OSError:  # dropped or silent
            smtp.close()
            if stage == "content":
                return Carried("unclear", replies.UNCLEAR)
            return Carried("retry", replies.OUR_SILENCE)
        return Carried("accepted", code=str(taken.code), provider_id=taken.message[:200])

    def _take_waiting(self) -> _Line | None:
        """A connection that still stands, the one used last first."""
        while self._waiting:
            line = self._waiting.pop()
            if line.resting:
                line.resting.cancel()
            if line.smtp.is_connected:
                return line
        return None

    async def _put_back(self, line: _Line, carried: Carried) -> None:
        line.letters += 1
        if carried.outcome != "accepted":
            await self._start_over(line.smtp)
        if line.smtp.is_connected and line.letters < _LETTERS:
            self._waiting.append(line)
            line.resting = asyncio.create_task(self._rest(line))
        else:
            await self._hang_up(line.smtp)

    async def _rest(self, line: _Line) -> None:
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


def _ascii_address(address: str) -> str:
    """The address with its domain in ASCII (`xn--`), the form that every server understands."""
    if address.isascii():
        return address
    found = validate_email(address, check_deliverability=False, allow_smtputf8=False)
    return found.ascii_email or address
