"""A leader's page: texts to be sent from the phone that shows it, and a tick for each that went.

Everything works without a script but sharing and copying, which only a script can do.
"""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.community.invitations import by_hand_page
from bot.ports import Services
from bot.web import pages
from bot.web.visits import number_in, visit


def rooms(services: Services) -> list[BaseRoute]:
    """The pages of this room."""
    return [
        Route("/s/{leader}/{link}", partial(show, services)),
        Route("/s/{leader}/{link}", partial(tick, services), methods=["POST"]),
    ]


async def show(services: Services, request: Request) -> Response:
    """All texts that wait, and those that went. Changes nothing."""
    leader_id, link = number_in(request, "leader"), request.path_params["link"]
    to_send = await by_hand_page.look(services, leader_id, link, now=visit(request).at)
    return pages.page(
        services,
        request,
        "web/by_hand.html",
        to_send=to_send,
        path=_path(request),
        brand=to_send.brand,
    )


async def tick(services: Services, request: Request) -> Response:
    """The leader says that one went; saying it twice is no mistake."""
    leader_id, link = number_in(request, "leader"), request.path_params["link"]
    who = visit(request)
    typed = who.field("delivery")
    delivery_id = int(typed) if typed.isdecimal() and len(typed) < 16 else 0
    await by_hand_page.mark_sent(services, leader_id, link, delivery_id=delivery_id, now=who.at)
    return pages.see_other(f"{_path(request)}#text-{delivery_id}")


def _path(request: Request) -> str:
    return f"/s/{request.path_params['leader']}/{request.path_params['link']}"
