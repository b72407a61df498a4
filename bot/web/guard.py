"""The gatekeeper around all pages for residents: pure ASGI, so that every room is behind it.

It tells who is asking, reads what they filled in (and no more than that), makes sure that a form
came from a page of ours, gives every answer its security headers and turns errors into pages. A
room cannot forget any of it: what changes something arrives by POST, and no POST passes unchecked.
"""

import asyncio
import hmac
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.ports import Services
from bot.web import troubles
from bot.web.visits import LANGUAGE, Fields, Visit, language_cookie, recognise

BODY_LIMIT = 16 * 1024  # bytes: a full form needs less than 4 KB
PATIENCE = 10.0  # seconds until the whole body must be here
_FIELDS = 50  # a full form has fewer than 12
_SAFE = {"GET", "HEAD", "OPTIONS"}
# Holding the link of an opt-out is the proof itself, and a mail program's one-click POST brings
# neither cookie nor origin (RFC 8058, section 3.1).
_PROVEN_BY_LINK = "/o/"
# Pages with a script: only that can share and copy. Its nonce lets no other run.
_WITH_SCRIPT = ("/s/", "/household/share/")
_YEAR = 365 * 24 * 3600  # seconds
_DEFAULT_PORTS = {"http": 80, "https": 443}

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The moment, aware UTC."""
    return datetime.now(UTC)


def guarded(
    app: ASGIApp, services: Services, *, clock: Clock = utc_now, patience: float = PATIENCE
) -> ASGIApp:
    """Put the guard around an app.

    Takes: patience, seconds until a request's body must have arrived.
    """

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await app(scope, receive, send)
        scope = dict(scope, path=tidy_path(scope["path"]))
        request = Request(scope, receive)
        scope["porchlight.visit"] = who = recognise(request, services, clock())
        headers = _headers(
            who.nonce,
            secure=services.settings.secure,
            script=scope["path"].startswith(_WITH_SCRIPT),
        )
        answer = _Answer(send, headers, cookie=_choice(request, services, who))
        try:
            if request.method not in _SAFE:
                scope["porchlight.visit"] = await _admit(request, services, who, patience)
            with services.door.answering():
                await app(scope, receive, answer)
        except Exception as error:
            if answer.has_begun:
                raise
            await troubles.page(services, request, error)(scope, receive, answer)
        return None

    return guard


def tidy_path(path: str) -> str:
    """The path with its first word in lower case and without a final slash.

    Phones begin with a capital, and QR codes are smallest all in capitals: `/Join`, `/J/...`.
    """
    first, slash, rest = path.lstrip("/").partition("/")
    return f"/{first.lower()}{slash}{rest}".rstrip("/") or "/"


class _Answer:
    """`send`, with our headers on the answer."""

    def __init__(self, send: Send, headers: Mapping[str, str], *, cookie: str = "") -> None:
        self._send = send
        self._headers = headers
        self._cookie = cookie
        self.has_begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            headers = MutableHeaders(scope=message)
            headers.update(self._headers)
            if self._cookie:
                headers.append("Set-Cookie", self._cookie)
        await self._send(message)


def _headers(nonce: str, *, secure: bool, script: bool) -> dict[str, str]:
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; img-src 'self' data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ) + (f"; script-src 'nonce-{nonce}'" if script else "")
    headers = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "same-origin",  # `no-referrer` makes our own forms' Origin "null"
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex, nofollow",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
    if secure:
        headers["Strict-Transport-Security"] = f"max-age={_YEAR}"
    return headers


def _choice(request: Request, services: Services, who: Visit) -> str:
    """The cookie that keeps a language just chosen, whatever the answer is: it may lead on."""
    if not (who.wish and LANGUAGE in request.query_params):
        return ""
    secure = services.settings.secure
    name, end = language_cookie(secure=secure), "; Secure" if secure else ""
    return f"{name}={who.wish}; Max-Age={_YEAR}; Path=/; HttpOnly; SameSite=Lax{end}"


# What they filled in


async def _admit(request: Request, services: Services, who: Visit, patience: float) -> Visit:
    """The visit with its fields, once it is sure that they came from a page of ours."""
    body = await _body(request, patience)
    fields = _fields(request, body)
    if not request.scope["path"].startswith(_PROVEN_BY_LINK):
        _check_origin(request, services.settings.address)
        _check_token(who, fields)
    return replace(who, fields=fields)


async def _body(request: Request, patience: float) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(patience):
            more = True
            while more:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise troubles.TooSlow
                body += message.get("body", b"")
                if len(body) > BODY_LIMIT:
                    raise troubles.TooBig
                more = message.get("more_body", False)
    except TimeoutError:
        raise troubles.TooSlow from None
    return bytes(body)


def _fields(request: Request, body: bytes) -> Fields:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        return {}
    try:
        return parse_qs(body.decode("utf-8", "replace"), True, max_num_fields=_FIELDS)
    except ValueError:
        raise troubles.TooBig from None


def _check_origin(request: Request, address: str) -> None:
    """Browsers of this decade say one or the other with a form, and it must be ours.

    Where both are missing (old phones, privacy proxies, scripts) the signed token decides alone.
    Source: https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
    """
    site, sender = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        is_ours = site in {"same-origin", "none"}
    else:
        is_ours = sender is None or sender.lower() == origin(address)
    if not is_ours:
        raise troubles.NotFromHere


def _check_token(who: Visit, fields: Fields) -> None:
    sent = fields.get("token", [""])[0].encode()  # bytes: comparing texts fails on non-ASCII ones
    if not hmac.compare_digest(sent, who.token.encode()):
        raise troubles.NotFromHere


def origin(address: str) -> str:
    """The origin of an address as a browser writes it: `https://join.example.org`."""
    parts = urlsplit(address.lower())
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    standard = parts.port in {None, _DEFAULT_PORTS.get(parts.scheme)}
    return f"{parts.scheme}://{host}" if standard else f"{parts.scheme}://{host}:{parts.port}"
