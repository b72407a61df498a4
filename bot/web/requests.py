"""Asking to be let in, without a code: the form, what happens next, and the answer.

The page after the form is the same whoever asked: it must tell nobody who is known here.
"""

from dataclasses import asdict, dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.community import requests
from bot.community.errors import BadFields
from bot.community.requests import Door, NobodyAsks, answering
from bot.ports import Services
from bot.web import pages
from bot.web.visits import Visit, visit


@dataclass(frozen=True, slots=True)
class Filled:
    """The form as it was filled in, to be shown again when something is wrong."""

    name: str = ""
    address: str = ""
    contact: str = ""
    words: str = ""


def rooms(services: Services) -> list[BaseRoute]:
    """The pages of this room."""
    return [
        Route("/ask", partial(find, services)),
        Route("/ask/{slug}", partial(show, services)),
        Route("/ask/{slug}", partial(ask, services), methods=["POST"]),
        Route("/ask/{slug}/sent", partial(sent, services)),
        Route("/asked/{link}", partial(show_answer, services)),
    ]


async def find(services: Services, _request: Request) -> Response:
    """Lead to the form, when just one community here lets people ask."""
    slug = await requests.only_door(services)
    if not slug:
        raise NobodyAsks
    return pages.see_other(f"/ask/{slug}")


async def show(services: Services, request: Request) -> Response:
    """The empty form."""
    return _form(services, request, await _door(services, request), Filled())


async def ask(services: Services, request: Request) -> Response:
    """Ask the leaders, or show the form again with what is wrong in it."""
    who, door = visit(request), await _door(services, request)
    filled = _filled(who)
    try:
        asked = requests.parse(services, door, **asdict(filled))
    except BadFields as refusal:
        return _form(services, request, door, filled, refusal)
    language = pages.spoken(services, request, ours=door.brand.language).tag
    await requests.ask(services, door, asked, source=who.source, language=language, now=who.at)
    return pages.see_other(f"/ask/{door.slug}/sent")


async def sent(services: Services, request: Request) -> Response:
    """What happens next; the same for everybody."""
    door = await _door(services, request)
    return pages.page(
        services,
        request,
        "web/ask_sent.html",
        brand=door.brand,
    )


async def show_answer(services: Services, request: Request) -> Response:
    """What became of a request, for who has the link of the letter."""
    answer = await answering.look(services, request.path_params["link"])
    return pages.page(
        services,
        request,
        "web/ask_answer.html",
        brand=answer.brand,
        theirs=answer.theirs,
        answer=answer,
    )


async def _door(services: Services, request: Request) -> Door:
    return await requests.door(services, request.path_params["slug"])


def _filled(who: Visit) -> Filled:
    return Filled(*map(who.field, ("name", "address", "contact", "words")))


def _form(
    services: Services,
    request: Request,
    door: Door,
    filled: Filled,
    refusal: BadFields | None = None,
) -> Response:
    return pages.page(
        services,
        request,
        "web/ask.html",
        brand=door.brand,
        refusal=refusal,
        slug=door.slug,
        filled=filled,
    )
