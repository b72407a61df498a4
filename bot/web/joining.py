"""Joining a household by the link that its head shared: a form, and then a member."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.community.errors import BadFields
from bot.community.households import sharing
from bot.community.households.sharing import Door
from bot.ports import Services
from bot.web import pages
from bot.web.visits import number_in, visit

_DOOR = "/m/{household}/{link}"


def rooms(services: Services) -> list[BaseRoute]:
    """The pages of this room."""
    return [
        Route(_DOOR, partial(show, services)),
        Route(_DOOR, partial(join, services), methods=["POST"]),
    ]


async def show(services: Services, request: Request) -> Response:
    """The form. Changes nothing, however often scanners and previews open the link."""
    return _page(services, request, await _look(services, request))


async def join(services: Services, request: Request) -> Response:
    """Make the newcomer a member, or show what is wrong beside the field."""
    who, door = visit(request), await _look(services, request)
    filled = {"name": who.field("name"), "contact": who.field("contact")}
    try:
        member_id = await sharing.join(
            services,
            number_in(request, "household"),
            request.path_params["link"],
            **filled,
            browser=who.browser,
            language=pages.spoken(services, request, ours=door.brand.language).tag,
            now=who.at,
        )
    except BadFields as refusal:
        return _page(services, request, door, filled, refusal)
    return pages.greet(services, request, pages.see_other("/welcome"), member_id)


async def _look(services: Services, request: Request) -> Door:
    household_id, link = number_in(request, "household"), request.path_params["link"]
    return await sharing.look(services, household_id, link, now=visit(request).at)


def _page(
    services: Services,
    request: Request,
    door: Door,
    filled: dict[str, str] | None = None,
    refusal: BadFields | None = None,
) -> Response:
    return pages.page(
        services,
        request,
        "web/household_join.html",
        brand=door.brand,
        refusal=refusal,
        door=door,
        path=request.url.path,
        filled=filled or {"name": "", "contact": ""},
    )
