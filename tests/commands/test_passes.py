"""`/passes`: minted once, printed as often as wanted, looked after by batch."""

import io
from dataclasses import replace

import pypdf
import pytest
from PIL import Image

from bot import dispatch
from bot.community.redemptions import CodeVoid
from bot.messages import File
from bot.ports import Services
from storage.tables import Batch, Invitation
from tests.community import scene
from tests.community.scene import say


async def codes_of(services: Services, batch: int) -> list[str]:
    """The codes of a batch, in order."""
    rows = await scene.all_of(services, Invitation)
    return [scene.code_of(services, row) for row in rows if row.batch_id == batch]


async def test_passes_are_printed_again_with_the_same_codes(services: Services) -> None:
    first = await say(services, "/passes 5 Elm Street")
    assert first.text.startswith("Here are 5 access passes “Elm Street”, batch 1.")
    again = await say(services, "/passes again 1")
    issued = await codes_of(services, 1)
    assert len(set(issued)) == 5
    plain = [
        "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(f.content)).pages)
        for reply in (first, again)
        for f in reply.files
    ]
    for text in plain:
        letters = "".join(filter(str.isalnum, text))
        assert all(code in letters for code in issued)
    assert len(await scene.all_of(services, Invitation)) == 5


async def give_logo(services: Services) -> None:
    """A leader says `/community logo` with a picture."""
    out = io.BytesIO()
    Image.new("RGB", (200, 100), "#b2452b").save(out, "PNG")
    asked = scene.call("/community logo")
    logo = File("logo.png", "image/png", out.getvalue())
    await dispatch.answer(services, replace(asked, files=(logo,)))


def logos_in(file: File) -> int:
    """How many pictures the first page of a PDF draws."""
    return len(pypdf.PdfReader(io.BytesIO(file.content)).pages[0].images)


async def test_passes_show_the_logo_of_the_day_they_are_printed(services: Services) -> None:
    (before,) = (await say(services, "/passes 2")).files
    await give_logo(services)
    (after,) = (await say(services, "/passes again 1")).files
    (single,) = (await say(services, "/invites pass 1")).files
    await say(services, "/community logo off")
    (without,) = (await say(services, "/passes again 1")).files
    assert [logos_in(file) for file in (before, after, single, without)] == [0, 1, 1, 0]


@pytest.mark.parametrize("said", ["0", "101", "999999999", "-1", "x", "1.5", "9999999999"])
async def test_a_number_that_cannot_be_prints_nothing(services: Services, said: str) -> None:
    reply = await say(services, f"/passes {said}")
    assert not reply.files
    assert "100" in reply.text
    assert await scene.all_of(services, Batch) == []


async def test_a_label_is_a_name(services: Services) -> None:
    for label in ("x" * 41, "www.example.org", "..."):
        assert not (await say(services, f"/passes 1 {label}")).files
    assert await scene.all_of(services, Batch) == []


async def test_a_batch_is_handed_out_and_told_how_it_fares(services: Services) -> None:
    await say(services, "/passes 4 Elm")
    code = (await codes_of(services, 1))[2]
    await scene.redeem(services, code)
    handed = await say(services, "/passes handed-out 1")
    assert "handed out on" in handed.text
    assert "1 joined" in handed.text
    assert "Mark as handed out" not in [button.label for button in handed.buttons]
    reply = await say(services, "/passes")
    assert "Batch 1 “Elm”: 4 passes printed on" in reply.text
    assert "handed out, 1 joined." in reply.text
    assert [button.call for button in reply.buttons] == ["/passes again 1"]


async def test_what_is_left_of_a_batch_can_be_voided_after_a_second_thought(
    services: Services,
) -> None:
    await say(services, "/passes 3")
    used, *left = await codes_of(services, 1)
    await scene.redeem(services, used)
    doubt = await say(services, "/passes void 1")
    assert [button.call for button in doubt.buttons] == ["/passes void 1 yes", "/passes"]
    await scene.redeem(services, left.pop(), scene.sign_up(address="Flat 5"))
    voided = await say(services, doubt.buttons[0].call)
    assert voided.text.startswith("1 pass of batch 1")
    with pytest.raises(CodeVoid):
        await scene.redeem(services, left.pop(), scene.sign_up(address="Flat 6"))


async def test_an_unknown_batch_is_unknown(services: Services) -> None:
    for word in ("again", "void", "handed-out"):
        sure = " yes" if word == "void" else ""
        for number in ("1", "0", "999999999"):
            reply = await say(services, f"/passes {word} {number}{sure}")
            assert reply.text == f"There is no batch {number} here. `/passes` lists them."


async def test_what_was_used_or_voided_is_not_printed_again(services: Services) -> None:
    await say(services, "/passes 3")
    used, left, void = await codes_of(services, 1)
    await scene.redeem(services, used)
    rows = await scene.all_of(services, Invitation)
    await say(services, f"/invites void {rows[2].id}")
    (file,) = (await say(services, "/passes again 1")).files
    letters = "".join(
        "".join(filter(str.isalnum, page.extract_text()))
        for page in pypdf.PdfReader(io.BytesIO(file.content)).pages
    )
    assert left in letters
    assert used not in letters
    assert void not in letters
    assert "2of3" in letters  # its place in the whole batch
    await say(services, "/passes void 1 yes")
    reply = await say(services, "/passes again 1")
    assert not reply.files
    assert reply.text == "All passes of batch 1 were used, voided or sent another way."
