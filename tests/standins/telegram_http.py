"""What the stand-in reads from a request of a bot, and how its answers and faults look."""

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.standins.faults import Fault, dropped
from tests.standins.telegram_world import Json, Refused

_FALSE, _TRUE = {"", "false"}, {"true"}
_WHOLE = {
    "expire_date",
    "limit",
    "max_connections",
    "member_limit",
    "message_id",
    "message_thread_id",
    "offset",
    "timeout",
    "cache_time",
    "user_id",
}
_SWITCHES = {
    "creates_join_request",
    "disable_content_type_detection",
    "disable_notification",
    "drop_pending_updates",
    "has_spoiler",
    "protect_content",
    "show_alert",
    "show_caption_above_media",
}
_OBJECTS = {
    "link_preview_options",
    "menu_button",
    "reply_markup",
    "reply_parameters",
    "scope",
}
_LISTS = {"allowed_updates", "caption_entities", "commands", "entities", "media"}


async def parameters(request: web.Request) -> Json:
    """The parameters, of their types, from wherever Telegram takes them; files as they are."""
    given: Json = dict(request.query)
    if request.content_type == "application/json":
        given |= json.loads(await request.text() or "{}")
    elif request.method == "POST":
        given |= dict(await request.post())
    return {name: value for name, value in given.items() if value is not None}


def typed(given: Json) -> Json:
    """The parameters as what they mean. Raises `Refused` for what cannot be read."""
    return {name: _typed(name, value) for name, value in given.items()}


def _typed(name: str, value: Any) -> Any:
    if isinstance(value, web.FileField):
        return value
    if name == "chat_id":
        return _whole(value, "chat not found")
    if name in _WHOLE:
        return _whole(value, f"invalid {name} specified")
    if name in _SWITCHES:
        return _switch(name, value)
    if name in _OBJECTS:
        return _decoded(value, dict, f"can't parse {name.replace('_', ' ')} JSON object")
    if name in _LISTS:
        return _decoded(value, list, f"can't parse {name.replace('_', ' ')} JSON object")
    return str(value)


def _whole(value: Any, otherwise: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise Refused(f"Bad Request: {otherwise}") from None


def _switch(name: str, value: Any) -> bool:
    words = str(value).lower()
    if words not in _TRUE | _FALSE:
        raise Refused(f"Bad Request: {name} must be a Boolean")
    return words in _TRUE


def _decoded(value: Any, kind: type, otherwise: str) -> Any:
    try:
        read = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        read = None
    if not isinstance(read, kind):
        raise Refused(f"Bad Request: {otherwise}")
    return read


def succeeded(result: Any) -> web.Response:
    """An answer in Telegram's shape."""
    return web.json_response({"ok": True, "result": result})


def refused(refusal: Refused) -> web.Response:
    """A refusal in Telegram's shape."""
    body: Json = {"ok": False, "error_code": refusal.code, "description": refusal.description}
    if refusal.parameters:
        body["parameters"] = refusal.parameters
    headers = {}
    if "retry_after" in refusal.parameters:
        headers["Retry-After"] = str(refusal.parameters["retry_after"])
    return web.json_response(body, status=refusal.code, headers=headers)


def faulty(request: web.Request, fault: Fault) -> web.StreamResponse:
    """The answer of a request that nothing is done about."""
    answers: dict[str, Callable[[], web.StreamResponse]] = {
        "429": lambda: refused(too_many(fault.retry_after)),
        "502": lambda: web.Response(
            text="<html><h1>502 Bad Gateway</h1></html>", status=502, content_type="text/html"
        ),
        "drop_before": lambda: dropped(request),
    }
    return answers.get(fault.kind, lambda: refused(Refused(fault.kind)))()


def too_many(seconds: int) -> Refused:
    """Faster than Telegram allows."""
    return Refused(f"Too Many Requests: retry after {seconds}", retry_after=seconds)
