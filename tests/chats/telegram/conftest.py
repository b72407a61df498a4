"""A whole house on a real port, plugged into a Telegram that is a real server, too."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.app import House, open_house
from bot.community.leaders import claims
from bot.settings import Settings
from tests.chats.serving import PATIENCE, served
from tests.settings import settings_of
from tests.standins.telegram import TelegramStandIn
from tests.standins.telegram_world import Chat, Message, User
from tests.stories.program import free_port

SECRET = "a secret of the tests alone, 32+ bytes"
PUBLIC = "https://join.example.org"


@dataclass(slots=True)
class Scene:
    """Maple Court, led from Telegram by Ana Ruiz."""

    telegram: TelegramStandIn
    house: House
    ana: User
    ben: User  # in the group, and leads nothing
    porch: Chat  # a group with the bot in it
    address: str
    port: int

    async def say(self, text: str, *, user: User | None = None, chat: Chat | None = None) -> str:
        """Say something and read the next thing the bot writes there."""
        who = user or self.ana
        where = chat or who
        before = len(self.said(where))
        await self.telegram.say(who, where, text)
        return await self.next(before, where)

    async def press(self, label: str, *, message: Message | None = None) -> str:
        """Press a button of the newest message with it, and read what comes next."""
        found = message or self.with_button(label)
        before = len(self.said())
        await self.telegram.press(self.ana, found, label)
        return await self.next(before)

    async def next(self, before: int, where: Chat | User | None = None) -> str:
        """The message after so many."""
        await self.telegram.until(lambda: len(self.said(where)) > before, seconds=PATIENCE)
        return self.said(where)[before].text

    def said(self, where: Chat | User | None = None) -> list[Message]:
        """What the bot wrote there; to Ana unless said otherwise."""
        return self.telegram.said(where or self.ana)

    def with_button(self, label: str, where: Chat | User | None = None) -> Message:
        """The newest message with such a button."""
        found = [m for m in self.said(where) if any(label in row for row in m.labels)]
        return found[-1]

    async def sees(self, words: str, where: Chat | User | None = None) -> Message:
        """The newest message with these words, once it is there."""

        def found() -> Message | None:
            return next((m for m in reversed(self.said(where)) if words in m.text), None)

        message: Message = await self.telegram.until(found, seconds=PATIENCE)
        return message


Open = Callable[..., AbstractAsyncContextManager[Scene]]


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramStandIn]:
    """Telegram itself."""
    async with TelegramStandIn() as opened:
        yield opened


@pytest.fixture
def open_telegram(
    telegram: TelegramStandIn, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Open:
    """Opens the house; `by` "polling" or "webhook"; `led`, whether Ana has claimed it.

    Opened again, it is the same house after a restart.
    """
    return opener(telegram, sqlite_url, tmp_path, monkeypatch)


def opener(
    telegram: TelegramStandIn, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Open:
    """What `open_telegram` gives, for tests elsewhere that open this house, too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TELEGRAM_TOKEN", telegram.token)
    monkeypatch.setenv("TELEGRAM_API_URL", telegram.url)

    @asynccontextmanager
    async def opened(*, by: str = "polling", led: bool = True) -> AsyncIterator[Scene]:
        port = free_port()
        settings = settings_of(
            Settings,
            database_url=sqlite_url,
            port=port,
            secret_key=SECRET,
            playground=True,  # its outbox takes the letters
            public_url=PUBLIC if by == "webhook" else "",
        )
        async with open_house(settings) as house, served(house, settings):
            if by == "webhook":
                await telegram.until(lambda: telegram.line.webhook_url, seconds=PATIENCE)
                assert telegram.line.webhook_url == f"{PUBLIC}/telegram/events"
                telegram.line.webhook_url = f"http://127.0.0.1:{port}/telegram/events"
            scene = _scene(telegram, house, port)
            if led and not scene.said():
                await _claim(scene)
            yield scene

    return opened


def _scene(telegram: TelegramStandIn, house: House, port: int) -> Scene:
    known = {user.name: user for user in telegram.users.values()}
    ana = known.get("Ana Ruiz") or telegram.add_user("Ana Ruiz", username="anaruiz")
    ben = known.get("Ben Okafor") or telegram.add_user("Ben Okafor", username="benokafor")
    groups = [chat for chat in telegram.chats.values() if chat.title == "Front porch"]
    porch = groups[0] if groups else telegram.add_group("Front porch", members=[ana, ben])
    return Scene(telegram, house, ana, ben, porch, house.services.settings.address, port)


@pytest.fixture(params=["polling", "webhook"])
async def scene(request: pytest.FixtureRequest, open_telegram: Open) -> AsyncIterator[Scene]:
    """The house by both ways of connecting."""
    async with open_telegram(by=request.param) as opened:
        yield opened


@pytest.fixture
async def polled(open_telegram: Open) -> AsyncIterator[Scene]:
    """The house that asks for updates."""
    async with open_telegram() as opened:
        yield opened


async def _claim(scene: Scene) -> None:
    code = await claims.claim_code(scene.house.services, "telegram", now=datetime.now(UTC))
    await scene.telegram.start(scene.ana, f"claim-{code}")
    assert "you are now a leader" in await scene.next(0)
