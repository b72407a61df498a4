"""A whole house on a real port, plugged into a Slack that is a real server, too."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.app import House, open_house
from bot.community import codes, redemptions
from bot.community.leaders import claims
from bot.community.sign_ups import SignUp
from bot.settings import Settings
from storage import invitations
from tests.chats.serving import PATIENCE, served
from tests.settings import settings_of
from tests.standins.slack import SlackStandIn
from tests.standins.slack_workspace import Message, View
from tests.standins.smtp import SmtpStandIn
from tests.stories.program import free_port

SECRET = "a secret of the tests alone, 32+ bytes"
# Slack gives 3 s; how we keep within them is measured by `make bench`, not by tests.
_UNHURRIED = {"patience": 10.0, "trigger_lifetime": 10.0}


@dataclass(slots=True)
class Scene:
    """Maple Court, led from Slack by Ana Ruiz."""

    slack: SlackStandIn
    house: House
    ana: str
    ben: str  # a member of the workspace who leads nothing
    porch: str  # a channel with the bot in it
    address: str

    async def say(self, text: str, *, user: str = "", channel: str = "") -> str:
        """Say a command and read the answer that the speaker alone sees."""
        before = len(self.answers)
        command, _, rest = text.partition(" ")
        answer = await self.slack.command(user or self.ana, channel or self.porch, command, rest)
        assert not answer.trouble, answer
        await self.slack.until(lambda: len(self.answers) > before, seconds=PATIENCE)
        return self.answers[-1].text

    @property
    def answers(self) -> list[Message]:
        """What only the speaker sees, but for the test whether we may write somewhere."""
        return [m for m in self.slack.ephemeral if m.text != "I can write here."]

    @property
    def said(self) -> Message:
        """The newest answer that only the speaker sees."""
        return self.answers[-1]

    def own(self, user: str = "") -> list[Message]:
        """What is in somebody's own messages with the bot."""
        return self.slack.in_channel(self.slack.direct(user or self.ana).id)

    async def join(self, invitation_id: int, *, name: str = "Rosa Delgado") -> None:
        """Somebody signs up by this invitation."""
        services = self.house.services
        [row] = await services.storage.read(
            lambda session: [invitations.get(session, 1, invitation_id)]
        )
        assert row is not None
        code = codes.derive(services.keys, row.id, row.generation)
        form = SignUp(name, "Flat 4B", f"{name.split()[0].lower()}@example.net", "", ())
        await redemptions.redeem(
            services, code, form, source="203.0.113.9", browser="", now=datetime.now(UTC)
        )

    async def view(self, title: str, *, user: str = "") -> View:
        """The modal with this title, once it is on top."""

        def found() -> View | None:
            stack = self.slack.views.get(user or self.ana)
            return stack[-1] if stack and stack[-1].title == title else None

        view: View = await self.slack.until(found, seconds=PATIENCE)
        return view


Open = Callable[..., AbstractAsyncContextManager[Scene]]


@pytest.fixture
def open_slack(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens the house; `by` "http" or "socket"; `led`, whether Ana has claimed it."""
    return opener(tmp_path, sqlite_url, monkeypatch)


def opener(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Open:
    """What `open_slack` gives, for tests elsewhere that open this house, too."""

    @asynccontextmanager
    async def opened(*, by: str = "http", led: bool = True) -> AsyncIterator[Scene]:
        monkeypatch.chdir(tmp_path)
        async with SlackStandIn(**_UNHURRIED) as slack, SmtpStandIn() as smtp:
            monkeypatch.setenv("SMTP_HOST", "127.0.0.1")
            monkeypatch.setenv("SMTP_PORT", str(smtp.port))
            monkeypatch.setenv("SMTP_TLS", "none")
            monkeypatch.setenv("SMTP_SENDER", "invites@mail.example")
            monkeypatch.setenv("SLACK_BOT_TOKEN", slack.bot_token)
            monkeypatch.setenv("SLACK_API_URL", slack.api_url)
            if by == "socket":
                monkeypatch.setenv("SLACK_APP_TOKEN", slack.app_token)
            else:
                monkeypatch.setenv("SLACK_SIGNING_SECRET", slack.signing_secret)
            port = free_port()
            settings = settings_of(
                Settings,
                database_url=sqlite_url,
                port=port,
                secret_key=SECRET,
                limit_resend_hours=0,  # pressed twice, it is sent twice
            )
            async with open_house(settings) as house, served(house, settings):
                slack.events_url = f"http://127.0.0.1:{port}/slack/events"
                if by == "socket":
                    await slack.until(lambda: slack.line.connections, seconds=PATIENCE)
                scene = Scene(
                    slack,
                    house,
                    ana=slack.add_user("Ana Ruiz"),
                    ben=slack.add_user("Ben Okafor"),
                    porch=slack.add_channel("front-porch"),
                    address=settings.address,
                )
                if led:
                    await _claim(scene)
                yield scene

    return opened


@pytest.fixture(params=["http", "socket"])
async def scene(request: pytest.FixtureRequest, open_slack: Open) -> AsyncIterator[Scene]:
    """The house by both ways of connecting."""
    async with open_slack(by=request.param) as opened:
        yield opened


@pytest.fixture
async def by_http(open_slack: Open) -> AsyncIterator[Scene]:
    """The house that Slack calls over HTTP."""
    async with open_slack() as opened:
        yield opened


async def _claim(scene: Scene) -> None:
    code = await claims.claim_code(scene.house.services, "slack", now=datetime.now(UTC))
    said = await scene.say(f"/leaders claim {code}")
    assert "Ana Ruiz" in said or "lead" in said, said
