"""The gate for what comes from Slack by HTTP: only what it signed a moment ago, and not too much.

Bolt verifies, too, but only after it has parsed what came; strangers shall not get that far.
Source: https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import asyncio
import re
from collections.abc import Awaitable, Callable

from slack_sdk.signature import SignatureVerifier
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from bot.chats.slack.turns import Turns

_BODY_LIMIT = 1024 * 1024  # bytes: a view with all its state is below 250 kB
_PATIENCE = 10.0  # seconds until the whole body must be here
_MOMENT = re.compile(r"[0-9]{1,12}")  # seconds since 1970; more digits are no float

Handle = Callable[[Request], Awaitable[Response]]


def guarded(handle: Handle, signing_secret: str, turns: Turns) -> Handle:
    """Let through what Slack signed; answer everything else in a word, and log none of it."""
    verifier = SignatureVerifier(signing_secret)

    async def heard(request: Request) -> Response:
        length = request.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > _BODY_LIMIT:
            return PlainTextResponse("Too much at once.", 413)
        try:
            async with asyncio.timeout(_PATIENCE):
                body = await request.body()
        except (TimeoutError, ClientDisconnect):
            return PlainTextResponse("Too slow.", 408)
        if not _is_signed(verifier, request, body):
            return PlainTextResponse("Not signed by Slack, or not lately.", 401)
        try:
            with turns.acknowledging():
                return await handle(request)
        except ValueError:  # neither a form nor JSON
            return PlainTextResponse("Unreadable.", 400)

    return heard


def _is_signed(verifier: SignatureVerifier, request: Request, body: bytes) -> bool:
    signed_at = request.headers.get("x-slack-request-timestamp", "")
    signature = request.headers.get("x-slack-signature", "")
    if not _MOMENT.fullmatch(signed_at) or not signature.isascii():
        return False
    try:
        return verifier.is_valid(body.decode(), signed_at, signature)
    except UnicodeDecodeError:  # Slack writes UTF-8
        return False
