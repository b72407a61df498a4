"""Errors as pages: the one translator of everything that goes wrong while a resident is served.

A refusal brings its status and its sentence. A template named after it in `templates/web/trouble/`
may add a heading of its own and what to do next. Nothing typed by a resident reaches the log: of an
unknown error we keep its type and where it happened, not its message, which may quote the typing.
"""

import re
import secrets
import traceback

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot.community.errors import Refusal
from bot.ports import Services
from bot.web import pages
from storage.database import DatabaseAway

_CAUSES = 8  # of one error in the log; an error may even name itself as its cause
_AGAIN = "20"  # seconds a browser or scanner should leave us in peace while the database is away


class NoSuchPage(Refusal):
    """There is nothing at this address. It may have been cut off or mistyped."""

    status = 404


class NotThisWay(Refusal):
    """This page cannot be asked for in that way."""

    status = 405


class NotFromHere(Refusal):
    """Your browser did not show us that this came from our own page. Nothing was changed."""

    status = 403


class TooBig(Refusal):
    """That was more text than fits in the form. Nothing was kept."""

    status = 413


class TooSlow(Refusal):
    """Your connection broke off before everything arrived. Nothing was kept."""

    status = 408


class Away(Refusal):
    """We cannot reach our records just now. Nothing was lost."""

    status = 503


class Broken(Refusal):
    """Something went wrong on our side, and it has been noted. The note is called {reference}."""

    status = 500


def page(services: Services, request: Request, error: Exception) -> Response:
    """The page that tells what happened and what to do next.

    Touches: the log, when the error is not one we know.
    """
    refusal = translate(request, error)
    response = pages.page(
        services,
        request,
        _template(services, type(refusal)),
        status=refusal.status,
        words=refusal.words,
        **refusal.facts,
    )
    response.headers.update(_headers(refusal, error))
    return response


def translate(request: Request, error: Exception) -> Refusal:
    """The refusal that a person gets to read for this error."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, DatabaseAway):
        return Away()
    if isinstance(error, HTTPException) and error.status_code in {404, 405}:
        return NoSuchPage() if error.status_code == NoSuchPage.status else NotThisWay()
    return Broken(reference=_note(request, error))


def _headers(refusal: Refusal, error: Exception) -> dict[str, str]:
    if isinstance(refusal, Away):
        return {"Retry-After": _AGAIN}
    if "retry_after" in refusal.facts:
        return {"Retry-After": str(refusal.facts["retry_after"])}
    return dict(getattr(error, "headers", None) or {})  # of a 405: which methods are allowed


def _template(services: Services, kind: type[Refusal]) -> str:
    name = f"web/trouble/{snake_case(kind.__name__)}.html"
    return name if (services.templates.root / name).exists() else "web/trouble.html"


def snake_case(name: str) -> str:
    """`CodeUsed` as `code_used`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _note(request: Request, error: Exception) -> str:
    """Log an unknown error once. Gives the reference to find it by."""
    reference = secrets.token_hex(4)
    endpoint = request.scope.get("endpoint")
    structlog.get_logger().error(
        "web.failed",
        reference=reference,
        room=getattr(getattr(endpoint, "func", endpoint), "__qualname__", "none"),
        method=request.method,
        trace=_trace(error),
    )
    return reference


def _trace(error: BaseException | None) -> str:
    """The traceback of the error and of what led to it, without their messages."""
    told: list[str] = []
    while error is not None and len(told) < _CAUSES:
        frames = "".join(traceback.format_tb(error.__traceback__))
        told.append(f"{frames}{type(error).__module__}.{type(error).__qualname__}")
        error = error.__cause__ or error.__context__
    return "\nafter\n".join(told)
