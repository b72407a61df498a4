"""How any stand-in that speaks HTTP misbehaves: what is asked of it, and how the line is cut."""

from dataclasses import dataclass

from aiohttp import web


@dataclass(slots=True)
class Fault:
    """How to misbehave."""

    method: str  # "*" is all
    kind: str
    times: int
    retry_after: int = 1  # seconds
    seconds: float = 0  # of "slow"


def dropped(request: web.Request) -> web.StreamResponse:
    """No answer: the line is cut."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
