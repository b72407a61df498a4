"""What the playground serves: its page, and the API that the page and scripts use."""

import hashlib
import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote, urlsplit

from sqlmodel import Session
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.chats.playground import posted
from bot.chats.playground.chat import (
    PLACE,
    PORCH_NAME,
    SHOWN,
    SPEAKER,
    SPEAKER_NAME,
    PlaygroundChat,
)
from bot.community import deliveries as happenings
from bot.community import letters, using
from bot.community.using import Person
from bot.messages import Event
from bot.settings import is_loopback
from storage import communities, deliveries
from storage import playground as memory
from storage.tables import Delivery

_HERE = Path(__file__).parent
_ASSETS = {
    "page.js": "text/javascript",
    "page.css": "text/css",
}
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# A letter's own page: its styles are inline, and its button opens a tab of its own.
_LETTER_CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"
_LETTERS_SHOWN = 200
_HIGHEST_ID = 2**31 - 1  # of PostgreSQL's INTEGER


def routes(chat: PlaygroundChat) -> list[BaseRoute]:
    """All of the playground, behind its guard."""
    inner: list[BaseRoute] = [
        Route("/", _page),
        Route("/state", partial(_state, chat)),
        Route("/commands", partial(_commands, chat)),
        Route("/calls", partial(_call, chat), methods=["POST"]),
        Route("/messages", partial(_messages, chat)),
        Route("/letters", partial(_letters, chat)),
        Route("/letters/{id:int}/html", partial(_letter_page, chat)),
        Route("/letters/{id:int}/events", partial(_event, chat), methods=["POST"]),
        Route("/files/{key}/{name:path}", partial(_file, chat)),
        *(Route(f"/{name}", partial(_asset, name)) for name in _ASSETS),
    ]
    app = Starlette(routes=inner, exception_handlers={HTTPException: _refused})
    app.router.redirect_slashes = False
    return [
        Route("/", _to_playground),
        Route("/playground", _AtHomeOnly(_page_app)),
        Mount("/playground", _AtHomeOnly(app)),
    ]


async def _to_playground(_request: Request) -> Response:
    return RedirectResponse("/playground")


async def _page(_request: Request) -> Response:
    return _secured(HTMLResponse((_HERE / "page.html").read_text()))


async def _page_app(scope: Scope, receive: Receive, send: Send) -> None:
    await (await _page(Request(scope)))(scope, receive, send)


async def _asset(name: str, _request: Request) -> Response:
    return _secured(Response((_HERE / name).read_text(), media_type=_ASSETS[name]))


def _secured(response: Response, policy: str = _CSP) -> Response:
    response.headers["Content-Security-Policy"] = policy
    response.headers["Cache-Control"] = "no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


# The guard


