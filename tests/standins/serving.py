"""How any stand-in that speaks HTTP is served on a port of this computer."""

import asyncio
import ssl
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from aiohttp import web

ARRIVING = 0.02  # seconds; who was let in last is a connection by then, and is closed like others


@asynccontextmanager
async def serving(
    app: web.Application, *, port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """Serve on loopback. Gives the address; a handler ends when its client goes."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls)
    await site.start()
    try:
        scheme = "https" if tls else "http"
        yield f"{scheme}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await site.stop()
        await asyncio.sleep(ARRIVING)
        await runner.cleanup()


class HttpStandIn(ABC):
    """A server from the start of its `async with` to the end."""

    url = ""  # where it listens
    port = 0  # the same; any free one, unless it is set before

    @abstractmethod
    def _app(self) -> web.Application:
        """What is served."""

    @abstractmethod
    async def _hang_up(self) -> None:
        """Close what would not end by itself."""

    async def __aenter__(self) -> Self:
        self._serving = serving(self._app(), port=self.port)
        self.url = await self._serving.__aenter__()
        self.port = int(self.url.rpartition(":")[2])
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self._hang_up()
        await self._serving.__aexit__(kind, error, at)
