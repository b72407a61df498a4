"""Opens what Amazon SNS posts: notifications of one topic, each signed by Amazon.

Everything but the signature and the address of its certificate is signed, so nobody can alter a
notification, and one that is replayed says again what is heard once. The certificate is taken from
the topic's own region alone: in the pattern of all regions' hosts there is room for a bucket called
"sns" of somebody else's.

Source: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
Source: https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
"""

import asyncio
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.couriers.email.services import payloads, signatures
from bot.couriers.email.services.fetching import Fetch
from bot.couriers.email.services.refusals import NotProven, Unreadable

ARN = re.compile(r"arn:(aws[a-z-]*):sns:([a-z0-9-]+):[0-9]{12}:[A-Za-z0-9_-]{1,256}")
DOMAINS = {
    "aws": "amazonaws.com",
    "aws-us-gov": "amazonaws.com",
    "aws-cn": "amazonaws.com.cn",
    "aws-eusc": "amazonaws.eu",
}
_ID = re.compile(r"[0-9A-Za-z-]{1,100}")
_TO_SUBSCRIBE = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED: Mapping[str, tuple[str, ...]] = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": _TO_SUBSCRIBE,
    "UnsubscribeConfirmation": _TO_SUBSCRIBE,
}
_SHA1 = {"1": True, "2": False}  # by SignatureVersion
_LATE = timedelta(hours=24)  # SNS tries for an hour at most; the rest is for Amazon's own troubles

log = structlog.get_logger()


class Topic:
    """The topic we listen to, and the certificates that signed for it."""

    def __init__(self, arn: str, fetch: Fetch) -> None:
        """Takes: arn, as `ARN` has it, in one of `DOMAINS`."""
        found = ARN.fullmatch(arn)
        assert found, "checked with the settings"
        host = re.escape(f"https://sns.{found[2]}.{DOMAINS[found[1]]}")
        self._arn = arn
        self._fetch = fetch
        self._signer = re.compile(rf"sns[a-z0-9.-]*\.{re.escape(DOMAINS[found[1]])}")
        self._certificate_at = re.compile(rf"{host}/SimpleNotificationService-[a-z0-9]+\.pem")
        self._confirm_at = re.compile(rf"{host}/\?Action=ConfirmSubscription&[!-~]+")
        self._certificates: dict[str, signatures.Certificate] = {}
        self._fetching = asyncio.Lock()  # many come at once, and one fetches

    async def open(self, body: bytes, *, now: datetime) -> tuple[str, str] | None:
        """Prove it and open it.

        Gives: the notification's id and message; None when SNS spoke for itself.
        Raises: Unreadable, NotProven, NotNow. Touches: network, for a certificate not seen before
        and to confirm a subscription, which then begins.
        """
        envelope = payloads.load(body)
        kind = payloads.text(envelope, "Type")
        number = payloads.text(envelope, "MessageId")
        if kind not in _SIGNED or not _ID.fullmatch(number):
            raise Unreadable("no message of SNS")
        await self._prove(envelope, _SIGNED[kind], now=now)
        if kind == "Notification":
            return number, payloads.text(envelope, "Message")
        if kind == "SubscriptionConfirmation":
            await self._confirm(payloads.text(envelope, "SubscribeURL"))
        return None

    async def _prove(self, envelope: Any, names: tuple[str, ...], *, now: datetime) -> None:
        signed = {name: payloads.text(envelope, name) for name in names}
        if signed["TopicArn"] != self._arn:
            raise NotProven("another topic")
        payloads.check_age(_moment(signed["Timestamp"]), now=now, within=_LATE)
        certificate = await self._certificate(payloads.text(envelope, "SigningCertURL"))
        if not certificate.begins_at <= now <= certificate.ends_at:
            raise NotProven("the certificate is not valid today")
        version = payloads.text(envelope, "SignatureVersion")
        # In the order of the alphabet; a subject is signed only when there is one.
        content = "".join(f"{name}\n{value}\n" for name, value in signed.items() if value)
        if version not in _SHA1 or not signatures.rsa_holds(
            certificate.key,
            payloads.text(envelope, "Signature"),
            content.encode("utf-8", "surrogatepass"),
            sha1=_SHA1[version],
        ):
            raise NotProven("wrong signature")

    async def _certificate(self, url: str) -> signatures.Certificate:
        if url not in self._certificates:
            async with self._fetching:
                if url not in self._certificates:
                    self._certificates[url] = await self._fetched(url)
        return self._certificates[url]

    async def _fetched(self, url: str) -> signatures.Certificate:
        if not self._certificate_at.fullmatch(url):
            raise NotProven("a certificate from elsewhere")
        certificate = signatures.read_certificate(await self._fetch(url))
        if not self._signer.fullmatch(certificate.name):
            raise NotProven("the certificate of somebody else")
        return certificate

    async def _confirm(self, url: str) -> None:
        if not self._confirm_at.fullmatch(url):
            raise NotProven("a confirmation elsewhere")
        await self._fetch(url)
        log.info("email_service.subscribed", service="ses")


def _moment(stamp: str) -> datetime:
    try:
        found = datetime.fromisoformat(stamp)
    except ValueError:
        raise NotProven("no time stamp") from None
    if found.tzinfo is None:
        raise NotProven("no time stamp")
    return found
