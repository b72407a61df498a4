"""Amazon SES: what became of each letter reaches the leader's card."""

import json
from collections.abc import Callable
from itertools import permutations
from typing import Any

import httpx
import pytest

from bot.couriers.email.services.ses import Ses
from bot.messages import Letter
from storage.database import Storage
from storage.tables import Delivery
from tests.community import scene
from tests.couriers.services.amazon import TOPIC, Amazon
from tests.couriers.services.desk import Desk, chosen, opened
from tests.couriers.services.ses import DELIVERED, GONE, PATH, TABLE, delay


@pytest.fixture
def service(amazon: Amazon) -> Ses:
    return Ses(chosen(ses_topic_arn=TOPIC), fetch=amazon.fetch)


@pytest.fixture
async def desk(sqlite_storage: Storage, service: Ses) -> Desk:
    return await opened(sqlite_storage, service)


async def post(
    desk: Desk, amazon: Amazon, event: Any, letter: int = 1, number: int | None = None
) -> httpx.Response:
    """SES tells the topic, and SNS calls."""
    mail = {"messageId": "EXAMPLE7c191be45", "tags": {"delivery": [desk.tag(letter)]}}
    message = amazon.notification({"mail": mail} | event, letter if number is None else number)
    return await desk.call(PATH, json.dumps(amazon.signed(message)).encode())


def test_it_is_asked_to_give_the_tag_back(letter: Callable[..., Letter]) -> None:
    service = Ses(chosen(ses_topic_arn=TOPIC, ses_configuration_set="porchlight"))
    headers = service.headers(letter())
    assert headers["X-SES-MESSAGE-TAGS"] == f"delivery={letter().tag}"
    assert headers["X-SES-CONFIGURATION-SET"] == "porchlight"
    assert max(map(len, map(": ".join, headers.items()))) < 75
    assert set(Ses(chosen(ses_topic_arn=TOPIC)).headers(letter())) == {"X-SES-MESSAGE-TAGS"}


async def test_every_event_is_on_the_leaders_card(
    sqlite_storage: Storage, service: Ses, amazon: Amazon
) -> None:
    desk = await opened(sqlite_storage, service, letters=len(TABLE))
    for number, told in enumerate(TABLE, 1):
        answer = await post(desk, amazon, told.event, number)
        assert (answer.status_code, answer.text) == (200, "Heard.")
    assert await desk.mistakes(TABLE) == []
    assert len(amazon.asked) == 1, "one certificate is fetched once"


async def test_what_is_said_twice_and_in_any_order_ends_alike(
    sqlite_storage: Storage, service: Ses, amazon: Amazon
) -> None:
    orders = list(permutations([delay("General"), DELIVERED, GONE]))
    desk = await opened(sqlite_storage, service, letters=len(orders))
    for letter, order in enumerate(orders, 1):
        for place, event in enumerate([*order, *order]):
            await post(desk, amazon, event, letter, number=letter * 10 + place % 3)
    letters = await scene.all_of(desk.services, Delivery)
    assert {letter.state for letter in letters} == {"bounced"}
    assert len(await desk.events()) == 3 * len(orders)
    assert "There is no mailbox with that address" in await desk.receipt()


async def test_without_a_tag_the_message_id_names_the_letter(desk: Desk, amazon: Amazon) -> None:
    """Feedback that is set up at the domain brings no tags, and calls its kind otherwise."""
    (letter,) = await scene.all_of(desk.services, Delivery)
    headers = [
        {"name": "Subject", "value": "Come in"},
        {"name": "Message-ID", "value": letter.message_id},
    ]
    event = {"notificationType": "Delivery", "mail": {"headers": headers}}
    assert (await post(desk, amazon, event)).is_success
    assert await desk.state() == "delivered"


async def test_a_wrong_tag_is_not_mended_by_a_message_id(desk: Desk, amazon: Amazon) -> None:
    (letter,) = await scene.all_of(desk.services, Delivery)
    headers = [{"name": "Message-ID", "value": letter.message_id}]
    mail = {"tags": {"delivery": ["1-aaaaaaaaaa"]}, "headers": headers}
    assert (await post(desk, amazon, DELIVERED | {"mail": mail})).is_success
    assert await desk.events() == []


async def test_a_letter_that_is_not_ours_is_let_be(desk: Desk, amazon: Amazon) -> None:
    odd = [{"name": "Message-ID", "value": value} for value in ("", "none", "<a\x00b@c>", None)]
    mails: list[dict[str, Any]] = [
        {},
        {"tags": []},
        {"tags": {"delivery": [7]}},
        {"headers": 1},
        {"headers": odd},
    ]
    for number, mail in enumerate(mails):
        assert (await post(desk, amazon, DELIVERED | {"mail": mail}, number=number)).is_success
    assert await desk.events() == []


async def test_a_message_that_is_no_event_is_not_understood(desk: Desk, amazon: Amazon) -> None:
    for message in ("Hello", "[]", '{"event": "Delivery"}', "null", '"Bounce"'):
        body = json.dumps(amazon.signed(amazon.notification(message))).encode()
        assert (await desk.call(PATH, body)).status_code == 400, message


async def test_the_greeting_of_a_new_topic_is_let_be(desk: Desk, amazon: Amazon) -> None:
    greeting = "Successfully validated SNS topic for Amazon SES event publishing."
    body = json.dumps(amazon.signed(amazon.notification(greeting))).encode()
    assert (await desk.call(PATH, body)).status_code == 200
