"""No more reminders: the page behind a link in each of them.

Stops those of one invitation, which stays good; who wants no letter at all presses the other link.
"""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.community import reminders
from bot.community.reminders import Reminded
from bot.ports import Services
from bot.web import pages
from bot.web.visits import visit


def rooms(services: Services) -> list[BaseRoute]:
    """The pages of this room."""
    return [
        Route("/r/{link}", partial(show, services)),
        Route("/r/{link}", partial(decide, services), methods=["POST"]),
    ]


async def show(services: Services, request: Request) -> Response:
    """One button. Changes nothing, as scanners open links before people do."""
    return _page(services, request, await reminders.look(services, request.path_params["link"]))


async def decide(services: Services, request: Request) -> Response:
    """Stop the reminders, or take that back."""
    link, who = request.path_params["link"], visit(request)
    undone = bool(who.field("undo"))
    verb = reminders.go_on if undone else reminders.stop
    return _page(services, request, await verb(services, link, now=who.at), undone=undone)


def _page(
    services: Services, request: Request, reminded: Reminded, *, undone: bool = False
) -> Response:
    return pages.page(
        services,
        request,
        "web/reminders.html",
        reminded=reminded,
        undone=undone,
        link=request.path_params["link"],
        community=reminded.community,
        theirs=reminded.language,
    )
