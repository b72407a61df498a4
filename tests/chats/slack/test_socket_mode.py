"""Connections by Socket Mode break and are begun anew; what people do is done once all the same."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.chats.slack.listening import listen
from storage.tables import Batch, Invitation
from tests.chats.serving import PATIENCE
from tests.chats.slack.conftest import Open, Scene
from tests.community.scene import all_of
from tests.standins.slack import SlackStandIn

REASONS = ["refresh_requested", "warning", None]
SENT = "has been sent"


@pytest.fixture
async def by_socket(open_slack: Open) -> AsyncIterator[Scene]:
    """The house that keeps a connection to Slack."""
    async with open_slack(by="socket") as opened:
        yield opened


class NoTickets(set[str]):
    """No ticket is good."""

    def __contains__(self, ticket: object) -> bool:
        return False


async def connected(slack: SlackStandIn, *, seconds: float = PATIENCE) -> None:
    await slack.until(lambda: slack.line.connections, seconds=seconds)


@pytest.mark.parametrize("reason", REASONS)
async def test_a_command_while_the_connection_ends_is_done_once(
    by_socket: Scene, reason: str | None
) -> None:
    commanded = asyncio.create_task(by_socket.say("/invite email rosa@example.org"))
    await by_socket.slack.disconnect(reason)
    assert "rosa@example.org" in await commanded
    await by_socket.slack.until(by_socket.own, seconds=PATIENCE)
    assert len(await all_of(by_socket.house.services, Invitation)) == 1
    assert "Rosa" not in await by_socket.say("/members")


@pytest.mark.parametrize("reason", REASONS)
async def test_a_form_sent_while_the_connection_ends_is_done_once(
    by_socket: Scene, reason: str | None
) -> None:
    await by_socket.slack.command(by_socket.ana, by_socket.porch, "/passes")
    await by_socket.view("Print access passes")
    sent = asyncio.create_task(by_socket.slack.submit(by_socket.ana, {"count": "2"}))
    await asyncio.sleep(0)
    await by_socket.slack.disconnect(reason)
    await sent
    await by_socket.slack.until(lambda: by_socket.slack.files, seconds=PATIENCE)
    assert len(await all_of(by_socket.house.services, Batch)) == 1
    assert "Batch 1" in str(await words(by_socket))


async def words(scene: Scene) -> str:
    """What there is of passes."""
    await scene.slack.command(scene.ana, scene.porch, "/passes")
    return str((await scene.view("Print access passes")).blocks)


@pytest.mark.parametrize("reason", REASONS)
async def test_a_receipt_does_not_need_the_connection(by_socket: Scene, reason: str | None) -> None:
    await by_socket.say("/invite email rosa@example.org")
    await by_socket.slack.disconnect(reason)
    await by_socket.slack.until(
        lambda: [one for one in by_socket.own() if SENT in one.text], seconds=PATIENCE
    )
    assert len(by_socket.own()) == 1


async def test_connections_that_end_again_and_again_are_begun_again_and_again(
    by_socket: Scene,
) -> None:
    for reason in (*REASONS, *REASONS):
        await connected(by_socket.slack)
        await by_socket.slack.disconnect(reason)
        assert "Nobody has joined" in await by_socket.say("/members")


async def test_after_an_outage_the_connection_comes_back_by_itself(by_socket: Scene) -> None:
    by_socket.slack.down = True
    await by_socket.slack.disconnect(None)
    await asyncio.sleep(6)
    assert by_socket.slack.line.connections == 0
    by_socket.slack.recover()
    await connected(by_socket.slack, seconds=30)
    assert "Nobody has joined" in await by_socket.say("/members")


async def test_a_ticket_that_is_spent_is_not_tried_for_ever(by_socket: Scene) -> None:
    """The new address is good once; the library alone would never ask for another."""
    tickets = by_socket.slack.tickets

    by_socket.slack.tickets = NoTickets()
    await by_socket.slack.disconnect("refresh_requested")
    await asyncio.sleep(1)
    by_socket.slack.tickets = tickets
    await connected(by_socket.slack, seconds=30)


# Without a house: when there is nothing to connect to


@asynccontextmanager
async def listening(slack: SlackStandIn, *, app_token: str = "") -> AsyncIterator[None]:
    """An app that tries to hear."""
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])
    app = AsyncApp(client=client, token=slack.bot_token)
    task = asyncio.create_task(listen(app, app_token or slack.app_token, client))
    try:
        yield
    finally:
        assert not task.done(), "it gave up"
        started = time.monotonic()
        task.cancel()
        await asyncio.wait({task})
        assert time.monotonic() - started < 1, "it can be stopped at once"


@pytest.mark.parametrize("kind", ["503", "drop_before", "ratelimited", "internal_error"])
async def test_while_slack_cannot_be_reached_it_keeps_trying(
    kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    async with SlackStandIn() as slack:
        slack.fault("apps.connections.open", kind, times=2)
        async with listening(slack):
            await connected(slack)
    said = capfd.readouterr().out
    assert said.count("Slack does not answer") == 2
    assert "Traceback" not in said


async def test_a_wrong_app_token_is_said_in_plain_words(capfd: pytest.CaptureFixture[str]) -> None:
    async with SlackStandIn() as slack, listening(slack, app_token="xapp-wrong-one"):
        await slack.until(lambda: len(slack.calls) > 1, seconds=PATIENCE)
    said = "".join(capfd.readouterr())
    assert "Slack does not know SLACK_APP_TOKEN" in said
    assert "xapp-wrong-one" not in said


async def test_a_line_that_is_down_says_neither_ticket_nor_token(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with SlackStandIn() as slack:
        slack.tickets = NoTickets()
        async with listening(slack):
            await asyncio.sleep(1)
    said = "".join(capfd.readouterr()) + caplog.text
    assert "ticket" not in said
    assert slack.app_token not in said


async def test_the_house_stops_at_once_although_slack_cannot_be_reached(open_slack: Open) -> None:
    async with open_slack(by="socket") as scene:
        scene.slack.down = True
        await scene.slack.disconnect(None)
        await asyncio.sleep(4)
        leaving = time.monotonic()
    assert time.monotonic() - leaving < 5
