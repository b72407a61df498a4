"""Mailgun: posts one event at a time, with a signature beside it.

The signature is of a time stamp and a token, not of the event. So a token counts once: it is the
key of the news, and the same key is heard once. Whoever got hold of a token that was not used up
would still have to know the tag of the letter to tell lies about.

Source: https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks
Source: https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from starlette.datastructures import Headers
from starlette.routing import BaseRoute

from bot.couriers.email.services import payloads, verdicts
from bot.couriers.email.services.hooks import Clock, hook, utc_now
from bot.couriers.email.services.refusals import NotProven
from bot.couriers.email.services.settings import ServiceSettings
from bot.couriers.email.services.verdicts import Judge, Verdict
from bot.messages import Letter, News
from bot.ports import Hear

_NAME = "mailgun"
# Mailgun tries for 8 hours. It does not say whether it signs anew each time; others found the first
# signature sent again. The usual 15 minutes would lose whatever happened in a longer outage.
_LATE = timedelta(hours=9)
_TOKEN = re.compile(r"[0-9A-Za-z_-]{16,100}")


class Mailgun:
    """Hears of letters that went out through Mailgun."""

    def __init__(self, settings: ServiceSettings, *, clock: Clock = utc_now) -> None:
        self._key = settings.mailgun_signing_key.get_secret_value().encode()
        self._clock = clock

    def headers(self, letter: Letter) -> Mapping[str, str]:
        """Have Mailgun give the tag back, and leave the links as they are."""
        variables = json.dumps({"delivery": letter.tag}, separators=(",", ":"))
        return {"X-Mailgun-Variables": variables, "X-Mailgun-Track": "no"}

    def routes(self, hear: Hear, *, address: str) -> Sequence[BaseRoute]:
        """Where the webhooks call."""
        return [hook(_NAME, self._read, hear, address=address)]

    async def _read(self, headers: Headers, body: bytes) -> list[News]:
        call = payloads.load(body)
        token = self._prove(call)
        event = payloads.at(call, "event-data")
        verdict = verdicts.judged(_NAME, _JUDGES, payloads.text(event, "event"), event)
        tag = payloads.tag(event, "user-variables", "delivery")
        return verdicts.news(_NAME, verdict, key=token, tag=tag)

    def _prove(self, call: Any) -> str:
        """Check the signature. Gives its token. Raises: NotProven."""
        stamp = payloads.text(call, "signature", "timestamp")
        token = payloads.text(call, "signature", "token")
        signed_at = payloads.moment(stamp)
        if not _TOKEN.fullmatch(token):
            raise NotProven("no token")
        expected = hmac.new(self._key, f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
        signature = payloads.text(call, "signature", "signature")
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), expected.encode()):
            raise NotProven("wrong signature")
        payloads.check_age(signed_at, now=self._clock(), within=_LATE)
        return token


def problems(settings: ServiceSettings) -> list[str]:
    """What is missing or wrong, in words for the operator."""
    if settings.mailgun_signing_key.get_secret_value():
        return []
    return [
        "MAILGUN_SIGNING_KEY is missing: in Mailgun it is called the HTTP webhook signing key, "
        "and is not the API key."
    ]


def _failed(event: Any) -> Verdict:
    answer = payloads.at(event, "delivery-status")
    said = f"{payloads.text(answer, 'code')} {payloads.text(answer, 'message')}"
    status, reason = payloads.text(answer, "enhanced-code"), payloads.text(event, "reason")
    if payloads.text(event, "severity") == "temporary":
        return verdicts.delayed(said, status=status)
    if reason in _OWN_REASONS:
        return _OWN_REASONS[reason]
    if reason == "old":
        return verdicts.given_up(said, status=status)
    kind = reason if reason == "espblock" else ""  # it is us that they block
    return verdicts.turned_away(said, status=status, kind=kind)


_OWN_REASONS: Mapping[str, Verdict] = {  # why Mailgun did not even try
    "suppress-bounce": Verdict("bounced", "suppress-bounce", verdicts.EARLIER),
    "suppress-complaint": Verdict("complained", "suppress-complaint"),
    "suppress-unsubscribe": Verdict("opted_out", "suppress-unsubscribe"),
}
_JUDGES: Mapping[str, Judge] = {
    "accepted": verdicts.always("sent"),
    "delivered": verdicts.always("delivered"),
    "failed": _failed,
    "rejected": verdicts.unsent("rejected"),
    "complained": verdicts.always("complained"),
    "unsubscribed": verdicts.always("opted_out"),
    "opened": verdicts.nothing,
    "clicked": verdicts.nothing,
    "stored": verdicts.nothing,
}
