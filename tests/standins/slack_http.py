"""What the stand-in reads from a request of an app, and how its answers and faults look."""

import json

from aiohttp import web

from tests.standins.faults import Fault, dropped
from tests.standins.slack_blocks import Json
from tests.standins.slack_workspace import Refused


async def parameters(request: web.Request) -> Json:
    """The parameters, from wherever Slack takes them. Null is nothing."""
    given: Json = dict(request.query)
    if request.content_type == "application/json" and request.method == "POST":
        given |= json.loads(await request.text() or "{}")
    elif request.method == "POST":
        given |= dict(await request.post())
    return {name: value for name, value in given.items() if value is not None}


async def content(request: web.Request) -> bytes:
    """An uploaded file: the body, or the only part of a form."""
    if request.content_type != "multipart/form-data":
        return await request.read()
    [part] = (await request.post()).values()
    assert isinstance(part, web.FileField)
    return part.file.read()


def refused(refusal: Refused, name: str) -> web.Response:
    """A refusal in Slack's shape."""
    body: Json = {"ok": False, "error": refusal.error, **refusal.facts}
    if refusal.problems:
        messages = [f"[ERROR] {problem}" for problem in refusal.problems]
        body |= {"errors": list(refusal.problems), "response_metadata": {"messages": messages}}
    if name != "response_url":
        return web.json_response(body)
    gone = refusal.error in {"used_url", "expired_url"}
    return web.json_response(body, status=404 if gone else 400)


def faulty(request: web.Request, fault: Fault) -> web.StreamResponse:
    """The answer of a request that nothing is done about."""
    if fault.kind == "ratelimited":
        headers = {"Retry-After": str(fault.retry_after)}
        return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
    if fault.kind == "503":
        return web.Response(text="Service Unavailable", status=503)
    if fault.kind in {"drop", "drop_before"}:
        return dropped(request)
    return web.json_response({"ok": False, "error": fault.kind})
