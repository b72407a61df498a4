"""A running program, a leader at its playground, residents with their phones.

All stories share one browser, and so one event loop: starting one takes longer than most stories.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    ViewportSize,
    async_playwright,
)

from bot.settings import is_loopback
from tests.conftest import DESK, PHONE
from tests.provision import browser as browsers
from tests.stories.people import Leader
from tests.stories.program import Program, free_port, running

STORY = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

Visit = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Porchlight with nothing set up, one for the stories of a file."""
    with running(tmp_path_factory.mktemp("program"), port=free_port()) as started:
        yield started


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A running Chromium for all stories."""
    async with async_playwright() as playwright:
        path = browsers.find(playwright.chromium.executable_path)
        if path is None:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(browsers.NONE)
        running_browser = await playwright.chromium.launch(
            executable_path=path, args=browsers.flags()
        )
        yield running_browser
        await running_browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser) -> AsyncIterator[Visit]:
    """Open a page as somebody new: `await visit(url, size=PHONE, javascript=True)`.

    In the end no browser may have asked another computer for anything, nor complained of a script,
    a policy or a missing file.
    """
    complaints: list[str] = []

    def watch(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme.startswith(("http", "ws")) and not is_loopback(parts.hostname or ""):
            complaints.append(f"asked {parts.hostname} for {parts.path}")

    def listen(message: ConsoleMessage) -> None:
        # A page with a status of its own is meant to have it; a program that is stopped, to be.
        is_page_itself = message.location["url"] == getattr(message.page, "url", "")
        is_meant = is_page_itself or "net::ERR_" in message.text
        if message.type in {"error", "warning"} and not is_meant:
            complaints.append(message.text)

    async def open_page(url: str, *, size: ViewportSize = PHONE, javascript: bool = True) -> Page:
        context = await browser.new_context(viewport=size, java_script_enabled=javascript)
        context.on("request", watch)
        context.on("console", listen)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        page = await context.new_page()
        await page.goto(url)
        return page

    yield open_page
    for context in browser.contexts:
        await context.close()
    assert not complaints


@pytest_asyncio.fixture(loop_scope="session")
async def leader(program: Program, visit: Visit) -> Leader:
    """Robin Vale, who has just opened the playground."""
    return await at_playground(program, visit)


async def at_playground(program: Program, visit: Visit) -> Leader:
    """Open the playground and wait until it knows what was said before."""
    page = await visit(program.at("/"), size=DESK)
    await page.locator("#chat-log[aria-busy=false]").wait_for(state="attached")
    return Leader(page)
