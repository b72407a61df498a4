"""No more letters: the page behind the link at the foot of every letter.

The link itself is the proof, so neither a cookie nor a form of ours is asked for: a mail program's
own "unsubscribe" button posts `List-Unsubscribe=One-Click` here, in whatever encoding it likes.
Source: https://www.rfc-editor.org/rfc/rfc8058
"""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.community import optouts
from bot.community.optouts import OptedOut
from bot.ports import Services
from bot.web import pages
from bot.web.visits import visit


def rooms(services: Services) -> list[BaseRoute]:
    """The pages of this room."""
    return [
        Route("/o/{link}", partial(show, services)),
        Route("/o/{link}", partial(decide, services), methods=["POST"]),
    ]


async def show(services: Services, request: Request) -> Response:
    """One button. Changes nothing, as scanners open links before people do."""
    opted = await optouts.look(services, request.path_params["link"], now=visit(request).at)
    return _page(services, request, opted)


async def decide(services: Services, request: Request) -> Response:
    """Stop the letters; only our own page's second button takes that back.

    Answers without a redirect, as the RFC asks.
    """
    link, who = request.path_params["link"], visit(request)
    undone = bool(who.field("undo"))
    verb = optouts.undo if undone else optouts.opt_out
    opted = await verb(services, link, now=who.at)
    return _page(services, request, opted, undone=undone)


def _page(
    services: Services, request: Request, opted: OptedOut, *, undone: bool = False
) -> Response:
    return pages.page(
        services,
        request,
        "web/opt_out.html",
        opted=opted,
        undone=undone,
        link=request.path_params["link"],
        community=opted.community,
        theirs=opted.language,
    )
