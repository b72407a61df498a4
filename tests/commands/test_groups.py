"""`/groups`: made, shown, filled, renamed, exported and deleted, by words, buttons and forms."""

import csv
import io
from collections.abc import Sequence

import pytest

from bot.messages import Button, Reply
from bot.ports import Services
from storage.tables import Group, GroupMember
from tests.community import scene
from tests.community.scene import say
from tests.community.test_groups import live

ELM = ("12 Elm Street", ["Ana Ruiz", "Luis Ruiz"])
OAK = ("3 Oak Lane", ["Ana Ruiz"])


def labels(buttons: Sequence[Button]) -> list[str]:
    """What the buttons say on them."""
    return [button.label for button in buttons]


async def press(services: Services, reply: Reply, label: str) -> Reply:
    """Robin presses the button."""
    (button,) = [button for button in reply.buttons if button.label == label]
    assert len(button.call.encode()) <= 56
    return await say(services, button.call)


async def fill(services: Services, reply: Reply, **fields: str) -> Reply:
    """Robin fills in the form and submits it."""
    assert reply.form is not None
    assert {field.name for field in reply.form.fields} == fields.keys()
    return await say(services, reply.form.call, **fields)


@pytest.fixture
async def pool(services: Services) -> Services:
    """Maple Court with three members and a group #1."""
    await live(services, ELM, OAK)
    await say(services, "/groups create Pool committee")
    return services


async def test_the_first_group_is_a_button_and_a_form_away(services: Services) -> None:
    empty = await say(services, "/groups")
    assert empty.text == "There are no groups yet: no committee, building or team."
    asked = await press(services, empty, "Create a group")
    wrong = await fill(services, asked, name="a, b")
    assert "has no “,” in it" in wrong.text
    made = await fill(services, wrong, name="Pool committee")
    assert made.text.startswith("There is a group Pool committee now, with nobody in it.")
    listed = await say(services, "/groups")
    assert listed.text == "1 group:\n#1 Pool committee: 0 members"
    assert labels(listed.buttons) == ["Pool committee", "Create a group"]


async def test_a_group_shows_its_members_and_what_can_be_done(pool: Services) -> None:
    empty = await say(pool, "/groups pool")
    assert empty.text == "#1 Pool committee has no members yet."
    assert labels(empty.buttons) == ["Add members", "Rename", "Delete"]
    await say(pool, "/groups add Pool committee: Luis, 3")
    full = await say(pool, "/groups 1")
    assert full.text.splitlines() == [
        "#1 Pool committee, 2 members:",
        "#3 Ana Ruiz, 3 Oak Lane",
        "#2 Luis Ruiz, 12 Elm Street",
    ]
    assert labels(full.buttons) == [
        "Add members", "Take members out", "Export", "Rename", "Delete",
    ]  # fmt: skip


async def test_of_namesakes_one_is_chosen_by_a_button(pool: Services) -> None:
    asked = await say(pool, "/groups add Pool: Ana Ruiz")
    assert "2 members are like “Ana Ruiz”." in asked.text
    assert labels(asked.buttons) == ["Ana Ruiz, 12 Elm Street", "Ana Ruiz, 3 Oak Lane"]
    done = await press(pool, asked, "Ana Ruiz, 3 Oak Lane")
    assert done.text == "Ana Ruiz is now in Pool committee."
    assert [row.member_id for row in await scene.all_of(pool, GroupMember)] == [3]


async def test_what_was_moved_can_be_moved_back(pool: Services) -> None:
    added = await say(pool, "/groups add Pool: household 1")
    assert added.text == "Ana Ruiz and Luis Ruiz are now in Pool committee."
    again = await say(pool, "/groups add Pool: 1, 3")
    assert again.text.splitlines() == [
        "Ana Ruiz is now in Pool committee.",
        "Ana Ruiz is in Pool committee already.",
    ]
    back = await press(pool, added, "Take back")
    assert back.text == "Ana Ruiz and Luis Ruiz are no longer in Pool committee."
    assert [row.member_id for row in await scene.all_of(pool, GroupMember)] == [3]
    await press(pool, back, "Take back")
    assert len(await scene.all_of(pool, GroupMember)) == 3


async def test_a_form_asks_whom(pool: Services) -> None:
    asked = await say(pool, "/groups add pool committee")
    assert asked.text == "Who shall be in Pool committee?"
    wrong = await fill(pool, asked, who="Ana Ruiz, 2")
    assert "by number: #1 Ana Ruiz, 12 Elm Street; #3 Ana Ruiz, 3 Oak Lane" in wrong.text
    assert (await fill(pool, wrong, who="3, Luis")).text.startswith("Ana Ruiz and Luis Ruiz are")
    out = await press(pool, await say(pool, "/groups 1"), "Take members out")
    assert (await fill(pool, out, who="Ana")).text == "Ana Ruiz is no longer in Pool committee."


