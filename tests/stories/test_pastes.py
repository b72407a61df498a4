"""A paste from a real mailbox: everything is judged on sight, the good ones are sent once."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.stories.conftest import STORY
from tests.stories.people import Leader

pytestmark = STORY

PASTES = Path(__file__).parents[1] / "data"


@pytest.mark.parametrize(
    ("way", "file", "pane"),
    [("email", "paste_emails.txt", "#mail-list"), ("text", "paste_phones.txt", "#phone-list")],
)
async def test_every_entry_is_judged_and_the_good_ones_are_sent_once(
    leader: Leader, way: str, file: str, pane: str
) -> None:
    page = leader.page
    await _watch_for_strangers(page)
    await leader.say(f"/invite {way} {(PASTES / file).read_text()}")
    preview = await leader.hears("Nothing is sent until you press Send.")
    entries, good = await _counted(preview)
    rows = (await preview.locator(".words").inner_text()).splitlines()[1:-1]
    assert len(rows) == entries
    assert sum(row.startswith("✓ ") for row in rows) == good
    await expect(page.locator(f"{pane} > *")).to_have_count(0)

    send = preview.get_by_role("button", name=f"Send {good}", exact=True)
    await send.dblclick()
    await leader.hears(f"Inviting {good} people.")
    await expect(preview.get_by_role("button")).to_have_count(0)
    await expect(page.locator(f"{pane} > *")).to_have_count(good)
    receipt = leader.replies(f"{good} invitations").first
    await expect(receipt).to_contain_text(f"{good} of {good} sent")
    await expect(leader.replies(f"Inviting {good} people.")).to_have_count(1)
    assert await page.evaluate("window.strangers") == []


async def _counted(preview: Locator) -> tuple[int, int]:
    """How many entries the preview counts, and how many it would send."""
    found = re.search(r"(\d+) entries: (\d+) can be invited", await preview.inner_text())
    assert found
    return int(found[1]), int(found[2])


async def _watch_for_strangers(page: Page) -> None:
    """Note every element that only somebody's typing could have brought to the page."""
    await page.evaluate(
        """() => {
            window.strangers = [];
            const odd = "script, img, iframe, object, embed, style, [onerror], [onload]";
            new MutationObserver((changes) => {
                for (const { addedNodes } of changes) for (const node of addedNodes) {
                    if (node.matches?.(odd) || node.querySelector?.(odd))
                        window.strangers.push(node.outerHTML);
                }
            }).observe(document.body, { childList: true, subtree: true });
            window.alert = (words) => window.strangers.push(`alert: ${words}`);
        }"""
    )


async def test_a_slip_is_offered_for_correction(leader: Leader) -> None:
    await leader.say("/invite email ana.ruiz@gmial.com")
    doubt = await leader.hears("Did you mean ana.ruiz@gmail.com?")
    await leader.press("Send to ana.ruiz@gmail.com", of=doubt)
    await expect(leader.receipt("ana.ruiz@gmail.com")).to_contain_text("has been sent")
    await expect(doubt.get_by_role("button")).to_have_count(0)


async def test_hostile_names_stay_words_everywhere(leader: Leader) -> None:
    await _watch_for_strangers(leader.page)
    await leader.say("/community name <img src=x onerror=alert(1)>&amp;")
    await leader.say("/invite <script>alert(1)</script>")
    await leader.say("/passes 1 <b>Elm</b>")
    await leader.hears("1 access pass “<b>Elm</b>”")
    assert await leader.page.evaluate("window.strangers") == []
