"""Forms in the chat: they ask for what is chosen, and begin at their beginning."""

import pytest
from playwright.async_api import expect

from tests.stories.conftest import STORY
from tests.stories.people import Leader

pytestmark = STORY


@pytest.mark.parametrize(
    ("way", "label", "typed", "answer"),
    [
        ("By e-mail", "Addresses", "rosa@example.org", "Inviting rosa@example.org."),
        (
            "By text message",
            "Mobile numbers",
            "201 555 0144",
            "Inviting +1 201-555-0144",
        ),
        (
            "By text from my own phone",
            "Numbers to text yourself",
            "201 555 0155",
            "is ready; nothing has been sent",
        ),
        ("On paper", "How many passes", "2", "Here are 2 access passes"),
    ],
)
async def test_the_form_asks_for_what_is_chosen(
    leader: Leader, way: str, label: str, typed: str, answer: str
) -> None:
    await leader.say("/invite")
    form = (await leader.hears("Whom would you like to invite?")).get_by_role("group")
    await expect(form.get_by_label("Addresses")).to_be_visible()
    await form.get_by_label("How", exact=True).select_option(way)
    labels = {"Addresses", "Mobile numbers", "Numbers to text yourself", "How many passes"}
    for other in labels - {label}:
        await expect(form.get_by_label(other)).to_be_hidden()
    await form.get_by_label(label).fill(typed)
    await form.get_by_role("button", name="Send").click()
    await leader.hears(answer)


async def test_a_long_form_begins_at_its_top(leader: Leader) -> None:
    await leader.say("/community edit")
    form = (await leader.hears("Change what you like")).get_by_role("group")
    await expect(form.get_by_text("Your community")).to_be_in_viewport()
    await expect(form.get_by_label("Name", exact=True)).to_be_focused()
    await form.get_by_label("Name", exact=True).fill("Elm & Oak")
    await form.get_by_label("Name", exact=True).press("Enter")
    await leader.hears("Elm & Oak")
    await expect(leader.page.get_by_role("heading", level=1)).to_contain_text("Elm & Oak")
