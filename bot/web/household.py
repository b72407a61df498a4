"""A member's household: who belongs to it, adding and removing people, and the link to share."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.community import households
from bot.community.errors import BadFields
from bot.community.households import Home, Housemate, NotHead, housemates, proofs, sharing
from bot.community.households.housemates import CannotRemoveHead
from bot.ports import Services
from bot.web import pages
from bot.web.visits import visit

_HOUSEHOLD = "/household"
_LINK = "/household/link"


def rooms(services: Services) -> list[BaseRoute]:
    """The pages of this room."""
    return [
        Route(_HOUSEHOLD, partial(show, services)),
        Route(_HOUSEHOLD, partial(add, services), methods=["POST"]),
        Route("/household/remove/{person}", partial(doubt, services)),
        Route("/household/remove/{person}", partial(remove, services), methods=["POST"]),
        Route("/household/share", partial(share, services), methods=["POST"]),
        Route("/household/share/{link}", partial(show_shared, services)),
    ]


async def show(services: Services, request: Request) -> Response:
    """Everybody in the household; its head may add and remove."""
    member_id = pages.guest(services, request)
    if member_id is None:
        return pages.see_other(_LINK)
    home = await households.home(services, member_id, now=visit(request).at)
    newest = _housemate(home, request.query_params.get("added", ""))
    return await _page(services, request, home, news=newest.name if newest else "")


async def add(services: Services, request: Request) -> Response:
    """Add one person, or show what is wrong beside the field."""
    who, member_id = visit(request), pages.guest(services, request)
    if member_id is None:
        return pages.see_other(_LINK)
    filled = {"name": who.field("name"), "contact": who.field("contact")}
    try:
        added = await housemates.add(services, member_id, **filled, now=who.at)
    except BadFields as refusal:
        home = await households.home(services, member_id, now=who.at)
        return await _page(services, request, home, filled=filled, refusal=refusal)
    told = f"&told={added.told}" if added.told else ""
    return pages.see_other(f"{_HOUSEHOLD}?added={added.member_id}{told}")


async def doubt(services: Services, request: Request) -> Response:
    """Ask once more before somebody is removed. Changes nothing."""
    member_id = pages.guest(services, request)
    if member_id is None:
        return pages.see_other(_LINK)
    home = await households.home(services, member_id, now=visit(request).at)
    person = _housemate(home, request.path_params["person"])
    if person is None:
        return pages.see_other(_HOUSEHOLD)
    if not home.viewer_is_head:
        raise NotHead
    if person.is_head:
        raise CannotRemoveHead
    return await _page(services, request, home, "web/household_remove.html", person=person)


async def remove(services: Services, request: Request) -> Response:
    """Remove one person; pressing twice is no mistake."""
    now, member_id = visit(request).at, pages.guest(services, request)
    if member_id is None:
        return pages.see_other(_LINK)
    home = await households.home(services, member_id, now=now)
    person = _housemate(home, request.path_params["person"])
    if person is not None:
        await housemates.remove(services, member_id, housemate_id=person.id, now=now)
    return pages.see_other(_HOUSEHOLD)


# The link by which others add themselves


async def share(services: Services, request: Request) -> Response:
    """Make a new link, which takes the place of an earlier one."""
    member_id = pages.guest(services, request)
    if member_id is None:
        return pages.see_other(_LINK)
    token = await sharing.share(services, member_id, now=visit(request).at)
    return pages.see_other(f"/household/share/{token}")


async def show_shared(services: Services, request: Request) -> Response:
    """The link, to be copied or shared. Changes nothing, so it may be looked at again."""
    member_id = pages.guest(services, request)
    if member_id is None:
        return pages.see_other(_LINK)
    token, now = request.path_params["link"], visit(request).at
    shared = await sharing.shared(services, member_id, token, now=now)
    return pages.page(
        services,
        request,
        "web/household_share.html",
        brand=shared.brand,
        theirs=shared.theirs,
        shared=shared,
    )


def _housemate(home: Home, typed_id: str) -> Housemate | None:
    return next((person for person in home.members if str(person.id) == typed_id), None)


async def _page(
    services: Services,
    request: Request,
    home: Home,
    template: str = "web/household.html",
    *,
    filled: dict[str, str] | None = None,
    refusal: BadFields | None = None,
    news: str = "",
    person: Housemate | None = None,
) -> Response:
    proved, now = pages.proved_contact(services, request), visit(request).at
    mine = await proofs.memberships(services, proved, now=now)
    return pages.page(
        services,
        request,
        template,
        brand=home.brand,
        theirs=home.theirs,
        refusal=refusal,
        home=home,
        filled=filled or {"name": "", "contact": ""},
        news=news,
        told=request.query_params.get("told", ""),
        person=person,
        others=len(mine) > 1,
    )
