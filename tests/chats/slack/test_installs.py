"""A workspace installs the app by itself, uses it, and takes it out again."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bot.__main__ import serve
from bot.app import House, open_house
from bot.chats.slack import installs
from bot.community import tokens
from bot.community.leaders import claims
from bot.messages import Card
from bot.ports import ChatRefused
from bot.settings import Settings
from storage import installations
from storage.tables import ChatInstallation, Invitation, Job
from tests.chats.serving import PATIENCE
from tests.chats.slack.conftest import SECRET
from tests.community.scene import all_of
from tests.settings import settings_of
from tests.standins.slack import SlackStandIn
from tests.stories.program import free_port

# Slack's own client still writes the header of `oauth.v2.access` in aiohttp's old way.
pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")

COOKIE = "slack-app-oauth-state"
CARD = Card("Hello")


@dataclass(slots=True)
class Shop:
    """Porchlight for any workspace, and one that has not installed it yet."""

    slack: SlackStandIn
    house: House
    web: httpx.AsyncClient  # the browser of somebody who may install apps
    ana: str
    porch: str

    async def state(self) -> str:
        """Go to Slack by our button. Gives the state that Slack will hand back."""
        page = await self.web.get(installs.INSTALL)
        assert page.status_code == 200
        [link] = re.findall(r'href="(https://slack\.com/oauth/v2/authorize[^"]+)"', page.text)
        asked = parse_qs(urlsplit(str(link).replace("&amp;", "&")).query)
        assert asked["client_id"] == [self.slack.client_id]
        assert "chat:write" in asked["scope"][0]
        assert page.cookies or "secure" in page.headers["set-cookie"].lower()
        return asked["state"][0]

    async def come_back(self, state: str, *, code: str = "", cookie: str | None = None) -> str:
        """Slack sends the browser back to us. Gives the page."""
        code = code or self.slack.grant(self.ana)
        held = state if cookie is None else cookie
        page = await self.web.get(
            installs.BACK, params={"code": code, "state": state},
            headers={"Cookie": f"{COOKIE}={held}"},
        )  # fmt: skip
        return f"{page.status_code} {page.text}"

    async def token(self) -> str | None:
        """What we may speak with in the workspace."""
        return await installs.token(self.house.services.storage, self.slack.team)

    async def install(self) -> None:
        assert (await self.come_back(await self.state())).startswith("200")

    async def say(self, text: str) -> str:
        before = len(self.slack.ephemeral)
        command, _, rest = text.partition(" ")
        await self.slack.command(self.ana, self.porch, command, rest)
        await self.slack.until(lambda: len(self.slack.ephemeral) > before, seconds=PATIENCE)
        return self.slack.ephemeral[-1].text


@pytest.fixture
async def shop(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    """The house with an app that anybody may install."""
    async with SlackStandIn() as slack:
        slack.subscribed |= {"tokens_revoked"}
        monkeypatch.setenv("SLACK_CLIENT_ID", slack.client_id)
        monkeypatch.setenv("SLACK_CLIENT_SECRET", slack.client_secret)
        monkeypatch.setenv("SLACK_SIGNING_SECRET", slack.signing_secret)
        monkeypatch.setenv("SLACK_API_URL", slack.api_url)
        port = free_port()
        settings = settings_of(Settings, database_url=sqlite_url, port=port, secret_key=SECRET)
        async with (
            open_house(settings) as house,
            served(house, settings),
            httpx.AsyncClient(base_url=settings.address, timeout=PATIENCE) as web,
        ):
            slack.events_url = f"{settings.address}/slack/events"
            ana, porch = slack.add_user("Ana Ruiz"), slack.add_channel("front-porch")
            yield Shop(slack, house, web, ana, porch)


@asynccontextmanager
async def served(house: House, settings: Settings) -> AsyncIterator[None]:
    stop = asyncio.Event()
    serving = asyncio.create_task(serve(house, settings, stop))
    async with httpx.AsyncClient() as web, asyncio.timeout(PATIENCE):
        while not serving.done():
            try:
                await web.get(f"{settings.address}/readyz")
                break
            except httpx.TransportError:
                await asyncio.sleep(0.02)
    try:
        yield
    finally:
        stop.set()
        await serving


async def test_a_workspace_installs_the_app_and_its_first_leader_speaks(shop: Shop) -> None:
    assert await shop.token() is None
    await shop.install()
    assert await shop.token() == shop.slack.bot_token
    code = await claims.claim_code(shop.house.services, "slack", now=datetime.now(UTC))
    assert "Welcome" in await shop.say(f"/leaders claim {code}")
    assert "2 access passes" in await shop.say("/passes 2")
    await shop.slack.until(lambda: shop.slack.in_channel(shop.ana), seconds=PATIENCE)


async def test_installing_again_takes_the_place_of_what_was_there(shop: Shop) -> None:
    await shop.install()
    await shop.install()
    assert len(await all_of(shop.house.services, ChatInstallation)) == 1


async def test_a_state_is_ours_fresh_and_of_this_browser(shop: Shop) -> None:
    state = await shop.state()
    keys = shop.house.services.keys
    until = datetime.now(UTC) - timedelta(seconds=1)
    old = tokens.sign(keys, "slack install", 7, until=until)
    of_something_else = tokens.sign(keys, "household", 7, until=until + timedelta(hours=1))
    for wrong in ("", "x", "1.2.3", f"{state[:-1]}~", old, of_something_else):
        assert not (await shop.come_back(wrong)).startswith("200")
    assert not (await shop.come_back("é", cookie=state)).startswith("200")
    assert not (await shop.come_back(state, cookie="")).startswith("200")
    assert not (await shop.come_back(state, cookie=await shop.state())).startswith("200")
    assert await shop.token() is None
    assert (await shop.come_back(state)).startswith("200")


async def test_a_grant_that_slack_does_not_know_installs_nothing(shop: Shop) -> None:
    page = await shop.come_back(await shop.state(), code="made-up")
    assert not page.startswith("200")
    assert await shop.token() is None


async def test_who_says_no_on_slacks_page_comes_back_to_words(shop: Shop) -> None:
    state = await shop.state()
    page = await shop.web.get(
        installs.BACK, params={"error": "access_denied", "state": state},
        headers={"Cookie": f"{COOKIE}={state}"},
    )  # fmt: skip
    assert "access_denied" in page.text
    assert shop.slack.calls == []
    assert await shop.token() is None


async def test_what_came_back_is_not_shown_as_markup(shop: Shop) -> None:
    page = await shop.web.get(installs.BACK, params={"error": "<script>alert(1)</script>"})
    assert "<script>alert" not in page.text


async def test_nothing_secret_is_logged(
    shop: Shop, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    state, code = await shop.state(), shop.slack.grant(shop.ana)
    await shop.come_back("forged")
    await shop.come_back(await shop.state(), code="made-up")
    await shop.come_back(state, code=code)
    assert await shop.token()
    logged = "".join(capfd.readouterr()) + caplog.text
    for secret in (shop.slack.bot_token, shop.slack.client_secret, state, code):
        assert secret not in logged


@pytest.mark.parametrize("how", ["app_uninstalled", "tokens_revoked"])
async def test_after_the_app_was_taken_out_nothing_is_posted_and_it_is_said(
    shop: Shop, how: str
) -> None:
    await shop.install()
    code = await claims.claim_code(shop.house.services, "slack", now=datetime.now(UTC))
    await shop.say(f"/leaders claim {code}")
    if how == "app_uninstalled":
        answer = await shop.slack.uninstall()
    else:
        gone = {"oauth": [shop.ana], "bot": [shop.slack.bot]}
        answer = await shop.slack.tell("tokens_revoked", tokens=gone)
    assert answer.status == 200
    async with asyncio.timeout(PATIENCE):
        while await shop.token():
            await asyncio.sleep(0.02)
    chat = shop.house.services.chats["slack"]
    for channel in (shop.ana, shop.porch):
        with pytest.raises(ChatRefused, match="was removed from this workspace"):
            await chat.post(f"{shop.slack.team}/{channel}", CARD, key="k")


async def test_where_the_app_is_not_installed_a_command_does_nothing(shop: Shop) -> None:
    await shop.slack.command(shop.ana, shop.porch, "/passes", "2")
    await asyncio.sleep(0.5)
    assert await all_of(shop.house.services, Invitation) == []
    assert [job for job in await all_of(shop.house.services, Job) if job.kind == "receipt"] == []


async def test_each_workspace_has_a_token_of_its_own(shop: Shop) -> None:
    await shop.install()
    storage, now = shop.house.services.storage, datetime.now(UTC)
    await storage.write(
        installations.put, "slack", "T0OTHER00", token="xoxb-other", bot="B2:U2", now=now
    )
    store = installs.Installations(storage)
    await store.async_delete_all(enterprise_id=None, team_id="T0OTHER00")
    assert await installs.token(storage, "T0OTHER00") is None
    assert await shop.token() == shop.slack.bot_token


@pytest.mark.parametrize("error", ["token_revoked", "account_inactive", "invalid_auth"])
async def test_one_workspace_that_shuts_us_out_does_not_hold_up_the_others(
    shop: Shop, error: str
) -> None:
    await shop.install()
    chat, channel = shop.house.services.chats["slack"], f"{shop.slack.team}/{shop.porch}"
    shop.slack.fault("chat.postMessage", error, times=1)
    with pytest.raises(ChatRefused, match="Install Porchlight there again"):
        await chat.post(channel, CARD, key="k")
    assert await chat.post(channel, CARD, key="l"), "it was only that once"
