"""Somebody without a code asks on a phone, a leader decides at the playground, and they are in."""

import pytest
from playwright.async_api import Locator, Page, expect

from tests.conftest import DESK, PHONE
from tests.stories.conftest import STORY, Visit
from tests.stories.people import Leader, is_welcomed, scrolls_sideways, sign_up
from tests.stories.program import Program

pytestmark = STORY

_LARGE = "document.documentElement.style.fontSize = '225%'"  # twice the 112.5 % of our style


async def ask(page: Page, *, name: str, address: str, contact: str, words: str = "") -> None:
    """Fill in the form and send it off."""
    await page.get_by_label("Your name").fill(name)
    await page.get_by_label("Your address in").fill(address)
    await page.get_by_label("Your e-mail or mobile number").fill(contact)
    await page.get_by_label("A few words to the leaders").fill(words)
    await page.get_by_role("button", name="Ask to be let in").click()


async def is_thanked(page: Page) -> None:
    await expect(page.get_by_role("heading", level=1)).to_have_text("Thank you for asking")


async def card(leader: Leader, name: str) -> Locator:
    """The message that shows somebody's request."""
    found = leader.replies(f"{name}, ").filter(has_text="Request #").first
    await expect(found).to_be_visible()
    return found


@pytest.mark.parametrize("javascript", [True, False], ids=["with a script", "without a script"])
async def test_somebody_asks_is_approved_and_joins(
    program: Program, visit: Visit, leader: Leader, javascript: bool
) -> None:
    address = f"{70 + javascript} Elm Street"
    name, contact = f"Ines {javascript:d}", f"ines-{javascript:d}@example.org"
    page = await visit(program.at("/join"), javascript=javascript)
    await page.get_by_role("link", name="No code? Ask to be let in").click()
    await ask(page, name=name, address=address, contact="ines@", words="Hello!")
    await expect(page.get_by_role("alert")).to_contain_text("Nothing was sent yet.")
    await expect(page.get_by_label("A few words to the leaders")).to_have_value("Hello!")
    await page.get_by_label("Your e-mail or mobile number").fill(contact)
    await page.get_by_role("button", name="Ask to be let in").click()
    await is_thanked(page)

    shown = await card(leader, name)
    await expect(shown).to_contain_text("“Hello!”")
    await leader.press("Approve", of=shown)
    await leader.hears(f"Approved. Inviting {contact}.")
    await expect(shown).to_contain_text("Robin Vale approved it on")
    await expect(shown.get_by_role("button", name="Decline")).to_have_count(0)
    await expect(leader.receipt(contact)).to_contain_text("has been sent")

    await page.goto(await leader.mail_link(contact, "Accept the invitation"))
    await expect(page.get_by_label("Your name")).to_have_value(name)
    await expect(page.get_by_label("Your address in")).to_have_value(address)
    await sign_up(page, name=name, address=address)
    await is_welcomed(page, name)
    await expect(leader.receipt(contact)).to_contain_text(f"{name} joined at {address}")


async def test_somebody_is_declined_and_asks_nothing_more(
    program: Program, visit: Visit, leader: Leader
) -> None:
    page = await visit(program.at("/ask/maple-court"))
    await ask(page, name="Mal Lory", address="1 Nowhere", contact="mal@example.org")
    await is_thanked(page)
    shown = await card(leader, "Mal Lory")
    await leader.press("Decline", of=shown)
    form = await leader.hears("What they are told")
    await form.get_by_label("What they are told").select_option("address")
    await form.get_by_role("button", name="Decline").click()
    await expect(shown).to_contain_text("Robin Vale declined it on")
    await expect(shown).to_contain_text("We could not find your address in our community.")
    await leader.press("Take back", of=shown)
    await expect(shown).to_contain_text("asks to be let in.")


async def test_large_letters_never_scroll_sideways(program: Program, visit: Visit) -> None:
    for size in (PHONE, DESK):
        page = await visit(program.at("/ask/maple-court"), size=size)
        for path in ("/ask/maple-court", "/ask/maple-court/sent", "/join", "/ask/nowhere"):
            await page.goto(program.at(path))
            assert not await scrolls_sideways(page), path
            await page.evaluate(_LARGE)
            assert not await scrolls_sideways(page), path


async def test_a_keyboard_is_enough(program: Program, visit: Visit) -> None:
    page = await visit(program.at("/ask/maple-court"))
    fields = ("Søren", "72 Elm Street", "soren@example.org")
    await page.get_by_label("Your name").focus()
    for words in fields:
        await page.keyboard.type(words)
        await page.keyboard.press("Tab")
    await page.keyboard.type("We are new here.")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await is_thanked(page)
