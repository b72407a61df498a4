"""`/invite`: what a leader reads before and after somebody is invited."""

import asyncio

from bot import dispatch
from bot.messages import Reply
from bot.ports import Services
from storage.tables import Delivery, Invitation
from tests.community import scene
from tests.community.pastes import EMAILS, NUMBERS
from tests.community.scene import call, say


async def invited(services: Services) -> list[str | None]:
    """Whom letters were written to."""
    return [row.contact for row in await scene.all_of(services, Delivery)]


def press(reply: Reply, label: str) -> str:
    """What the button says."""
    return next(button.call for button in reply.buttons if button.label == label)


async def test_one_good_address_is_invited_at_once(services: Services) -> None:
    for said in ("/invite email ana@example.org", "/invite Bob <BOB@example.org>"):
        assert (await say(services, said)).text.startswith("Inviting ")
    assert (await say(services, "/invite 201 555 0123")).text.startswith("Inviting +1 201-555-0123")
    assert await invited(services) == ["ana@example.org", "bob@example.org", "+12015550123"]


async def test_a_paste_is_shown_whole_before_anything_is_sent(services: Services) -> None:
    reply = await say(services, f"/invite email\n{EMAILS}")
    head, *lines = reply.text.splitlines()
    assert head == (
        "27 entries: 14 can be invited, 1 may be misspelt, 2 listed twice, 10 cannot be used."
    )
    assert lines[-1] == "Nothing is sent until you press Send."
    assert len(lines) == 28
    assert [button.label for button in reply.buttons] == [
        "Send 14",
        "Send 15, spelling corrected",
        "Cancel",
    ]
    assert await invited(services) == []
    assert (await say(services, press(reply, "Send 14"))).text.startswith("Inviting 14 people.")
    assert len(await invited(services)) == 14


async def test_numbers_are_shown_as_they_were_understood(services: Services) -> None:
    reply = await say(services, f"/invite text {NUMBERS}")
    assert reply.text.startswith("21 entries: 9 can be invited, 1 listed twice, 11 cannot be used.")
    assert "+1 201-555-0126" in reply.text


async def test_send_pressed_twice_and_both_buttons_send_once(services: Services) -> None:
    reply = await say(services, "/invite ana@example.org, bob@gmial.com")
    presses = [button.call for button in reply.buttons if button.label.startswith("Send")] * 2
    answers = await asyncio.gather(*(say(services, pressed) for pressed in presses))
    told = [answer.text for answer in answers]
    assert sum(text.startswith("Inviting") for text in told) == 1
    assert told.count("That has been sent or cancelled already. Nothing was sent twice.") == 3
    assert len(await invited(services)) in {1, 2}


async def test_cancel_invites_nobody(services: Services) -> None:
    reply = await say(services, f"/invite email {EMAILS}")
    cancelled = await say(services, press(reply, "Cancel"))
    assert cancelled.text == "Cancelled. Nobody was invited."
    assert "already" in (await say(services, press(reply, "Send 14"))).text
    assert await invited(services) == []


async def test_a_slip_is_asked_about(services: Services) -> None:
    reply = await say(services, "/invite ana@gmial.com")
    assert reply.text.startswith("Did you mean ana@gmail.com? You typed ana@gmial.com.")
    await say(services, press(reply, "Send as typed"))
    again = await say(services, "/invite ana@gmial.com, bob@example.org")
    await say(services, press(again, "Send 1"))
    other = await say(services, "/invite eve@gmial.com")
    await say(services, press(other, "Send to eve@gmail.com"))
    assert await invited(services) == ["ana@gmial.com", "bob@example.org", "eve@gmail.com"]


async def test_who_is_invited_already_is_shown_as_they_stand(services: Services) -> None:
    await say(services, "/invite ana@example.org")
    reply = await say(services, "/invite Ana@example.org")
    assert "Nothing was sent." in reply.text
    assert press(reply, "Fix the address") == "/invites fix 1"
    assert len(await invited(services)) == 1


async def test_two_leaders_who_say_the_same_at_once_invite_once(services: Services) -> None:
    await scene.second_leader(services)
    said = call("/invite ana@example.org"), call("/invite ana@example.org", speaker="sam")
    await asyncio.gather(*(dispatch.answer(services, each) for each in said * 5))
    assert len(await scene.all_of(services, Invitation)) == 1
    assert len(await invited(services)) == 1


async def test_a_hundred_and_one_are_refused(services: Services) -> None:
    many = "\n".join(f"n{number}@example.org" for number in range(101))
    reply = await say(services, f"/invite email {many}")
    assert reply.text == "That is 101 at once; 100 are the most. Please send them in parts."


async def test_the_form_does_what_the_words_do(services: Services) -> None:
    await say(services, "/invite", way="email", to="ana@example.org")
    await say(services, "/invite", way="text", to="201 555 0123")
    passes = await say(services, "/invite", way="pass", to="", count="2", label="Elm")
    assert [file.media_type for file in passes.files] == ["application/pdf"]
    assert await invited(services) == ["ana@example.org", "+12015550123"]
    assert "To whom?" in (await say(services, "/invite", way="email", to=" ")).text


async def test_the_form_prepares_texts_for_the_leader_s_own_phone(services: Services) -> None:
    ready = await say(services, "/invite", way="hand", to="201 555 0123")
    assert "nothing has been sent" in ready.text
    [button] = ready.buttons
    assert button.url.startswith("https://join.example.org/s/1/")
    several = await say(services, "/invite hand 201 555 0124, 201 555 0125")
    assert "Nothing is sent: you send each from your own phone." in several.text
    assert press(several, "Prepare 2") == "/invite send 1"
    assert press(several, "Cancel") == "/invite cancel 1"
    wrong = await say(services, "/invite hand ana@example.org")
    assert "Try a number, like `/invite hand +1 201 555 0123`." in wrong.text
