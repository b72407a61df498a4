"""The pages, served in this process, over a real database."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session
from starlette.applications import Starlette

from bot.community import codes
from bot.community.contacts import Contact
from bot.messages import Carried, File, Medium
from bot.ports import Pace, Picture, Services
from bot.settings import Keys, Settings
from bot.templating import Templates
from bot.web import routes
from storage.database import Storage
from storage.tables import Community, Invitation, Leader
from tests.settings import settings_of
from tests.web.visitor import ADDRESS, Visitor

START = datetime(2026, 5, 4, 12, tzinfo=UTC)


@dataclass
class Clock:
    """The time that the pages are told."""

    moment: datetime = START

    def __call__(self) -> datetime:
        """What time it is."""
        return self.moment

    def wait(self, **units: float) -> None:
        """Let time pass."""
        self.moment += timedelta(**units)


class Unasked:
    """Stands where a courier and a printer are plugged in. Pages only write letters: whoever uses
    it fails the test.
    """

    medium: Medium = "email"
    pace = Pace()
    settle = 0.0
    wakes = False

    async def carry(self, letter: object) -> Carried:
        """Only the postman asks for that."""
        raise AssertionError(letter)

    async def find(self, letter: object) -> Carried | None:
        """Only the postman asks for that."""
        raise AssertionError(letter)

    async def close(self) -> None:
        """Nothing was opened."""

    async def print(self, sheet: object) -> File:
        """Only a command asks for that."""
        raise AssertionError(sheet)

    async def draw(self, chart: object) -> Picture:
        """Only a command asks for that."""
        raise AssertionError(chart)


@pytest.fixture
def clock() -> Clock:
    """Today, until a test lets time pass."""
    return Clock()


@pytest.fixture
def services(sqlite_storage: Storage) -> Services:
    """What the pages are plugged into."""
    return box(sqlite_storage)


def box(storage: Storage, **settings: Any) -> Services:
    """Services of a house at the public address, with other settings where a test needs them."""
    return Services(
        storage=storage,
        settings=settings_of(Settings, **{"public_url": ADDRESS, **settings}),
        keys=Keys.from_secret(b"a secret of the tests alone, 32+ bytes"),
        templates=Templates(),
        couriers={"email": Unasked()},
        chats={},
        printer=Unasked(),
    )


@pytest.fixture
def app(services: Services, clock: Clock) -> Starlette:
    """The pages as `bot.app` serves them."""
    return Starlette(routes=routes(services, clock=clock, patience=0.2))


@pytest.fixture
def visitor(app: Starlette) -> Visitor:
    """A resident who comes for the first time."""
    return Visitor(app)


Invite = Callable[..., Awaitable[str]]


@pytest.fixture
async def invite(services: Services) -> Invite:
    """Give an invitation to Maple Court: `await invite(contact=..., days=30)` gives its code."""
    community_id, leader_id = await services.storage.write(_maple_court)

    async def give(contact: Contact | None = None, *, days: int | None = 30) -> str:
        return await services.storage.write(
            _give, services.keys, community_id, leader_id, contact, days
        )

    return give


def _maple_court(session: Session) -> tuple[int, int]:
    community = Community(
        name="Maple Court",
        slug="maple-court",
        welcome="We look out for each other.",
        features=["Borrow a ladder"],
        links=[["Open the chat", "https://chat.example.org/maple"]],
        colour="#7a1f3d",
        created_at=START,
    )
    session.add(community)
    session.flush()
    leader = Leader(
        community_id=community.id, chat="playground", user_id="1", name="Ana Ruiz", added_at=START
    )
    session.add(leader)
    session.flush()
    return community.id, leader.id


def _give(
    session: Session,
    keys: Keys,
    community_id: int,
    leader_id: int,
    contact: Contact | None,
    days: int | None,
) -> str:
    row = Invitation(
        community_id=community_id,
        leader_id=leader_id,
        medium=contact.medium if contact else "pass",
        contact=contact.address if contact else None,
        contact_key=contact.key(keys) if contact else None,
        generation=0,
        code_hash=b"not yet",
        created_at=START,
        expires_at=START + timedelta(days=days) if days is not None else None,
    )
    session.add(row)
    session.flush()
    code, row.generation = codes.mint(keys, row.id)
    row.code_hash = codes.fingerprint(keys, code)
    return code
