"""The page for a leader's own phone: true words, one tick each, and nothing that goes by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import FloatRect, expect
from playwright.async_api import Page as Screen
from starlette.applications import Starlette

from bot.app import open_house, read_settings
from bot.ports import Services
from bot.web import routes
from storage.database import Storage
from storage.tables import Delivery
from tests.chats.serving import served
from tests.community import scene
from tests.conftest import DESK, PHONE, OpenPage
from tests.stories.program import free_port
from tests.web.test_pages import contrast
from tests.web.visitor import ADDRESS, Page, Visitor

NUMBERS = "201 555 0123, 201 555 0124"
MAIL_ALONE = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": "1", "SMTP_SENDER": "invites@mail.example"}


@pytest.fixture
async def services(sqlite_storage: Storage) -> Services:
    """A house whose leaders can send e-mails, and no texts."""
    return await scene.plugged(sqlite_storage, media=("email",))


@pytest.fixture
def leader(services: Services) -> Visitor:
    """Robin's phone."""
    return Visitor(Starlette(routes=routes(services, clock=lambda: scene.NOW)))


async def prepared(services: Services) -> str:
    """The address of Robin's page with two texts that wait."""
    asked = await scene.say(services, f"/invite text {NUMBERS}")
    ready = await scene.say(services, asked.buttons[0].call)
    return ready.buttons[0].url


async def opened(services: Services, leader: Visitor) -> Page:
    """Robin opens it."""
    return await leader.open((await prepared(services)).removeprefix(ADDRESS))


async def states(services: Services) -> list[str]:
    """What is known of the texts."""
    return [row.state for row in await scene.all_of(services, Delivery)]


async def test_looking_sends_nothing_and_ticks_nothing(services: Services, leader: Visitor) -> None:
    page = await opened(services, leader)
    for method in ("GET", "HEAD", "OPTIONS"):
        await leader.client.request(method, page.path)
    assert page.status == 200
    assert "Nothing goes by itself." in page.text
    assert "0 of 2 sent." in page.text
    assert await states(services) == ["queued", "queued"]


async def test_each_that_went_is_ticked_off(services: Services, leader: Visitor) -> None:
    page = await opened(services, leader)
    first = await leader.submit(page, 0, delivery="1")
    assert first.path == page.path
    assert "1 of 2 sent." in first.text
    assert "You sent it. We cannot see whether it arrived." in first.text
    assert len(first.forms) == 1
    again = await leader.submit(page, 0, delivery="1")
    assert "1 of 2 sent." in again.text
    last = await leader.submit(first, 0, delivery="2")
    assert "Nothing waits to be sent from here." in last.text
    assert await states(services) == ["sent", "sent"]


@pytest.mark.parametrize("typed", ["3", "", "x", "-1", "9" * 40, "²"])
async def test_a_tick_for_nothing_ticks_nothing(
    services: Services, leader: Visitor, typed: str
) -> None:
    page = await opened(services, leader)
    assert (await leader.submit(page, 0, delivery=typed)).status == 200
    assert await states(services) == ["queued", "queued"]


async def test_a_tick_comes_from_the_page_alone(services: Services, leader: Visitor) -> None:
    page = await opened(services, leader)
    stranger = await leader.client.post(page.path, data={"delivery": "1"})
    assert stranger.status_code == 403
    assert await states(services) == ["queued", "queued"]


async def test_a_link_that_is_not_the_leader_s_opens_nothing(
    services: Services, leader: Visitor
) -> None:
    path = (await opened(services, leader)).path
    for wrong in (f"{path}x", path.replace("/s/1/", "/s/2/"), f"/s/{'9' * 4400}/x", "/s/1/1.x"):
        assert (await leader.open(wrong)).status in {404, 410}, wrong
    assert "Press" in (await leader.open(f"{path}x")).text


async def test_the_link_opens_messages_with_number_and_words(
    services: Services, leader: Visitor
) -> None:
    page = await opened(services, leader)
    links = [each["href"] for tag, each in page.elements if each.get("href", "")[:4] == "sms:"]
    number, _, rest = links[0].removeprefix("sms:").partition("?&")
    assert number == "+12015550123"
    [words] = parse_qs(rest)["body"]
    assert "+" not in rest  # which Messages would show as such
    assert unescape(page.html).count(f"{words}</blockquote>") == 1
    hosts = {urlsplit(each["href"]).hostname for _, each in page.elements if "rel" in each} - {None}
    assert hosts == {"wa.me"}


