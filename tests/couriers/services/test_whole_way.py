"""The whole way: from `.env` by a mail server and back again, through the house as it is opened."""

import email
import json
from collections.abc import Callable
from email.message import Message
from pathlib import Path

import httpx
import pytest

from bot.app import open_house, read_settings
from bot.ports import Services
from storage.tables import PlaygroundMessage
from tests.community import scene
from tests.couriers.services.mailgun import signature
from tests.couriers.services.postmark import login
from tests.couriers.services.sendgrid import proof
from tests.couriers.services.test_services import COMPLETE
from tests.standins.smtp import SmtpStandIn

Call = tuple[bytes, dict[str, str]]


def mailgun(letter: Message) -> Call:
    """What Mailgun makes of the letter's header, and posts."""
    event = {"event": "delivered", "user-variables": json.loads(letter["X-Mailgun-Variables"])}
    signed = signature(key=COMPLETE["mailgun"]["MAILGUN_SIGNING_KEY"])
    return json.dumps({"signature": signed, "event-data": event}).encode(), {}


def postmark(letter: Message) -> Call:
    """The same of Postmark."""
    event = {"RecordType": "Delivery", "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483"}
    body = json.dumps(event | {"Metadata": {"delivery": letter["X-PM-Metadata-delivery"]}})
    return body.encode(), login(*COMPLETE["postmark"].values())


def sendgrid(letter: Message) -> Call:
    """The same of SendGrid."""
    wishes = json.loads(letter["X-SMTPAPI"])
    event = {"event": "delivered", "timestamp": 1513299569, **wishes["unique_args"]}
    body = json.dumps([event]).encode()
    return body, proof(body)


@pytest.mark.parametrize("told", [mailgun, postmark, sendgrid])
async def test_what_the_letter_says_comes_back_to_the_leader(
    own_folder: Path, told: Callable[[Message], Call]
) -> None:
    name = told.__name__
    async with SmtpStandIn() as server:
        values = {
            "PUBLIC_URL": "https://join.example.org",
            "PLAYGROUND": "true",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(server.port),
            "SMTP_TLS": "none",
            "SMTP_SENDER": "invites@mail.example",
            "SMTP_SERVICE": name,
            **COMPLETE[name],
        }
        (own_folder / ".env").write_text("".join(f"{key}={values[key]}\n" for key in values))
        async with open_house(read_settings()) as house:
            await scene.say(house.services, "/invite ana@example.org")
            await scene.all_done(house.services)
            assert "has been sent" in await shown(house.services)
            content, headers = told(email.message_from_bytes(server.taken[0].content))
            transport = httpx.ASGITransport(house.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://10.0.0.7") as web:
                answer = await web.post(f"/hooks/{name}", content=content, headers=headers)
            assert answer.status_code == 200
            await scene.all_done(house.services)
            assert "has been delivered" in await shown(house.services)


async def shown(services: Services) -> str:
    """What the leader's chat shows."""
    rows = await scene.all_of(services, PlaygroundMessage)
    return "\n".join(row.body["text"] for row in rows)
