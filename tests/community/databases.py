"""Databases with the communities of `twins.py` in them: filled once, copied for each test."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import TypeVar

import pytest

from bot.ports import Services
from storage.database import Storage
from tests.community import scene, twins
from tests.provision import postgres

KINDS = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))

T = TypeVar("T")
Deed = Callable[[Services], Awaitable[T]]
Copied = Callable[[str], AbstractContextManager[str]]  # the URL of a copy, which is then dropped


@dataclass(frozen=True)
class Filled:
    """A database with all of them in it, which is only ever copied."""

    url: str
    calls: list[str] = field(repr=False)  # of the buttons that there are in the first
    copied: Copied = field(repr=False)

    def in_a_house(self, do: Deed[T]) -> T:
        """Do it with a copy, which nobody else sees."""
        with self.copied(self.url) as url:
            return _in_a_house(url, do)


@contextmanager
def filled(request: pytest.FixtureRequest) -> Iterator[Filled]:
    """Fill one of the kind that the fixture is asked for."""
    template, copied = {"sqlite": _sqlite, "postgres": _postgres}[request.param](request)
    with copied(template) as url:
        yield Filled(url, _in_a_house(url, _fill), copied)


async def _fill(services: Services) -> list[str]:
    calls = await twins.fill(services)
    unfilled = await services.storage.read(twins.empty)
    assert unfilled == [], "fill them in `twins.py`, or nothing of them is looked at"
    await services.storage.write(twins.multiply, services.keys)
    return calls


def _in_a_house(url: str, do: Deed[T]) -> T:
    async def run() -> T:
        storage = Storage.open(url)
        try:
            return await do(scene.unlimited(await scene.plugged(storage)))
        finally:
            await storage.close()

    return asyncio.run(run())


# The two kinds: one that is empty, and how any is copied


def _sqlite(request: pytest.FixtureRequest) -> tuple[str, Copied]:
    return f"sqlite:///{request.getfixturevalue('sqlite_template')}", _copied_file


@contextmanager
def _copied_file(url: str) -> Iterator[str]:
    with TemporaryDirectory() as folder:
        yield f"sqlite:///{shutil.copy(url.removeprefix('sqlite:///'), folder)}"


def _postgres(request: pytest.FixtureRequest) -> tuple[str, Copied]:
    server = request.getfixturevalue("postgres_server")
    template = request.getfixturevalue("postgres_template")
    return template, lambda url: postgres.fresh_database(server, template=url)
