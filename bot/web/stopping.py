"""No more letters, or no more reminders: the pages behind two links at the foot of letters.

Each has one button, and a second one that takes it back. Reminders stop for one invitation, which
stays good. Letters stop for good, and there the link itself is the proof, so neither a cookie nor a
form of ours is asked for: a mail program's own "unsubscribe" button posts
`List-Unsubscribe=One-Click`, in whatever encoding it likes, and wants no redirect.
Source: https://www.rfc-editor.org/rfc/rfc8058
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.community import optouts, reminders
from bot.community.optouts import Stop
from bot.ports import Services
from bot.web import pages
from bot.web.visits import visit


@dataclass(frozen=True, slots=True)
class _Room:
    path: str
    template: str
    look: Callable[[Services, str], Awaitable[Stop]]
    stop: Callable[..., Awaitable[Stop]]
    undo: Callable[..., Awaitable[Stop]]


_ROOMS = (
    _Room("/o/{link}", "web/opt_out.html", optouts.look, optouts.opt_out, optouts.undo),
    _Room("/r/{link}", "web/reminders.html", reminders.look, reminders.stop, reminders.go_on),
)


def rooms(services: Services) -> list[BaseRoute]:
    """The pages of this room."""
    return [
        route
        for room in _ROOMS
        for route in (
            Route(room.path, partial(show, services, room)),
            Route(room.path, partial(decide, services, room), methods=["POST"]),
        )
    ]


async def show(services: Services, room: _Room, request: Request) -> Response:
    """One button. Changes nothing, as scanners open links before people do."""
    stop = await room.look(services, request.path_params["link"])
    return _page(services, room, request, stop)


async def decide(services: Services, room: _Room, request: Request) -> Response:
    """Stop them; only our own page's second button takes that back."""
    link, who = request.path_params["link"], visit(request)
    undone = bool(who.field("undo"))
    stop = await (room.undo if undone else room.stop)(services, link, now=who.at)
    return _page(services, room, request, stop, undone=undone)


def _page(
    services: Services, room: _Room, request: Request, stop: Stop, *, undone: bool = False
) -> Response:
    return pages.page(
        services,
        request,
        room.template,
        brand=stop.brand,
        theirs=stop.theirs,
        stop=stop,
        undone=undone,
        path=request.url.path,
    )
