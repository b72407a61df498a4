"""A house whose e-mail goes out through a service that calls back; some invitations have left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from starlette.applications import Starlette

from bot import web
from bot.community import tokens
from bot.community.postman import returns
from bot.couriers.email.services import Service
from bot.couriers.email.services.settings import ServiceSettings
from bot.messages import News, Wish
from bot.ports import Services
from storage.database import Storage
from storage.tables import Delivery, DeliveryEvent, PlaygroundMessage, Suppression
from tests.community import scene
from tests.settings import settings_of

ADDRESS = scene.ADDRESS


@dataclass(frozen=True, slots=True)
class Told:
    """What a service tells of a letter, and what the leader must then see."""

    event: dict[str, Any]
    state: str
    words: str = ""
    code: str = ""


@dataclass
class Desk:
    """Where a service calls, and what the leader sees of it. Letters count from 1."""

    services: Services
    app: Starlette

    async def call(
        self, path: str, content: bytes, headers: dict[str, str] | None = None, how: str = "POST"
    ) -> httpx.Response:
        """Somebody calls."""
        return await call(self.app, path, content, headers, how)

    def tag(self, number: int = 1) -> str:
        """What names a letter to the service."""
        return tokens.tag(self.services.keys, number)

    async def state(self, number: int = 1) -> str:
        """What is known of a letter."""
        return (await scene.all_of(self.services, Delivery))[number - 1].state

    async def events(self) -> list[tuple[str, str]]:
        """All that was kept after the letters had left, with what the service called it."""
        rows = await scene.all_of(self.services, DeliveryEvent)
        return [(row.event, row.code) for row in rows if not row.key.endswith(":sent")]

    async def suppressed(self) -> list[str]:
        """Why people are not written to any more."""
        return [row.reason for row in await scene.all_of(self.services, Suppression)]

    async def card(self, number: int = 1) -> str:
        """What the leader reads of one invitation."""
        return (await scene.say(self.services, f"/invites {number}")).text

    async def receipt(self) -> str:
        """The message in the leader's chat that follows the invitations, once all is done."""
        await scene.all_done(self.services)
        shown = await scene.all_of(self.services, PlaygroundMessage)
        return "\n".join(message.body["text"] for message in shown)

    async def mistakes(self, table: Sequence[Told]) -> list[tuple[Told, str, str]]:
        """Where the leader sees something else than the table says of each letter in turn."""
        letters = await scene.all_of(self.services, Delivery)
        events = await scene.all_of(self.services, DeliveryEvent)
        codes = {row.delivery_id: row.code for row in events}
        found = []
        for number, told in enumerate(table, 1):
            card = await self.card(number)
            if (
                letters[number - 1].state != told.state
                or told.words not in card
                or told.code != codes[number]
            ):
                found.append((told, f"{letters[number - 1].state} {codes[number]}", card))
        return found


async def opened(storage: Storage, service: Service, *, letters: int = 1) -> Desk:
    """The house, with this service on the web server beside the pages for residents."""
    services = await scene.plugged(storage)
    people = ", ".join(f"resident{number}@example.org" for number in range(1, letters + 1))
    await scene.invite(services, await scene.actor(services), people)
    await scene.all_done(services)

    async def hear(told: Sequence[News | Wish]) -> None:
        await returns.hear(services, told, now=datetime.now(UTC))

    routes = service.routes(hear, address=ADDRESS)
    return Desk(services, Starlette(routes=[*routes, *web.routes(services)]))


def chosen(**given: str) -> ServiceSettings:
    """Settings of the test alone."""
    return settings_of(ServiceSettings, **given)


async def call(
    app: Starlette,
    path: str,
    content: bytes,
    headers: dict[str, str] | None = None,
    how: str = "POST",
) -> httpx.Response:
    """Somebody calls from outside."""
    encoded = {name.encode(): value.encode("latin-1") for name, value in (headers or {}).items()}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as outside:
        return await outside.request(how, path, content=content, headers=encoded)
