"""`/leaders`: one is added by mention, removed and taken back, and only leaders may."""

import dataclasses
from datetime import UTC, datetime

import pytest

from bot import dispatch
from bot.chats.playground import LEADER, PLACE, Playground
from bot.community.leaders import claims
from bot.messages import Call, Reply
from bot.ports import Services
from storage.tables import Leader, PlaygroundMessage
from tests.community import scene
from tests.community.scene import call, say

SAM = {"U7": "Sam Ode"}


async def mention(services: Services, text: str, people: dict[str, str] | None = None) -> Reply:
    """Robin says something that mentions these people."""
    said = dataclasses.replace(call(text), people=SAM if people is None else people)
    return await dispatch.answer(services, said)


async def by(services: Services, speaker: str, text: str) -> Reply:
    """Somebody else says something in Maple Court."""
    return await dispatch.answer(services, call(text, speaker=speaker))


async def press(services: Services, reply: Reply, label: str) -> Reply:
    """Robin presses a button that decides the matter."""
    (button,) = [button for button in reply.buttons if button.label == label]
    assert button.settles
    return await say(services, button.call)


async def leads(services: Services, speaker: str) -> bool:
    """Whether they are heard."""
    return "Only leaders" not in (await by(services, speaker, "/community")).text


async def test_somebody_who_is_mentioned_leads_from_then_on(services: Services) -> None:
    assert not await leads(services, "U7")
    reply = await mention(services, "/leaders add <@U7>")
    assert reply.text.startswith("Sam Ode is now a leader")
    assert await leads(services, "U7")
    listed = (await say(services, "/leaders")).text.splitlines()
    assert listed == [
        "2 leaders, who may give me commands:",
        "#1 Robin Vale, owner, from Playground (you)",
        "#2 Sam Ode, from Playground",
    ]
    assert "#2 Sam Ode, from Playground (you)" in (await by(services, "U7", "/leaders")).text


async def test_an_addition_can_be_undone_and_so_can_a_removal(services: Services) -> None:
    added = await mention(services, "/leaders add <@U7>")
    removed = await press(services, added, "Remove")
    assert removed.text == "Sam Ode is no leader any more. Invitations they gave stay good."
    assert not await leads(services, "U7")
    again = await press(services, removed, "Take back")
    assert again.text == "Sam Ode is a leader again."
    assert await leads(services, "U7")
    assert len(await scene.all_of(services, Leader)) == 2, "it is the same leader"


@pytest.mark.parametrize("said", ["remove 2", "remove #2", "remove <@U7>", "REMOVE  2 "])
async def test_one_is_removed_by_number_or_by_mention(services: Services, said: str) -> None:
    await mention(services, "/leaders add <@U7>")
    await mention(services, f"/leaders {said}", {})
    assert not await leads(services, "U7")


async def test_stepping_down_asks_first(services: Services) -> None:
    await scene.second_leader(services)
    last = await say(services, "/leaders remove 1")
    assert last.text.startswith("You are the only owner.")
    await say(services, "/leaders owner 2 yes")
    asked = await say(services, "/leaders remove 1")
    assert await leads(services, "leader")
    assert "#1 Robin Vale" in (await press(services, asked, "Stay")).text
    done = await press(services, asked, "Step down")
    assert done.text.startswith("You are no leader any more.")
    assert done.buttons == ()
    assert not await leads(services, "leader")


async def test_an_owner_makes_another_and_gives_it_up(services: Services) -> None:
    added = await mention(services, "/leaders add <@U7>")
    (button,) = [one for one in added.buttons if one.label == "Make an owner, too"]
    asked = await say(services, button.call)
    assert asked.text.startswith("Make Sam Ode an owner?")
    assert "#2 Sam Ode, from Playground" in (await press(services, asked, "Leave it")).text
    made = await press(services, asked, "Make an owner")
    assert made.text.startswith("Sam Ode is an owner now, who may add and remove leaders")
    assert "#2 Sam Ode, owner, from Playground" in (await say(services, "/leaders")).text
    refused = await say(services, "/leaders remove 2")
    assert refused.text == "Sam Ode is an owner. Only they themselves can give that up."
    done = await say(services, "/leaders owner off")
    assert done.text == "You are a leader as the others are, and no owner any more."
    assert "#1 Robin Vale, from Playground (you)" in (await say(services, "/leaders")).text
    refused = await mention(services, "/leaders add <@U8>", {"U8": "Kim"})
    assert refused.text == "Only owners may do that: Sam Ode. Please ask one of them."


async def test_who_leads_without_owning_sees_the_list_and_steps_down(services: Services) -> None:
    await mention(services, "/leaders add <@U7>")
    assert "#2 Sam Ode, from Playground (you)" in (await by(services, "U7", "/leaders")).text
    refused = await by(services, "U7", "/leaders remove 1")
    assert refused.text == "Only owners may do that: Robin Vale. Please ask one of them."
    asked = await by(services, "U7", "/leaders remove 2")
    assert [button.label for button in asked.buttons] == ["Step down", "Stay"]
    await by(services, "U7", asked.buttons[0].call)
    assert not await leads(services, "U7")


@pytest.mark.parametrize("said", ["remove 1", "remove 1 yes", "remove <@leader>"])
async def test_the_last_leader_stays_and_is_told_why(services: Services, said: str) -> None:
    reply = await say(services, f"/leaders {said}")
    assert reply.text.startswith("You are the last leader. Nobody could invite")
    assert reply.buttons == ()
    assert await leads(services, "leader")


