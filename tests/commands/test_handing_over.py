"""`/leaders hand-over`: offered when somebody goes, by a button for each who could take it."""

import dataclasses

import pytest

from bot import dispatch
from bot.messages import Reply
from bot.ports import Services
from storage.tables import Invitation, Leader
from tests.community import scene
from tests.community.scene import call, say


@pytest.fixture
async def house(services: Services) -> Services:
    """Maple Court, led by Robin, Sam and Kim; Sam gave two invitations and three passes."""
    sam = await scene.second_leader(services)
    await scene.invite(services, sam, "one@example.org two@example.org")
    await dispatch.answer(services, call("/passes 3", speaker="sam"))

    people = dataclasses.replace(call("/leaders add <@kim>"), people={"kim": "Kim Lee"})
    await dispatch.answer(services, people)
    return services


async def by(services: Services, speaker: str, text: str) -> Reply:
    """Somebody else says something in Maple Court."""
    return await dispatch.answer(services, call(text, speaker=speaker))


def labels(reply: Reply) -> list[str]:
    """What the buttons say on them."""
    return [button.label for button in reply.buttons]


def said_by(reply: Reply, label: str) -> str:
    """What a button says, which decides the matter."""
    (button,) = [button for button in reply.buttons if button.label == label]
    assert button.settles
    assert len(button.call.encode()) <= 56
    return button.call


async def holders(services: Services) -> set[int]:
    """Who has the invitations."""
    return {row.leader_id for row in await scene.all_of(services, Invitation)}


async def test_who_is_removed_leaves_it_to_somebody(house: Services) -> None:
    removed = await say(house, "/leaders remove 2")
    assert removed.text.splitlines() == [
        "Sam Ode is no leader any more. Invitations they gave stay good.",
        "Who shall look after 2 open invitations and 3 passes? Until somebody does, owners are "
        "reminded.",
    ]
    assert labels(removed) == ["Hand over to me", "Hand over to Kim Lee", "Take back"]
    done = await say(house, said_by(removed, "Hand over to Kim Lee"))
    assert done.text == (
        "Done: Kim Lee has 2 open invitations and 3 passes of Sam Ode now, and is told how they go."
    )
    assert await holders(house) == {3}
    again = await say(house, said_by(removed, "Hand over to me"))
    assert again.text == "No open invitation of Sam Ode is left to hand over."


async def test_it_waits_in_the_list_until_somebody_takes_it(house: Services) -> None:
    await say(house, "/leaders remove 2")
    listed = await by(house, "kim", "/leaders")
    assert listed.text.splitlines()[1:] == [
        "#1 Robin Vale, owner, from Playground",
        "#3 Kim Lee, from Playground (you)",
        "#2 Sam Ode leads no more; 2 open invitations and 3 passes of theirs can be handed over",
    ]
    assert labels(listed) == ["Hand over what Sam Ode gave", "Add or remove"]
    asked = await by(house, "kim", listed.buttons[0].call)
    assert asked.text == "Sam Ode has 2 open invitations and 3 passes. Who shall have them?"
    done = await by(house, "kim", said_by(asked, "Hand over to me"))
    assert done.text.startswith("Done: you have 2 open invitations and 3 passes of Sam Ode now")
    assert "leads no more" not in (await say(house, "/leaders")).text


async def test_who_steps_down_hands_over_at_the_same_press(house: Services) -> None:
    asked = await by(house, "sam", "/leaders remove 2")
    assert asked.text.endswith("Who shall look after your 2 open invitations and 3 passes?")
    assert labels(asked) == [
        "Step down, hand over to Robin Vale",
        "Step down, hand over to Kim Lee",
        "Step down, hand over nothing",
        "Stay",
    ]
    assert await holders(house) == {2}
    done = await by(house, "sam", said_by(asked, "Step down, hand over to Kim Lee"))
    assert done.text == (
        "You are no leader any more. Kim Lee has your 2 open invitations and 3 passes now. Any "
        "owner can add you again."
    )
    assert await holders(house) == {3}


async def test_who_steps_down_may_leave_it_to_the_owners(house: Services) -> None:
    asked = await by(house, "sam", "/leaders remove 2")
    await by(house, "sam", said_by(asked, "Step down, hand over nothing"))
    assert await holders(house) == {2}
    assert "Sam Ode leads no more" in (await say(house, "/leaders")).text


async def test_all_of_it_can_be_said_in_words(house: Services) -> None:
    await by(house, "sam", "/leaders hand-over 2 to 3")
    await say(house, "/leaders Hand-Over #3 TO #1")
    assert await holders(house) == {1}
    await by(house, "kim", "/invite email kims@example.org")
    removed = await say(house, "/leaders remove 3 to 2")
    assert removed.text.endswith("Sam Ode has 1 open invitation now.")
    assert [row.id for row in await scene.all_of(house, Leader) if row.removed_at] == [3]


async def test_an_heir_that_is_not_there_removes_nobody(house: Services) -> None:
    for said, words in (
        ("remove 2 to 9", "There is no leader #9."),
        ("remove 2 to 2", "Those are Sam Ode's already."),
        ("remove 2 to Kim", "Which leader?"),
    ):
        assert (await say(house, f"/leaders {said}")).text.startswith(words)
    assert [row for row in await scene.all_of(house, Leader) if row.removed_at] == []
    assert await holders(house) == {2}
