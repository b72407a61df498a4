"""A street is invited from the roster: a picture before, a join and a bounce, a picture after."""

from pathlib import Path

from playwright.async_api import Locator, expect

from tests.stories.conftest import STORY, Visit
from tests.stories.people import Leader, is_welcomed, sign_up

pytestmark = STORY

ROSTER = Path(__file__).parents[1] / "data" / "roster.csv"


async def coverage(leader: Leader, words: str) -> tuple[Locator, bytes]:
    """The numbers, which have these words, and the picture, which says the same."""
    await leader.say("/coverage")
    said = await leader.hears(words)
    picture = said.get_by_role("img")
    await expect(picture).to_be_visible()
    assert words in (await picture.get_attribute("alt") or "")
    png = await leader.download(said)
    assert png.startswith(b"\x89PNG")
    return said, png


async def test_a_street_fills_up(leader: Leader, visit: Visit) -> None:
    page = leader.page
    await leader.say("/coverage")
    await leader.hears("There is no roster yet")
    await page.locator("#files").set_input_files(ROSTER)
    await leader.say("")
    await leader.press("Add 180", of=await leader.hears("180 new, 0 changed, 0 the same."))
    await leader.hears("roster.csv is on the roster: 180 new")
    numbers, before = await coverage(leader, "Elm Street: 0 of 30 joined, 30 never invited")
    await expect(numbers).to_contain_text("4 of these have neither e-mail nor number")

    await leader.say("/coverage invite Elm Street")
    preview = await leader.hears("29 invitations, 23 by e-mail and 6 by text, would be sent")
    await expect(page.locator("#mail-list > *")).to_have_count(0)
    await preview.get_by_role("button", name="Send 29", exact=True).dblclick()
    await leader.hears("Inviting 29 people.")
    await expect(preview.get_by_role("button")).to_have_count(0)
    await expect(page.locator("#mail-list > *")).to_have_count(23)
    await expect(leader.replies("Inviting 29 people.")).to_have_count(1)

    phone = await visit(await leader.mail_link("zoe.davis2@", "Accept the invitation"))
    await expect(phone.locator("[name=address]")).to_have_value("5 Elm Street")
    await expect(phone.locator("[name=name]")).to_have_value("")
    await sign_up(phone, name="Zoë Davis", address="5 Elm St.")
    await is_welcomed(phone, "Zoë Davis")
    reader = await leader.open_mail("aisha.muller3@")
    await reader.get_by_role("button", name="Bounce").click()
    receipt = leader.replies("29 invitations in several ways").first
    await expect(receipt).to_contain_text("1 joined")
    await expect(receipt).to_contain_text("1 bounced")

    numbers, after = await coverage(
        leader, "Elm Street: 1 of 30 joined, 27 invited, 1 failed, 1 never invited"
    )
    assert after != before
    await leader.press("Failed", of=numbers)
    failed = await leader.hears("1 address where the invitation failed")
    await expect(failed).to_contain_text("✗ 7 Elm Street: Aisha Müller, bounced")
    await leader.say("/coverage elm stret")
    await expect(await leader.hears("30 addresses in Elm Street")).to_contain_text(
        "★ 5 Elm Street: Zoë Davis"
    )
    await leader.say("/billing")
    await leader.hears("1 registered household in Maple Court, with 1 member.")
