"""What leaders do to members and households in chat, and take back."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import Session

from bot.community.members import undoing
from bot.messages import Reply
from bot.ports import Services
from storage.tables import (
    Audit,
    ChatMember,
    Community,
    Group,
    GroupMember,
    Household,
    HouseholdWord,
    Member,
    WayIn,
)
from tests.commands.test_members import addresses, join
from tests.community import scene
from tests.community.scene import NOW, on_both, say

RUIZ = ("Ana Ruiz", "12 Elm Street", ("Bob", "Cleo"))
KIM = ("Dae Kim", "9 Oak Lane", ("Eun",))


@pytest.fixture
async def people(services: Services) -> dict[str, int]:
    """Two households: name -> number of the member."""
    await join(services, [RUIZ, KIM])
    return {row.name: row.id for row in await scene.all_of(services, Member)}


async def state(services: Services) -> dict[str, tuple[str, str]]:
    """Who is in: name -> (address, marks)."""
    homes = {row.id: row.address for row in await scene.all_of(services, Household)}
    return {
        f"{row.name}": (
            homes[row.household_id],
            "head" * row.is_head + "suspended" * (row.suspended_at is not None),
        )
        for row in await scene.all_of(services, Member)
        if row.removed_at is None
    }


async def words(services: Services) -> set[tuple[int, str]]:
    """The index that search is answered from."""
    return {(row.household_id, row.word) for row in await scene.all_of(services, HouseholdWord)}


async def actions(services: Services) -> list[tuple[str, str]]:
    """What leaders did to members and households, by the audit trail."""
    rows = await scene.all_of(services, Audit)
    noted = ("member", "household", "change")
    return [(row.action, row.subject) for row in rows if row.action.startswith(noted)]


def call(reply: Reply, label: str) -> str:
    """What a button of the reply says."""
    [found] = [button.call for button in reply.buttons if button.label == label]
    assert len(found.encode()) <= 56
    return found


CHANGES = {
    "move {Bob} 5 Ash Road": "Bob lives at 5 Ash Road now.",
    "move {Bob} 9 oak ln": "Bob lives at 9 Oak Lane now.",
    "move {Bob} #2": "Bob lives at 9 Oak Lane now.",
    "move {Ana Ruiz} 2": "Ana Ruiz lives at 9 Oak Lane now. Bob is the head at 12 Elm Street now.",
    "rename {Bob} Robert": "Bob is called Robert now.",
    "address 1 14 Elm Street": "Household #1 is at 14 Elm Street now; it was 12 Elm Street.",
    "address 1 12 ELM ST": "Household #1 is at 12 ELM ST now; it was 12 Elm Street.",
    "merge 2 1 head {Ana Ruiz}": (
        "Household #2 is one with #1 now, at 12 Elm Street, with 5 members."
    ),
    "merge 1 into 9 Oak Lane head {Ana Ruiz}": (
        "Household #1 is one with #2 now, at 9 Oak Lane, with 5 members."
    ),
    "head {Cleo}": (
        "Cleo is the head at 12 Elm Street now. They gave no e-mail address or number, so they "
        "cannot sign in by themselves."
    ),
    "suspend {Cleo}": ("Cleo is suspended: they cannot sign in or change anything until let back."),
    "remove {Cleo} yes": "Cleo is no longer a member.",
    "remove {Ana Ruiz} yes": (
        "Ana Ruiz is no longer a member. Bob is the head at 12 Elm Street now."
    ),
    "also {Ana Ruiz} 5 Ash Road": ("Ana Ruiz belongs to the household at 5 Ash Road, too, as #6."),
}


@on_both
@pytest.mark.parametrize("said", CHANGES)
async def test_a_change_is_made_noted_searched_and_taken_back(
    services: Services, people: dict[str, int], said: str
) -> None:
    before, found = await state(services), await words(services)
    reply = await say(services, f"/members {said.format_map(people)}")
    assert reply.text == CHANGES[said]
    after = await state(services)
    assert after != before
    assert len(await actions(services)) == 1
    assert "Household #" in (await say(services, call(reply, "Household"))).text
    taken = await say(services, call(reply, "Take back"))
    assert taken.text == f"Taken back, and all is as it was before this: {CHANGES[said]}"
    assert await state(services) == before
    assert await words(services) == found
    assert (await actions(services))[1] == ("change.taken_back", "undo:1")
    again = await say(services, call(reply, "Take back"))
    assert "took that back already" in again.text


@on_both
async def test_search_follows_every_change(services: Services, people: dict[str, int]) -> None:
    await say(services, f"/members rename {people['Bob']} Robert Zhou")
    assert addresses(await say(services, "/members zhou elm")) == ["12 Elm Street"]
    assert "No household" in (await say(services, "/members bob")).text
    await say(services, f"/members move {people['Bob']} 5 Ash Road")
    assert addresses(await say(services, "/members zhou")) == ["5 Ash Road"]
    await say(services, f"/members remove {people['Bob']} yes")
    assert "No household" in (await say(services, "/members zhou")).text
    assert addresses(await say(services, "/members")) == ["12 Elm Street", "9 Oak Lane"]


async def test_a_card_says_all_that_is_known(services: Services, people: dict[str, int]) -> None:
    ana, bob = people["Ana Ruiz"], people["Bob"]
    await say(services, "/groups create Pool")
    await say(services, f"/groups add Pool: {ana}")
    await say(services, f"/members also {ana} 5 Ash Road")
    await say(services, f"/members suspend {bob}")
    card = await say(services, "/members #1")
    lines = card.text.splitlines()
    assert re.fullmatch(r"Household #1, 12 Elm Street, since .+:", lines[0])
    assert lines[1].startswith(f"• Ana Ruiz (head), member #{ana}, since ")
    assert "invited by Robin Vale, n•••@example.net, in Pool, also at 5 Ash Road (#3)" in lines[1]
    assert lines[2].startswith(f"• Bob (suspended), member #{bob}, since ")
    person = await say(services, call(card, "Bob"))
    assert [button.label for button in person.buttons] == [
        "Move", "Rename", "Make head", "Also lives at", "Let back", "Remove", "Household",
    ]  # fmt: skip
    assert "Make head" not in [
        button.label for button in (await say(services, call(card, "Ana Ruiz"))).buttons
    ]
    assert addresses(await say(services, "/members suspended")) == ["12 Elm Street"]
    assert "Bob (suspended)" in (await say(services, "/members suspended")).text
    assert "Bob is back" in (await say(services, call(person, "Let back"))).text


@pytest.mark.parametrize(
    ("said", "field", "filled", "answer"),
    [
        ("move {Bob}", "to", "5 Ash Road", "Bob lives at 5 Ash Road now."),
        ("also {Ana Ruiz}", "to", "5 Ash Road", "Ana Ruiz belongs to the household at 5 Ash Road"),
        ("rename {Bob}", "name", "Robert", "Bob is called Robert now."),
        ("address 1", "address", "14 Elm Street", "Household #1 is at 14 Elm Street now"),
        ("merge 1", "into", "2 head {Ana Ruiz}", "Household #1 is one with #2 now"),
    ],
)
async def test_what_was_not_said_is_asked_for(
    services: Services, people: dict[str, int], said: str, field: str, filled: str, answer: str
) -> None:
    reply = await say(services, f"/members {said.format_map(people)}")
    assert reply.form is not None
    assert [one.name for one in reply.form.fields] == [field]
    bad = await say(services, reply.form.call, **{field: "  "})
    assert bad.form is not None
    assert bad.form.fields[0].error
    good = await say(services, reply.form.call, **{field: filled.format_map(people)})
    assert good.text.startswith(answer)


async def test_a_form_shows_what_it_is_called_now(
    services: Services, people: dict[str, int]
) -> None:
    for said, value in ((f"rename {people['Bob']}", "Bob"), ("address 1", "12 Elm Street")):
        form = (await say(services, f"/members {said}")).form
        assert form is not None
        assert form.fields[0].value == value


async def test_two_heads_are_asked_about(services: Services, people: dict[str, int]) -> None:
    reply = await say(services, "/members merge 1 9 Oak Lane")
    assert reply.text == "Both households have a head. Which one stays?"
    assert {button.label for button in reply.buttons} == {"Ana Ruiz", "Dae Kim"}
    await say(services, call(reply, "Dae Kim"))
    heads = {name for name, (_, marks) in (await state(services)).items() if marks}
    assert heads == {"Dae Kim"}
    assert "Nobody lives in household #1" in (await say(services, "/members 1")).text
    assert addresses(await say(services, "/members")) == ["9 Oak Lane"]


async def test_an_address_that_is_taken_leads_to_a_merge(
    services: Services, people: dict[str, int]
) -> None:
    reply = await say(services, "/members address 1 9 OAK LN")
    assert reply.text.startswith("Household #2 is at 9 Oak Lane already.")
    assert "Which one stays?" in (await say(services, call(reply, "Merge into #2"))).text


async def test_who_signed_up_at_both_addresses_is_there_once(services: Services) -> None:
    both = [("Ana Ruiz", "12 Elm Street", ()), ("Ana R.", "12 Elm", ("Bob",))]
    await join(services, both, email="ana@example.net")
    reply = await say(services, "/members merge 2 1")
    assert "with 2 members" in reply.text
    assert set(await state(services)) == {"Ana Ruiz", "Bob"}
    assert (await state(services))["Ana Ruiz"] == ("12 Elm Street", "head")
    await say(services, call(reply, "Take back"))
    assert set(await state(services)) == {"Ana Ruiz", "Ana R.", "Bob"}


async def test_removing_asks_once_more_and_ends_every_right(
    services: Services, people: dict[str, int]
) -> None:
    ana = people["Ana Ruiz"]

    def rights(session: Session) -> None:
        here: dict[str, Any] = {"member_id": ana, "community_id": 1}
        session.add(Group(community_id=1, name="Pool", name_key="pool"))
        session.flush()
        session.add(GroupMember(group_id=1, **here))
        session.add(ChatMember(chat="playground", place="p", user_id="ana", at=NOW, **here))
        used: dict[str, Any] = {"title": "Porch", "url": "https://t.example/x", "user_id": "ana"}
        session.add(WayIn(chat_link_id=1, until=NOW, **used, **here))

    async def kept() -> list[int]:
        tables = (GroupMember, ChatMember, WayIn)
        return [len(await scene.all_of(services, table)) for table in tables]

    await services.storage.write(rights)
    asked = await say(services, f"/members remove {ana}")
    assert asked.text.startswith("Remove Ana Ruiz, 12 Elm Street?")
    assert await kept() == [1, 1, 1]
    done = await say(services, call(asked, "Remove Ana Ruiz"))
    assert await kept() == [0, 0, 0]
    assert "There is no member" in (await say(services, f"/members member {ana}")).text
    await say(services, call(done, "Take back"))
    assert await kept() == [1, 1, 1]


async def test_the_last_one_empties_the_household(services: Services) -> None:
    await join(services, [("Ana Ruiz", "12 Elm Street", ())])
    reply = await say(services, "/members remove 1 yes")
    assert reply.text == "Ana Ruiz is no longer a member. Nobody is left at 12 Elm Street."
    assert (await say(services, "/members")).text == "Nobody has joined yet."
    await join(services, [("Bob", "12 Elm St", ())])
    assert (await state(services))["Bob"] == ("12 Elm Street", "head")
    refused = await say(services, call(reply, "Take back"))
    assert "12 Elm Street would have two heads, Ana Ruiz and Bob" in refused.text
    assert set(await state(services)) == {"Bob"}


REFUSALS = {
    "move 99 9 Oak Lane": "There is no member #99 here.",
    "move {Bob} #77": "There is no household #77 here.",
    "move {Bob} 12 Elm St": "Bob lives at 12 Elm Street already.",
    "move {Bob} https://evil.example": "cannot have a web address",
    "also {Bob} 9 Oak Lane": "Bob gave no e-mail address or number",
    "rename {Bob} Bob": "Bob is called so already.",
    "rename {Bob} ...": "Please give a name.",
    "address 77 9 Oak": "There is no household #77 here.",
    "address 1 12 Elm Street": "Household #1 is at 12 Elm Street already.",
    "merge 1 1": "That is household #1 itself.",
    "merge 1 5 Ash Road": "There is no household at 5 Ash Road here.",
    "merge 77 1": "There is no household #77 here.",
    "head {Ana Ruiz}": "Ana Ruiz is the head already.",
    "back {Ana Ruiz}": "Ana Ruiz is not suspended.",
    "remove 99": "There is no member #99 here.",
    "remove 99 yes": "There is no member #99 here.",
    "member 99": "There is no member #99 here.",
    "undo 99": "There is no change #99 here",
    "77": "There is no household #77 here.",
    "move": "Which member? Give its number.",
    "merge": "Which household? Give its number.",
    "undo": "Nothing was changed within a day",
    "back lane": "No household or member is like “back lane”.",
}


@pytest.mark.parametrize("said", REFUSALS)
async def test_what_cannot_be_is_said_and_nothing_is_changed(
    services: Services, people: dict[str, int], said: str
) -> None:
    before = await state(services)
    reply = await say(services, f"/members {said.format_map(people)}")
    assert REFUSALS[said] in reply.text
    assert await state(services) == before
    assert await actions(services) == []


async def test_what_can_be_taken_back_is_listed_for_a_day(
    services: Services, people: dict[str, int]
) -> None:
    bob = people["Bob"]
    await say(services, f"/members rename {bob} Robert")
    await say(services, f"/members move {bob} 5 Ash Road")
    listed = await say(services, "/members undo")
    assert [line[:2] for line in listed.text.splitlines()[1:]] == ["#2", "#1"]
    assert "Robert" in listed.text
    await say(services, call(listed, "Take back #2"))
    left = await say(services, "/members undo")
    assert [button.label for button in left.buttons] == ["Take back #1"]
    later = await undoing.recent(
        services, await scene.actor(services), limit=5, now=datetime.now(UTC) + undoing.LIFETIME
    )
    assert later == []


async def test_a_household_never_outgrows_its_limit(services: Services) -> None:
    await join(services, [RUIZ, KIM])
    await services.storage.write(limit, 4)
    refused = await say(services, "/members merge 1 2 head 1")
    assert refused.text == ("A household has up to 4 members here, and 9 Oak Lane would have 5.")
    await services.storage.write(limit, 3)
    moved = await say(services, "/members move 2 9 Oak Lane")
    assert "would have 4" in (await say(services, "/members move 3 9 Oak Lane")).text
    await say(services, "/members move 5 12 Elm Street")
    refused = await say(services, call(moved, "Take back"))
    assert "12 Elm Street would have 4 members, more than" in refused.text
    assert (await state(services))["Bob"] == ("9 Oak Lane", "")


def limit(session: Session, most: int) -> None:
    """A household may have so many members."""
    session.get_one(Community, 1).household_limit = most
