"""Postmark: what comes with the password reaches the leader's card."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from bot.messages import Letter
from storage.database import Storage
from tests.couriers.services.desk import Desk, opened
from tests.couriers.services.postmark import (
    BLOCKED,
    COMPLAINT,
    DELIVERY,
    GONE,
    PASSWORD,
    PATH,
    SERVICE,
    TABLE,
    login,
)


@pytest.fixture
async def desk(sqlite_storage: Storage) -> Desk:
    return await opened(sqlite_storage, SERVICE)


async def post(
    desk: Desk, record: Any, letter: int = 1, headers: dict[str, str] | None = None
) -> httpx.Response:
    """Postmark calls."""
    number = f"883953f4-6105-42a2-a16a-{letter:012}"
    if "ID" in record:
        record = {**record, "ID": record["ID"] + letter}
    body = {"MessageID": number, "Metadata": {"delivery": desk.tag(letter)}, **record}
    return await desk.call(PATH, json.dumps(body).encode(), login() if headers is None else headers)


def test_it_is_asked_to_give_the_tag_back(letter: Callable[..., Letter]) -> None:
    headers = SERVICE.headers(letter())
    assert headers["X-PM-Metadata-delivery"] == letter().tag
    assert max(map(len, map(": ".join, headers.items()))) < 75


async def test_every_event_is_on_the_leaders_card(sqlite_storage: Storage) -> None:
    desk = await opened(sqlite_storage, SERVICE, letters=len(TABLE))
    for number, told in enumerate(TABLE, 1):
        answer = await post(desk, told.event, number)
        assert (answer.status_code, answer.text) == (200, "Heard.")
    assert await desk.mistakes(TABLE) == []


async def test_what_is_said_again_is_kept_once_in_any_order(desk: Desk) -> None:
    for record in (GONE, DELIVERY, GONE, DELIVERY):
        await post(desk, record)
    assert await desk.events() == [("bounced", "550 5.1.1"), ("delivered", "")]
    assert await desk.state() == "bounced"
    assert await desk.suppressed() == ["bounced"]
    assert "There is no mailbox with that address" in await desk.receipt()


async def test_a_block_does_not_keep_us_from_writing_again(desk: Desk) -> None:
    await post(desk, BLOCKED)
    assert await desk.suppressed() == []


async def test_the_scheme_may_be_written_in_any_case(desk: Desk) -> None:
    assert (await post(desk, DELIVERY, headers=login(scheme="basic"))).is_success


async def test_a_wrong_password_is_refused_unread(desk: Desk) -> None:
    wrong = [
        {},
        login(user="Porchlight"),
        login(password=PASSWORD + "."),
        login(password=PASSWORD[:-1]),
        login(password=""),
        login(scheme="Bearer"),
        {"Authorization": "Basic"},
        {"Authorization": "Basic ?"},
        {"Authorization": "Basic é"},
    ]
    for headers in wrong:
        assert (await desk.call(PATH, b"not even JSON", headers)).status_code == 403, headers
        assert (await post(desk, COMPLAINT, headers=headers)).status_code == 403, headers
    assert await desk.events() == []


async def test_an_event_without_a_number_is_not_understood(desk: Desk) -> None:
    for number in ("", "\x00", "a" * 41, None):
        assert (await post(desk, DELIVERY | {"MessageID": number})).status_code == 400
    assert await desk.events() == []


async def test_a_letter_that_is_not_ours_is_let_be(desk: Desk) -> None:
    for metadata in ({}, None, {"delivery": "x"}, {"delivery": "1-aaaaaaaaaa"}):
        assert (await post(desk, DELIVERY | {"Metadata": metadata})).is_success
    assert await desk.events() == []


async def test_a_trial_call_is_let_be(desk: Desk) -> None:
    """Postmark tries an address out before it takes it."""
    for trial in (b"{}", b"[]", b'{"RecordType": "Delivery"}', b'{"RecordType": "Test"}'):
        assert (await desk.call(PATH, trial, login())).status_code == 200
    assert await desk.events() == []
