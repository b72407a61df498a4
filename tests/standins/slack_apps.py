"""Apps to drive the stand-in for Slack with, made of Slack's own clients, and what they show."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.standins.serving import serving
from tests.standins.slack import SlackStandIn
from tests.standins.slack_blocks import Json

# What apps show


def words(text: str, kind: str = "plain_text") -> Json:
    return {"type": kind, "text": text}


def section(text: str, **more: Any) -> Json:
    return {"type": "section", "text": words(text, "mrkdwn"), **more}


def button(label: str, action_id: str, **more: Any) -> Json:
    return {"type": "button", "text": words(label), "action_id": action_id, **more}


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def field(label: str, **more: Any) -> Json:
    element = {"type": "plain_text_input", "action_id": "value"}
    return {
        "type": "input",
        "block_id": label.lower(),
        "label": words(label),
        "element": element,
    } | more


def menu(*options: str, **more: Any) -> Json:
    offered = [{"text": words(each.title()), "value": each} for each in options]
    return {"type": "static_select", "action_id": "chosen", "options": offered, **more}


def modal(*blocks: Json, without: str = "", **more: Any) -> Json:
    start = {"type": "modal", "callback_id": "form", "title": words("Invite")}
    whole = {**start, "submit": words("Send"), "blocks": list(blocks), **more}
    return {name: part for name, part in whole.items() if name != without}


# An app


def small_app(client: AsyncWebClient, secret: str) -> AsyncApp:
    """Answers /invite with a button that opens a form, and says what was filled in."""
    app = AsyncApp(client=client, signing_secret=secret)

    @app.command("/invite")
    async def invite(ack: Any, respond: Any, command: Json) -> None:
        await ack()
        ask = actions(button("Add a note", "note", value=command["text"]))
        await respond(text="Queued.", blocks=[section("Queued."), ask])

    @app.action("note")
    async def note(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        whose = body["actions"][0]["value"]
        view = modal(field("Note"), private_metadata=whose)
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    @app.view("form")
    async def submitted(ack: Any, view: Json, body: Json, client: AsyncWebClient) -> None:
        noted = view["state"]["values"]["note"]["value"]["value"]
        if noted == "no":
            await ack(response_action="errors", errors={"note": "Say something kind."})
            return
        await ack()
        text = f"{view['private_metadata']}: {noted}"
        await client.chat_postMessage(channel=body["user"]["id"], text=text)

    @app.event("app_home_opened")
    async def home(event: Json, client: AsyncWebClient) -> None:
        view = {"type": "home", "blocks": [section("3 households")]}
        await client.views_publish(user_id=event["user"], view=view)

    @app.event("message")
    async def heard(event: Json, say: Any) -> None:
        await say(f"You said {event['text']}")

    return app


@asynccontextmanager
async def served(app: AsyncApp) -> AsyncIterator[str]:
    """Serve an app over HTTP. Gives the address for `events_url`."""

    async def events(request: web.Request) -> web.Response:
        asked = await to_bolt_request(request)
        return await to_aiohttp_response(await app.async_dispatch(asked))

    async with answering(events) as url:
        yield url


@asynccontextmanager
async def answering(events: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """Answer what comes at `events_url` in any way. Gives the address."""
    server = web.Application()
    server.router.add_post("/slack/events", events)
    async with serving(server) as url:
        yield f"{url}/slack/events"


@asynccontextmanager
async def connected(slack: SlackStandIn, app: AsyncApp) -> AsyncIterator[AsyncSocketModeHandler]:
    """Connect an app by Socket Mode."""
    # Any: bolt left its ways to connect and to close untyped.
    handler: Any = AsyncSocketModeHandler(app, slack.app_token, ping_interval=0.2)
    await handler.connect_async()
    await slack.until(lambda: slack.line.connections)
    try:
        yield handler
    finally:
        await handler.close_async()


async def refusal(asked: Any) -> Json:
    """What Slack says no with."""
    with pytest.raises(SlackApiError) as caught:
        await asked
    answer: Json = caught.value.response.data
    assert answer["ok"] is False
    return answer
