"""What tests are given: databases, folders and browsers, all real, all on this computer.

Every test starts in an empty folder of its own and without Porchlight's settings in the
environment, so that neither a developer's `.env` nor their database is ever touched.
"""

import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import chdir
from pathlib import Path
from urllib.parse import urlsplit

import hypothesis
import pytest
import structlog
from playwright.async_api import Browser, Page, Request, ViewportSize, async_playwright

from bot.settings import is_loopback
from storage.database import Storage, make_engine
from storage.schema import migrate
from tests.provision import browser as browsers
from tests.provision import postgres

ROOT = Path(__file__).parent.parent
PHONE = ViewportSize(width=390, height=844)
DESK = ViewportSize(width=1280, height=800)
_IN_CI = bool(os.environ.get("CI"))
_GIVEN_SERVER = pytest.StashKey[str | None]()

OpenPage = Callable[..., Awaitable[Page]]


def pytest_configure(config: pytest.Config) -> None:
    """Forget the settings of whoever runs the tests, but for the server they offer."""
    config.addinivalue_line("norecursedirs", ".*")
    hypothesis.settings.register_profile(
        "house",
        deadline=None,  # a busy machine is no fault
        derandomize=_IN_CI,  # what fails there fails at a desk, too, where each run looks further
    )
    hypothesis.settings.load_profile("house")
    plain = structlog.dev.plain_traceback  # the usual one takes seconds to draw, and all wait
    shown = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=plain)
    structlog.configure(processors=[structlog.processors.add_log_level, shown])
    config.stash[_GIVEN_SERVER] = os.environ.get("DATABASE_URL")
    known = re.findall(r"^(?:# )?([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(), re.M)
    for name in [name for name in os.environ if name.upper() in known]:
        del os.environ[name]


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path) -> Iterator[Path]:
    """Run every test in an empty folder."""
    with chdir(tmp_path):
        yield tmp_path


def _cannot(reason: str) -> None:
    """Skip for want of something on this computer; in CI that is a failure."""
    (pytest.fail if _IN_CI else pytest.skip)(reason)


# Databases


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a PostgreSQL server where databases may be made."""
    try:
        with postgres.server(request.config.stash[_GIVEN_SERVER]) as url:
            yield url
    except postgres.NoServer as error:
        _cannot(str(error.__doc__))


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator[str]:
    """The URL of a migrated database that is only ever copied."""
    with postgres.fresh_database(postgres_server) as url:
        _migrate(url)
        yield url


@pytest.fixture
def postgres_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """A migrated, empty PostgreSQL database. Tests that ask for it are marked `postgres`."""
    with postgres.fresh_database(postgres_server, template=postgres_template) as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that is only ever copied."""
    path = tmp_path_factory.mktemp("template") / "porchlight.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated, empty SQLite database in the test's folder."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path)}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database; the test runs once on each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def bare_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with nothing in it, not even tables; the test runs once on each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'bare.db'}"
        return
    with postgres.fresh_database(request.getfixturevalue("postgres_server")) as url:
        yield url


@pytest.fixture
async def storage(database_url: str) -> AsyncIterator[Storage]:
    """An open, migrated, empty database; the test runs once on each kind."""
    opened = Storage.open(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def sqlite_storage(sqlite_url: str) -> AsyncIterator[Storage]:
    """The same on SQLite only, for tests of rooms that do not care."""
    opened = Storage.open(sqlite_url)
    yield opened
    await opened.close()


def _migrate(url: str) -> None:
    engine = make_engine(url)
    migrate(engine)
    engine.dispose()


# Browsers


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A running Chromium, one for each test: it lives in the test's own event loop (1.5 s)."""
    async with async_playwright() as playwright:
        path = browsers.find(playwright.chromium.executable_path)
        if path is None:
            _cannot(browsers.NONE)
        running = await playwright.chromium.launch(executable_path=path, args=browsers.flags())
        yield running
        await running.close()


@pytest.fixture
async def page_at(browser: Browser) -> AsyncIterator[OpenPage]:
    """Open a page as a new visitor: `await page_at(url, size=PHONE, javascript=True)`.

    In the end no page may have had a script error or asked another computer for anything.
    """
    complaints: list[str] = []

    def watch(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme.startswith(("http", "ws")) and not is_loopback(parts.hostname or ""):
            complaints.append(f"asked {parts.hostname} for {parts.path}")

    async def open_page(url: str, *, size: ViewportSize = PHONE, javascript: bool = True) -> Page:
        context = await browser.new_context(viewport=size, java_script_enabled=javascript)
        context.on("request", watch)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        page = await context.new_page()
        await page.goto(url)
        return page

    yield open_page
    assert not complaints