async def test_only_this_page_may_run_a_script_and_only_ours(
    services: Services, leader: Visitor
) -> None:
    page = await opened(services, leader)
    policy = page.response.headers["Content-Security-Policy"]
    [script] = [each for tag, each in page.elements if tag == "script"]
    assert f"script-src 'nonce-{script['nonce']}'" in policy
    assert "unsafe" not in policy
    other = await leader.open("/join")
    assert "script-src" not in other.response.headers["Content-Security-Policy"]


async def test_it_is_told_apart_by_ear(services: Services, leader: Visitor) -> None:
    """The same buttons stand below each number, so each says which it belongs to."""
    page = await opened(services, leader)
    ids = {each["id"] for _, each in page.elements if "id" in each}
    pressed = [
        each
        for tag, each in page.elements
        if tag == "button" or each.get("class", "").startswith("button")
    ]
    assert len(pressed) == 10
    assert {each["aria-describedby"] for each in pressed} == {"who-1", "who-2"} <= ids


# In a browser


@asynccontextmanager
async def house_by_mail_alone() -> AsyncIterator[Services]:
    """The real program, with a playground and no way to send texts."""
    values = {**MAIL_ALONE, "SMTP_TLS": "none", "PLAYGROUND": "on", "PORT": str(free_port())}
    Path(".env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    settings = read_settings()
    async with open_house(settings) as house, served(house, settings):
        yield house.services


@pytest.mark.browser
@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
async def test_it_works_on_a_phone_by_keyboard(page_at: OpenPage, *, javascript: bool) -> None:
    async with house_by_mail_alone() as services:
        screen = await page_at(await prepared(services), size=PHONE, javascript=javascript)
        assert await screen.locator("button:visible", has_text="Copy").count() == 2 * javascript
        tick = screen.get_by_role("button", name="I sent it").first
        await tick.focus()
        await screen.keyboard.press("Enter")
        await expect(screen.get_by_text("1 of 2 sent.")).to_be_visible()
        await expect(screen.get_by_text("You sent it.")).to_be_visible()
        assert await states(services) == ["sent", "queued"]


@pytest.mark.browser
async def test_the_words_are_shared_and_copied_as_they_stand(page_at: OpenPage) -> None:
    async with house_by_mail_alone() as services:
        screen = await page_at(await prepared(services))
        await screen.add_init_script("navigator.share = async (what) => { window.told = what; };")
        await screen.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await screen.reload()
        words = await screen.locator("blockquote").first.text_content()
        await screen.get_by_role("button", name="Share").first.click()
        assert await screen.evaluate("window.told") == {"text": words}
        await screen.get_by_role("button", name="Copy").first.click()
        await expect(screen.get_by_role("button", name="Copied")).to_be_visible()
        assert await screen.evaluate("navigator.clipboard.readText()") == words


@pytest.mark.browser
async def test_it_suits_a_thumb_and_tired_eyes(page_at: OpenPage) -> None:
    async with house_by_mail_alone() as services:
        url = await prepared(services)
        for size in (PHONE, {**PHONE, "width": 280}, DESK):
            screen = await page_at(url, size=size)
            wide = await screen.evaluate("document.documentElement.scrollWidth")
            assert wide <= size["width"]
            for scheme in ("light", "dark"):
                await screen.emulate_media(color_scheme=scheme)
                assert await faint(screen) == []
        heights = [box["height"] for box in await boxes(screen) if box]
        assert len(heights) == 8
        assert min(heights) >= 48


async def boxes(screen: Screen) -> list[FloatRect | None]:
    """Where what can be pressed stands; Chromium on a desk shares nothing."""
    pressed = await screen.locator(".button:visible").all()
    return await asyncio.gather(*(each.bounding_box() for each in pressed))


async def faint(screen: Screen) -> list[str]:
    """The words that do not stand out: below 4.5:1."""
    pairs = await screen.evaluate(
        """() => {
          const hex = (text) => "#" + text.match(/[\\d.]+/g).slice(0, 3)
            .map((part) => Number(part).toString(16).padStart(2, "0")).join("");
          const behind = (element) => {
            const colour = getComputedStyle(element).backgroundColor;
            return colour.endsWith(", 0)") ? behind(element.parentElement) : hex(colour);
          };
          return [...document.querySelectorAll("main *")]
            .filter((one) => one.checkVisibility() && !one.matches("script"))
            .filter((one) => [...one.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
            .map((one) => [one.textContent.trim(), hex(getComputedStyle(one).color), behind(one)]);
        }"""
    )
    assert len(pairs) > 10
    return [words for words, ink, ground in pairs if contrast(ink, ground) < 4.5]
