"""A fresh clone with nothing set up: the first screen says what to do, and all of it works."""

import re

import pytest
from playwright.async_api import expect

from bot.commands import COMMANDS
from tests.conftest import PHONE
from tests.stories.conftest import STORY, Visit
from tests.stories.people import Leader, scrolls_sideways
from tests.stories.program import Program

pytestmark = STORY


async def test_the_first_screen_says_what_to_do(leader: Leader) -> None:
    page = leader.page
    for words in (
        "Welcome to the porch",
        "Here you are a leader",
        "Nothing leaves this computer",
        "You are Robin Vale.",
        "When a resident signs up, Porchlight says here who joined",
    ):
        await expect(page.get_by_text(words)).to_be_visible()
    await expect(page.get_by_label("Message to Porchlight")).to_be_focused()
    assert not await scrolls_sideways(page)


@pytest.mark.parametrize(
    ("idea", "answer"),
    [
        ("/invite email ana@example.org", "Inviting ana@example.org."),
        ("/invite text +1 201 555 0123", "Inviting +1 201-555-0123 (United States)."),
        ("/passes 4", "Here are 4 access passes"),
    ],
)
async def test_each_idea_is_one_press_and_enter_away(
    leader: Leader, idea: str, answer: str
) -> None:
    await leader.page.locator("#ideas").get_by_role("button", name=idea).click()
    await expect(leader.page.get_by_label("Message to Porchlight")).to_have_value(idea)
    await leader.page.keyboard.press("Enter")
    await leader.hears(answer)


async def test_the_list_of_commands_has_all_of_them(leader: Leader) -> None:
    await leader.page.get_by_role("button", name="Commands", exact=True).click()
    listed = leader.page.get_by_role("dialog", name="Commands")
    for command in COMMANDS:
        heading = listed.get_by_role("heading", name=f"/{command.name} {command.summary}")
        await expect(heading).to_be_visible()
    await leader.page.keyboard.press("Escape")
    await expect(listed).to_be_hidden()


@pytest.mark.parametrize("typed", ["/passes 3", "/invites 1", "/help"])
async def test_enter_sends_what_was_typed(leader: Leader, typed: str) -> None:
    await leader.page.keyboard.type(typed)
    await leader.page.keyboard.press("Enter")
    said = leader.page.locator("#chat-log article.leader .words").last
    await expect(said).to_have_text(re.compile(rf"^{typed}$"))


async def test_it_fits_a_phone(program: Program, visit: Visit) -> None:
    page = await visit(program.at("/"), size=PHONE)
    await expect(page.get_by_text("Welcome to the porch")).to_be_visible()
    assert not await scrolls_sideways(page)
    await page.get_by_role("tab", name="Mail").click()
    await expect(page.get_by_role("tabpanel", name="Mail")).to_be_visible()
