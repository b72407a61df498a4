"""On paper: printed by the leader, scanned or typed by a resident."""

from playwright.async_api import expect

from tests.stories.conftest import STORY, Visit
from tests.stories.paper import printed_codes, scanned
from tests.stories.people import Leader, is_welcomed, sign_up
from tests.stories.program import Program

pytestmark = STORY


async def test_passes_are_printed_scanned_and_typed(
    program: Program, leader: Leader, visit: Visit
) -> None:
    await leader.say("/passes 4")
    reply = await leader.hears("Here are 4 access passes")
    pdf = await leader.download(reply)
    links, codes = scanned(pdf), printed_codes(pdf)
    assert len(set(links)) == 4
    assert sorted(link.rpartition("/")[2].upper() for link in links) == sorted(
        code.replace("-", "") for code in codes
    )

    scanner = await visit(links[0])
    await expect(scanner.get_by_role("heading", level=1)).to_have_text("Join Maple Court")
    await sign_up(scanner, name="Dolores", address="5 Elm Street", contact="dolores@example.org")
    await is_welcomed(scanner, "Dolores")
    receipt = leader.replies("Batch 1: ").first
    await expect(receipt).to_contain_text("4 passes printed, 1 joined.")
    await expect(leader.announced("Dolores joined at 5 Elm Street")).to_have_count(1)

    used = links[0].rpartition("/")[2].upper()
    code = next(code for code in codes if code.replace("-", "") != used)
    typist = await visit(program.at("/join"))
    await typist.get_by_label("Access code").fill(_mistyped(code))
    await typist.keyboard.press("Enter")
    await expect(typist.get_by_role("alert")).to_contain_text("That code has a typing mistake.")
    await typist.get_by_label("Access code").fill(code.lower().replace("0", "o"))
    await typist.keyboard.press("Enter")
    await sign_up(typist, name="Harold", address="7 Elm Street", contact="+1 201 555 0170")
    await is_welcomed(typist, "Harold")
    await expect(receipt).to_contain_text("2 joined.")


def _mistyped(code: str) -> str:
    """The code with its last symbol exchanged for another."""
    return f"{code[:-1]}{'Z' if code[-1] == 'Y' else 'Y'}"


async def test_an_invitation_by_e_mail_goes_on_a_pass_with_the_same_code(leader: Leader) -> None:
    link = await leader.invite("nomail@example.org")
    await leader.press("Send another way", of=leader.receipt("nomail@example.org"))
    await leader.press("On a pass", of=await leader.hears("How else should invitation"))
    pdf = await leader.download(await leader.hears("The same code, on a pass to hand over."))
    assert [found.lower() for found in scanned(pdf)] == [link.lower()]


async def test_unused_passes_are_voided_together(leader: Leader, visit: Visit) -> None:
    await leader.say("/passes 2 Oak Street")
    pdf = await leader.download(await leader.hears("2 access passes “Oak Street”"))
    receipt = leader.replies("“Oak Street”: ").first
    await leader.press("Mark as handed out", of=receipt)
    await expect(receipt).to_contain_text("handed out on")
    await leader.press("Void the unused ones", of=receipt)
    await leader.press("Void them", of=await leader.hears("Void all passes of batch"))
    await leader.hears("2 passes of batch")
    await expect(receipt).to_contain_text("2 void")
    page = await visit(scanned(pdf)[0])
    await expect(page.get_by_role("heading", level=1)).to_have_text("This code was taken back")
