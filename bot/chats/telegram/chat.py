"""Telegram as a chat: one bot, by long polling or, when the pages are public, by webhook."""

import asyncio
import hashlib
import hmac
import json
import logging
import os
from collections.abc import Sequence
from datetime import datetime

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from telegram import Update
from telegram.error import TelegramError
from telegram.ext import ExtBot
from telegram.request import HTTPXRequest

from bot.chats.telegram.calls import NAME
from bot.chats.telegram.hearing import Hearing
from bot.chats.telegram.intake import Intake
from bot.chats.telegram.limiting import MessageLimiter
from bot.chats.telegram.memberships import Memberships
from bot.chats.telegram.menus import Menus
from bot.chats.telegram.polling import UPDATES, poll, reason, rest
from bot.chats.telegram.settings import TelegramSettings
from bot.chats.telegram.speaking import Speaker
from bot.chats.telegram.talking import Talking
from bot.chats.telegram.troubles import trouble
from bot.messages import Card, MenuItem
from bot.ports import Answer, Pace, Services

_EVENTS = "/telegram/events"
_SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - its name, not the secret
_BODY_LIMIT = 1024 * 1024  # bytes; an update is a few kB
_ACKNOWLEDGE = 8.0  # seconds; Telegram asks again after a minute
_TIMEOUT = 15.0  # seconds for an answer of Telegram's
_UPLOAD = 60.0  # seconds to send a file

log = structlog.get_logger()


