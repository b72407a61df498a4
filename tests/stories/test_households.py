"""A household looks after itself: its head shares and adds, everybody keeps what is their own."""

import json
import re

from playwright.async_api import Page, expect

from tests.conftest import DESK, PHONE
from tests.stories.conftest import STORY, Visit
from tests.stories.people import is_welcomed, sign_up
from tests.stories.program import Program

pytestmark = STORY

LINK = re.compile(r"http://\S+/m/\d+/\S+")


async def heading(page: Page, words: str) -> None:
    """Wait for the page with this heading."""
    await expect(page.get_by_role("heading", level=1)).to_have_text(words)


async def press(page: Page, button: str) -> None:
    """Press the button that is called so."""
    await page.get_by_role("button", name=button, exact=True).click()


async def head_of(program: Program, visit: Visit, name: str, address: str) -> Page:
    """Somebody who has just joined, without a script, on their household page."""
    email = f"{name.lower()}@example.org"
    page = await visit(program.invite(email), javascript=False)
    await sign_up(page, name=name, address=address)
    await is_welcomed(page, name)
    await page.goto(program.at("/household"))
    return page


async def test_the_head_shares_a_link_and_another_joins_by_it(
    program: Program, visit: Visit
) -> None:
    head = await head_of(program, visit, "Vera", "1 Oak Lane")
    await press(head, "Make a link to share")
    await heading(head, "A link to share")
    assert not await head.get_by_role("button").all(), "sharing and copying need a script"
    url = await head.locator("#link").inner_text()
    assert LINK.fullmatch(url)

    walter = await visit(url, javascript=False)
    await heading(walter, "Join your household")
    await walter.get_by_label("Your name").fill("Walter")
    await press(walter, "Join")
    await is_welcomed(walter, "Walter")
    assert program.letter("vera@example.org", link="/household?d=")["to"] == "vera@example.org"
    assert "Walter" in program.say("/members 1 Oak Lane")


async def test_a_phone_offers_to_copy_the_link(program: Program, visit: Visit) -> None:
    page = await visit(program.invite("yara@example.org"))
    await sign_up(page, name="Yara", address="2 Oak Lane")
    await is_welcomed(page, "Yara")
    await page.goto(program.at("/household"))
    await press(page, "Make a link to share")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await press(page, "Copy")
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied == await page.locator("#link").inner_text()


async def test_who_was_added_comes_in_by_mail_and_who_was_not_meant_says_so(
    program: Program, visit: Visit
) -> None:
    head = await head_of(program, visit, "Ursula", "3 Oak Lane")
    for name, email in (("Timo", "timo@example.org"), ("Zoe", "wrong@example.org")):
        await head.get_by_label("Name", exact=True).fill(name)
        await head.get_by_label("E-mail or phone number").fill(email)
        await press(head, "Add to my household")
        await expect(head.get_by_role("status")).to_contain_text(f"{name} is now in your household")

    timo = await visit(program.letter("timo@example.org", link="/h/")["link"], javascript=False)
    await press(timo, "Open my household page")
    await expect(timo.get_by_role("listitem")).to_have_count(3)

    wrong = await visit(program.letter("wrong@example.org", link="/h/")["link"], javascript=False)
    await wrong.get_by_role("link", name="This is not me").click()
    await heading(wrong, "Are you not Zoe?")
    await press(wrong, "This is not me")
    await heading(wrong, "Thank you for telling us")
    await timo.reload()
    await expect(timo.get_by_role("listitem")).to_have_count(2)
    assert "Zoe" not in program.say("/members 3 Oak Lane")


async def test_a_new_contact_is_proved_by_its_link(program: Program, visit: Visit) -> None:
    page = await head_of(program, visit, "Quinn", "4 Oak Lane")
    await page.get_by_role("link", name="My name, contact and data").click()
    await page.get_by_label("New e-mail or phone number").fill("quinn.new@example.net")
    await press(page, "Send a link there")
    await expect(page.get_by_role("status")).to_contain_text("q•••@example.net")
    proof = program.letter("quinn.new@example.net", link="/c/")["link"]
    mailbox = await visit(proof, javascript=False)
    await press(mailbox, "Yes, I am Quinn")
    await heading(mailbox, "That is your contact now")
    assert program.letter("quinn@example.org", link="/household?d=")["to"] == "quinn@example.org"


async def test_members_speak_in_chat_by_a_key_of_their_page(program: Program, visit: Visit) -> None:
    page = await head_of(program, visit, "Sofia", "5 Oak Lane")
    await page.goto(program.at("/household/me"))
    await press(page, "Make a key")
    said = await page.locator(".note .code").inner_text()
    assert re.fullmatch(r"/household key [0-9A-Z]{4}-[0-9A-Z]{4}", said)
    assert "I know you here now" in program.say(said)
    assert "wrong, used or too old" in program.say(said)
    assert "5 Oak Lane" in program.say("/household")
    await page.reload()
    await press(page, "Disconnect Playground")
    assert "which member you are" in program.say("/household")


async def test_the_data_are_a_file_and_leaving_asks_once(program: Program, visit: Visit) -> None:
    page = await head_of(program, visit, "Nadia", "6 Oak Lane")
    await page.goto(program.at("/household/me"))
    async with page.expect_download() as started:
        await page.get_by_role("link", name="Take my data with me").click()
    found = json.loads((await (await started.value).path()).read_text())
    assert found["you"]["name"] == "Nadia"
    await page.get_by_role("link", name="Leave my household").click()
    await press(page, "Yes, leave")
    await heading(page, "You have left")
    assert "No household or member" in program.say("/members 6 Oak Lane")


async def test_nothing_is_wider_than_a_phone_and_everything_has_a_name(
    program: Program, visit: Visit
) -> None:
    """In every language; what can be pressed is large enough to be, and has a label."""
    page = await head_of(program, visit, "Maximiliana-Wilhelmine", "7 Oak Lane")
    await press(page, "Make a link to share")
    shared = page.url
    link = await page.locator("#link").inner_text()
    paths = ["/household", "/household/me", "/household/me/leave", shared, link]
    for size in (PHONE, DESK):
        await page.set_viewport_size(size)
        for tag in ("en", "es", "fr"):
            for path in paths:
                address = path if path.startswith("http") else program.at(path)
                await page.goto(f"{address}?lang={tag}")
                await expect(page.locator("html")).to_have_attribute("lang", tag)
                width = await page.locator("body").evaluate("body => body.scrollWidth")
                assert width <= size["width"], (path, tag)
                for control in await page.locator(
                    "main :is(a, button, input:not([type=hidden]), select)"
                ).all():
                    box = await control.bounding_box()
                    assert box is None or box["height"] >= 44, (
                        path,
                        tag,
                        await control.inner_text(),
                    )
                for field in await page.locator("main :is(input:not([type=hidden]), select)").all():
                    assert await field.evaluate("field => field.labels.length"), (path, tag)
