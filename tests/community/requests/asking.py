"""Somebody without a code, at the form where people ask to be let in."""

import re
from datetime import datetime

from bot.community import requests
from bot.ports import Services
from storage.tables import JoinRequest
from tests.community import scene
from tests.community.rounds import shown
from tests.community.scene import NOW

_REQUEST = re.compile(r"Request #(\d+): ")


async def ask(
    services: Services,
    contact: str = "rosa@example.net",
    *,
    name: str = "Rosa Delgado",
    address: str = "12 Elm Street",
    words: str = "",
    source: str = "203.0.113.9",
    language: str = "en",
    slug: str = "maple-court",
    now: datetime = NOW,
) -> None:
    """Fill in the form and send it."""
    where = await requests.door(services, slug)
    asked = requests.parse(
        services, where, name=name, address=address, contact=contact, words=words
    )
    await requests.ask(services, where, asked, source=source, language=language, now=now)


async def asked_for(services: Services) -> list[JoinRequest]:
    """All requests, oldest first."""
    return await scene.all_of(services, JoinRequest)


async def read(services: Services) -> list[str]:
    """What the leader's chat shows when the postman has been round.

    Gives: what is no request, then requests by number; he posts side by side, in any order.
    """
    await scene.all_done(services)
    return sorted(await shown(services), key=_number)


def _number(text: str) -> int:
    found = _REQUEST.search(text)
    return int(found[1]) if found else 0
