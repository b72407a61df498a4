"""SendGrid: a signed batch reaches the leaders' cards as a whole."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from bot.couriers.email.services.sendgrid import problems
from bot.messages import Letter
from storage.database import Storage
from tests.couriers.services.desk import Desk, chosen, opened
from tests.couriers.services.sendgrid import GONE, KEY, PATH, SERVICE, TABLE, bounce, proof, shown


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
