"""By e-mail: from the leader's words to a household, and what may go wrong on the way."""

import re

import httpx
from playwright.async_api import expect

from tests.stories.conftest import STORY, Visit
from tests.stories.people import Leader, is_welcomed, sign_up

pytestmark = STORY


async def test_from_the_leaders_words_to_a_household(leader: Leader, visit: Visit) -> None:
    page = leader.page
    await page.keyboard.type("/inv")
    await expect(page.get_by_role("option").first).to_contain_text("/invite")
    await page.keyboard.press("Enter")
    await page.keyboard.type("email ana@example.org")
    await page.keyboard.press("Enter")
    await leader.hears("Inviting ana@example.org")
    receipt = leader.receipt("ana@example.org")
    await expect(receipt).to_contain_text("has been sent. No word yet that it arrived.")

    reader = await leader.open_mail("ana@example.org")
    await expect(reader).to_contain_text("Robin Vale invited you to join Maple Court")
    await reader.get_by_role("button", name="Deliver").click()
    await expect(receipt).to_contain_text("has been delivered. Not joined yet.")

    phone = await visit(await leader.mail_link("ana@example.org", "Accept the invitation"))
    await expect(phone.get_by_role("heading", level=1)).to_have_text("Join Maple Court")
    await expect(phone.get_by_label("Your e-mail")).to_have_value("ana@example.org")
    await sign_up(phone, name="Ana Ruiz", address="12 Elm Street")
    await is_welcomed(phone, "Ana Ruiz")
    await expect(receipt).to_contain_text(re.compile(r"joined at .* on \d"))
    await expect(receipt.get_by_role("button")).to_have_count(0)
    words = "Ana Ruiz joined at 12 Elm Street, invited by Robin Vale."
    await expect(leader.announced(words)).to_have_count(1)

    await phone.get_by_role("link", name="Add people of my household").click()
    await phone.get_by_label("Name", exact=True).fill("Luis Ruiz")
    await phone.get_by_role("button", name="Add to my household").click()
    await expect(phone.get_by_role("status")).to_have_text("Luis Ruiz is now in your household.")
    added = "Luis Ruiz joined the household at 12 Elm Street, added by Ana Ruiz."
    await expect(leader.announced(added)).to_have_count(1)
    await expect(leader.announced(words)).to_have_count(1)


async def test_the_letters_button_opens_the_sign_up_page(leader: Leader) -> None:
    await leader.say("/invite email opener@example.org")
    await expect(leader.receipt("opener@example.org")).to_contain_text("has been sent")
    await leader.open_mail("opener@example.org")
    letter = leader.page.frame_locator("#body iframe")
    async with leader.page.expect_popup() as opened:
        await letter.get_by_role("link", name="Accept the invitation").click()
    page = await opened.value
    await expect(page.get_by_role("heading", level=1)).to_have_text("Join Maple Court")


async def test_a_bounced_letter_is_sent_to_the_right_address_with_the_same_code(
    leader: Leader,
) -> None:
    first = await leader.invite("bnuce@example.org")
    reader = await leader.open_mail("bnuce@example.org")
    await reader.get_by_role("button", name="Bounce").click()
    receipt = leader.receipt("bnuce@example.org")
    await expect(receipt).to_contain_text("Check the spelling.")

    await leader.press("Fix the address", of=receipt)
    form = leader.page.get_by_role("group", name="Fix the address")
    await form.get_by_label("Right address or number").fill("bounce@example.org")
    await form.get_by_role("button", name="Send").click()
    await leader.hears("Sending it to bounce@example.org, with the same code.")
    await expect(leader.receipt("bounce@example.org")).to_contain_text("has been sent")
    assert await leader.mail_link("bounce@example.org", "Accept the invitation") == first


async def test_who_opts_out_is_left_alone_until_they_say_otherwise(
    leader: Leader, visit: Visit
) -> None:
    await leader.invite("quiet@example.org")
    page = await visit(await leader.mail_link("quiet@example.org", "Tell us once"))
    await page.get_by_role("button", name="Stop writing to me").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("You will get no more messages")
    await expect(leader.receipt("quiet@example.org")).to_contain_text(
        "This person asked not to be written to."
    )
    await leader.say("/invite email quiet@example.org")
    await leader.hears("quiet@example.org asked not to be written to. Nothing was sent.")

    await page.get_by_role("button", name="That was a mistake").click()
    await expect(page.get_by_role("status")).to_contain_text("Porchlight carries messages")
    await leader.say("/invite email quiet@example.org")
    await leader.hears(re.compile("quiet@example.org was invited on"))


async def test_a_mail_programs_own_button_opts_out_at_once(leader: Leader) -> None:
    await leader.invite("oneclick@example.org")
    link = await leader.mail_link("oneclick@example.org", "Tell us once")
    posted = httpx.post(link, data={"List-Unsubscribe": "One-Click"})
    assert posted.status_code == 200
    await expect(leader.receipt("oneclick@example.org")).to_contain_text(
        "This person asked not to be written to."
    )
    await leader.say("/invite email oneclick@example.org")
    await leader.hears("oneclick@example.org asked not to be written to. Nothing was sent.")