@pytest.mark.parametrize(
    ("said", "people", "words"),
    [
        ("add <@U9>", {}, "I cannot see who that is."),
        ("add <@U9>", SAM, "I cannot see who that is."),
        ("add @someone", {}, "I cannot see who that is."),
        ("add", {}, "Whom?"),
        ("add Sam Ode", {}, "Whom?"),
        ("add <@U7> <@U8>", {**SAM, "U8": "Kim"}, "Whom?"),
        ("add <@U7>", {"U7": "\u202e "}, "Please give a display name."),
        ("add <@U7>", {"U7": "win at casino.com"}, "A display name cannot have a web address"),
        ("add <@leader>", {"leader": "Robin"}, "Robin Vale is a leader already."),
        ("remove <@U7>", SAM, "Sam Ode is no leader."),
        ("remove <@U7>", {}, "I cannot see who that is."),
        ("remove 9", {}, "There is no leader #9."),
        ("remove", {}, "Which leader?"),
        ("reopen 1", {}, "Robin Vale is a leader already."),
        ("reopen 9", {}, "There is no leader #9."),
        ("owner 1", {}, "Robin Vale is an owner already."),
        ("owner 9", {}, "There is no leader #9."),
        ("owner", {}, "Which leader?"),
        ("owner off", {}, "You are the last leader."),
        ("hand-over", {}, "Which leader?"),
        ("hand-over 9", {}, "No open invitation of leader #9 is left to hand over."),
        ("hand-over 1 to 9", {}, "There is no leader #9."),
        ("hand-over 9 to 1", {}, "There is no leader #9."),
        ("hand-over 1 to 1", {}, "Those are Robin Vale's already."),
        ("hand-over 1 Sam", {}, "To whom?"),
        ("remove 9 for Sam", {}, "To whom?"),
        ("remove 1 yes Sam", {}, "To whom?"),
        ("owner 1 yes", {}, "Robin Vale is an owner already."),
        ("hand-over 1 to Sam", {}, "Which leader?"),
        ("remove 9 to 1", {}, "There is no leader #9."),
        ("claim 7KQM-4TXP", {}, "You are a leader already."),
        ("depose", {}, "I can list, add and remove leaders."),
    ],
)
async def test_what_cannot_be_is_said_in_words(
    services: Services, said: str, people: dict[str, str], words: str
) -> None:
    before = await scene.all_of(services, Leader)
    assert (await mention(services, f"/leaders {said}", people)).text.startswith(words)
    assert await scene.all_of(services, Leader) == before


@pytest.mark.parametrize(
    "said",
    ["", "add <@U7>", "remove 1", "remove 1 yes", "reopen 1", "owner 1", "owner off",
     "hand-over 1 to 1"],
)  # fmt: skip
async def test_a_stranger_changes_nothing(services: Services, said: str) -> None:
    before = await scene.all_of(services, Leader)
    forged = dataclasses.replace(call(f"/leaders {said}", speaker="U7"), people=SAM)
    reply = await dispatch.answer(services, forged)
    assert reply.text.startswith("Only leaders of Maple Court may do that: Robin Vale.")
    assert await scene.all_of(services, Leader) == before


async def test_the_neighbours_leaders_are_nobody_here(services: Services) -> None:
    await scene.next_door(services)
    assert "Noor" not in (await say(services, "/leaders")).text
    assert (await say(services, "/leaders remove 2")).text.startswith("There is no leader #2.")
    assert (await say(services, "/leaders reopen 2")).text.startswith("There is no leader #2.")
    assert (await say(services, "/leaders remove 1")).text.startswith("You are the last leader.")


async def test_a_stranger_is_told_how_to_become_a_leader(services: Services) -> None:
    for place, speaker, words in (
        (PLACE, "U7", "Only leaders of Maple Court may do that: Robin Vale."),
        ("nowhere", "leader", "This chat does not belong to a community yet."),
    ):
        reply = await dispatch.answer(services, call("/help", place, speaker))
        assert words in reply.text
        assert "`/leaders add`" in reply.text
        assert reply.buttons == ()


async def test_a_stranger_without_a_code_is_asked_for_it(services: Services) -> None:
    asked = await dispatch.answer(services, call("/leaders claim", "nowhere"))
    assert asked.text.startswith("Which code?")


def playground_of(services: Services) -> Playground:
    """The chat, with what only it has."""
    chat = services.chats["playground"]
    assert isinstance(chat, Playground)
    return chat


async def test_the_playground_knows_whom_an_at_sign_means(services: Services) -> None:
    playground = playground_of(services)
    reply = await playground.hear("/leaders add @Sam", {}, LEADER)
    assert reply["text"].startswith("Sam is now a leader")
    assert await leads(services, "sam")
    heard = (await scene.all_of(services, PlaygroundMessage))[0]
    assert heard.body["text"] == "/leaders add @Sam", "it is shown as it was typed"
    removed = await playground.hear("/leaders remove @sam", {}, LEADER)
    assert removed["text"].startswith("Sam is no leader any more.")


async def test_an_address_mentions_nobody(services: Services) -> None:
    playground = playground_of(services)
    reply = await playground.hear("/invite email ana@example.org", {}, LEADER)
    assert reply["text"].startswith("Inviting ana@example.org.")


async def test_whoever_has_the_printed_code_leads_in_a_new_chat(services: Services) -> None:
    slack = dataclasses.replace(
        services, chats={**services.chats, "slack": services.chats["playground"]}
    )
    code = await claims.claim_code(slack, "slack", now=datetime.now(UTC))
    said = Call("slack", "T1", "D1", "U1", "Ana Ruiz", f"/leaders claim {code}")
    refused = await dispatch.answer(slack, dataclasses.replace(said, text="/invite a@example.org"))
    assert "`/leaders claim CODE`" in refused.text
    welcome = await dispatch.answer(slack, said)
    assert welcome.text.startswith("Welcome: you are now a leader of Maple Court.")
    assert "#2 Ana Ruiz, owner, from Slack" in (await say(slack, "/leaders")).text
