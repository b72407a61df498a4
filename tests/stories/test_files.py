"""Files at the playground's page: by the paper clip, dropped or pasted, and put into forms."""

from playwright.async_api import Locator, Page, expect

from tests.stories.conftest import STORY
from tests.stories.people import Leader

pytestmark = STORY

_NOTES = {"name": "notes.docx", "mimeType": "application/msword", "buffer": b"no table"}
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
    await page.locator("#files").set_input_files([_NOTES, {**_NOTES, "name": "more.docx"}])
    waiting = page.get_by_role("list", name="Files to be sent")
    await expect(waiting.get_by_role("listitem")).to_have_count(2)
    await waiting.get_by_role("button", name="Leave out more.docx").click()
    await expect(waiting.get_by_role("listitem")).to_have_text(["notes.docx✕"])
    await page.get_by_role("button", name="Send").click()
    await leader.hears(_WHAT_FOR)
    await expect(waiting).to_be_hidden()
    await expect(said(page)).to_contain_text("📎 notes.docx")
    await leader.say("/help")
    await expect(said(page)).not_to_contain_text("notes.docx")


async def test_a_file_may_be_dropped_anywhere_or_pasted(leader: Leader) -> None:
    for kind in "drop", "paste":
        await leader.page.evaluate(_DROP, kind)
        await expect(leader.page.locator("#attached")).to_contain_text("notes.docx")
        await leader.page.keyboard.press("Enter")
        await expect(leader.page.locator("#attached")).to_be_hidden()
        await expect(said(leader.page)).to_contain_text("📎 notes.docx")
        await leader.hears(_WHAT_FOR)


def said(page: Page) -> Locator:
    """What the leader said last."""
    return page.locator("#chat-log .leader").last
