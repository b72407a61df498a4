"""What members answer to a letter: this is not me; this new contact is mine.

Opening the link changes nothing; its button does. Neither asks who is signed in: whoever has the
letter is who can say it.
"""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.community.households import leaving, new_contacts
from bot.community.households.leaving import Mistake
from bot.community.households.new_contacts import Proof
from bot.ports import Services
from bot.web import pages
from bot.web.visits import visit


def rooms(services: Services) -> list[BaseRoute]:
    """The pages of this room."""
    return [
        Route("/n/{link}", partial(show_mistake, services)),
        Route("/n/{link}", partial(say_mistake, services), methods=["POST"]),
        Route("/c/{link}", partial(show_contact, services)),
        Route("/c/{link}", partial(confirm_contact, services), methods=["POST"]),
    ]


async def show_mistake(services: Services, request: Request) -> Response:
    """Who added whom, and one button."""
    link, now = request.path_params["link"], visit(request).at
    return _page(services, request, mistake=await leaving.look(services, link, now=now))


async def say_mistake(services: Services, request: Request) -> Response:
    """The reader is not who was added."""
    link, now = request.path_params["link"], visit(request).at
    return _page(services, request, mistake=await leaving.not_me(services, link, now=now))


async def show_contact(services: Services, request: Request) -> Response:
    """Whose contact it would be, and one button."""
    link, now = request.path_params["link"], visit(request).at
    return _page(services, request, proof=await new_contacts.look(services, link, now=now))


async def confirm_contact(services: Services, request: Request) -> Response:
    """The new contact is the member's from now on."""
    link, now = request.path_params["link"], visit(request).at
    return _page(services, request, proof=await new_contacts.confirm(services, link, now=now))


def _page(
    services: Services,
    request: Request,
    *,
    mistake: Mistake | None = None,
    proof: Proof | None = None,
) -> Response:
    about = mistake or proof
    assert about is not None
    return pages.page(
        services,
        request,
        "web/not_me.html" if mistake else "web/new_contact.html",
        about=about,
        link=request.path_params["link"],
        brand=about.brand,
        theirs=about.theirs,
    )
