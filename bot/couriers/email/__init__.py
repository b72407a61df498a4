"""Carries letters by e-mail: SMTP to the operator's mail server, over a few kept connections.

E-mail is carried at least once: after an unclear end the same bytes go out again, with the same
Message-ID, for a lost invitation is far worse than a repeated one. What became of a letter after
that is heard in the mailbox that reports come to.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from aiosmtplib import SMTP, SMTPException, SMTPResponseException
from email_validator import EmailNotValidError, validate_email
from starlette.routing import BaseRoute

from bot.couriers.email import envelope, replies, services
from bot.couriers.email.lines import Lines
from bot.couriers.email.mime import compose
from bot.couriers.email.returns.mailbox import Inbox
from bot.couriers.email.settings import EmailSettings, configured, problems
from bot.messages import Carried, Letter, Medium
from bot.ports import Hear, Pace
from bot.settings import Misconfigured

__all__ = ("EmailCourier", "EmailSettings", "compose", "configured", "problems")

_CONNECTIONS = 4  # a letter takes 4 round trips: 10 letters/s at 100 ms each
_IDLE = 15.0  # seconds a connection waits for more; servers drop them after 30 s and up
_ANSWER = 30.0  # seconds to connect, and again to agree on the envelope
_TAKE = 120.0  # seconds for the server to take the body: giving up early makes duplicates
_LEASE = 240.0  # seconds; the worker cancels at 80 %, after 2 x _ANSWER + _TAKE
_DELAYS = (30, 120, 600, 1800, 7200, 21600)  # seconds; greylists open after 5 to 30 minutes
_GIVE_UP = timedelta(hours=24)


class EmailCourier:
    """Carries letters to one mail server, and hears what came of them."""

    medium: Medium = "email"
    settle = 0.0  # seconds: there is nothing to look up, and so nothing to wait for
    wakes = False

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
        self._answer_within = answer_within
        self._take_within = take_within
        self._lines = Lines(settings, answer_within=answer_within, idle=idle)
        self._mailbox = Inbox(settings) if settings.imap_host else None
        self._service = services.chosen()
        self._routes: Sequence[BaseRoute] = ()
        self._places = asyncio.Semaphore(_CONNECTIONS)
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
        more = self._service.headers(letter) if self._service else {}
        stop_at = self._stop_address(letter)
        content = compose(letter, self._sender, stop_address=stop_at, more=more)
        async with self._places:
            return await self._carry(letter, content)

    async def find(self, letter: Letter) -> Carried | None:
        """SMTP keeps no record that could be asked."""
        return None

    async def close(self) -> None:
        """Take leave of the server on every waiting connection."""
        await self._lines.close()

    def plug(self, hear: Hear, *, address: str) -> None:
        """Get to know who listens, and where a service finds us."""
        if self._service:
            self._routes = self._service.routes(hear, address=address)
        if self._mailbox:
            self._mailbox.plug(hear)

    def routes(self) -> Sequence[BaseRoute]:
        """Where an e-mail service calls, if one was chosen."""
        return self._routes

    async def run(self, stop: asyncio.Event) -> None:
        """Look into the mailbox now and then, where there is one, until told to stop."""
        if self._mailbox:
            await self._mailbox.run(stop)
        else:
            await stop.wait()

    def _stop_address(self, letter: Letter) -> str:
        """Where a mail tells us to stop, if somebody would read it there."""
        back = self._settings.smtp_return_path
        return envelope.stop_address(back, letter.tag) if back and self._mailbox else ""

    async def _carry(self, letter: Letter, content: bytes) -> Carried:
        try:
            line = await self._lines.take()
        except (OSError, SMTPException) as fault:
            return replies.not_connected(fault)
        try:
            carried = await self._hand_over(line.smtp, letter, content)
            await self._lines.put_back(line, is_clean=carried.outcome == "accepted")
        except BaseException:
            line.smtp.close()
            raise
        return carried

    async def _hand_over(self, smtp: SMTP, letter: Letter, content: bytes) -> Carried:
        """The mail transaction. Only an end without an answer to the body leaves us unsure."""
        stage: replies.Stage = "sender"
        written = self._envelope(smtp, letter)
        try:
            async with asyncio.timeout(self._answer_within):
                await smtp.mail(written.sender, options=written.of_letter)
                stage = "recipient"
                await smtp.rcpt(letter.to, options=written.of_recipient)
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
            return Carried("retry", replies.OUR_SILENCE, for_all=True)
        return Carried("accepted", code=str(taken.code), provider_id=taken.message[:200])

    def _envelope(self, smtp: SMTP, letter: Letter) -> envelope.Envelope:
        """Reports are asked for only where somebody reads them: one comes for every letter."""
        return envelope.address(
            letter,
            self._sender.address,
            return_path=self._settings.smtp_return_path,
            reports=self._mailbox is not None and smtp.supports_extension("dsn"),
        )


def _ascii_address(address: str) -> str:
    """The address with its domain in ASCII (`xn--`), the form that every server understands."""
    if address.isascii():
        return address
    found = validate_email(address, check_deliverability=False, allow_smtputf8=False)
    return found.ascii_email or address
