"""Listening by Socket Mode: connect, stay connected, and say in plain words why that fails.

The library changes connections when Slack asks for it, and mends most of what breaks. But it tries
a used address again and again (a ticket is good once), so a connection that stays lost is begun
anew from here.
"""

import asyncio
import logging

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.chats.slack.speaking import TROUBLES, reason

_AGAIN = (1, 2, 5, 15, 60)  # seconds before each further try to connect
_CONNECT = 15.0  # seconds to open a connection
_PING = 5.0  # seconds between the library's pings
_LOST = 3.0  # seconds without a connection until a new one is begun
_LOOK = 0.5  # seconds between looks at it
_WORDS = {
    "invalid_auth": "Slack does not know SLACK_APP_TOKEN. Copy it again: api.slack.com/apps, "
    "your app, Basic Information, App-Level Tokens.",
    "not_allowed_token_type": "SLACK_APP_TOKEN must be an app-level token (xapp-...).",
    "missing_scope": "SLACK_APP_TOKEN needs the scope connections:write.",
    "account_inactive": "The app was removed from the workspace. Install it again.",
    "token_revoked": "SLACK_APP_TOKEN was revoked. Make a new one: api.slack.com/apps.",
}

log = structlog.get_logger()


async def listen(app: AsyncApp, app_token: str, client: AsyncWebClient) -> None:
    """Hear what Slack tells the app, until cancelled."""
    tries = 0
    while True:
        handler = _handler(app, app_token, client)
        try:
            await _connect(handler, client, app_token)
            tries = 0
            await _until_lost(handler)
            log.warning("slack.connection_lost")
        except TROUBLES as error:
            pause = _AGAIN[min(tries, len(_AGAIN) - 1)]
            tries += 1
            log.warning("slack.cannot_connect", why=_why(error), again_in=pause)
            await asyncio.sleep(pause)
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]  # bolt left it untyped


def _handler(app: AsyncApp, app_token: str, client: AsyncWebClient) -> AsyncSocketModeHandler:
    # Its own words about a connection hold the ticket; `_why` says it better.
    quiet = logging.getLogger("slack.socket")
    quiet.setLevel(logging.CRITICAL)
    return AsyncSocketModeHandler(
        app, app_token, logger=quiet, web_client=client, ping_interval=_PING
    )


async def _connect(handler: AsyncSocketModeHandler, client: AsyncWebClient, app_token: str) -> None:
    """Connect once. The library alone would never say that it cannot."""
    async with asyncio.timeout(_CONNECT):
        opened = await client.apps_connections_open(app_token=app_token)
        handler.client.wss_uri = opened["url"]
        await handler.connect_async()  # type: ignore[no-untyped-call]  # the same
    log.info("slack.connected")


async def _until_lost(handler: AsyncSocketModeHandler) -> None:
    lost = 0.0
    while lost < _LOST:
        await asyncio.sleep(_LOOK)
        lost = 0.0 if await handler.client.is_connected() else lost + _LOOK


def _why(error: Exception) -> str:
    code = reason(error)
    return _WORDS.get(code, f"Slack does not answer ({code}).")
