"""Who is asking: the client's address, the browser, and what was filled in."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.datastructures import Headers
from starlette.requests import Request

from bot.ports import Services
from bot.settings import Keys

_BROWSER = re.compile(r"[A-Za-z0-9_-]{22}")  # 128 random bits
_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")  # "*" says nothing
_WEIGHT = re.compile(r"[01](?:\.[0-9]{0,3})?")
_MOST_LANGUAGES = 20  # of a browser; people set two or three
_WITH_PORT = re.compile(r"\[(?P<six>[^]]+)\](?::\d+)?|(?P<four>[\d.]+):\d+")

LANGUAGE = "lang"  # `?lang=es` chooses

Fields = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Visit:
    """Who is asking, when, and what they filled in."""

    at: datetime  # aware UTC: the `now` of every verb that is called for this request
    source: str  # the client's address; of IPv6 its /64, which one house has to itself
    browser: str  # the random value of this browser's cookie
    is_new: bool  # the browser has no cookie yet
    token: str  # a form that carries it was shown to this browser
    nonce: str  # lets this page's own style through the content security policy
    wish: str  # the language that was chosen here, now or earlier; empty: none was
    accepts: Sequence[str]  # languages of the browser, the best first
    fields: Fields

    def field(self, name: str) -> str:
        """What was filled in, empty when nothing was."""
        return self.fields.get(name, [""])[0]


def visit(request: Request) -> Visit:
    """What the guard found out about this request."""
    found: Visit = request.scope["porchlight.visit"]
    return found


def number_in(request: Request, name: str) -> int:
    """The number in the path, of an id; 0, which is nobody's, when what stands there is none."""
    typed = request.path_params[name]
    return int(typed) if re.fullmatch(r"[0-9]{1,9}", typed) else 0


def browser_cookie(*, secure: bool) -> str:
    """The cookie that tells browsers apart. `__Host-` keeps other subdomains from setting it."""
    return "__Host-porchlight" if secure else "porchlight"


def recognise(request: Request, services: Services, now: datetime) -> Visit:
    """Everything that is known before the body is read."""
    settings = services.settings
    sent = request.cookies.get(browser_cookie(secure=settings.secure), "")
    is_new = not _BROWSER.fullmatch(sent)
    browser = secrets.token_urlsafe(16) if is_new else sent
    peer = request.client.host if request.client else ""
    return Visit(
        at=now,
        source=client_address(peer, request.headers, proxies=settings.trusted_proxies),
        browser=browser,
        is_new=is_new,
        token=form_token(services.keys, browser),
        nonce=secrets.token_urlsafe(16),
        wish=_wish(request, services),
        accepts=accepted(request.headers.get("accept-language", "")),
        fields={},
    )


def language_cookie(*, secure: bool) -> str:
    """The cookie that remembers which language was chosen."""
    return "__Host-porchlight-language" if secure else "porchlight-language"


def _wish(request: Request, services: Services) -> str:
    asked = request.query_params.get(LANGUAGE, "")
    kept = request.cookies.get(language_cookie(secure=services.settings.secure), "")
    found = services.templates.languages.closest(asked, kept)
    return found.tag if found else ""


def accepted(header: str) -> list[str]:
    """The languages of an `Accept-Language`, the best first.

    Source: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4
    """
    ranked: list[tuple[float, int, str]] = []
    for part in header.split(",")[:_MOST_LANGUAGES]:
        tag, *parameters = (word.strip() for word in part.split(";"))
        weight = next((word[2:] for word in parameters if word.startswith("q=")), "1")
        if _TAG.fullmatch(tag) and _WEIGHT.fullmatch(weight) and float(weight) > 0:
            ranked.append((-float(weight), len(ranked), tag))
    return [tag for _, _, tag in sorted(ranked)]


def client_address(peer: str, headers: Headers, *, proxies: int) -> str:
    """The address that limits count by; of IPv6 the /64.

    Each proxy of ours appends whom it heard from, so the one we want is counted from the right.
    What stands further left was written by the client; a list too short came round our proxies.
    """
    heard = ",".join(headers.getlist("x-forwarded-for")).split(",")
    trusted = 0 < proxies <= len(heard)
    return (trusted and _network(heard[-proxies].strip())) or _network(peer)


def _network(address: str) -> str:
    """The address in one spelling, without a port; empty when it is none."""
    if match := _WITH_PORT.fullmatch(address):
        address = match["six"] or match["four"]
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address):
        inner = parsed.ipv4_mapped
        return str(inner or ip_network((parsed.packed, 64), strict=False))
    return str(parsed)


def form_token(keys: Keys, browser: str) -> str:
    """What a form shown to this browser carries. Worthless in any other browser."""
    return hmac.digest(keys.links, b"form:" + browser.encode(), hashlib.sha256).hex()[:32]
