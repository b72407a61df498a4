"""A house on a real port of this computer, as `porchlight run` serves it, in this process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.__main__ import serve
from bot.app import House
from bot.settings import Settings

PATIENCE = 15.0  # seconds; a busy machine is no fault


@asynccontextmanager
async def served(house: House, settings: Settings) -> AsyncIterator[None]:
    """Answer, listen and carry, from the moment when the port is open until the end."""
    stop = asyncio.Event()
    serving = asyncio.create_task(serve(house, settings, stop))
    try:
        await _until_open(settings.port, serving)
        yield
    finally:
        stop.set()
        async with asyncio.timeout(PATIENCE):
            await serving


async def _until_open(port: int, serving: asyncio.Task[None]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not serving.done():
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return
    await serving