class TelegramChat:
    """One bot in Telegram."""

    name = NAME
    edits_unseen = True
    # Telegram takes 30 messages a second in all, one a second in each chat and 20 a minute in each
    # group. The library waits for the groups, at most 4 s for each hand, so the lease is long.
    # core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
    pace = Pace(per_second=10, burst=20, at_once=8, lease=60)

    def __init__(self, settings: TelegramSettings) -> None:
        _keep_quiet()
        self._settings = settings
        self._bot = _make_bot(settings)
        self._beginning = asyncio.Lock()
        self._services: Services
        self._speaker: Speaker
        self._menus: Menus
        self._intake: Intake

    def spell(self, words: str) -> str:
        """The words as they are: every command has its own name here."""
        return words

    def own_channel(self, place: str, user_id: str) -> str:
        """The private chat with somebody has their own id."""
        return user_id

    def plug(self, services: Services, answer: Answer, menu: Sequence[MenuItem]) -> None:
        """Get to know the house."""
        bot, bot_id = self._bot, self._settings.bot_id
        self._services = services
        self._speaker = Speaker(self._ready, self._moved)
        self._menus = Menus(services, bot, bot_id, menu)
        self._memberships = Memberships(services, self._speaker, bot_id)
        hearing = Hearing(
            services,
            answer,
            bot,
            self._speaker,
            Talking(services, self._speaker),
            self._memberships,
            self._menus,
            bot_id,
            frozenset(item.name for item in menu),
        )
        self._intake = Intake(hearing.hear)

    def routes(self) -> Sequence[BaseRoute]:
        """What Telegram calls when the pages are public."""
        return [Route(_EVENTS, self._called, methods=["POST"])] if self._by_webhook else []

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until told to stop, however often Telegram is away."""
        failures = 0
        while not stop.is_set():
            try:
                await self._begin()
            except TelegramError as error:
                await rest(error, failures, stop)
                failures += 1
            else:
                log.info("telegram.connected", webhook=self._by_webhook)
                await (stop.wait() if self._by_webhook else poll(self._bot, self._intake, stop))
        await self._intake.finish()

    async def close(self) -> None:
        """Let go of connections."""
        await self._bot.shutdown()

    async def post(self, channel: str, card: Card, *, key: str) -> str:
        """Show a new message. Telegram cannot tell a repetition: an unclear end may repeat it."""
        return await self._speaker.post(channel, card)

    async def edit(self, channel: str, message: str, card: Card) -> None:
        """Replace the message's content."""
        await self._speaker.edit(message, card)

    async def say_below(self, channel: str, message: str, card: Card, *, key: str) -> None:
        """Say something as an answer to the message."""
        await self._speaker.post(channel, card, below=message)

    async def let_in(self, channel: str, *, name: str, until: datetime) -> tuple[str, str] | None:
        """Make an invite link that one person can use; None where the bot may not invite."""
        return await self._speaker.let_in(channel, name=name, until=until)

    async def shut(self, channel: str, link: str) -> None:
        """Revoke an invite link that we made."""
        await self._speaker.shut(channel, link)

    async def link_that_says(self, word: str) -> str:
        """A link into the private chat; the app asks its reader to press Start."""
        return f"{(await self._ready()).link}?start={word}"

    # Connecting

    @property
    def _by_webhook(self) -> bool:
        shared = self._services.settings
        return shared.secure and not shared.at_home

    async def _begin(self) -> None:
        await self._connect()
        if self._by_webhook:
            await self._bot.set_webhook(
                f"{self._services.settings.address}{_EVENTS}",
                secret_token=self._secret(),
                allowed_updates=UPDATES,
            )
        else:
            await self._bot.delete_webhook()
        await self._menus.show()

    async def _connect(self) -> None:
        async with self._beginning:  # in `porchlight worker` the first post does it
            await self._bot.initialize()

    async def _ready(self) -> ExtBot[int]:
        try:
            await self._connect()
        except TelegramError as error:
            raise trouble(error) from None  # its own words have the token
        return self._bot

    async def _moved(self, old: str, new: str) -> None:
        await self._memberships.moved(old, new)

    # The webhook

    def _secret(self) -> str:
        if given := self._settings.telegram_webhook_secret.get_secret_value():
            return given
        purpose = f"telegram webhook:{self._settings.bot_id}".encode()
        return hmac.new(self._services.keys.links, purpose, hashlib.sha256).hexdigest()

    async def _called(self, request: Request) -> Response:
        """Take an update; only Telegram knows the secret. No success, and it is told again."""
        given = request.headers.get(_SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), self._secret().encode()):
            log.warning("telegram.forged")
            return PlainTextResponse("That is not Telegram.", 403)
        body = await _body(request)
        if body is None:
            return PlainTextResponse("Too much at once.", 413)
        try:
            update = Update.de_json(json.loads(body), self._bot)
        except (ValueError, TypeError, KeyError, AttributeError):
            return PlainTextResponse("That is no update.", 400)
        try:
            await self._connect()
        except TelegramError as error:
            log.warning("telegram.cannot_connect", reason=reason(error))
            return PlainTextResponse("Not now.", 503)
        taking = self._intake.take(update)
        done, _ = await asyncio.wait({taking}, timeout=_ACKNOWLEDGE)
        if done and not taking.result():
            return PlainTextResponse("Not now.", 503)
        return PlainTextResponse("")


async def _body(request: Request) -> bytes | None:
    """The body, unless it is too long."""
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > _BODY_LIMIT:
        return None
    return await request.body()


def _make_bot(settings: TelegramSettings) -> ExtBot[int]:
    return ExtBot(
        settings.telegram_token.get_secret_value(),
        base_url=f"{settings.telegram_api_url}/bot",
        base_file_url=f"{settings.telegram_api_url}/file/bot",
        request=_request(),
        get_updates_request=_request(connections=1),
        rate_limiter=MessageLimiter(),
    )


def _request(*, connections: int = 32) -> HTTPXRequest:
    return HTTPXRequest(
        connection_pool_size=connections,
        read_timeout=_TIMEOUT,
        write_timeout=_TIMEOUT,
        connect_timeout=_TIMEOUT,
        pool_timeout=_TIMEOUT,
        media_write_timeout=_UPLOAD,
    )


def _keep_quiet() -> None:
    """Every address at Telegram has the token in it, and both libraries like to log them."""
    os.environ.setdefault("PTB_TIMEDELTA", "1")  # durations as such: without it a warning each
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("telegram").setLevel(logging.CRITICAL)
