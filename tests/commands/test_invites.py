"""`/invites`: the list, one invitation, and what can be done with it."""

import asyncio
from datetime import UTC, datetime, timedelta

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
    assert labels(ways) == ["By e-mail", "By text", "From my own phone", "On a pass"]
    assert (await say(services, "/invites text 1 201 555 0123")).text.endswith("the same code.")
    assert (await say(services, "/invites pass 1")).files[0].media_type == "application/pdf"
    assert "cannot get texts" in (await say(services, "/invites text 1 +1 800 555 0199")).text


async def test_a_void_is_taken_back_with_one_press(services: Services) -> None:
    await say(services, "/invite ana@example.org")
    void = await say(services, "/invites void 1")
    assert "its code no longer works" in void.text
    assert labels(void) == ["Take back the void"]
    assert "Void" in labels(await say(services, void.buttons[0].call))
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


# Lists, and many at once


async def test_a_list_says_how_it_can_be_asked_for(services: Services) -> None:
    await say(services, "/invite ana@example.org")
    for said, told in (
        ("older", "open invitations sent more than 7 days ago"),
        ("older 1d", "open invitations sent more than 1 day ago"),
        ("older 2w mine", "open invitations of yours sent more than 14 days ago"),
        ("older 1m", "open invitations sent more than 30 days ago"),
        ("failed receipt 1", "failed invitations in that message"),
    ):
        assert (await say(services, f"/invites {said}")).text == f"There are no {told}."
    assert (await say(services, "/invites waiting")).text.startswith("1 waiting invitation, newest")
    assert (await say(services, "/invites open mine")).text.startswith("1 open invitation of yours")
    for wrong in ("older 0d", "older soon", "older 7x", "receipt x", "lost"):
        assert "`/invites failed`" in (await say(services, f"/invites {wrong}")).text


async def test_a_list_is_sent_again_after_a_look_and_once(services: Services) -> None:
    await _fail(services, "ana@example.org", "bo@example.org", "cy@example.org")
    await bounce(services, 3)
    page = await say(services, "/invites failed")
    assert labels(page)[-1] == "Resend these 3"
    seen = await say(services, page.buttons[-1].call)
    assert seen.text.splitlines() == [
        "2 invitations by e-mail would be sent again, with the same codes:",
        "✓ ana@example.org",
        "✓ bo@example.org",
        "1 is left out:",
        "– #3 cy@example.org: came back; mend the address first, with `/invites fix 3`.",
        "Nothing is sent until you press Send.",
    ]
    assert labels(seen) == ["Send 2", "Cancel"]
    assert all(button.settles for button in seen.buttons)
    sent, refused = await asyncio.gather(
        *(say(services, seen.buttons[0].call) for _ in range(2)),
    )
    if "already" in sent.text:
        sent, refused = refused, sent
    assert sent.text.startswith("Sending 2 invitations by e-mail again.")
    assert refused.text == "That has been sent or cancelled already. Nothing was sent twice."
    assert len(await scene.all_of(services, Delivery)) == 5
    assert (await say(services, seen.buttons[1].call)).text == refused.text


async def test_a_look_can_end_without_sending(services: Services) -> None:
    await _fail(services, "ana@example.org")
    seen = await say(services, "/invites resend failed")
    assert (await say(services, seen.buttons[1].call)).text == "Cancelled. Nothing was sent again."
    assert "already" in (await say(services, seen.buttons[0].call)).text
    assert len(await scene.all_of(services, Delivery)) == 1
    assert (await say(services, "/invites resend void")).text == "Nothing is left in that list."


async def test_where_nothing_can_be_sent_the_ways_on_are_shown(services: Services) -> None:
    await say(services, "/invite ana@example.org")
    await bounce(services, 1)
    reply = await say(services, "/invites resend failed")
    assert reply.text.startswith("None of it can be sent again:\n– #1 ana@example.org: came back;")
    assert [button.call for button in reply.buttons] == ["/invites 1"]


async def _fail(services: Services, *to: str) -> None:
    """Invite these, and have all their letters fail an hour ago."""
    sent = await say(services, f"/invite email {' '.join(to)}")
    if sent.buttons:
        await say(services, sent.buttons[0].call)
    await scene.all_done(services)
    for row in await scene.all_of(services, Delivery):
        then = datetime.now(UTC) - timedelta(hours=1)
        await deliveries.happened(services, row.id, "failed", key=f"f{row.id}", now=then)
