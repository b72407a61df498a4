"""Mailgun: what it signed reaches the leader's card; a token counts once."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot.messages import Letter
from storage.database import Storage
from tests.couriers.services.desk import Desk, opened
from tests.couriers.services.mailgun import BLOCKED, GONE, PATH, SERVICE, TABLE, TOKEN, signature


@pytest.fixture
async def desk(sqlite_storage: Storage) -> Desk:
    return await opened(sqlite_storage, SERVICE)


async def post(desk: Desk, event: dict[str, Any], letter: int = 1, **signed: Any) -> httpx.Response:
    """Mailgun calls."""
    about = {"id": "Ase7i2zsRYeDXztHGENqRA", "user-variables": {"delivery": desk.tag(letter)}}
    body = {"signature": signature(**signed), "event-data": about | event}
    return await desk.call(PATH, json.dumps(body).encode())


def test_it_is_asked_to_give_the_tag_back(letter: Callable[..., Letter]) -> None:
    headers = SERVICE.headers(letter())
    assert json.loads(headers["X-Mailgun-Variables"]) == {"delivery": letter().tag}
    assert headers["X-Mailgun-Track"] == "no"
    assert max(map(len, map(": ".join, headers.items()))) < 75


async def test_every_event_is_on_the_leaders_card(sqlite_storage: Storage) -> None:
    desk = await opened(sqlite_storage, SERVICE, letters=len(TABLE))
    for number, told in enumerate(TABLE, 1):
        answer = await post(desk, told.event, number, token=f"{number:050}")
        assert (answer.status_code, answer.text) == (200, "Heard.")
    assert await desk.mistakes(TABLE) == []


async def test_the_message_in_chat_follows(desk: Desk) -> None:
    await post(desk, GONE)
    assert "There is no mailbox with that address" in await desk.receipt()


async def test_only_a_missing_mailbox_keeps_us_from_writing_again(desk: Desk) -> None:
    await post(desk, BLOCKED)
    assert await desk.suppressed() == []
    await post(desk, GONE, token="b" * 50)
    assert await desk.suppressed() == ["bounced"]


async def test_a_token_counts_once_whatever_comes_with_it(desk: Desk) -> None:
    for event in ("delivered", "delivered", "complained"):
        assert (await post(desk, {"event": event})).is_success
    assert await desk.events() == [("delivered", "")]
    assert await desk.suppressed() == []


async def test_what_comes_late_is_heard_as_long_as_mailgun_tries(desk: Desk) -> None:
    """After an outage of ours it sends the first signature again."""
    late = await post(desk, {"event": "delivered"}, ago=timedelta(hours=8, minutes=1))
    assert (late.status_code, await desk.state()) == (200, "delivered")


async def test_what_is_too_old_or_of_tomorrow_is_refused(desk: Desk) -> None:
    for ago in (timedelta(hours=9, minutes=1), timedelta(minutes=-16)):
        assert (await post(desk, {"event": "delivered"}, ago=ago)).status_code == 403
    assert await desk.events() == []


async def test_a_forged_field_is_refused(desk: Desk) -> None:
    forgeries: list[dict[str, Any]] = [
        {"signature": "0" * 64},
        {"signature": signature(key="another key")["signature"]},
        {"signature": None},
        {"signature": "\ud800"},
        {"token": TOKEN[::-1]},
        {"token": "a"},
        {"token": [TOKEN]},
        {"timestamp": signature(ago=timedelta(hours=1))["timestamp"]},
        {"timestamp": "soon"},
        {"timestamp": "9" * 400},
        {"timestamp": "٣٣٣"},
    ]
    event = {"event": "complained", "user-variables": {"delivery": desk.tag()}}
    for forged in forgeries:
        body = {"signature": signature() | forged, "event-data": event}
        assert (await desk.call(PATH, json.dumps(body).encode())).status_code == 403, forged
    assert (await desk.call(PATH, json.dumps({"event-data": event}).encode())).status_code == 403
    assert await desk.events() == []


async def test_a_letter_that_is_not_ours_is_let_be(desk: Desk) -> None:
    for number, variables in enumerate([[], {}, {"delivery": "?"}, {"delivery": "1-aaaaaaaaaa"}]):
        told = {"event": "complained", "user-variables": variables}
        assert (await post(desk, told, token=f"{number:050}")).is_success
    assert await desk.events() == []
