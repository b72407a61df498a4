"""SendGrid: posts many events at once, signed as a whole with a key of its own.

Source: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
Source: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
"""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from starlette.datastructures import Headers
from starlette.routing import BaseRoute

from bot.couriers.email.services import payloads, signatures, verdicts
from bot.couriers.email.services.hooks import Clock, hook, utc_now
from bot.couriers.email.services.refusals import NotProven, Unreadable
from bot.couriers.email.services.settings import ServiceSettings
from bot.couriers.email.services.verdicts import Judge, Verdict
from bot.messages import Letter, News
from bot.ports import Hear

_NAME = "sendgrid"
_SIGNATURE = "x-twilio-email-event-webhook-signature"
_STAMP = "x-twilio-email-event-webhook-timestamp"
# SendGrid tries for 24 hours, and does not say whether it signs anew each time. All it posts is
# signed together with the time, so what comes late or twice cannot say anything else: to be
# stricter would lose the news of an outage, and keep nobody out.
_LATE = timedelta(hours=25)
_UNTOUCHED = {
    name: {"settings": {"enable": 0}} for name in ("clicktrack", "opentrack", "subscriptiontrack")
}


class SendGrid:
    """Hears of letters that went out through SendGrid."""

    def __init__(self, settings: ServiceSettings, *, clock: Clock = utc_now) -> None:
        self._key = signatures.read_p256_key(settings.sendgrid_verification_key)
        self._clock = clock

    def headers(self, letter: Letter) -> Mapping[str, str]:
        """Have SendGrid give the tag back, and leave the letter as it is.

        Without the latter it makes every link one of its own, and adds a picture to be watched.
        """
        wishes = {"unique_args": {"delivery": letter.tag}, "filters": _UNTOUCHED}
        return {"X-SMTPAPI": json.dumps(wishes, separators=(",", ":"))}

    def routes(self, hear: Hear, *, address: str) -> Sequence[BaseRoute]:
        """Where the event webhook calls."""
        return [hook(_NAME, self._read, hear, address=address)]

    async def _read(self, headers: Headers, body: bytes) -> list[News]:
        self._prove(headers, body)
        events = payloads.load(body)
        if not isinstance(events, list):
            raise Unreadable("no list of events")
        return [told for event in events for told in _news(event)]

    def _prove(self, headers: Headers, body: bytes) -> None:
        stamp, signature = headers.get(_STAMP, ""), headers.get(_SIGNATURE, "")
        signed_at = payloads.moment(stamp)
        if not signatures.p256_holds(self._key, signature, stamp.encode() + body):
            raise NotProven("wrong signature")
        payloads.check_age(signed_at, now=self._clock(), within=_LATE)


def problems(settings: ServiceSettings) -> list[str]:
    """What is missing or wrong, in words for the operator."""
    if not settings.sendgrid_verification_key:
        return [
            "SENDGRID_VERIFICATION_KEY is missing: SendGrid shows it where its signed event "
            "webhook is switched on."
        ]
    try:
        signatures.read_p256_key(settings.sendgrid_verification_key)
    except ValueError:
        return ["SENDGRID_VERIFICATION_KEY is not the key that SendGrid shows: MFkwEwYH..."]
    return []


def _news(event: Any) -> list[News]:
    kind, tag = payloads.text(event, "event"), payloads.tag(event, "delivery")
    seconds = payloads.at(event, "timestamp")
    # Not `sg_event_id`: it changes when the same event is sent again (sendgrid-nodejs issue 1435).
    key = f"{tag}:{kind}:{seconds if isinstance(seconds, int) else 0}"
    return verdicts.news(_NAME, verdicts.judged(_NAME, _JUDGES, kind, event), key=key, tag=tag)


def _bounce(event: Any) -> Verdict:
    """By `type`: a bounce is about the address; blocked is about us, the letter or the network."""
    said, status = payloads.text(event, "reason"), payloads.text(event, "status")
    kind = payloads.text(event, "type")
    if kind == "expired":
        return verdicts.given_up(said, status=status)
    return verdicts.turned_away(said, status=status, kind="" if kind == "bounce" else "blocked")


def _dropped(event: Any) -> Verdict:
    """SendGrid did not even try."""
    reason = payloads.text(event, "reason")
    return _OWN_REASONS.get(reason.lower(), Verdict("failed", "dropped", verdicts.NOT_SENT))


_OWN_REASONS: Mapping[str, Verdict] = {
    "bounced address": Verdict("bounced", "dropped", verdicts.EARLIER),
    "invalid": Verdict("bounced", "5.1.3"),
    "spam reporting address": Verdict("complained", "dropped"),
    "unsubscribed address": Verdict("opted_out", "dropped"),
}
_JUDGES: Mapping[str, Judge] = {
    "processed": verdicts.always("sent"),
    "delivered": verdicts.always("delivered"),
    "deferred": lambda event: verdicts.delayed(payloads.text(event, "response")),
    "bounce": _bounce,
    "dropped": _dropped,
    "spamreport": verdicts.always("complained"),
    "unsubscribe": verdicts.always("opted_out"),
    "group_unsubscribe": verdicts.always("opted_out"),
    "group_resubscribe": verdicts.nothing,
    "open": verdicts.nothing,
    "click": verdicts.nothing,
}
