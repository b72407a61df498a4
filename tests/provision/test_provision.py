"""What the tests stand on: databases of their own, an empty folder, a browser."""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Page
from sqlalchemy import func, inspect, select, text
from sqlalchemy import table as sql_table
from sqlmodel import Session

from storage.database import Storage, make_engine

OpenPage = Callable[..., Awaitable[Page]]


def _table_names(session: Session) -> list[str]:
    return inspect(session.connection()).get_table_names()


def _row_count(session: Session, table: str) -> object:
    return session.scalar(select(func.count()).select_from(sql_table(table)))


async def test_a_database_is_migrated_and_empty(storage: Storage) -> None:
    names = set(await storage.read(_table_names)) - {"alembic_version"}
    assert {"invitation", "job"} <= names
    assert {name: await storage.read(_row_count, name) for name in names} == dict.fromkeys(names, 0)


@pytest.mark.parametrize("time", [1, 2])
async def test_what_one_test_wrote_no_other_sees(storage: Storage, time: int) -> None:
    def note(session: Session) -> int:
        session.execute(text("CREATE TABLE note (n integer)"))
        return time

    assert await storage.write(note) == time


def test_a_bare_database_has_no_tables(bare_database_url: str) -> None:
    engine = make_engine(bare_database_url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_no_setting_of_the_outside_reaches_a_test(own_folder: Path) -> None:
    assert "DATABASE_URL" not in os.environ
    assert Path.cwd() == own_folder
    assert list(own_folder.iterdir()) == []


@pytest.mark.browser
@pytest.mark.parametrize(("javascript", "seen"), [(True, "on"), (False, "off")])
async def test_a_page_opens_with_and_without_scripts(
    page_at: OpenPage, *, javascript: bool, seen: str
) -> None:
    script = "document.querySelector('p').textContent = 'on'"
    page = await page_at(f"data:text/html,<p>off<script>{script}</script>", javascript=javascript)
    assert await page.locator("p").inner_text() == seen
