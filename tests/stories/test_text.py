"""By text: to a phone and back, and what a leader reads when somebody replies STOP."""

import re

from playwright.async_api import expect

from tests.stories.conftest import STORY, Visit
from tests.stories.people import Leader, address_of, is_welcomed, sign_up

pytestmark = STORY


async def test_an_invitation_by_text_leads_to_a_household(leader: Leader, visit: Visit) -> None:
    await leader.say("/invite text +1 201 555 0123")
    receipt = leader.receipt("+1 201-555-0123")
    await expect(receipt).to_contain_text("the text has been sent")
    text = await leader.open_text("+12015550123")
    await text.get_by_role("button", name="Deliver").click()
    await expect(receipt).to_contain_text("has been delivered. Not joined yet.")

    await expect(text).to_contain_text("Maple Court: Robin Vale invited you to join.")
    phone = await visit(await address_of(text.locator(".words a")))
    await expect(phone.get_by_label("Your e-mail or phone")).to_have_value("+12015550123")
    await sign_up(phone, name="Björn Okafor", address="3 Elm Street", others="Zoë Okafor")
    await is_welcomed(phone, "Björn Okafor")
    await expect(phone.get_by_text("With you: Zoë Okafor.")).to_be_visible()
    await expect(receipt).to_contain_text(re.compile(r"joined at .* on \d"))
    words = "Björn Okafor and Zoë Okafor joined at 3 Elm Street, invited by Robin Vale."
    await expect(leader.announced(words)).to_have_count(1)


async def test_who_replies_stop_gets_a_pass_instead(leader: Leader) -> None:
    await leader.say("/invite text (201) 555-0124")
    receipt = leader.receipt("+1 201-555-0124")
    await expect(receipt).to_contain_text("the text has been sent")
    text = await leader.open_text("+12015550124")
    await text.get_by_role("button", name="Reply STOP").click()
    await expect(receipt).to_contain_text("does not want to be written to.")
    await expect(receipt).to_contain_text("Invite them by e-mail, or hand them a pass.")
    await expect(receipt.get_by_role("button", name="Resend")).to_have_count(0)

    await leader.press("On a pass", of=receipt)
    await leader.hears("The same code, on a pass to hand over.")

    await leader.say("/invite text 201 555 0124")
    await leader.hears("+1 201-555-0124 asked not to be written to. Nothing was sent.")
