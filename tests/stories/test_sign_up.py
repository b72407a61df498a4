"""Signing up on any phone: without a script, by keyboard, in large letters, after mistakes."""

import re
from datetime import UTC, datetime

import httpx
import pytest
from playwright.async_api import Page, expect
from sqlmodel import Session

from storage.database import Storage
from storage.tables import Invitation
from tests.stories.conftest import STORY, Visit
from tests.stories.people import is_welcomed, scrolls_sideways, sign_up
from tests.stories.program import Program, wait_for

pytestmark = STORY

with_and_without_script = pytest.mark.parametrize(
    "javascript", [True, False], ids=["with a script", "without a script"]
)
_LARGE = "document.documentElement.style.fontSize = '225%'"  # twice the 112.5 % of our style


@with_and_without_script
async def test_mistakes_are_shown_beside_their_fields_and_nothing_is_lost(
    program: Program, visit: Visit, javascript: bool
) -> None:
    page = await visit(program.invite(f"slip-{javascript:d}@example.org"), javascript=javascript)
    await sign_up(page, name="Gladys", address=f"{20 + javascript} Elm Street", contact="gladys@")
    await expect(page.get_by_role("alert")).to_contain_text("Nothing was sent yet.")
    contact = page.get_by_label("Your e-mail or phone number")
    await expect(contact).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_label("Your name")).to_have_value("Gladys")
    await contact.fill("gladys@example.org")
    await page.get_by_role("button", name="Join").click()
    await is_welcomed(page, "Gladys")


@with_and_without_script
async def test_a_keyboard_is_enough(program: Program, visit: Visit, javascript: bool) -> None:
    page = await visit(program.invite(f"keys-{javascript:d}@example.org"), javascript=javascript)
    for label, words in (("Your name", "Søren"), ("Your address in", f"{30 + javascript} Elm")):
        await _tab_to(page, label)
        await page.keyboard.type(words)
    await page.keyboard.press("Enter")
    await is_welcomed(page, "Søren")


async def _tab_to(page: Page, label: str) -> None:
    field = page.get_by_label(label)
    for _ in range(20):
        await page.keyboard.press("Tab")
        if await field.evaluate("node => node === document.activeElement"):
            return
    raise AssertionError(f"Tab never reaches “{label}”")


async def test_large_letters_never_scroll_sideways(program: Program, visit: Visit) -> None:
    page = await visit(program.invite("large-letters.of-a-long-address@example.org"))
    await _is_narrow(page)
    await sign_up(page, name="Wilhelmina", address="Flat 4, 112 Old Orchard Lane")
    await is_welcomed(page, "Wilhelmina")
    await _is_narrow(page)
    for path in ("/household", "/join", "/j/nonsense", "/household/link", "/nowhere"):
        await page.goto(program.at(path))
        await _is_narrow(page)


async def _is_narrow(page: Page) -> None:
    assert not await scrolls_sideways(page)
    await page.evaluate(_LARGE)
    assert not await scrolls_sideways(page), page.url


@with_and_without_script
async def test_a_used_code_welcomes_its_owner_and_helps_everybody_else(
    program: Program, visit: Visit, javascript: bool
) -> None:
    link = program.invite(f"used-{javascript:d}@example.org")
    owner = await visit(link, javascript=javascript)
    await sign_up(owner, name="Priya", address=f"{40 + javascript} Elm Street")
    await is_welcomed(owner, "Priya")
    await owner.goto(link)
    await is_welcomed(owner, "Priya")

    other = await visit(link, javascript=javascript)
    await expect(other.get_by_role("heading", level=1)).to_have_text("This code has been used")
    await expect(other.get_by_role("alert")).to_contain_text("Each code works once")
    await other.get_by_role("link", name="Find my household page").click()
    await expect(other.get_by_role("heading", level=1)).to_have_text("Find my household")


async def test_a_void_code_says_whom_to_ask(program: Program, visit: Visit) -> None:
    link = program.invite("void@example.org")
    program.say(f"/invites void {_number(program, 'void@example.org')}")
    page = await visit(link)
    await expect(page.get_by_role("heading", level=1)).to_have_text("This code was taken back")
    await expect(page.get_by_role("alert")).to_contain_text("ask whoever gave it to you")


async def test_an_expired_code_works_again_when_the_leader_sends_it_again(
    program: Program, visit: Visit
) -> None:
    link = program.invite("late@example.org")
    number = _number(program, "late@example.org")
    await _let_run_out(program, number)
    page = await visit(link)
    await expect(page.get_by_role("heading", level=1)).to_have_text("This code has run out")
    await expect(page.get_by_role("alert")).to_contain_text(
        "Robin Vale of Maple Court can make it work again."
    )
    assert "Renewing makes it work again." in program.say(f"/invites {number}")
    program.say(f"/invites resend {number}")
    await page.goto(link)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Join Maple Court")


async def _let_run_out(program: Program, number: int) -> None:
    """Do to an invitation what only time does."""

    def change(session: Session) -> None:
        session.get_one(Invitation, number).expires_at = datetime.now(UTC)

    storage = Storage.open(program.database_url)
    await storage.write(change)
    await storage.close()


async def test_an_unknown_code_asks_for_another_look(program: Program, visit: Visit) -> None:
    page = await visit(program.at("/j/000000000000"))  # its check symbol is right
    await expect(page.get_by_role("alert")).to_contain_text("We do not know this code.")
    await expect(page.get_by_label("Access code")).to_have_value("000000000000")


async def test_scanners_and_previews_change_nothing(program: Program, visit: Visit) -> None:
    link = program.invite("scanned@example.org")
    for agent in ("Slackbot-LinkExpanding 1.0", "TelegramBot (like TwitterBot)", "Mimecast"):
        for method in ("HEAD", "GET", "GET"):
            seen = httpx.request(method, link, headers={"User-Agent": agent})
            assert seen.status_code == 200
    assert httpx.post(link, data={"name": "Bot", "address": "1 Elm"}).status_code == 403
    page = await visit(link)
    await sign_up(page, name="Chidi", address="50 Elm Street")
    await is_welcomed(page, "Chidi")


async def test_two_presses_make_one_member(program: Program, visit: Visit) -> None:
    page = await visit(program.invite("twice@example.org"))
    await page.get_by_label("Your name").fill("Walter")
    await page.get_by_label("Your address in").fill("60 Elm Street")
    await page.get_by_role("button", name="Join").dblclick()
    await is_welcomed(page, "Walter")

    def found() -> bool:  # search knows of a join a moment later
        return "Walter (head), since" in program.say("/members 60 Elm Street")

    assert wait_for(found)


def _number(program: Program, address: str) -> int:
    found = re.search(rf"#(\d+) {re.escape(address)}:", program.say("/invites"))
    assert found
    return int(found[1])
