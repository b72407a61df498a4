"""How a page is made: the template, the words that every page needs, and the cookies."""

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.community.brands import Brand
from bot.community.communities import logos
from bot.community.errors import BadFields
from bot.community.households import member_of, session
from bot.community.households.proofs import proof, proved
from bot.community.letters import on_colour
from bot.languages import Language
from bot.ports import Services
from bot.web.visits import browser_cookie, visit

_COOKIE_LIFETIME = 30 * 24 * 3600  # seconds; as long as a session of `community.households`
_HOUSE = Brand("", "#0b4f58", "", "")  # while we do not know the community


def page(
    services: Services,
    request: Request,
    template: str,
    *,
    brand: Brand = _HOUSE,
    theirs: str = "",
    refusal: BadFields | None = None,
    status: int = 200,
    **words: Any,
) -> Response:
    """Render a page; a browser that is new here gets the cookie that its forms need.

    Takes: brand, of the community; theirs, as for `spoken`; refusal, what is wrong in the form.
    """
    who, language = visit(request), spoken(services, request, theirs=theirs, ours=brand.language)
    html = services.templates.render(
        template,
        language=language.tag,
        languages=_choices(services, request),
        token=who.token,
        nonce=who.nonce,
        colour=brand.colour,
        on_colour=on_colour(brand.colour),
        logo=logos.shown(brand.logo),
        errors=refusal.errors if refusal else {},
        **{"community": brand.community, **words},
    )
    status = refusal.status if refusal else status
    response = HTMLResponse(html, status, {"Content-Language": language.tag})
    if who.is_new:
        secure = services.settings.secure
        _set(response, browser_cookie(secure=secure), who.browser, secure=secure)
    return response


def spoken(services: Services, request: Request, *, theirs: str = "", ours: str = "") -> Language:
    """The language of an answer: what was chosen, else what we know, else what the browser says.

    Takes: theirs, the language in which they were invited or joined; ours, the community's, for
    when nothing else is known. Both may be empty.
    """
    who = visit(request)
    return services.templates.languages.of(who.wish, theirs, *who.accepts, ours)


def _choices(services: Services, request: Request) -> list[Language]:
    """What the foot of the page offers; its links ask for the same page, so not below a form."""
    languages = services.templates.languages
    return [] if request.method == "POST" else list(languages.values())


def see_other(path: str) -> Response:
    """Send the browser on to a page of ours, so that a reload repeats nothing."""
    return RedirectResponse(path, status_code=303)


# The session of a member on this device


def greet(
    services: Services,
    request: Request,
    response: Response,
    member_id: int,
    *,
    contact_key: bytes | None = None,
) -> Response:
    """Remember on this device who the member is.

    Takes: contact_key, of the contact that was proved to be theirs just now, if any was.
    """
    keys, now, secure = services.keys, visit(request).at, services.settings.secure
    _set(response, _session_cookie(secure=secure), session(keys, member_id, now=now), secure=secure)
    if contact_key is not None:
        value = proof(keys, contact_key, now=now)
        _set(response, _proof_cookie(secure=secure), value, secure=secure)
    return response


def proved_contact(services: Services, request: Request) -> bytes | None:
    """The key of the contact that whoever has this device has proved to be theirs, if any."""
    name = _proof_cookie(secure=services.settings.secure)
    return proved(services.keys, request.cookies.get(name, ""), now=visit(request).at)


def guest(services: Services, request: Request) -> int | None:
    """The id of the member whom this device belongs to, None when we do not know it."""
    name = _session_cookie(secure=services.settings.secure)
    return member_of(services.keys, request.cookies.get(name, ""), now=visit(request).at)


def farewell(services: Services, response: Response) -> Response:
    """Forget on this device who the member is, and that it once used a code."""
    secure = services.settings.secure
    for cookie in (_session_cookie, _proof_cookie, browser_cookie):
        _set(response, cookie(secure=secure), "", secure=secure, lifetime=0)
    return response


def _session_cookie(*, secure: bool) -> str:
    return "__Host-porchlight-member" if secure else "porchlight-member"


def _proof_cookie(*, secure: bool) -> str:
    return "__Host-porchlight-contact" if secure else "porchlight-contact"


def _set(
    response: Response, name: str, value: str, *, secure: bool, lifetime: int = _COOKIE_LIFETIME
) -> None:
    # Lax, not Strict: residents come by a link in a letter, and their cookie must come with them.
    response.set_cookie(
        name, value, max_age=lifetime, path="/", secure=secure, httponly=True, samesite="lax"
    )
