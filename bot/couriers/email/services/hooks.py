"""The door for calls of e-mail services: one address each, by POST alone, small, and proven.

Only services call here, never a browser. Whoever comes like one is turned away unread, so that no
page elsewhere can make use of a password that somebody's browser remembers.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from http import HTTPMethod
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.couriers.email.services.refusals import (
    NotNow,
    NotProven,
    NotThisWay,
    Refused,
    TooMuch,
    TooSlow,
)
from bot.messages import News
from bot.ports import Hear
from bot.settings import is_loopback
from storage.database import DatabaseAway

_LIMIT = 1024 * 1024  # bytes: a full batch of SendGrid's is below 768 kB
_PATIENCE = 10.0  # seconds until the whole body must be here
_AGAIN = "60"  # seconds after which it should come again
_OF_BROWSERS = ("origin", "sec-fetch-site")

Clock = Callable[[], datetime]
Read = Callable[[Headers, bytes], Awaitable[Sequence[News]]]

log = structlog.get_logger()


def utc_now() -> datetime:
    """The moment, aware UTC."""
    return datetime.now(UTC)


def path_of(service: str) -> str:
    """Where this service calls us."""
    return f"/hooks/{service}"


def hook(service: str, read: Read, hear: Hear, *, address: str) -> Route:
    """Make the route that a service calls.

    Takes: read, which proves a call and takes it apart, or raises `Refused`; address, the public
    one of our web server, for the log.
    """
    _announce(service, address)

    async def called(request: Request) -> Response:
        try:
            await hear(await read(request.headers, await _body(request)))
        except Refused as refusal:
            return _turn_away(service, refusal)
        except DatabaseAway:
            return _turn_away(service, NotNow("the database does not answer"))
        except Exception:  # a fault of ours: logged once, and the service calls again
            log.exception("email_service.failed", service=service)
            return PlainTextResponse("Something went wrong on our side.", 500)
        # Mailgun and Postmark take nothing but 200 for an answer.
        return PlainTextResponse("Heard.")

    return Route(path_of(service), called, methods=list(HTTPMethod))


def _announce(service: str, address: str) -> None:
    """Tell the operator what to tell the service."""
    where = f"{address}{path_of(service)}"
    if is_loopback(urlsplit(address).hostname or ""):
        log.warning("email_service.cannot_reach_us", service=service, at=where)
    else:
        log.info("email_service.expected", service=service, at=where)


async def _body(request: Request) -> bytes:
    if request.method != "POST":
        raise NotThisWay("by another method than POST")
    if any(name in request.headers for name in _OF_BROWSERS):
        raise NotProven("from a browser")
    body = bytearray()
    try:
        async with asyncio.timeout(_PATIENCE):
            async for part in request.stream():
                body += part
                if len(body) > _LIMIT:
                    raise TooMuch("too long")
    except (TimeoutError, ClientDisconnect):
        raise TooSlow("broken off") from None
    return bytes(body)


def _turn_away(service: str, refusal: Refused) -> Response:
    log.warning("email_service.refused", service=service, why=refusal.why)
    headers = {405: {"Allow": "POST"}, 503: {"Retry-After": _AGAIN}}.get(refusal.status)
    return PlainTextResponse(refusal.__doc__, refusal.status, headers)
