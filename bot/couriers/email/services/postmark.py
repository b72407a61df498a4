"""Postmark: posts one event at a time, and proves itself by the password in the webhook's address.

Source: https://postmarkapp.com/developer/webhooks/webhooks-overview
Source: https://postmarkapp.com/developer/api/bounce-api#bounce-types
"""

import base64
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.datastructures import Headers
from starlette.routing import BaseRoute

from bot.couriers.email.returns import words
from bot.couriers.email.services import payloads, verdicts
from bot.couriers.email.services.hooks import hook
from bot.couriers.email.services.refusals import NotProven, Unreadable
from bot.couriers.email.services.settings import ServiceSettings
from bot.couriers.email.services.verdicts import Judge, Verdict
from bot.messages import Letter, News
from bot.ports import Hear

_NAME = "postmark"
_ID = re.compile(r"[0-9A-Za-z-]{1,40}")  # a number of a bounce, or a message's UUID
_SHORTEST = 16  # characters of a password that anybody on the internet may guess at
_NO_STANDING = words.of("5.7.26")  # DMARC


class Postmark:
    """Hears of letters that went out through Postmark."""

    def __init__(self, settings: ServiceSettings) -> None:
        password = settings.postmark_webhook_password.get_secret_value()
        self._login = f"{settings.postmark_webhook_user}:{password}".encode()

    def headers(self, letter: Letter) -> Mapping[str, str]:
        """Have Postmark give the tag back, and leave the links as they are."""
        return {
            "X-PM-Metadata-delivery": letter.tag,
            "X-PM-TrackOpens": "false",
            "X-PM-TrackLinks": "None",
        }

    def routes(self, hear: Hear, *, address: str) -> Sequence[BaseRoute]:
        """Where the webhook calls."""
        return [hook(_NAME, self._read, hear, address=address)]

    async def _read(self, headers: Headers, body: bytes) -> list[News]:
        self._prove(headers.get("authorization", ""))
        event = payloads.load(body)
        record, tag = (
            payloads.text(event, "RecordType"),
            payloads.tag(event, "Metadata", "delivery"),
        )
        verdict = verdicts.judged(_NAME, _RECORDS, record, event)
        number = payloads.text(event, "ID") or payloads.text(event, "MessageID")
        if tag and not _ID.fullmatch(number):  # not of a trial call, which is about no letter
            raise Unreadable("an event without a number")
        key = f"{record}:{number}:{verdict.event if verdict else ''}"
        return verdicts.news(_NAME, verdict, key=key, tag=tag)

    def _prove(self, authorization: str) -> None:
        """Check the password, in the same time for each wrong one. Raises: NotProven."""
        scheme, _, login = authorization.partition(" ")
        try:
            sent = base64.b64decode(login.strip(), validate=True)
        except ValueError:
            sent = b""
        if scheme.lower() != "basic" or not hmac.compare_digest(sent, self._login):
            raise NotProven("wrong password")


def problems(settings: ServiceSettings) -> list[str]:
    """What is missing or wrong, in words for the operator."""
    user = settings.postmark_webhook_user
    password = settings.postmark_webhook_password.get_secret_value()
    doubts = {
        "POSTMARK_WEBHOOK_USER is missing, or has a colon in it.": not user or ":" in user,
        f"POSTMARK_WEBHOOK_PASSWORD must have at least {_SHORTEST} characters: it alone proves "
        "that Postmark calls.": len(password) < _SHORTEST,
    }
    return [said for said, found in doubts.items() if found]


def _bounce(event: Any) -> Verdict | None:
    return verdicts.judged(_NAME, _TYPES, payloads.text(event, "Type"), event)


def _suppressed(event: Any) -> Verdict | None:
    """Postmark will write to them no more. Of bounces and complaints it tells us separately."""
    by_resident = payloads.text(event, "Origin") == "Recipient"
    unsubscribed = payloads.text(event, "SuppressionReason") == "ManualSuppression"
    stops = payloads.at(event, "SuppressSending") is True
    return Verdict("opted_out") if stops and unsubscribed and by_resident else None


def _refused(event: Any) -> Verdict:
    """Refused, but not for its address."""
    kind = payloads.text(event, "Type")
    return verdicts.turned_away(payloads.text(event, "Details"), kind=kind)


_RECORDS: Mapping[str, Judge] = {
    "Delivery": verdicts.always("delivered"),
    "Bounce": _bounce,
    "SpamComplaint": verdicts.always("complained"),
    "SubscriptionChange": _suppressed,
    "SMTPApiError": verdicts.unsent("SMTPApiError"),
    "Open": verdicts.nothing,
    "Click": verdicts.nothing,
    "Inbound": verdicts.nothing,
}
_TYPES: Mapping[str, Judge] = {
    "HardBounce": lambda event: verdicts.turned_away(payloads.text(event, "Details")),
    "BadEmailAddress": verdicts.always("bounced", code="5.1.3", words=words.of("5.1.3")),
    "SoftBounce": lambda event: verdicts.given_up(payloads.text(event, "Details")),
    "Unknown": _refused,
    "Blocked": _refused,
    "SpamNotification": _refused,
    "VirusNotification": _refused,
    "DMARCPolicy": verdicts.always("bounced", code="DMARCPolicy", words=_NO_STANDING),
    "Transient": lambda event: verdicts.delayed(payloads.text(event, "Details")),
    "DnsError": lambda event: verdicts.delayed(payloads.text(event, "Details"), status="4.4.3"),
    "SpamComplaint": verdicts.always("complained"),
    "Unsubscribe": verdicts.always("opted_out"),
    "ManuallyDeactivated": verdicts.barred("ManuallyDeactivated"),
    "Unconfirmed": verdicts.barred("Unconfirmed"),
    "SMTPApiError": verdicts.unsent("SMTPApiError"),
    "TemplateRenderingFailed": verdicts.unsent("TemplateRenderingFailed"),
    "Subscribe": verdicts.nothing,
    "AutoResponder": verdicts.nothing,
    "AddressChange": verdicts.nothing,
    "ChallengeVerification": verdicts.nothing,
    "OpenRelayTest": verdicts.nothing,
    "InboundError": verdicts.nothing,
}
