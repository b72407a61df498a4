"""Coming home: the link that lets a member in on a device, and which of their households they mean.

A link alone changes nothing; its button does. It also shows that the contact is theirs, and so
opens every membership with that contact.
"""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.community import households
from bot.community.errors import BadFields
from bot.community.households import NotAMember, proofs
from bot.ports import Services
from bot.web import pages
from bot.web.visits import visit

_HOUSEHOLD = "/household"
_CHOOSE = "/household/choose"
_LINK = "/household/link"


def rooms(services: Services) -> list[BaseRoute]:
    """The pages of this room."""
    return [
        Route(_LINK, partial(ask_contact, services)),
        Route(_LINK, partial(send_link, services), methods=["POST"]),
        Route("/household/link/sent", partial(link_sent, services)),
        Route("/h/{link}", partial(show_link, services)),
        Route("/h/{link}", partial(follow_link, services), methods=["POST"]),
        Route(_CHOOSE, partial(choose, services)),
        Route(_CHOOSE, partial(switch, services), methods=["POST"]),
        Route("/household/leave", partial(sign_out, services), methods=["POST"]),
    ]


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
    followed = await proofs.follow(services, link, now=visit(request).at)
    not_me = followed.not_me
    return pages.page(services, request, "web/household_open.html", link=link, not_me=not_me)


async def follow_link(services: Services, request: Request) -> Response:
    """Let the member in on this device; ask which they are, if they are several."""
    now = visit(request).at
    followed = await proofs.follow(services, request.path_params["link"], now=now)
    mine = await proofs.memberships(services, followed.contact_key, now=now)
    onward = pages.see_other(_CHOOSE if len(mine) > 1 else _HOUSEHOLD)
    key = followed.contact_key
    return pages.greet(services, request, onward, followed.member_id, contact_key=key)


async def choose(services: Services, request: Request) -> Response:
    """All memberships that the proved contact opens, in every community. Changes nothing."""
    proved, now = pages.proved_contact(services, request), visit(request).at
    mine = await proofs.memberships(services, proved, now=now)
    if not mine:
        return pages.see_other(_HOUSEHOLD)
    return pages.page(services, request, "web/household_choose.html", memberships=mine)


async def switch(services: Services, request: Request) -> Response:
    """Go on as another of one's own memberships. Raises: NotAMember, for any but one's own."""
    who, proved = visit(request), pages.proved_contact(services, request)
    mine = await proofs.memberships(services, proved, now=who.at)
    chosen = [one.member_id for one in mine if str(one.member_id) == who.field("member")]
    if not chosen:
        raise NotAMember
    return pages.greet(services, request, pages.see_other(_HOUSEHOLD), chosen[0])


async def sign_out(services: Services, _request: Request) -> Response:
    """Forget on this device who the member is."""
    return pages.farewell(services, pages.see_other("/"))


def _contact_page(
    services: Services, request: Request, contact: str = "", refusal: BadFields | None = None
) -> Response:
    return pages.page(
        services,
        request,
        "web/household_link.html",
        refusal=refusal,
        filled={"contact": contact},
    )
