"""Two answers for whoever watches over us: are you alive, and can you work."""

import asyncio
from functools import partial

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.ports import Services
from storage.database import DatabaseAway, ping

_PATIENCE = 1.0  # seconds; who asks every few seconds should not pile up


def rooms(services: Services) -> list[BaseRoute]:
    """The pages of this room."""
    return [Route("/healthz", alive), Route("/readyz", partial(ready, services))]


async def alive(_request: Request) -> Response:
    """The process runs and its loop turns."""
    return PlainTextResponse("ok")


async def ready(services: Services, _request: Request) -> Response:
    """The database takes a transaction, as a sign-up needs one."""
    try:
        async with asyncio.timeout(_PATIENCE):
            await services.storage.write(ping)
    except (DatabaseAway, TimeoutError):
        return PlainTextResponse("the database is away", 503)
    return PlainTextResponse("ok")