async def test_a_name_is_changed_by_words_or_by_a_form(pool: Services) -> None:
    await say(pool, "/groups create Road to nowhere")
    said = await say(pool, "/groups rename Road to nowhere to Road to Rome")
    assert said.text == "Road to nowhere is called Road to Rome now."
    asked = await press(pool, await say(pool, "/groups 1"), "Rename")
    wrong = await fill(pool, asked, name="road to rome")
    assert "There is a group “Road to Rome” already." in wrong.text
    assert (await fill(pool, wrong, name="Swimmers")).text.startswith("Pool committee is called")


async def test_a_group_is_deleted_only_after_a_question(pool: Services) -> None:
    await say(pool, "/groups add 1: household 1")
    asked = await say(pool, "/groups delete Pool")
    assert "with 2 members in it?" in asked.text
    assert all(button.settles for button in asked.buttons)
    assert (await press(pool, asked, "Keep it")).text.startswith("#1 Pool committee, 2 members")
    deleted = await press(pool, asked, "Delete it")
    assert deleted.text == "The group Pool committee is deleted. Its members stay members."
    assert await scene.all_of(pool, Group) == []
    assert (await press(pool, asked, "Delete it")).text.startswith("There is no group “1” here.")


async def test_long_lists_come_in_pages(services: Services) -> None:
    await live(services, *((f"{number} Elm", [f"Ana {number:02}"]) for number in range(1, 13)))
    for number in range(1, 13):
        await say(services, f"/groups create Team {number:02}")
    first = await say(services, "/groups")
    assert first.text.startswith("12 groups, page 1 of 2:\n#1 Team 01")
    second = await press(services, first, "More")
    assert second.text.splitlines()[1:] == ["#11 Team 11: 0 members", "#12 Team 12: 0 members"]
    assert "#1 Team 01" in (await press(services, second, "Back")).text
    await say(services, f"/groups add 1: {','.join(map(str, range(1, 13)))}")
    look = await say(services, "/groups team 01")
    assert "12 members, page 1 of 2" in look.text
    assert "#12 Ana 12, 12 Elm" in (await press(services, look, "More")).text


async def test_a_group_is_exported_for_a_spreadsheet(pool: Services) -> None:
    await live(pool, ("=1+1", ["+Eve"]))
    await say(pool, "/groups add 1: 3, 4")
    reply = await press(pool, await say(pool, "/groups 1"), "Export")
    (file,) = reply.files
    assert (file.name, file.media_type) == ("group-1.csv", "text/csv")
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert rows == [
        ["Number", "Name", "Address", "Suspended"],
        ["4", "'+Eve", "'=1+1", ""],
        ["3", "Ana Ruiz", "3 Oak Lane", ""],
    ]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Bowling", "There is no group “Bowling” here."),
        ("99", "There is no group “99” here."),
        ("create", "What shall the group be called?"),
        ("create 99", "A group's name has a letter in it"),
        ("create pool COMMITTEE", "There is a group “Pool committee” already."),
        ("rename", "Which group?"),
        ("rename Bowling to Skittles", "There is no group “Bowling” here."),
        ("rename Pool to ", "There is no group “Pool to” here."),
        ("rename Pool to 7", "A group's name has a letter in it"),
        ("delete", "Which group?"),
        ("delete Bowling yes", "There is no group “Bowling yes” here."),
        ("add", "Put a colon between"),
        ("add Pool Ana Ruiz", "There is no group “Pool Ana Ruiz” here."),
        ("add Pool: ", "Whom? Give a member's number or name"),
        ("add Pool: Eve", "No member is like “Eve”."),
        ("add : Ana", "Put a colon between"),
        ("remove Pool: 1", "No member of that group is like “1”."),
        ("export", "Which group?"),
        ("export Bowling", "There is no group “Bowling” here."),
        ("page 9", "1 group:"),
    ],
)
async def test_what_cannot_be_is_said_in_words_and_changes_nothing(
    pool: Services, said: str, words: str
) -> None:
    before = [row.model_dump() for row in await scene.all_of(pool, Group)]
    assert (await say(pool, f"/groups {said}")).text.startswith(words)
    assert [row.model_dump() for row in await scene.all_of(pool, Group)] == before
    assert await scene.all_of(pool, GroupMember) == []
