"""`/coverage`: the numbers, who is where, and inviting where nobody was, in a leader's words."""

import re
from dataclasses import replace

import pytest

from bot.community import deliveries, labels
from bot.messages import Reply
from bot.paper.printer import TypstPrinter
from bot.ports import Services
from bot.templating import Templates
from storage.tables import Delivery, Invitation
from tests.community import scene
from tests.community.rosters import given as rosters
from tests.community.scene import NOW, say, say_next_door

ROSTER = """
    1 Elm Street | Ana Ruiz | ana@ex.org
    1 Elm Street | Luis Ruiz | luis@ex.org
    2 Elm Street | Bo Lind | bo@ex.org | es
    3 Elm Street | Cy Ott | +12015550123
    4 Elm Street | Di Pan
    5 Oak Road | Ed Fox | ed@ex.org
    6 Oak Road | Flo Gray | flo@gmial.com
"""


async def on_the_roster(services: Services, lines: str = ROSTER) -> None:
    """A roster of two streets."""
    await rosters.put(services, await scene.actor(services), lines)


def calls(reply: Reply) -> dict[str, str]:
    """What the buttons say."""
    assert all(len(button.call.encode()) <= 56 for button in reply.buttons)
    return {button.label: button.call for button in reply.buttons}


async def press(services: Services, reply: Reply, label: str) -> Reply:
    """Press a button."""
    return await say(services, calls(reply)[label])


async def test_without_a_roster_it_says_how_to_get_one(services: Services) -> None:
    for words in ("/coverage", "/coverage all", "/coverage page 2"):
        reply = await say(services, words)
        assert reply.text.startswith("There is no roster yet")
        assert "`/roster import` takes a CSV file." in reply.text
        assert not reply.files
    assert calls(await say(services, "/coverage")) == {"Import a roster": "/roster import"}
    assert "It is empty: `/roster import`" in (await say(services, "/coverage elm")).text


async def test_the_numbers_come_with_a_picture_and_the_ways_on(services: Services) -> None:
    await on_the_roster(services)
    await say(services, "/invite email ana@ex.org ed@ex.org")
    reply = await say(services, "/invite send 1")
    letters = await scene.all_of(services, Delivery)
    await deliveries.happened(services, letters[1].id, "bounced", key="ed", now=NOW)
    (ana, _) = await scene.all_of(services, Invitation)
    await scene.redeem(
        services, scene.code_of(services, ana), scene.sign_up("Ana Ruiz", "1 Elm Street")
    )
    reply = await say(services, "/coverage")
    assert reply.text.splitlines() == [
        "6 addresses on the roster of Maple Court:",
        "★ 1 joined, 16 %",
        "✗ 1 failed: the letter did not arrive, or is not wanted",
        "○ 4 never invited",
        "1 of these has neither e-mail nor number: print passes for them.",
        "Elm Street: 1 of 4 joined, 3 never invited",
        "Oak Road: 0 of 2 joined, 1 failed, 1 never invited",
    ]
    assert calls(reply) == {
        "Invite the 3 never invited": "/coverage invite",
        "Print 1 pass": "/passes 1 Without e-mail or number",
        "Failed": "/coverage failed",
        "Show who is missing": "/coverage missing",
    }
    (file,) = reply.files
    assert file.content.startswith(b"\x89PNG")
    assert file.alt.startswith("6 addresses on the roster of Maple Court: 1 joined, 16 %. ")
    assert file.alt.endswith("Oak Road: 0 of 2 joined, 1 failed, 1 never invited.")


async def test_who_joined_beside_the_roster_is_told(services: Services) -> None:
    await on_the_roster(services)
    (row,) = await scene.invite(services, await scene.actor(services), "new@ex.org")
    await scene.redeem(services, scene.code_of(services, row), scene.sign_up(address="9 Far Way"))
    told = (await say(services, "/coverage")).text
    assert "1 household has joined from addresses that are not on the roster." in told


async def test_what_cannot_be_drawn_is_still_said(services: Services) -> None:
    await on_the_roster(services, "1 \U0010fffd Row | Ana | ana@ex.org")
    boxed = await say(services, "/coverage")
    assert "has boxes where no font here can draw U+10FFFD." in boxed.text
    assert boxed.files
    hurried = replace(services, printer=TypstPrinter(Templates(), seconds=0.001))
    reply = await say(hurried, "/coverage")
    assert "1 address on the roster" in reply.text
    assert "The picture took too long to draw" in reply.text
    assert not reply.files


async def test_many_streets_share_a_line_and_a_bar(services: Services) -> None:
    await on_the_roster(services, "\n".join(f"1 Road{n:02}" for n in range(40)))
    text = (await say(services, "/coverage")).text
    assert "Road09: 0 of 1 joined, 1 never invited\nand 30 more streets: 0 of 30 joined" in text


async def test_a_street_shows_who_is_where(services: Services) -> None:
    await on_the_roster(services)
    await say(services, "/invite email luis@ex.org")
    reply = await say(services, "/coverage elm st.")
    [row] = await scene.all_of(services, Invitation)
    day = labels.day(row.created_at)
    assert reply.text.splitlines() == [
        "Elm Street: 0 of 4 joined, 1 invited, 3 never invited",
        "4 addresses in Elm Street:",
        f"✓ 1 Elm Street: Ana Ruiz and Luis Ruiz, queued; #1 of {day} by Robin Vale",
        "○ 2 Elm Street: Bo Lind, never invited",
        "○ 3 Elm Street: Cy Ott, never invited",
        "○ 4 Elm Street: Di Pan, never invited; neither e-mail nor number",
    ]
    assert calls(reply) == {
        "#1": "/invites 1",
        "Invite the 2 never invited": "/coverage invite at 1",
        "Print 1 pass": "/passes 1 Without e-mail or number",
        "Show who is missing": "/coverage missing at 1",
    }
    missing = await press(services, reply, "Show who is missing")
    assert missing.text.startswith("4 addresses in Elm Street where nobody has joined:")
    assert (await press(services, missing, "#1")).text.startswith("… luis@ex.org")


