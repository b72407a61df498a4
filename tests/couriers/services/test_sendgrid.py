"""SendGrid: a signed batch reaches the leaders' cards as a whole."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bot.couriers.email.services.sendgrid import SendGrid, problems
from bot.messages import Letter
from storage.database import Storage
from tests.couriers.services.desk import Desk, Told, chosen, opened

KEY = ec.generate_private_key(ec.SECP256R1())
PATH = "/hooks/sendgrid"


def shown(key: Any) -> str:
    """A public key as SendGrid shows it."""
    how = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(key.public_key().public_bytes(*how)).decode()


SERVICE = SendGrid(chosen(sendgrid_verification_key=shown(KEY)))


def bounce(kind: str, status: str = "", reason: str = "") -> dict[str, Any]:
    """An event of a letter that was not taken."""
    return {"event": "bounce", "type": kind, "status": status, "reason": reason}


def dropped(reason: str) -> dict[str, Any]:
    """An event of a letter that was not tried."""
    return {"event": "dropped", "reason": reason}


GONE = bounce("bounce", "5.1.1", "550 5.1.1 The account that you tried to reach is not there")
NO_MX = bounce("blocked", reason="unable to get mx info: failed to get IPs from PTR record")
TABLE = [
    Told({"event": "processed"}, "sent"),
    Told({"event": "delivered", "response": "250 OK"}, "delivered", "has been delivered"),
    Told({"event": "deferred", "response": "400 try again later"}, "deferred", "to wait", "400"),
    Told({"event": "deferred", "response": "452 4.2.2 full"}, "deferred", "is full", "452 4.2.2"),
    Told(GONE, "bounced", "no mailbox", "550 5.1.1"),
    Told(bounce("bounce", "", "550 no"), "bounced", "no mailbox", "550"),
    Told(bounce("bounce", "5.0.0", "500 unknown recipient"), "bounced", "refused", "500 5.0.0"),
    Told(bounce("bounce", "4.4.7", "x"), "failed", "resend", "4.4.7"),
    Told(bounce("blocked", "5.7.1", "550 5.7.1 spam"), "bounced", "refused", "550 5.7.1"),
    Told(bounce("blocked", "", "550 listed"), "bounced", "refused the message", "blocked"),
    Told(bounce("blocked", "4.0.0", "450 later"), "failed", "resend", "450 4.0.0"),
    Told(NO_MX, "bounced", "refused the message", "blocked"),
    Told(bounce("expired", "", "out of retries"), "failed", "resend"),
    Told(dropped("Bounced Address"), "bounced", "An earlier letter", "dropped"),
    Told(dropped("Invalid"), "bounced", "no mailbox", "5.1.3"),
    Told(dropped("Spam Reporting Address"), "complained", "spam", "dropped"),
    Told(dropped("Unsubscribed Address"), "opted_out", "asked not to be", "dropped"),
    Told(dropped("Recipient List over Package Quota"), "failed", "administrator", "dropped"),
    Told({"event": "spamreport"}, "complained", "spam"),
    Told({"event": "unsubscribe"}, "opted_out", "asked not to be"),
    Told({"event": "group_unsubscribe", "asm_group_id": 1}, "opted_out", "asked not to be"),
    Told({"event": "group_resubscribe"}, "sent"),
    Told({"event": "open"}, "sent"),
    Told({"event": "click"}, "sent"),
    Told({"event": "an invention of tomorrow"}, "sent"),
]


@pytest.fixture
async def desk(sqlite_storage: Storage) -> Desk:
    return await opened(sqlite_storage, SERVICE)


def batch(desk: Desk, *events: dict[str, Any], letter: int = 1) -> bytes:
    """Events of one letter each, as they are posted together."""
    told = [
        {"timestamp": 1513299569, "delivery": desk.tag(number), **event}
        for number, event in enumerate(events, letter)
    ]
    return json.dumps(told).encode()


def proof(body: bytes, *, key: Any = KEY, ago: timedelta = timedelta()) -> dict[str, str]:
    """What SendGrid signs it with."""
    stamp = str(int((datetime.now(UTC) - ago).timestamp()))
    signature = key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {
        "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
    }


async def post(desk: Desk, body: bytes, **signed: Any) -> httpx.Response:
    """SendGrid calls."""
    return await desk.call(PATH, body, proof(body, **signed))


def test_it_is_asked_to_give_the_tag_back_and_to_leave_links_alone(
    letter: Callable[..., Letter],
) -> None:
    (value,) = SERVICE.headers(letter()).values()
    wishes = json.loads(value)
    assert value.isascii()
    assert wishes["unique_args"] == {"delivery": letter().tag}
    assert {name: each["settings"]["enable"] for name, each in wishes["filters"].items()} == {
        "clicktrack": 0,
        "opentrack": 0,
        "subscriptiontrack": 0,
    }


async def test_every_event_of_a_batch_is_on_the_leaders_card(storage: Storage) -> None:
    desk = await opened(storage, SERVICE, letters=len(TABLE))
    answer = await post(desk, batch(desk, *(told.event for told in TABLE)))
    assert (answer.status_code, answer.text) == (200, "Heard.")
    assert await desk.mistakes(TABLE) == []


async def test_what_is_said_again_is_kept_once_under_any_number(desk: Desk) -> None:
    """What is sent again may come in another batch, and with another id of the event."""
    events = [GONE | {"sg_event_id": "a"}, {"event": "delivered"}]
    for number, again in enumerate([events, events[::-1]]):
        for event in again:
            body = batch(desk, event | {"sg_event_id": f"{number}"})
            assert (await post(desk, body)).is_success
    assert await desk.events() == [("bounced", "550 5.1.1"), ("delivered", "")]
    assert await desk.suppressed() == ["bounced"]
    assert "There is no mailbox with that address" in await desk.receipt()


async def test_a_block_does_not_keep_us_from_writing_again(desk: Desk) -> None:
    await post(desk, batch(desk, bounce("blocked", "", "550 listed")))
    assert (await desk.state(), await desk.suppressed()) == ("bounced", [])


async def test_what_comes_late_is_heard_as_long_as_sendgrid_tries(desk: Desk) -> None:
    body = batch(desk, {"event": "delivered"})
    assert (await post(desk, body, ago=timedelta(hours=25, minutes=1))).status_code == 403
    assert (await post(desk, body, ago=-timedelta(minutes=16))).status_code == 403
    assert (await post(desk, body, ago=timedelta(hours=24))).is_success
    assert await desk.state() == "delivered"


async def test_nothing_can_be_changed_or_left_out(desk: Desk) -> None:
    body = batch(desk, {"event": "spamreport"})
    signed = proof(body)
    stamp, signature = signed
    forgeries = [
        (body.replace(b"spamreport", b"delivered"), signed),
        (body + b" ", signed),
        (body, signed | {stamp: str(int(signed[stamp]) + 1)}),
        (body, signed | {stamp: "now"}),
        (body, signed | {signature: signed[signature][:-8]}),
        (body, signed | {signature: "é"}),
        (body, {stamp: signed[stamp]}),
        (body, {signature: signed[signature]}),
        (body, {}),
        (body, proof(body, key=ec.generate_private_key(ec.SECP256R1()))),
        (b"not even JSON", signed),
    ]
    for number, (content, headers) in enumerate(forgeries):
        assert (await desk.call(PATH, content, headers)).status_code == 403, number
    assert await desk.events() == []


async def test_a_letter_that_is_not_ours_is_let_be_and_the_others_are_heard(desk: Desk) -> None:
    ours = json.loads(batch(desk, {"event": "delivered"}))
    others = [{"event": "delivered"}, {"event": "delivered", "delivery": "x"}, 7, None, [], {}]
    assert (await post(desk, json.dumps([*others, *ours]).encode())).is_success
    assert await desk.events() == [("delivered", "")]


async def test_what_is_no_batch_is_not_understood(desk: Desk) -> None:
    for body in (b"{}", b"null", b"", b"[", b"[" * 100_000, b"\xff", b"1" * 5000):
        assert (await post(desk, body)).status_code == 400


def test_only_the_key_that_sendgrid_shows_will_do() -> None:
    other_curve = shown(ec.generate_private_key(ec.SECP384R1()))
    for wrong in ("", "MFkwEwYH", "?", other_curve, shown(KEY)[:-4], f"{shown(KEY)}é"):
        assert problems(chosen(sendgrid_verification_key=wrong)) != [], wrong
    assert problems(chosen(sendgrid_verification_key=shown(KEY))) == []
