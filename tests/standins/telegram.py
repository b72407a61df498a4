"""Telegram's Bot API on loopback, as documented, strict, and faulty on demand.

In a test: `async with TelegramStandIn() as telegram`; give the bot `telegram.token`, and
`telegram.api_url` and `telegram.file_url` as its base addresses. Then do what people do
(`telegram.say`, `telegram.press`, `telegram.join` ...) and see what they see (`telegram.messages`,
`telegram.in_chat(chat)`, `telegram.toasts`, `telegram.menu(user, chat)`).

Left out: channels, inline mode, payments, reactions, Markdown, and what people do to their own
messages. Rates count only when `telegram.enforce_rates` says so.
"""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.standins.faults import Fault, Faulty, dropped
from tests.standins.serving import HttpStandIn
from tests.standins.telegram_http import faulty, parameters, refused, succeeded, typed
from tests.standins.telegram_line import UpdateLine
from tests.standins.telegram_methods import METHODS
from tests.standins.telegram_people import People
from tests.standins.telegram_rates import Rates
from tests.standins.telegram_world import BEGINNINGS, TOKEN, Json, Refused

_QUERY = 600.0  # seconds for which a pressed button can be answered; not documented, about that
KINDS = {"429", "502", "drop_before", "drop_after", "slow"}
_TOKEN = re.compile(r"\d+:[\w-]{30,}")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of the bot."""

    method: str  # "sendMessage", or "file"
    parameters: Mapping[str, Any]
    error: str  # what it was refused with, or the fault it met; "" when all was well
    at: float  # monotonic


class TelegramStandIn(People, Faulty, HttpStandIn):
    """Telegram's server, and the people who use it."""

    def __init__(self, *, query_lifetime: float = _QUERY) -> None:
        super().__init__(query_lifetime=query_lifetime)
        self.token = TOKEN
        self.down = False  # 502 to everything
        self.enforce_rates = False
        self.calls: list[Asked] = []
        self.line = UpdateLine(self)
        self._rates = Rates()
        self._faults: list[Fault] = []

    # The server

    @property
    def api_url(self) -> str:
        """What comes before the token in the address of a method."""
        return f"{self.url}/bot"

    @property
    def file_url(self) -> str:
        """What comes before the token in the address of a file."""
        return f"{self.url}/file/bot"

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 1024**2)
        app.router.add_route("*", "/bot{token}/{method}", self._api)
        app.router.add_get("/file/bot{token}/documents/{file}", self._file)
        return app

    async def _hang_up(self) -> None:
        await self.line.close()

    async def _api(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]

        async def answer(given: Json) -> web.StreamResponse:
            self._check_token(request)
            return succeeded(await self._done(name, given))

        return await self._answered(request, name, await parameters(request), answer)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        async def answer(given: Json) -> web.StreamResponse:
            self._check_token(request)
            file = self.files.get(given["file"])
            if file is None:
                raise Refused("Not Found")
            return web.Response(body=file.content, content_type="application/octet-stream")

        return await self._answered(request, "file", dict(request.match_info), answer)

    async def _done(self, name: str, given: Json) -> Any:
        """Do what a method does. Raises `Refused`."""
        method = METHODS.get(name)
        if method is None:
            raise Refused("Not Found: method not found")
        method.check(given)
        params = typed(given)
        if method.writes and self.enforce_rates:
            count = len(params.get("media", [None]))
            self._rates.spend(params["chat_id"], count, now=time.monotonic())
        if method.answer:
            return method.answer(self, params)
        return await self._by_line(name, params)

    async def _by_line(self, name: str, params: Json) -> Any:
        if name == "getUpdates":
            return await self.line.poll(params)
        if name == "setWebhook":
            return await self.line.set_webhook(params)
        if name == "deleteWebhook":
            return await self.line.delete_webhook(params)
        return self.line.webhook_info()

    async def _answered(
        self, request: web.Request, name: str, given: Json, answer: Callable[[Json], Any]
    ) -> web.StreamResponse:
        """Answer, or meet a fault, and keep what was asked."""
        fault = Fault(name, "502", times=1) if self.down else self._due(name)
        if fault and fault.kind not in {"drop_after", "slow"}:
            self.calls.append(Asked(name, given, fault.kind, time.monotonic()))
            return faulty(request, fault)
        error = ""
        try:
            answered: web.StreamResponse = await answer(given)
        except Refused as refusal:
            error, answered = refusal.description, refused(refusal)
        self.calls.append(Asked(name, given, error, time.monotonic()))
        if fault and fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        return dropped(request) if fault and fault.kind == "drop_after" else answered

    def _check_token(self, request: web.Request) -> None:
        """Raises `Refused` unless the bot is who it says, and still here."""
        token = request.match_info["token"]
        if not _TOKEN.fullmatch(token):
            raise Refused("Not Found")
        if token != self.token:
            raise Refused("Unauthorized")
        if self.logged_out:
            raise Refused("Bad Request: Logged out")

    # Faults

    def can_be_told(self, method: str, kind: str) -> bool:
        """Descriptions of Telegram's do, such as "Forbidden: bot was blocked by the user"."""
        known = kind in KINDS or kind.startswith(BEGINNINGS)
        return known and method in {*METHODS, "file", "*"}

    # What Telegram does

    async def deliver(self, update: Json, *, secret: str | None = None) -> int:
        """Post any update to the webhook: `secret="wrong"`, or `secret=""` for none.

        Gives: the status of the answer.
        """
        return await self.line.post(update, secret=secret)

    async def repeat(self) -> None:
        """Tell the bot once more what it was told last, by the way it has chosen."""
        if self.line.webhook_url:
            await self.line.post(self.line.sent[-1])
        else:
            self.line.repeat()

    async def until(self, seen: Callable[[], Any], *, seconds: float = 5) -> Any:
        """Wait until something can be seen, and give it: bots answer in their own time."""
        async with asyncio.timeout(seconds):
            while not (found := seen()):
                await asyncio.sleep(0.01)
        return found