class _AtHomeOnly:
    """Lets in only this computer's own browser and scripts.

    The Host must be loopback too (a page of a stranger may have its name resolve to us), a proxy's
    headers mean somebody else is behind it, and what changes something must be JSON from here,
    which no page of a stranger can send.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if problem := _stranger(Request(scope, receive)):
            await JSONResponse({"error": problem}, 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _stranger(request: Request) -> str:
    forwarded = {"forwarded", "x-forwarded-for", "x-forwarded-host", "via"} & set(request.headers)
    peer = request.client.host if request.client else ""
    if forwarded or not is_loopback(peer) or not is_loopback(_asked_as(request)):
        return "The playground speaks to this computer only."
    site = request.headers.get("sec-fetch-site", "none")
    if request.method == "POST":
        media_type = request.headers.get("content-type", "").partition(";")[0].strip()
        if site not in {"same-origin", "none"} or media_type != "application/json":
            return "Calls must come from the playground's page or a script, as JSON."
    return ""


def _asked_as(request: Request) -> str:
    """The host name that we were asked by; empty when no browser would write it so."""
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code)


# The API


async def _state(chat: PlaygroundChat, _request: Request) -> Response:
    services = chat.services

    def query(session: Session) -> dict[str, Any]:
        leading = using.leading_of(session, Person(chat.name, PLACE, SPEAKER))
        shown = leading.in_use or next(iter(leading.led), None)
        found = (
            communities.get(session, shown.community_id) if shown else communities.first(session)
        )
        return {"community": found.name, "colour": found.colour}

    found = await services.storage.read(query)
    return JSONResponse(
        {
            **found,
            "leader": SPEAKER_NAME,
            "channel": PORCH_NAME,
            "outbox": {medium: _outbox(chat, medium) for medium in ("email", "text")},
        }
    )


def _outbox(chat: PlaygroundChat, medium: str) -> bool | str:
    """True, or why letters of this medium are not shown here."""
    courier = next((c for m, c in chat.services.couriers.items() if m == medium), None)
    noun = "E-mails" if medium == "email" else "Texts"
    if courier is None:
        return f"{noun} are not set up, so none are sent."
    if not chat.shows(medium):
        return f"{noun} really leave this computer, so they are not shown here."
    return True


async def _commands(chat: PlaygroundChat, _request: Request) -> Response:
    return JSONResponse(
        [
            {
                "name": item.name,
                "summary": item.summary,
                "usages": [{"words": u.words, "meaning": u.meaning} for u in item.usages],
            }
            for item in chat.menu
        ]
    )


async def _call(chat: PlaygroundChat, request: Request) -> Response:
    said = await posted.call(request)
    heard = chat.hear(said.text, said.fields, said.channel, files=said.files, by=said.by)
    return JSONResponse({"reply": await heard})


async def _messages(chat: PlaygroundChat, request: Request) -> Response:
    rows = await chat.services.storage.read(memory.newest, limit=SHOWN)
    return _listed(
        request,
        [
            {
                "id": row.id,
                "channel": row.channel,
                "author": row.author,
                "by": row.body.get("by", ""),
                "text": row.body.get("text", ""),
                "buttons": row.body.get("buttons", []),
                "files": row.body.get("files", []),
                "form": row.body.get("form"),
                "at": row.at.isoformat(),
                "edited": row.edited_at is not None,
            }
            for row in rows
        ],
    )


async def _letters(chat: PlaygroundChat, request: Request) -> Response:
    def query(session: Session) -> list[dict[str, Any]]:
        media = [medium for medium in ("email", "text") if chat.shows(medium)]
        rows = deliveries.newest(session, media, limit=_LETTERS_SHOWN)
        return [_letter(chat, session, row) for row in rows if row.contact]

    return _listed(request, await chat.services.storage.read(query))


def _letter(chat: PlaygroundChat, session: Session, row: Delivery) -> dict[str, Any]:
    words = letters.words_of(session, chat.services, row)
    return {
        "id": row.id,
        "medium": row.medium,
        "to": row.contact,
        "subject": words.subject,
        "text": words.text,
        "html": words.html,
        "link": words.link,
        "state": row.state,
        "at": row.created_at.isoformat(),
    }


def _listed(request: Request, rows: list[dict[str, Any]]) -> Response:
    body = json.dumps(rows).encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    return Response(body, media_type="application/json", headers=headers)


async def _letter_page(chat: PlaygroundChat, request: Request) -> Response:
    def query(session: Session) -> str | None:
        row = deliveries.get(session, _number(request))
        if row is None or not row.contact or not chat.shows(row.medium):
            return None
        return letters.words_of(session, chat.services, row).html

    html = await chat.services.storage.read(query)
    if html is None:
        raise HTTPException(404, "There is no such letter here.")
    return _secured(
        HTMLResponse(html.replace("<head>", '<head><base target="_blank">', 1)), _LETTER_CSP
    )


def _number(request: Request) -> int:
    number: int = request.path_params["id"]
    return min(number, _HIGHEST_ID)


async def _event(chat: PlaygroundChat, request: Request) -> Response:
    said = (await posted.json_object(request)).get("event")
    event: Event | None = next((known for known in get_args(Event) if known == said), None)
    if event is None:
        raise HTTPException(422, f"The event is one of: {', '.join(get_args(Event))}.")
    delivery_id = _number(request)
    row = await chat.services.storage.read(deliveries.get, delivery_id)
    if row is None or not chat.shows(row.medium):
        raise HTTPException(404, "There is no such letter here.")
    now = datetime.now(UTC)
    key = f"outbox:{delivery_id}:{event}"
    await happenings.happened(chat.services, delivery_id, event, key=key, now=now)
    row = await chat.services.storage.read(deliveries.get, delivery_id)
    return JSONResponse({"state": row.state if row else event})


async def _file(chat: PlaygroundChat, request: Request) -> Response:
    file = chat.files.get(request.path_params["key"])
    if file is None:
        raise HTTPException(404, "This file is no longer kept; ask for it again.")
    headers = {"Content-Disposition": f"inline; filename*=utf-8''{quote(file.name, safe='')}"}
    return Response(file.content, media_type=file.media_type, headers=headers)
