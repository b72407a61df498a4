"""Slack as a chat: by Socket Mode or by HTTP, for one workspace or for all that install the app."""

import asyncio
import logging
from collections.abc import Sequence

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.chats.slack import installs
from bot.chats.slack.hearing import NAME, Hearing
from bot.chats.slack.settings import SlackSettings
from bot.chats.slack.speaking import Speaker
from bot.messages import Card, MenuItem
from bot.ports import Answer, ChatRefused, Pace, Services

_TIMEOUT = 15  # seconds for an answer of Slack's
_BODY_LIMIT = 1024 * 1024  # bytes: a view with all its state is below 250 kB
_AGAIN = (1, 2, 5, 15, 60)  # seconds before each further try to connect

log = structlog.get_logger()


class SlackChat:
    """One app in Slack."""

    name = NAME
    # chat.update allows 50 a minute and more, chat.postMessage one a second in each channel; what
    # Slack says in Retry-After rests the whole lane. docs.slack.dev/apis/web-api/rate-limits
    pace = Pace(per_second=2, burst=30, at_once=8, lease=60)

    def __init__(self, settings: SlackSettings) -> None:
        self._settings = settings
        self._web: aiohttp.ClientSession | None = None
        self._clients: dict[str, AsyncWebClient] = {}
        self._speaker = Speaker(self._client)
        self._services: Services
        self._app: AsyncApp

    def plug(self, services: Services, answer: Answer, menu: Sequence[MenuItem]) -> None:
        """Get to know the house; the menu is in the app's manifest."""
        self._services = services
        self._app = self._make_app()
        root = self._settings.slack_command
        Hearing(services, answer, self._speaker, root).attach(self._app)

    def _make_app(self) -> AsyncApp:
        settings = self._settings
        # Its own words about a request may repeat what was typed.
        logger = logging.getLogger("slack")
        logger.setLevel(logging.ERROR)
        secret = settings.slack_signing_secret.get_secret_value() or None
        if settings.by_oauth:
            flow = AsyncOAuthFlow(
                settings=installs.flow(settings, self._services),
                client=self._client_for(None),
                logger=logger,
            )
            return AsyncApp(logger=logger, signing_secret=secret, oauth_flow=flow,
                            client=self._client_for(None))  # fmt: skip
        token = settings.slack_bot_token.get_secret_value()
        return AsyncApp(logger=logger, signing_secret=secret, client=self._client_for(token),
                        token=token)  # fmt: skip

    def routes(self) -> Sequence[BaseRoute]:
        """What Slack calls when it comes by HTTP, and where workspaces install the app."""
        handler = AsyncSlackRequestHandler(self._app)

        async def heard(request: Request) -> Response:
            length = request.headers.get("content-length", "")
            if not length.isdecimal() or int(length) > _BODY_LIMIT:
                return PlainTextResponse("Too much at once.", 413)
            return await handler.handle(request)

        async def install(request: Request) -> Response:
            return await handler.handle(request)

        found: list[BaseRoute] = []
        if self._settings.slack_signing_secret.get_secret_value():
            found.append(Route("/slack/events", heard, methods=["POST"]))
        if self._settings.by_oauth:
            found += [Route(installs.INSTALL, install), Route(installs.BACK, install)]
        return found

    async def run(self, stop: asyncio.Event) -> None:
        """Listen by Socket Mode until told to stop; by HTTP there is nothing to do here."""
        if not self._settings.by_socket:
            await stop.wait()
            return
        handler = AsyncSocketModeHandler(
            self._app, self._settings.slack_app_token.get_secret_value(), web_client=self._any()
        )
        try:
            await _connected(handler, stop)
            await stop.wait()
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]

    async def close(self) -> None:
        """Let go of connections."""
        if self._web is not None:
            await self._web.close()

    async def post(self, channel: str, card: Card, *, key: str) -> str:
        """Show a new message. Slack cannot tell a repetition, so an unclear end may repeat it."""
        return await self._speaker.post(channel, card)

    async def edit(self, channel: str, message: str, card: Card) -> None:
        """Replace the message's content."""
        await self._speaker.edit(channel, message, card)

    # Clients

    async def _client(self, team: str) -> AsyncWebClient:
        if not self._settings.by_oauth:
            return self._any()
        token = await installs.token(self._services.storage, team)
        if token is None:
            raise ChatRefused("Porchlight was removed from this workspace. Install it again.")
        return self._client_for(token)

    def _any(self) -> AsyncWebClient:
        return self._client_for(self._settings.slack_bot_token.get_secret_value() or None)

    def _client_for(self, token: str | None) -> AsyncWebClient:
        if self._web is None:
            self._web = aiohttp.ClientSession()
        key = token or ""
        if key not in self._clients:
            self._clients[key] = AsyncWebClient(
                token=token,
                base_url=self._settings.slack_api_url,
                timeout=_TIMEOUT,
                session=self._web,
                retry_handlers=[],  # the postman tries again, and knows what may be repeated
            )
        return self._clients[key]


async def _connected(handler: AsyncSocketModeHandler, stop: asyncio.Event) -> None:
    """Connect for the first time; afterwards the library reconnects by itself."""
    tries = 0
    while not stop.is_set():
        try:
            await handler.connect_async()  # type: ignore[no-untyped-call]
        except (SlackApiError, aiohttp.ClientError, TimeoutError, OSError) as error:
            pause = _AGAIN[min(tries, len(_AGAIN) - 1)]
            tries += 1
            log.warning("slack.cannot_connect", error=_reason(error), again_in=pause)
            try:
                async with asyncio.timeout(pause):
                    await stop.wait()
            except TimeoutError:
                continue
        else:
            log.info("slack.connected")
            return


def _reason(error: Exception) -> str:
    if isinstance(error, SlackApiError):
        return str(error.response.get("error"))
    return type(error).__name__
