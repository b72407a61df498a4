"""Slack as a chat: by Socket Mode or by HTTP, for one workspace or for all that install the app."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import aiohttp
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_sdk.web.async_client import AsyncWebClient
from starlette.routing import BaseRoute, Route

from bot.chats.slack import installs
from bot.chats.slack.calls import NAME
from bot.chats.slack.gate import guarded
from bot.chats.slack.hearing import Hearing
from bot.chats.slack.listening import listen
from bot.chats.slack.settings import SlackSettings
from bot.chats.slack.speaking import Speaker
from bot.chats.slack.turns import Turns
from bot.chats.slack.words import spelt
from bot.messages import Call, Card, MenuItem, Reply
from bot.ports import Answer, ChatRefused, Pace, Services

_TIMEOUT = 15  # seconds for an answer of Slack's


class SlackChat:
    """One app in Slack."""

    name = NAME
    edits_unseen = True
    # chat.update allows 50 a minute and more, chat.postMessage one a second in each channel; what
    # Slack says in Retry-After rests the whole lane. docs.slack.dev/apis/web-api/rate-limits
    pace = Pace(per_second=2, burst=30, at_once=8, lease=60)

    def __init__(self, settings: SlackSettings) -> None:
        self._settings = settings
        self._web: aiohttp.ClientSession | None = None
        self._clients: dict[str, AsyncWebClient] = {}
        self._speaker = Speaker(self._client, self.spell, several=settings.by_oauth)
        self._services: Services
        self._turns: Turns
        self._app: AsyncApp

    def spell(self, words: str) -> str:
        """By the umbrella `/invite` is typed `/porchlight invite`."""
        if self._settings.slack_names == "native":
            return words
        return spelt(words, self._settings.slack_command)

    def own_channel(self, place: str, user_id: str) -> str:
        """`T0123/U0789`: their messages with the app."""
        return f"{place}/{user_id}"

    def plug(self, services: Services, answer: Answer, menu: Sequence[MenuItem]) -> None:
        """Get to know the house; the menu is in the app's manifest."""
        self._services = services
        self._turns = Turns(services.door)
        self._app = self._make_app()
        root = self._settings.slack_command

        async def spelt_answer(call: Call) -> Reply:
            return _spelt(await answer(call), self.spell)

        Hearing(services, spelt_answer, self._speaker, self._turns, root).attach(self._app)

    def _make_app(self) -> AsyncApp:
        settings = self._settings
        # Its own words about a request may repeat what was typed.
        logger = logging.getLogger("slack")
        logger.setLevel(logging.ERROR)
        # The gate looks at signatures: once is enough.
        making = partial(AsyncApp, logger=logger, request_verification_enabled=False)
        if settings.by_oauth:
            flow = AsyncOAuthFlow(
                settings=installs.flow(settings, self._services),
                client=self._client_for(None),
                logger=logger,
            )
            app = making(oauth_flow=flow, client=self._client_for(None))
            app.enable_token_revocation_listeners()
            return app
        token = settings.slack_bot_token.get_secret_value()
        return making(client=self._client_for(token), token=token)

    def routes(self) -> Sequence[BaseRoute]:
        """What Slack calls when it comes by HTTP, and where workspaces install the app."""
        handle = AsyncSlackRequestHandler(self._app).handle
        found: list[BaseRoute] = []
        if secret := self._settings.slack_signing_secret.get_secret_value():
            found.append(
                Route("/slack/events", guarded(handle, secret, self._turns), methods=["POST"])
            )
        if self._settings.by_oauth:
            found += [Route(path, handle) for path in (installs.INSTALL, installs.BACK)]
        return found

    async def run(self, stop: asyncio.Event) -> None:
        """Listen by Socket Mode until told to stop; by HTTP there is nothing to do here."""
        if not self._settings.by_socket:
            await stop.wait()
            return
        token = self._settings.slack_app_token.get_secret_value()
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(listen(self._app, token, self._any()))
            await stop.wait()
            listening.cancel()

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

    async def try_out(self, channel: str, *, private: str) -> None:
        """Show the speaker alone that we can write there."""
        await self._speaker.try_out(channel, private=private)

    async def say_below(self, channel: str, message: str, card: Card, *, key: str) -> None:
        """Say something in the message's thread."""
        await self._speaker.post(channel, card, thread=message.partition(":")[2])

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
            # A session given to the library does not know of the library's timeout.
            self._web = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT))
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


def _spelt(reply: Reply, spell: Callable[[str], str]) -> Reply:
    form = reply.form and replace(reply.form, intro=spell(reply.form.intro))
    return replace(reply, text=spell(reply.text), form=form)
