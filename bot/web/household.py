"""A member's household: who belongs to it, adding and removing people, the link that leads here."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.community import households
from bot.community.errors import BadFields
from bot.community.households import CannotRemoveHead, Home, Housemate, NotHead
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
        Route("/household/leave", partial(leave, services), methods=["POST"]),
        Route(_LINK, partial(ask_contact, services)),
        Route(_LINK, partial(send_link, services), methods=["POST"]),
        Route("/household/link/sent", partial(link_sent, services)),
        Route("/h/{link}", partial(show_link, services)),
        Route("/h/{link}", partial(follow_link, services), methods=["POST"]),
    ]


async def show(services: Services, request: Request) -> Response:
    """Everybody in the household; its head may add and remove."""
    member_id = pages.guest(services, request)
    if member_id is None:
        return pages.see_other(_LINK)
    home = await households.home(services, member_id, now=visit(request).at)
    newest = _housemate(home, request.query_params.get("added", ""))
    return _page(services, request, home, news=newest.name if newest else "")


async def add(services: Services, request: Request) -> Response:
    """Add one person, or show what is wrong beside the field."""
    who, member_id = visit(request), pages.guest(services, request)
    if member_id is None:
        return pages.see_other(_LINK)
    filled = {"name": who.field("name"), "contact": who.field("contact")}
    try:
        home = await households.add(services, member_id, **filled, now=who.at)
    except BadFields as refusal:
        home = await households.home(services, member_id, now=who.at)
        return _page(services, request, home, filled=filled, refusal=refusal)
    return pages.see_other(f"{_HOUSEHOLD}?added={max(person.id for person in home.members)}")


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
    return _page(services, request, home, "web/household_remove.html", person=person)


async def remove(services: Services, request: Request) -> Response:
    """Remove one person; pressing twice is no mistake."""
    now, member_id = visit(request).at, pages.guest(services, request)
    if member_id is None:
        return pages.see_other(_LINK)
    home = await households.home(services, member_id, now=now)
    person = _housemate(home, request.path_params["person"])
    if person is not None:
        await households.remove(services, member_id, housemate_id=person.id, now=now)
    return pages.see_other(_HOUSEHOLD)


async def leave(services: Services, _request: Request) -> Response:
    """Forget on this device who the member is."""
    return pages.farewell(services, pages.see_other("/"))


# The link that leads here


async def ask_contact(services: Services, request: Request) -> Response:
    """Where should the link go?"""
    return _contact_page(services, request)


async def send_link(services: Services, request: Request) -> Response:
    """Send the link if we know the contact; the answer is the same if we do not."""
    who = visit(request)
    contact = who.field("contact")
    try:
        await households.send_link(services, contact, source=who.source, now=who.at)
    except BadFields as refusal:
        return _contact_page(services, request, contact, refusal)
    return pages.see_other("/household/link/sent")


async def link_sent(services: Services, request: Request) -> Response:
    """Say where to look for the link."""
    return pages.page(services, request, "web/household_link_sent.html")


async def show_link(services: Services, request: Request) -> Response:
    """One button. Changes nothing, as scanners open links before people do."""
    link = request.path_params["link"]
    households.read_link(services.keys, link, now=visit(request).at)
    return pages.page(services, request, "web/household_open.html", link=link)


async def follow_link(services: Services, request: Request) -> Response:
    """Let the member in on this device."""
    link = request.path_params["link"]
    member_id = households.read_link(services.keys, link, now=visit(request).at)
    return pages.greet(services, request, pages.see_other(_HOUSEHOLD), member_id)


def _housemate(home: Home, typed_id: str) -> Housemate | None:
    return next((person for person in home.members if str(person.id) == typed_id), None)


def _page(
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
    return pages.page(
        services,
        request,
        template,
        status=refusal.status if refusal else 200,
        home=home,
        community=home.community,
        colour=home.colour,
        theirs=home.theirs,
        ours=home.language,
        filled=filled or {"name": "", "contact": ""},
        errors=refusal.errors if refusal else {},
        news=news,
        person=person,
    )


def _contact_page(
    services: Services, request: Request, contact: str = "", refusal: BadFields | None = None
) -> Response:
    return pages.page(
        services,
        request,
        "web/household_link.html",
        status=refusal.status if refusal else 200,
        filled={"contact": contact},
        errors=refusal.errors if refusal else {},
    )