async def test_pages_turn_both_ways(services: Services) -> None:
    await on_the_roster(services, "\n".join(f"{n} Elm Street" for n in range(1, 22)))
    first = await say(services, "/coverage Elm Street")
    second = await press(services, first, "More")
    third = await press(services, second, "More")
    assert "page 3 of 3" in third.text
    assert "○ 21 Elm Street: never invited; neither e-mail nor number" in third.text
    assert (await press(services, third, "Back")).text == second.text
    assert (await say(services, "/coverage elm street page 2")).text == second.text


async def test_one_street_is_invited_at_two_presses(services: Services) -> None:
    await on_the_roster(services)
    reply = await say(services, "/coverage invite elm street")
    assert reply.text.splitlines() == [
        "3 invitations, 2 by e-mail and 1 by text, would be sent in Elm Street, one to each "
        "address:",
        "✓ 1 Elm Street: Ana Ruiz, ana@ex.org",
        "✓ 2 Elm Street: Bo Lind, bo@ex.org in Spanish",
        "✓ 3 Elm Street: Cy Ott, +1 201-555-0123 (United States)",
        "1 address has neither e-mail nor number: print passes for them.",
        "Nothing is sent until you press Send.",
    ]
    assert await scene.all_of(services, Invitation) == []
    done = await press(services, reply, "Send 3")
    assert done.text == "Inviting 3 people. I keep you posted how it goes."
    assert (await press(services, reply, "Send 3")).text == (
        "That has been sent or cancelled already. Nothing was sent twice."
    )
    await scene.all_done(services)
    text = (await say(services, "/coverage elm street")).text
    assert "Elm Street: 0 of 4 joined, 3 invited, 1 never invited" in text
    again = await say(services, "/coverage invite elm street")
    assert again.text.startswith("There is nobody in Elm Street whom I can invite")


async def test_doubts_are_the_leaders_to_decide(services: Services) -> None:
    await on_the_roster(services)
    reply = await say(services, "/coverage invite oak")
    assert "? 6 Oak Road: Flo Gray, flo@gmial.com – did you mean flo@gmail.com?" in reply.text
    assert calls(reply) == {
        "Send 1": "/coverage send 1",
        "Send 2, spelling corrected": "/coverage send 1 corrected",
        "Send 2 as typed": "/coverage send 1 typed",
        "Cancel": "/coverage cancel 1",
    }
    assert (await press(services, reply, "Cancel")).text == "Cancelled. Nobody was invited."
    again = await say(services, "/coverage invite oak")
    assert "2 people" in (await press(services, again, "Send 2, spelling corrected")).text
    sent = {row.contact for row in await scene.all_of(services, Invitation)}
    assert sent == {"ed@ex.org", "flo@gmail.com"}


async def test_who_is_left_out_is_named(services: Services) -> None:
    await on_the_roster(services, "1 Elm | Ana | a@ex.org\n2 Elm | Bo | a@ex.org")
    text = (await say(services, "/coverage invite")).text
    assert "1 address is left out:\n✗ 2 Elm: Bo – is written to at another address." in text


async def test_a_full_week_is_said(services: Services) -> None:
    settings = services.settings.model_copy(update={"limit_emails": 1, "limit_new_leader": 0})
    services = replace(services, settings=settings)
    await on_the_roster(services, "\n".join(f"{n} Elm | N | n{n}@ex.org" for n in range(1, 11)))
    reply = await say(services, "/coverage invite")
    assert "They go" not in reply.text
    assert "1 of them goes tomorrow at 00:05: you can send 1 e-mail a day." in reply.text
    assert "2 more addresses wait: that is as many as go at a time." in reply.text
    await press(services, reply, "Send 8")
    full = await say(services, "/coverage invite")
    assert full.text.startswith("I cannot invite anybody just now.\n")
    assert "that is used up" in full.text
    assert not full.buttons


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "nowhere",
            "There is no street or building like “nowhere” on the roster. "
            "It has Elm Street and Oak Road.",
        ),
        ("invite nowhere", "There is no street or building like “nowhere”"),
        ("at 99", "That street is no longer on the roster."),
        ("at home", "Which street? Give its number."),
        ("send 7", "That has been sent or cancelled already."),
        ("send 7 backwards", "Send it as it is, or with `corrected` or `typed` behind it."),
        ("cancel 7", "That has been sent or cancelled already."),
        ("failed", "There are no addresses where the invitation failed."),
        ("joined oak", "There are no addresses in Oak Road where somebody has joined."),
        ("\u202e" * 5000, "There is no street or building like “”"),
        ("x" * 5000, "There is no street or building like “xxx"),
    ],
)
async def test_it_answers_whatever_is_said(services: Services, words: str, expected: str) -> None:
    await on_the_roster(services)
    reply = await say(services, f"/coverage {words}")
    assert reply.text.startswith(expected)
    assert len(reply.text) < 2000
    assert not re.search("went wrong", reply.text)


async def test_another_communitys_roster_is_not_there(services: Services) -> None:
    await scene.next_door(services)
    await on_the_roster(services)
    await say(services, "/coverage invite")
    assert (await say_next_door(services, "/coverage")).text.startswith("There is no roster yet")
    assert (await say_next_door(services, "/coverage at 1")).text.startswith("That street is no")
    sent = await say_next_door(services, "/coverage send 1")
    assert sent.text.startswith("That has been sent or cancelled already.")
    assert "no street or building" in (await say_next_door(services, "/coverage elm")).text
