"""Fetches what Amazon's notifications point to, over https, within seconds, without detours."""

import ssl
from collections.abc import Awaitable, Callable

from bot.couriers.email.services.refusals import NotNow

_ANSWER = 10.0  # seconds; Amazon itself waits 15 for our answer

Fetch = Callable[[str], Awaitable[bytes]]


async def fetch(url: str, *, trust: ssl.SSLContext | None = None) -> bytes:
    """What is at the address.

    Takes: trust, whose certificates to believe; None: those this computer believes.
    Raises: NotNow, when the server cannot be reached, cannot prove its name or answers anything
    but 200; a detour is never taken, for only the host in `url` was checked.
    """
    import aiohttp  # here, because it costs a quarter of a second

    timeout = aiohttp.ClientTimeout(total=_ANSWER)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
            session.get(url, ssl=trust or True, allow_redirects=False) as answer,
        ):
            content = await answer.read()
    except (aiohttp.ClientError, OSError) as fault:
        raise NotNow(f"cannot fetch what it points to: {type(fault).__name__}") from None
    if answer.status != 200:
        raise NotNow(f"what it points to answers {answer.status}")
    return content
