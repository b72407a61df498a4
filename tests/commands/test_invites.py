"""`/invites`: the list, one invitation, and what can be done with it."""

from datetime import UTC, datetime

from bot.community import deliveries
from bot.messages import Reply
from bot.ports import Services
from storage.tables import Delivery, Invitation
from tests.community import scene
from tests.community.scene import say


def labels(reply: Reply) -> list[str]:
    """What the buttons are called."""
    return [button.label for button in reply.buttons]


async def bounce(services: Services, number: int) -> None:
    """The letter to this invitation comes back."""
    await scene.all_done(services)
    rows = await scene.all_of(services, Delivery)
    letter = next(row for row in rows if row.invitation_id == number)
    now = datetime.now(UTC)
    await deliveries.happened(services, letter.id, "bounced", key=f"{number}", now=now)


async def test_the_list_turns_its_pages(services: Services) -> None:
    many = ", ".join(f"n{number}@example.org" for number in range(12))
    sent = await say(services, f"/invite email {many}")
    await say(services, sent.buttons[0].call)
    first = await say(services, "/invites")
    head, *lines = first.text.splitlines()
    assert head == "12 invitations, page 1 of 2, newest first:"
    assert "#12 n11@example.org: queued, by Robin Vale" in lines[0]
    assert labels(first) == [*(f"#{n}" for n in range(12, 2, -1)), "Older", "Failed only"]
    older = next(button.call for button in first.buttons if button.label == "Older")
    second = await say(services, older)
    assert len(second.text.splitlines()) == 3
    assert "Newer" in labels(second)
    assert (await say(services, "/invites all page 9")).text == second.text


async def test_a_bounced_one_can_be_mended(services: Services) -> None:
    await say(services, "/invite anna@example.org")
    await say(services, "/invite bob@example.org")
    await bounce(services, 1)
    failed = await say(services, "/invites failed")
    assert "#1 anna@example.org: bounced" in failed.text
    assert "bob" not in failed.text
    card = await say(services, "/invites 1")
    assert "There is no mailbox with that address." in card.text
    assert labels(card)[0] == "Fix the address"
    form = (await say(services, card.buttons[0].call)).form
    assert form is not None
    taken = await say(services, form.call, to="bob@example.org")
    assert taken.text == "There is another open invitation to that address: #2."
    fixed = await say(services, form.call, to="ana@example.org")
    assert fixed.text == "Sending it to ana@example.org, with the same code."
    assert len(await scene.all_of(services, Invitation)) == 2
    assert (await say(services, "/invites failed")).text == "There are no failed invitations."


async def test_one_can_travel_another_way(services: Services) -> None:
    await say(services, "/invite ana@example.org")
    ways = await say(services, "/invites other 1")
    assert labels(ways) == ["By e-mail", "By text", "On a pass"]
    assert (await say(services, "/invites text 1 201 555 0123")).text.endswith("the same code.")
    assert (await say(services, "/invites pass 1")).files[0].media_type == "application/pdf"
    assert "cannot get texts" in (await say(services, "/invites text 1 +1 800 555 0199")).text


async def test_a_void_is_taken_back_with_one_press(services: Services) -> None:
    await say(services, "/invite ana@example.org")
    void = await say(services, "/invites void 1")
    assert "its code no longer works" in void.text
    assert labels(void) == ["Take back the void"]
    assert "Resend" in labels(await say(services, void.buttons[0].call))
    assert (await say(services, "/invites reopen 1")).text == "This invitation is not void."


async def test_unknown_numbers_are_unknown_here_and_next_door(services: Services) -> None:
    await say(services, "/invite ana@example.org")
    await scene.next_door(services)
    for word in ("", "resend ", "void ", "reopen ", "pass "):
        reply = await scene.say_next_door(services, f"/invites {word}1")
        assert reply.text == "There is no invitation #1 here. `/invites` lists them."
        reply = await say(services, f"/invites {word}#999999999")
        assert reply.text.startswith("There is no invitation #999999999 here.")
    reply = await scene.say_next_door(services, "/invites fix 1 eve@example.org")
    assert reply.text.startswith("There is no invitation #1 here.")
    assert (await scene.say_next_door(services, "/invites")).text == "There are no invitations."
    (row,) = await scene.all_of(services, Invitation)
    assert (row.contact, row.voided_at) == ("ana@example.org", None)
