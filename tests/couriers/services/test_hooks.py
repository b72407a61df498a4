"""The door for services: POST alone, small, proven, and never a word too much in the answer."""

import dataclasses
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import httpx
import pytest
import structlog
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.types import Message

from bot.community.postman import returns
from bot.couriers.email.services.hooks import hook
from bot.messages import News, Wish
from storage.database import Storage
from tests.couriers.services.desk import ADDRESS, Desk, opened
from tests.couriers.services.postmark import PATH, SERVICE, login

DELIVERY = {"RecordType": "Delivery", "MessageID": "1"}


@pytest.fixture
async def desk(sqlite_storage: Storage) -> Desk:
    return await opened(sqlite_storage, SERVICE)


def body(desk: Desk) -> bytes:
    """What Postmark would say."""
    return json.dumps(DELIVERY | {"Metadata": {"delivery": desk.tag()}}).encode()


async def test_only_post_is_understood(desk: Desk) -> None:
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = await desk.call(PATH, body(desk), login(), how=method)
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        assert "set-cookie" not in answer.headers
    assert await desk.events() == []


async def test_only_the_chosen_service_is_listened_to(desk: Desk) -> None:
    for other in ("ses", "mailgun", "sendgrid", "postmark/", ""):
        answer = await desk.call(f"/hooks/{other}", body(desk), login())
        assert answer.status_code in {403, 404}
    assert await desk.events() == []


async def test_no_page_can_use_a_password_that_a_browser_remembers(desk: Desk) -> None:
    for sign in ({"Origin": ADDRESS}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await desk.call(PATH, body(desk), login() | sign)
        assert answer.status_code == 403
    assert await desk.events() == []


async def test_too_much_at_once_is_refused(desk: Desk) -> None:
    megabyte = body(desk).ljust(1024 * 1024)
    assert (await desk.call(PATH, megabyte + b" ", login())).status_code == 413
    assert await desk.events() == []
    assert (await desk.call(PATH, megabyte, login())).status_code == 200


async def test_a_body_without_end_is_refused_before_it_ends(desk: Desk) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b" " * 65536

    transport = httpx.ASGITransport(desk.app)
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as outside:
        assert (await outside.post(PATH, content=endless())).status_code == 413
    assert sent == 17


async def test_a_refusal_is_one_line_in_the_log_and_says_nothing_of_what_was_sent(
    desk: Desk,
) -> None:
    with structlog.testing.capture_logs() as lines:
        answer = await desk.call(PATH, body(desk), login(password="wrong and secret"))
    assert answer.status_code == 403
    (line,) = lines
    assert line == {
        "event": "email_service.refused",
        "log_level": "warning",
        "service": "postmark",
        "why": "wrong password",
    }


async def test_an_unknown_event_is_one_line_with_its_name_alone(desk: Desk) -> None:
    told = DELIVERY | {"RecordType": "Tomorrow" * 20, "Email": "ana@example.org"}
    with structlog.testing.capture_logs() as lines:
        answer = await desk.call(PATH, json.dumps(told).encode(), login())
    assert answer.status_code == 200
    assert [line["event"] for line in lines] == ["email_service.unknown_event"]
    assert lines[0]["kind"] == ("Tomorrow" * 20)[:40]


async def test_while_the_database_is_away_it_shall_come_again(desk: Desk) -> None:
    nowhere = Storage.open("postgresql://porchlight@127.0.0.1:1/porchlight")

    async def hear(told: Sequence[News | Wish]) -> None:
        away = dataclasses.replace(desk.services, storage=nowhere)
        await returns.hear(away, told, now=datetime.now(UTC))

    app = Starlette(routes=SERVICE.routes(hear, address=ADDRESS))
    answer = await Desk(desk.services, app).call(PATH, body(desk), login())
    await nowhere.close()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert (await desk.call(PATH, body(desk), login())).status_code == 200
    assert await desk.events() == [("delivered", "")], "when it comes again it is heard"


async def test_an_error_of_ours_is_noted_and_not_told(desk: Desk) -> None:
    async def hear(told: Sequence[News | Wish]) -> None:
        raise RuntimeError("something private")

    app = Starlette(routes=SERVICE.routes(hear, address=ADDRESS))
    with structlog.testing.capture_logs() as lines:
        answer = await Desk(desk.services, app).call(PATH, body(desk), login())
    assert (answer.status_code, answer.text) == (500, "Something went wrong on our side.")
    assert [line["event"] for line in lines] == ["email_service.failed"]


async def test_a_call_that_breaks_off_is_not_heard(desk: Desk) -> None:
    parts: list[Message] = [
        {"type": "http.request", "body": body(desk), "more_body": True},
        {"type": "http.disconnect"},
    ]
    said: list[Message] = []

    async def receive() -> Message:
        return parts.pop(0)

    async def send(message: Message) -> None:
        said.append(message)

    scope = {"type": "http", "method": "POST", "path": PATH, "headers": [], "query_string": b""}
    await desk.app(scope, receive, send)
    assert said[0]["status"] == 408
    assert await desk.events() == []


async def test_the_operator_is_told_what_to_tell_the_service() -> None:
    async def hear(told: Sequence[News | Wish]) -> None:
        raise AssertionError(told)

    async def read(headers: Headers, body: bytes) -> list[News]:
        raise AssertionError(body)

    with structlog.testing.capture_logs() as lines:
        hook("ses", read, hear, address=ADDRESS)
        hook("ses", read, hear, address="http://127.0.0.1:8080")
    assert [(line["event"], line["at"]) for line in lines] == [
        ("email_service.expected", f"{ADDRESS}/hooks/ses"),
        ("email_service.cannot_reach_us", "http://127.0.0.1:8080/hooks/ses"),
    ]
