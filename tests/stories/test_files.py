"""Files at the playground's page: by the paper clip, dropped or pasted, and put into forms."""

import io
import re

from PIL import Image
from playwright.async_api import FilePayload, Locator, Page, expect

from tests.stories.conftest import STORY
from tests.stories.people import Leader

pytestmark = STORY

_NOTES = FilePayload(name="notes.docx", mimeType="application/msword", buffer=b"no table")
_TABLE = FilePayload(name="people.csv", mimeType="text/csv", buffer=b"address\n4 Elm Street\n")
_WHAT_FOR = "I can read two kinds of files"
_DROP = """(kind) => {
    const data = new DataTransfer();
    data.items.add(new File(["no table"], "notes.docx"));
    const happened = kind === "drop"
        ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
        : new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
    document.getElementById(kind === "drop" ? "channel" : "composer").dispatchEvent(happened);
}"""


async def test_a_file_goes_with_the_words_below_which_it_stands(leader: Leader) -> None:
    page = leader.page
    more: FilePayload = {**_NOTES, "name": "more.docx"}
    await page.locator("#files").set_input_files([_NOTES, more])
    waiting = page.get_by_role("list", name="Files to be sent")
    await expect(waiting.get_by_role("listitem")).to_have_count(2)
    await waiting.get_by_role("button", name="Leave out more.docx").click()
    await expect(waiting.get_by_role("listitem")).to_have_text(["notes.docx✕"])
    await page.get_by_role("button", name="Send").click()
    await leader.hears(_WHAT_FOR)
    await expect(waiting).to_be_hidden()
    await expect(said(page)).to_contain_text("File: notes.docx")
    await leader.say("/help")
    await expect(said(page)).not_to_contain_text("notes.docx")


async def test_a_file_may_be_dropped_anywhere_or_pasted(leader: Leader) -> None:
    for kind in "drop", "paste":
        await leader.page.evaluate(_DROP, kind)
        await expect(leader.page.locator("#attached")).to_contain_text("notes.docx")
        await leader.page.keyboard.press("Enter")
        await expect(leader.page.locator("#attached")).to_be_hidden()
        await expect(said(leader.page)).to_contain_text("File: notes.docx")
        await leader.hears(_WHAT_FOR)


async def test_a_table_is_taken_with_and_without_a_form(leader: Leader) -> None:
    await leader.page.locator("#files").set_input_files(_TABLE)
    await leader.page.get_by_role("button", name="Send").click()
    await leader.hears("1 new, 0 changed, 0 the same.")
    await leader.say("/roster import")
    form = (await leader.hears("Which file?")).get_by_role("group")
    await form.get_by_label("CSV file").set_input_files({**_TABLE, "name": "again.csv"})
    await form.get_by_role("button", name="Read").click()
    await leader.hears("again.csv, 1 row")


async def test_a_picture_is_shown_small_and_large(leader: Leader) -> None:
    drawn = io.BytesIO()
    Image.new("RGB", (320, 80), "teal").save(drawn, "PNG")
    logo = FilePayload(name="logo.png", mimeType="image/png", buffer=drawn.getvalue())
    await leader.page.locator("#files").set_input_files(logo)
    await leader.page.locator("#composer").fill("/community logo")
    await leader.page.keyboard.press("Enter")
    shown = (await leader.hears("This is the logo from now on")).get_by_role("img")
    await expect(shown).to_have_attribute("alt", re.compile("The logo of"))
    await expect(shown).to_have_js_property("naturalWidth", 320)
    await shown.click()
    large = leader.page.get_by_role("dialog", name="Picture")
    await expect(large.get_by_role("img")).to_be_visible()
    await large.click()
    await expect(large).to_be_hidden()


def said(page: Page) -> Locator:
    """What the leader said last."""
    return page.locator("#chat-log .leader").last
