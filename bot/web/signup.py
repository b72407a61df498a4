"""From an access code to a member: type the code, fill in the form, be welcome.

Opening a link changes nothing, however often mail scanners and previews do so; only the submitted
form redeems a code. After that the address bar no longer shows it.
"""

from dataclasses import asdict, dataclass, field, replace
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.community import codes, optouts, redemptions, requests, sign_ups, ways_in, welcoming
from bot.community.codes import MistypedCode
from bot.community.errors import BadFields, Refusal
from bot.community.invitations import foreknown
from bot.community.redemptions import CodeUsed, Invited, UnknownCode
from bot.ports import Services
from bot.web import pages
from bot.web.visits import Visit, visit

_WELCOME = "/welcome"


@dataclass(frozen=True, slots=True)
class Filled:
    """The sign-up form as it was filled in, to be shown again when something is wrong."""

    name: str = ""
    address: str = ""
    contact: str = ""
    others: list[str] = field(default_factory=list)


def rooms(services: Services) -> list[BaseRoute]:
    """The pages of this room."""
    return [
        Route("/", partial(ask, services)),
        Route("/join", partial(ask, services)),
        Route("/join", partial(take_code, services), methods=["POST"]),
        Route("/j/{code}", partial(show_form, services)),
        Route("/j/{code}", partial(join, services), methods=["POST"]),
        Route(_WELCOME, partial(welcome, services)),
    ]


async def ask(services: Services, request: Request) -> Response:
    """The first page: one field for the access code."""
    return await _code_page(services, request)


async def take_code(services: Services, request: Request) -> Response:
    """Lead from the typed code to its form."""
    typed = visit(request).field("code")
    try:
        return pages.see_other(f"/j/{codes.parse(typed)}")
    except MistypedCode as refusal:
        return await _code_page(services, request, typed, refusal)


async def show_form(services: Services, request: Request) -> Response:
    """The form of an invitation, with what we know already. Changes nothing."""
    try:
        invited = await _look_up(services, request)
    except (MistypedCode, UnknownCode) as refusal:
        return await _code_page(services, request, request.path_params["code"], refusal)
    except CodeUsed as used:
        return _welcome_back(services, request, used)
    name, address = await foreknown.of(services, invited.invitation_id)
    filled = Filled(name, address, invited.contact)
    return _form_page(services, request, invited, filled)


async def join(services: Services, request: Request) -> Response:
    """Redeem the code, or show the form again with what is wrong in it."""
    who, typed = visit(request), request.path_params["code"]
    filled = _filled(who)
    try:
        invited = await _look_up(services, request)
        try:
            sign_up = sign_ups.parse(
                **asdict(filled), region=invited.region, limit=invited.household_limit
            )
            joined = await redemptions.redeem(
                services,
                typed,
                sign_up,
                source=who.source,
                browser=who.browser,
                language=_spoken(services, request, invited),
                now=who.at,
            )
        except BadFields as refusal:
            return _form_page(services, request, invited, filled, refusal)
    except (MistypedCode, UnknownCode) as refusal:
        return await _code_page(services, request, typed, refusal)
    except CodeUsed as used:
        return _welcome_back(services, request, used)
    return pages.greet(services, request, pages.see_other(_WELCOME), joined.member_id)


async def welcome(services: Services, request: Request) -> Response:
    """What a new member does next."""
    member_id = pages.guest(services, request)
    joined = member_id and await welcoming.look(services, member_id)
    if not joined:  # the household's page says why, to who was one
        return pages.see_other("/household" if member_id else "/household/link")
    ways = await ways_in.of(services, joined.member_id, now=visit(request).at)
    joined = replace(joined, links=(*joined.links, *ways))
    return pages.page(
        services,
        request,
        "web/welcome.html",
        joined=joined,
        brand=joined.brand,
        theirs=joined.theirs,
    )


def _welcome_back(services: Services, request: Request, used: CodeUsed) -> Response:
    """A second tap, a reload or a step back is no mistake in the browser that joined."""
    if used.member_id is None:
        raise used
    return pages.greet(services, request, pages.see_other(_WELCOME), used.member_id)


async def _look_up(services: Services, request: Request) -> Invited:
    who = visit(request)
    return await redemptions.look_up(
        services,
        request.path_params["code"],
        source=who.source,
        browser=who.browser,
        now=who.at,
    )


def _spoken(services: Services, request: Request, invited: Invited) -> str:
    """The language in which the form was filled in."""
    ours = invited.brand.language
    return pages.spoken(services, request, theirs=invited.theirs, ours=ours).tag


def _filled(who: Visit) -> Filled:
    others = [name for name in who.fields.get("others", ()) if name.strip()]
    return Filled(who.field("name"), who.field("address"), who.field("contact"), others)


async def _code_page(
    services: Services, request: Request, typed: str = "", refusal: Refusal | None = None
) -> Response:
    return pages.page(
        services,
        request,
        "web/join.html",
        status=refusal.status if refusal else 200,
        typed=typed,
        error=refusal.words if refusal else "",
        ask_at=await requests.only_door(services),
    )


def _form_page(
    services: Services,
    request: Request,
    invited: Invited,
    filled: Filled,
    refusal: BadFields | None = None,
) -> Response:
    return pages.page(
        services,
        request,
        "web/sign_up.html",
        brand=invited.brand,
        theirs=invited.theirs,
        refusal=refusal,
        invited=invited,
        valid_until=invited.valid_until,
        filled=filled,
        no_more=optouts.of_invitation(services.keys, invited.invitation_id)
        if invited.contact
        else "",
    )
