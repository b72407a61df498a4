"""Amazon on loopback: signs notifications, shows its certificate, and has subscriptions confirmed.

Strictly by https with a certificate of its own authority, as the real one; only its name is
another, so a test plugs `fetch`, which asks the stand-in for what is asked of Amazon.
"""

import base64
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from bot.couriers.email.services.fetching import fetch
from tests.standins.serving import serving
from tests.standins.smtp import Certificates

TOPIC = "arn:aws:sns:eu-west-1:123456789012:porchlight"
HOST = "https://sns.eu-west-1.amazonaws.com"
CERTIFICATE = f"{HOST}/SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem"
NAME = "sns.amazonaws.com"
DAY = timedelta(days=1)


@dataclass
class Amazon:
    """The key that signs, and what was asked for."""

    key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    asked: list[str] = field(default_factory=list)
    trouble: int = 0  # a status to answer with instead
    url: str = ""
    trust: ssl.SSLContext | None = None
    certificate: bytes = b""

    def __post_init__(self) -> None:
        self.certify()

    def certify(self, name: str = NAME, begins: timedelta = -DAY, ends: timedelta = DAY) -> None:
        """Show another certificate from now on: in another name, or of another time."""
        named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        made = x509.CertificateBuilder(
            issuer_name=named,
            subject_name=named,
            public_key=self.key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=now + begins,
            not_valid_after=now + ends,
        ).sign(self.key, hashes.SHA256())
        self.certificate = made.public_bytes(serialization.Encoding.PEM)

    async def fetch(self, url: str) -> bytes:
        """What is asked of Amazon, asked of the stand-in."""
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}" == HOST
        return await fetch(f"{self.url}{parts.path}?{parts.query}", trust=self.trust)

    def notification(self, event: Any, number: int = 1, /, **more: str) -> dict[str, str]:
        """A notification, not yet signed."""
        return {
            "Type": "Notification",
            "MessageId": f"22b80b92-fdea-4c2c-8f9d-{number:012}",
            "TopicArn": TOPIC,
            "Subject": "Amazon SES Email Event Notification",
            "Message": event if isinstance(event, str) else json.dumps(event),
            "Timestamp": datetime.now(UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "UnsubscribeURL": f"{HOST}/?Action=Unsubscribe&SubscriptionArn={TOPIC}:c9135db0",
            **more,
        }

    def confirmation(self, kind: str = "SubscriptionConfirmation", **more: str) -> dict[str, str]:
        """What SNS asks and says of the subscription itself, not yet signed."""
        message = self.notification("You have chosen to subscribe to the topic.", **more)
        del message["Subject"], message["UnsubscribeURL"]
        link = f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37"
        return {**message, "Type": kind, "Token": "2336412f37", "SubscribeURL": link, **more}

    def signed(self, message: dict[str, str], version: str = "2") -> dict[str, str]:
        """The same with Amazon's signature."""
        names = {"Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token",
                 "TopicArn", "Type"}  # fmt: skip
        content = "".join(f"{name}\n{message[name]}\n" for name in sorted(names & message.keys()))
        digest = hashes.SHA1() if version == "1" else hashes.SHA256()
        signature = self.key.sign(content.encode(), padding.PKCS1v15(), digest)
        proof = {
            "SignatureVersion": version,
            "Signature": base64.b64encode(signature).decode(),
            "SigningCertURL": CERTIFICATE,
        }
        return proof | message if "SigningCertURL" in message else message | proof

    async def answer(self, request: web.Request) -> web.Response:
        """Note what is asked for, and give it."""
        self.asked.append(request.path_qs)
        if self.trouble:
            return web.Response(status=self.trouble, headers={"Location": self.url})
        if request.path == urlsplit(CERTIFICATE).path:
            return web.Response(body=self.certificate)
        return web.Response(text="<ConfirmSubscriptionResponse/>")


@asynccontextmanager
async def running(certificates: Certificates) -> AsyncIterator[Amazon]:
    """Amazon, reachable by https."""
    amazon = Amazon()
    app = web.Application()
    app.router.add_get("/{path:.*}", amazon.answer)
    async with serving(app, tls=certificates.for_server()) as amazon.url:
        amazon.trust = ssl.create_default_context(cafile=certificates.authority)
        yield amazon
