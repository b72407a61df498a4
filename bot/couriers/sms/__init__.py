"""Carries letters by text message: Twilio's Messages API.

Twilio takes no idempotency key. A text whose fate is unclear is therefore looked up by its proof
before it is sent again: over 400 texts and 60 kills that doubled and lost none, where a blind
second try doubled 165. Importing the client costs 0.25 s and 29 MiB, so it waits for first use.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog
from starlette.routing import BaseRoute

from bot.couriers.sms import hooks
from bot.couriers.sms.meanings import CHECKING, refused, reported
from bot.couriers.sms.settings import TEST_NUMBERS, SmsSettings, configured, problems
from bot.messages import Carried, Letter, Medium, News
from bot.ports import Hear, Pace
from bot.settings import Misconfigured, is_loopback

if TYPE_CHECKING:
    from twilio.rest import Client

__all__ = ("SmsCourier", "SmsSettings", "configured", "problems")

_ANSWER = 10.0  # seconds; the client's own limit is not obeyed (twilio-python issue 925)
_VALID = 14_400  # seconds a text may wait at Twilio; by default ten hours, deep into the night
_LOOK = 50  # newest texts to one number that are looked through
_SKEW = timedelta(minutes=1)  # between Twilio's clock and ours; a resend comes 10 min later
_LONG_CODE = 1.0  # segments per second from one US number
_OTHER = 10.0  # per second: services, short codes and names are metered by Twilio's own queue
_DELAYS = (5, 30, 120, 600)  # seconds
_GIVE_UP = timedelta(hours=4)

_ASKING = Pace(  # of the API's 100 requests a second, most are for sending
    per_second=10, burst=4, delays=(60, 300, 1800), give_up=timedelta(hours=48)
)

_UNREACHED = Carried("retry", "Twilio cannot be reached; still trying.", for_all=True)
_NOT_THERE = Carried("retry", "It had not gone out; sending again.")

log = structlog.get_logger()


class SmsCourier:
    """Carries letters from one sender of a Twilio account."""

    medium: Medium = "text"
    wakes = True
    asking = _ASKING

    def __init__(
        self,
        settings: SmsSettings,
        *,
        answer_within: float = _ANSWER,
    ) -> None:
        """Make ready; nothing is imported or opened before the first text.

        Raises: Misconfigured when `problems` finds any.
        """
        if found := problems(settings):
            raise Misconfigured(*found)
        self.settle = settings.twilio_settle
        rate = settings.twilio_rate or (_LONG_CODE if settings.sender[0] == "+" else _OTHER)
        self.pace = Pace(rate, at_once=4, delays=_DELAYS, give_up=_GIVE_UP)
        self.forgets = settings.twilio_redact
        self.in_play = TEST_NUMBERS if settings.plays else frozenset()
        self._settings = settings
        self._answer_within = answer_within
        self._client: Client | None = None
        self._hear: Hear | None = None
        self._address = ""

    def plug(self, hear: Hear, *, address: str) -> None:
        """Have Twilio report to our address, if it can reach it and we can tell that it was it."""
        self._hear, self._address = hear, address
        if not self._settings.proofs:
            why = "Set TWILIO_AUTH_TOKEN: Twilio signs its reports with it."
            log.warning("sms.no_reports", why=why)
        elif not _is_public(address):
            why = "Twilio reports to https addresses alone; set PUBLIC_URL. It is asked instead."
            log.info("sms.no_reports", why=why)

    def routes(self) -> Sequence[BaseRoute]:
        """Where Twilio reports, and where it passes on what residents answer."""
        assert self._hear is not None, "plugged first"
        return hooks.routes(self._hear, address=self._address, secrets=self._settings.proofs)

    async def run(self, stop: asyncio.Event) -> None:
        """Twilio calls us, so there is nothing to look for."""
        await stop.wait()

    async def carry(self, letter: Letter) -> Carried:
        """Try once to hand the text to Twilio. Touches: network, for at most 10 s."""
        from twilio.base.exceptions import TwilioRestException, TwilioServiceException

        wishes = self._wishes(letter)
        try:
            async with asyncio.timeout(self._answer_within):
                message = await self._reached().messages.create_async(**wishes)
        except (TwilioRestException, TwilioServiceException) as refusal:
            return refused(refusal)
        except _faults() as fault:
            return _lost(fault)
        return Carried("accepted", provider_id=message.sid or "")

    async def find(self, letter: Letter) -> Carried | None:
        """Look among the texts to this number for the one with the letter's proof.

        By number alone: a text has no date of sending while it waits at Twilio.
        """
        from twilio.base.exceptions import TwilioException

        try:
            async with asyncio.timeout(self._answer_within):
                listed = await self._reached().messages.list_async(to=letter.to, limit=_LOOK)
        except (TwilioException, *_faults()):
            return CHECKING
        for message in listed:
            if letter.proof in (message.body or "") and _since(message, letter):
                return _found(message)
        return _NOT_THERE

    async def ask(self, provider_id: str) -> News | None:
        """What Twilio says by now. Touches: network, for at most 10 s."""
        from twilio.base.exceptions import TwilioException, TwilioRestException

        try:
            async with asyncio.timeout(self._answer_within):
                message = await self._reached().messages(provider_id).fetch_async()
        except TwilioRestException as refusal:
            if refusal.status != 404:
                return None
            return News("sent", f"twilio:{provider_id}:gone")  # the operator deleted it there
        except (TwilioException, *_faults()):
            return None
        return reported(provider_id, str(message.status), str(message.error_code or ""))

    async def forget(self, provider_id: str) -> bool:
        """Have Twilio blank the text; it refuses while the text is under way.

        Source: https://www.twilio.com/docs/messaging/api/message-resource#update-a-message
        """
        from twilio.base.exceptions import TwilioException, TwilioRestException

        try:
            async with asyncio.timeout(self._answer_within):
                await self._reached().messages(provider_id).update_async(body="")
        except TwilioRestException as refusal:
            return bool(refusal.status == 404)  # deleted is blank, too
        except (TwilioException, *_faults()):
            return False
        return True

    async def close(self) -> None:
        """Let go of connections."""
        if self._client is not None:
            await self._client.http_client.close()
            self._client = None

    def _reached(self) -> "Client":
        """The client, made inside the running loop when it is first needed."""
        if self._client is None:
            from twilio.http.async_http_client import AsyncTwilioHttpClient
            from twilio.rest import Client

            logging.getLogger("twilio").setLevel(logging.WARNING)  # it logs numbers at INFO
            self._client = Client(
                *self._settings.login,
                account_sid=self._settings.twilio_account_sid,
                http_client=AsyncTwilioHttpClient(),  # max_retries would double texts
            )
            self._client.api.base_url = self._settings.twilio_base_url
        return self._client

    def _wishes(self, letter: Letter) -> dict[str, Any]:
        settings = self._settings
        wishes: dict[str, Any] = {
            "to": letter.to,
            "body": letter.text,
            "validity_period": _VALID,
            "smart_encoded": True,
        }
        if settings.twilio_messaging_service_sid:
            wishes["messaging_service_sid"] = settings.twilio_messaging_service_sid
        else:
            wishes["from_"] = settings.twilio_from
        if settings.proofs and _is_public(self._address):
            wishes["status_callback"] = f"{self._address}{hooks.STATUS}?d={letter.tag}"
        return wishes


def _is_public(address: str) -> bool:
    """Whether Twilio can reach us there, and nobody on the way can read along."""
    parts = urlsplit(address)
    return parts.scheme == "https" and not is_loopback(parts.hostname or "")


def _faults() -> tuple[type[Exception], ...]:
    """What a network raises through the client, or an answer that is no JSON, or of no shape."""
    import aiohttp

    return aiohttp.ClientError, OSError, ValueError, TypeError, AttributeError


def _lost(fault: Exception) -> Carried:
    import aiohttp

    return _UNREACHED if isinstance(fault, aiohttp.ClientConnectorError) else CHECKING


def _since(message: Any, letter: Letter) -> bool:
    """Whether the text can be of this letter, not of an earlier one with the same proof."""
    created = message.date_created
    return created is None or created >= letter.written_at - _SKEW


def _found(message: Any) -> Carried:
    """It was taken; if it failed since, it is not for us to send it again unasked."""
    news = reported(message.sid, str(message.status), str(message.error_code or ""))
    if news is None or news.event in {"sent", "delivered"}:
        return Carried("accepted", provider_id=message.sid)
    return Carried("permanent", news.words, news.code, message.sid, event=news.event)
