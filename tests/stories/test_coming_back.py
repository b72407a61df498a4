"""The head of a household comes back by a link, and the program comes back after a stop."""

from pathlib import Path

from playwright.async_api import expect

from tests.stories.conftest import STORY, Visit, at_playground
from tests.stories.people import is_welcomed, sign_up
from tests.stories.program import Program, free_port, running

pytestmark = STORY


async def test_the_head_comes_back_by_a_link_and_removes_somebody(
    program: Program, visit: Visit
) -> None:
    joined = await visit(program.invite("mildred@example.org"))
    await sign_up(joined, name="Mildred", address="9 Elm Street", others="Eugene")
    await is_welcomed(joined, "Mildred")

    page = await visit(program.at("/household"))  # another device, which does not know her
    await expect(page.get_by_role("heading", level=1)).to_have_text("Find my household")
    await page.get_by_label("Your e-mail or phone number").fill("Mildred@Example.org")
    await page.get_by_role("button", name="Send me the link").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Look for a message from us")

    await page.goto(program.letter("mildred@example.org", link="/h/")["link"])
    await page.get_by_role("button", name="Open my household page").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("My household")
    await page.get_by_role("link", name="Remove Eugene").click()
    await page.get_by_role("button", name="Yes, remove").click()
    await expect(page.get_by_role("listitem")).to_have_count(1)
    assert "Eugene" not in program.say("/members 9 Elm Street")


async def test_a_stranger_is_answered_alike_and_sent_nothing(
    program: Program, visit: Visit
) -> None:
    page = await visit(program.at("/household/link"))
    await page.get_by_label("Your e-mail or phone number").fill("stranger@example.org")
    await page.get_by_role("button", name="Send me the link").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Look for a message from us")
    program.invite("later@example.org")  # has arrived, so what was asked for before would have, too
    assert "stranger@example.org" not in [letter["to"] for letter in program.letters()]


async def test_a_restart_keeps_what_was_said_and_what_was_begun(
    visit: Visit, tmp_path: Path
) -> None:
    port = free_port()
    with running(tmp_path, port=port) as program:
        leader = await at_playground(program, visit)
        invited = await leader.invite("before@example.org")
        await leader.say("/invite email one@example.org, two@example.org")
        await leader.hears("Nothing is sent until you press Send.")
    await expect(leader.page.locator("#trouble")).to_contain_text("Is it still running?")
    with running(tmp_path, port=port):
        await expect(leader.page.locator("#trouble")).to_be_empty()
        await leader.press("Send 2", of=await leader.hears("Nothing is sent until you press Send."))
        await expect(leader.replies("2 invitations").first).to_contain_text("2 of 2 sent")

        await expect(leader.receipt("before@example.org")).to_contain_text("has been sent")
        phone = await visit(invited)
        await sign_up(phone, name="Thuy", address="11 Elm Street")
        await is_welcomed(phone, "Thuy")
        await expect(leader.receipt("before@example.org")).to_contain_text(" joined at ")
        await expect(leader.announced("Thuy joined at 11 Elm Street")).to_have_count(1)
