"""Only what Slack signed a moment ago is heard; the rest gets a word, and leaves no trace."""

import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from storage.tables import Heard, Invitation
from tests.chats.serving import PATIENCE
from tests.chats.slack.conftest import Scene
from tests.community.scene import all_of
from tests.standins import slack_payloads as payloads
from tests.standins.slack_line import SIGNING_SECRET

SECRET_ADDRESS = "rosa.secret@example.org"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
async def web() -> AsyncIterator[httpx.AsyncClient]:
    """Somebody with a computer who found our address."""
    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        yield client


def signed(body: bytes, *, secret: str = SIGNING_SECRET, at: object = None) -> dict[str, str]:
    """The headers of Slack's signature, version 0."""
    moment = int(time.time()) if at is None else at
    base = b"v0:%s:%s" % (str(moment).encode(), body)
    digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(moment), "X-Slack-Signature": f"v0={digest}"}


def command(scene: Scene) -> dict[str, Any]:
    """Ana invites Rosa."""
    return payloads.command_form(
        scene.slack, scene.ana, scene.porch, "/invite", f"email {SECRET_ADDRESS}"
    )


async def nothing_happened(scene: Scene) -> bool:
    """No invitation, no answer, and nothing noted as heard but Ana's claim."""
    services = scene.house.services
    invitations, heard = await all_of(services, Invitation), await all_of(services, Heard)
    return not invitations and len(heard) == 1 and len(scene.slack.ephemeral) == 1


@pytest.mark.parametrize(
    "how",
    [{"secret": "wrong"}, {"signed": False}, {"age": 301}, {"age": -302}],
    ids=["forged", "unsigned", "stale", "from the future"],
)
@pytest.mark.parametrize("retry_num", [0, 1])
async def test_what_slack_did_not_sign_just_now_is_not_heard(
    by_http: Scene, how: dict[str, Any], retry_num: int
) -> None:
    answer = await by_http.slack.deliver(
        "slash_commands", command(by_http), retry_num=retry_num, **how
    )
    assert (answer.status, answer.payload) == (401, None)
    assert SECRET_ADDRESS not in answer.words
    assert await nothing_happened(by_http)


async def test_what_was_signed_nearly_five_minutes_ago_is_heard(by_http: Scene) -> None:
    answer = await by_http.slack.deliver("slash_commands", command(by_http), age=290)
    assert answer.status == 200
    await by_http.slack.until(lambda: len(by_http.slack.ephemeral) == 2, seconds=PATIENCE)
    assert len(await all_of(by_http.house.services, Invitation)) == 1


@pytest.mark.parametrize("kind", ["interactive", "events_api"])
async def test_forged_forms_and_events_are_not_heard(by_http: Scene, kind: Any) -> None:
    event = payloads.event(by_http.slack, "app_home_opened", user=by_http.ana, tab="home")
    answer = await by_http.slack.deliver(kind, event, secret="wrong")
    assert answer.status == 401
    assert by_http.slack.homes == {}


@pytest.mark.parametrize(
    ("at", "signature"),
    [("soon", "v0=0"), ("", ""), ("١٢٣", "v0=0"), ("9" * 400, "v0=0"), (None, "v0=\xe9"),
     (None, ""), ("-1", "v0=0")],
)  # fmt: skip
async def test_signatures_that_are_nonsense_are_refused_in_words(
    by_http: Scene, web: httpx.AsyncClient, at: str | None, signature: str
) -> None:
    body = urlencode(command(by_http)).encode()
    moment = str(int(time.time())) if at is None else at
    headers = {
        b"Content-Type": FORM.encode(),
        b"X-Slack-Request-Timestamp": moment.encode(),
        b"X-Slack-Signature": signature.encode("latin-1"),
    }
    answer = await web.post(by_http.slack.events_url, content=body, headers=headers)
    assert answer.status_code == 401
    assert await nothing_happened(by_http)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"text": "rosa.secret@example.org', "application/json"),
        (b"payload=rosa.secret%40example.org", FORM),
        (b"{rosa.secret@example.org", "text/plain"),
    ],
    ids=["half JSON", "no payload", "plain words"],
)
@pytest.mark.parametrize("is_signed", [True, False])
async def test_what_cannot_be_read_is_refused_in_a_word_and_not_logged(
    by_http: Scene,
    web: httpx.AsyncClient,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    body: bytes,
    kind: str,
    is_signed: bool,
) -> None:
    headers = {"Content-Type": kind} | (signed(body) if is_signed else {})
    answer = await web.post(by_http.slack.events_url, content=body, headers=headers)
    assert answer.status_code == (400 if is_signed else 401)
    assert len(answer.text) < 60
    assert await nothing_happened(by_http)
    assert "secret" not in answer.text + "".join(capfd.readouterr()) + caplog.text


async def test_what_is_not_in_utf8_was_never_signed_by_slack(
    by_http: Scene, web: httpx.AsyncClient
) -> None:
    body = b"\xff\xfe rosa"
    headers = {"Content-Type": FORM} | signed(body)
    answer = await web.post(by_http.slack.events_url, content=body, headers=headers)
    assert answer.status_code == 401


async def test_a_body_that_is_too_big_is_not_read(by_http: Scene, web: httpx.AsyncClient) -> None:
    body = b"text=" + b"x" * 1024 * 1024
    headers = {"Content-Type": FORM} | signed(body)
    answer = await web.post(by_http.slack.events_url, content=body, headers=headers)
    assert answer.status_code == 413


async def test_a_body_of_unknown_length_is_not_read(by_http: Scene, web: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b"text=1"

    answer = await web.post(by_http.slack.events_url, content=endless())
    assert answer.status_code == 413


async def test_what_nobody_waits_for_is_answered_and_changes_nothing(by_http: Scene) -> None:
    unknown = payloads.event(by_http.slack, "reaction_added", user=by_http.ana)
    answer = await by_http.slack.deliver("events_api", unknown)
    assert answer.status in {200, 404}
    assert await nothing_happened(by_http)


async def test_no_address_and_no_secret_is_ever_logged(
    by_http: Scene, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    await by_http.say(f"/invite email {SECRET_ADDRESS}")
    await by_http.slack.until(by_http.own, seconds=PATIENCE)
    await by_http.slack.repeat()
    await by_http.slack.deliver("slash_commands", command(by_http), secret="wrong")
    by_http.slack.fault("views.open", "internal_error")
    await by_http.say("/invite")
    logged = "".join(capfd.readouterr()) + caplog.text
    assert "slack.no_modal" in logged, "else nothing was looked at"
    assert SECRET_ADDRESS not in logged
    assert by_http.slack.signing_secret not in logged
    assert by_http.slack.bot_token not in logged


async def test_slack_can_verify_the_address(by_http: Scene) -> None:
    assert await by_http.slack.verify_url()
