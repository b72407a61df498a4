"""Logos for pages and letters: by digest, so that whoever has one never needs to ask again."""

import re
from functools import partial

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.community.communities import logos
from bot.ports import Services

_DIGEST = re.compile(r"[0-9a-f]{32}")
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",  # another picture has another address
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",  # mail programs show it, too
    "X-Content-Type-Options": "nosniff",
}


def routes(services: Services) -> list[BaseRoute]:
    """The pictures, before the guard: they set no cookie and take no form."""
    return [Route("/logo/{digest:str}.png", partial(picture, services))]


async def picture(services: Services, request: Request) -> Response:
    """One picture."""
    digest = request.path_params["digest"]
    content = await logos.content(services, digest) if _DIGEST.fullmatch(digest) else None
    if content is None:
        return PlainTextResponse("There is no such picture.", 404)
    return Response(content, media_type="image/png", headers=_HEADERS)
