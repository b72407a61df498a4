"""Amazon SES: tells by way of an SNS topic what became of each letter.

A letter's tag comes back from a configuration set only. Feedback that is set up at the sending
domain instead brings no tags; where it brings the original headers, the Message-ID serves.

Source: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
Source: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-send-email.html (the headers)
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.datastructures import Headers
from starlette.routing import BaseRoute

from bot.couriers.email.services import payloads, verdicts
from bot.couriers.email.services.fetching import Fetch, fetch
from bot.couriers.email.services.hooks import Clock, hook, utc_now
from bot.couriers.email.services.refusals import Unreadable
from bot.couriers.email.services.settings import ServiceSettings
from bot.couriers.email.services.sns import ARN, DOMAINS, Topic
from bot.couriers.email.services.verdicts import Judge, Verdict
from bot.messages import Letter, News
from bot.ports import Hear

_NAME = "ses"
_SET_UP = "Successfully validated SNS topic"  # what SES says once, in prose, to a new topic
_MESSAGE_ID = re.compile(r"<[!-~]{3,250}>")
_OWN_LISTS = {"Suppressed", "OnAccountSuppressionList", "OnTenantSuppressionList"}
_STATUSES = {  # of what SES found out by itself, where no mail server said anything
    "NoEmail": "5.1.1",
    "MailboxFull": "4.2.2",
    "MessageTooLarge": "5.3.4",
    "ContentRejected": "5.7.1",
    "AttachmentRejected": "5.7.1",
    "TransientCommunicationFailure": "4.4.1",
    "RecipientServerError": "4.3.0",
}


class Ses:
    """Hears of letters that went out through Amazon SES."""

    def __init__(
        self, settings: ServiceSettings, *, fetch: Fetch = fetch, clock: Clock = utc_now
    ) -> None:
        """Takes: fetch, how certificates are come by; another one is for tests alone."""
        self._configuration_set = settings.ses_configuration_set
        self._topic = Topic(settings.ses_topic_arn, fetch)
        self._clock = clock

    def headers(self, letter: Letter) -> Mapping[str, str]:
        """Have SES give the tag back. It allows letters, digits, "-" and "_" in one."""
        headers = {"X-SES-MESSAGE-TAGS": f"delivery={letter.tag}"}
        if self._configuration_set:
            headers["X-SES-CONFIGURATION-SET"] = self._configuration_set
        return headers

    def routes(self, hear: Hear, *, address: str) -> Sequence[BaseRoute]:
        """Where the topic's subscription calls."""
        return [hook(_NAME, self._read, hear, address=address)]

    async def _read(self, headers: Headers, body: bytes) -> list[News]:
        opened = await self._topic.open(body, now=self._clock())
        if opened is None or opened[1].startswith(_SET_UP):
            return []
        key, message = opened
        event = payloads.load(message)
        kind = payloads.text(event, "eventType") or payloads.text(event, "notificationType")
        if not kind:
            raise Unreadable("no event of SES")
        return verdicts.news(
            _NAME,
            verdicts.judged(_NAME, _JUDGES, kind, event),
            key=key,
            tag=payloads.tag(event, "mail", "tags", "delivery", 0),
            message_id=_message_id(event),
        )


def problems(settings: ServiceSettings) -> list[str]:
    """What is missing or wrong, in words for the operator."""
    arn = ARN.fullmatch(settings.ses_topic_arn)
    name = settings.ses_configuration_set
    doubts = {
        "SES_TOPIC_ARN is missing or not like arn:aws:sns:eu-west-1:123456789012:porchlight.": (
            not arn or arn[1] not in DOMAINS
        ),
        "SES_CONFIGURATION_SET may only have letters, digits, - and _ in it.": (
            not re.fullmatch(r"[A-Za-z0-9_-]{0,64}", name)
        ),
    }
    return [said for said, found in doubts.items() if found]


def _message_id(event: Any) -> str:
    """The Message-ID that we gave the letter; SES gives it another one on its way."""
    headers = payloads.at(event, "mail", "headers")
    for header in headers if isinstance(headers, list) else ():
        found = _MESSAGE_ID.fullmatch(payloads.text(header, "value"))
        if found and payloads.text(header, "name").lower() == "message-id":
            return found[0]
    return ""


def _bounce(event: Any) -> Verdict:
    """Permanent: no mail server will take it. Transient: SES tried for long enough.

    Undetermined is neither, so the mail server's own words decide.
    """
    kind = payloads.text(event, "bounce", "bounceType")
    subtype = payloads.text(event, "bounce", "bounceSubType")
    if subtype in _OWN_LISTS:
        return Verdict("bounced", subtype, verdicts.EARLIER)
    first = payloads.at(event, "bounce", "bouncedRecipients", 0)
    said = payloads.text(first, "diagnosticCode")
    status = payloads.text(first, "status") or _STATUSES.get(subtype, "")
    if kind == "Transient":
        return verdicts.given_up(said, status=status)
    return verdicts.turned_away(said, status=status, kind="" if kind == "Permanent" else kind)


def _delay(event: Any) -> Verdict:
    first = payloads.at(event, "deliveryDelay", "delayedRecipients", 0)
    kind = payloads.text(event, "deliveryDelay", "delayType")
    status = payloads.text(first, "status") or _STATUSES.get(kind, "")
    return verdicts.delayed(payloads.text(first, "diagnosticCode"), status=status)


def _complaint(event: Any) -> Verdict | None:
    """They called it spam, unless they took it out of the spam folder."""
    kind = payloads.text(event, "complaint", "complaintFeedbackType")
    return None if kind == "not-spam" else Verdict("complained")


def _subscription(event: Any) -> Verdict | None:
    """They used a link of SES's own, if the operator has it add one."""
    wants_none = payloads.at(event, "subscription", "newTopicPreferences", "unsubscribeAll")
    return Verdict("opted_out") if wants_none is True else None


_JUDGES: Mapping[str, Judge] = {
    "Send": verdicts.always("sent"),
    "Delivery": verdicts.always("delivered"),
    "DeliveryDelay": _delay,
    "Bounce": _bounce,
    "Complaint": _complaint,
    "Subscription": _subscription,
    "Reject": verdicts.unsent("Reject"),  # it found a virus
    "Rendering Failure": verdicts.unsent("Rendering Failure"),
    "Open": verdicts.nothing,
    "Click": verdicts.nothing,
}
