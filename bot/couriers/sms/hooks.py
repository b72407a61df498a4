"""What Twilio calls us for: what became of a text, and what somebody answered.

Only what Twilio signed is heard, with the account's token or with a shared key. It signs the
address that it calls, so that is taken from the settings: behind a proxy we see another one.
Source: https://www.twilio.com/docs/usage/webhooks/webhooks-security
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import parse_qsl, urlsplit

import structlog
from starlette.datastructures import ImmutableMultiDict
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.couriers.sms.meanings import reported
from bot.couriers.sms.replies import Patience, answer_to, twiml, wish_of
from bot.messages import News, Wish
from bot.ports import Hear
from storage.database import DatabaseAway

STATUS = "/hooks/twilio/status"
INBOUND = "/hooks/twilio/inbound"

_BODY_LIMIT = 64 * 1024  # bytes: a report has 1 KB, and a message at most 6
_PATIENCE = 10.0  # seconds until the whole body must be here
_FIELDS = 200  # Twilio sends about 30

Form = ImmutableMultiDict[str, str]
Heard = tuple[Sequence[News | Wish], Response]
Handle = Callable[[Request], Awaitable[Response]]

log = structlog.get_logger()


def routes(hear: Hear, *, address: str, secrets: Sequence[str]) -> list[BaseRoute]:
    """What is served to Twilio.

    Takes: address, of our pages as Twilio knows it; secrets, any of which may have signed.
    """
    patience = Patience()

    def guarded(read: Callable[[Request, Form], Heard]) -> Handle:
        async def heard(request: Request) -> Response:
            form = await _form(request)
            if isinstance(form, Response):
                return form
            if not _is_signed(request, form, address, secrets):
                log.warning("sms.not_signed", path=request.scope["path"])
                return PlainTextResponse("Not signed by Twilio.", 403)
            try:
                told, answer = read(request, form)
                await hear(told)
            except DatabaseAway:
                return PlainTextResponse("The database is away.", 503)
            except Exception:  # a fault of ours: logged once, and Twilio may call again
                log.exception("sms.call_failed", path=request.scope["path"])
                return PlainTextResponse("Something went wrong on our side.", 500)
            return answer

        return heard

    def inbound(_request: Request, form: Form) -> Heard:
        wish = wish_of(form)
        words = answer_to(form, house=urlsplit(address).hostname or address)
        if words and not patience.has_some(form.get("From", "")):
            words = ""
        return [wish] if wish else [], Response(twiml(words), media_type="text/xml")

    return [
        Route(STATUS, guarded(_status), methods=["POST"]),
        Route(INBOUND, guarded(inbound), methods=["POST"]),
    ]


def _status(request: Request, form: Form) -> Heard:
    sid, status = form.get("MessageSid", ""), form.get("MessageStatus", "")
    tag = request.query_params.get("d", "")
    news = reported(sid, status, form.get("ErrorCode", ""), tag=tag) if sid else None
    return [news] if news else [], Response(status_code=204)


async def _form(request: Request) -> Form | Response:
    """What was filled in, every field as it came; or what to say when it cannot be read."""
    try:
        async with asyncio.timeout(_PATIENCE):
            body = await _body(request)
    except (TimeoutError, ClientDisconnect):
        return PlainTextResponse("Too slow.", 408)
    if len(body) > _BODY_LIMIT:
        return PlainTextResponse("Too much at once.", 413)
    try:
        return ImmutableMultiDict(
            parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FIELDS)
        )
    except ValueError:  # not text, or too many fields
        return PlainTextResponse("Unreadable.", 400)


async def _body(request: Request) -> bytes:
    """The body, as far as it may go and a little beyond."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _BODY_LIMIT:
            break
    return bytes(body)


def _is_signed(request: Request, form: Form, address: str, secrets: Sequence[str]) -> bool:
    from twilio import request_validator as twilio  # not before it is needed

    headers = request.headers
    algorithm = twilio.get_signature_algorithm(headers.get(twilio.SIGNATURE_SETTINGS_HEADER))
    if algorithm.upper() not in {twilio.HMAC_SHA1, twilio.HMAC_SHA256}:
        return False
    query = request.scope["query_string"].decode("latin-1")
    url = f"{address}{request.scope['path']}" + (f"?{query}" if query else "")
    signature = headers.get(twilio.SIGNATURE_HEADER, "")
    return any(
        twilio.RequestValidator(secret).validate(url, form, signature, algorithm)
        for secret in secrets
    )
