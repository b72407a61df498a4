"""`/roster`: what leaders read, whatever they say, and whatever they give."""

import dataclasses
from pathlib import Path

import pytest
from sqlmodel import Session

from bot import dispatch
from bot.messages import File, Reply
from bot.ports import Services
from storage.tables import Audit, Invitation, RosterEntry
from tests.community import scene
from tests.community.scene import call, on_both, say

ROSTER = Path(__file__).parents[1] / "data" / "roster.csv"
TITLES = "Address,Name,E-mail,Phone"
STREET = [f"{number} Elm Street,N{number},," for number in range(1, 24)]


async def give(services: Services, *files: bytes, said: str = "/roster", **fields: str) -> Reply:
    """Robin gives files."""
    given = tuple(File(f"list{n}.csv", "text/csv", one) for n, one in enumerate(files, 1))
    return await dispatch.answer(services, dataclasses.replace(call(said, **fields), files=given))


def table(*rows: str) -> bytes:
    """A CSV file."""
    return "\n".join([TITLES, *rows]).encode()


async def fill(services: Services, *rows: str) -> None:
    """Put these on the roster."""
    reply = await give(services, table(*rows))
    await say(services, reply.buttons[0].call)


async def listed(services: Services, search: str = "") -> list[str]:
    """The names that a search lists."""
    reply = await say(services, f"/roster {search}")
    return [line.split(": ")[1].split(",")[0] for line in reply.text.splitlines()[1:]]


async def test_a_real_list_is_understood_and_added_once(services: Services) -> None:
    preview = await give(services, ROSTER.read_bytes())
    assert preview.text.startswith(
        "list1.csv, 180 rows, read as: address “address”, unit “unit”, name “name”, "
        "e-mail “email”, phone “phone”, language “language”.\n"
        "180 addresses, 180 people: 157 with e-mail, 156 with a number, 4 with neither.\n"
        "180 new, 0 changed, 0 the same.\n"
        "No letters are written in pl (15); there they are in the community's language.\n"
        "Please look at these:\n"
        "? Row 104: row 4 has the same number.\n"
    )
    assert [button.label for button in preview.buttons] == ["Add 180", "Cancel"]
    assert all(button.settles for button in preview.buttons)
    done = await say(services, preview.buttons[0].call)
    assert done.text == "✓ list1.csv is on the roster: 180 new, 0 changed, 0 the same."
    again = await say(services, preview.buttons[0].call)
    assert again.text.endswith("Nothing was added twice.")
    assert "Nothing would change" in (await give(services, ROSTER.read_bytes())).text
    rows = await scene.all_of(services, RosterEntry)
    assert len(rows) == 180
    assert {row.street for row in rows} == {
        "Elm Street", "Maple Court", "Old Orchard Lane", "Saint Ann's Way", "Río Grande Drive",
        "Cedar Loop",
    }  # fmt: skip


async def test_twelve_broken_rows_stop_the_other_168(services: Services) -> None:
    lines = ROSTER.read_text().splitlines()
    for number in range(10, 130, 10):
        lines[number] = lines[number].replace("@", " at ") + ",,,"
        lines[number] = "," + lines[number].partition(",")[2]  # no address either
    reply = await give(services, "\n".join(lines).encode())
    assert "12 rows cannot be used, so nothing was added:" in reply.text
    assert "✗ Row 11: " in reply.text
    assert "… and " in reply.text
    (button,) = reply.buttons
    assert button.label == "The 12 rows as a file"
    (file,) = (await say(services, button.call)).files
    assert len(file.content.decode("utf-8-sig").splitlines()) == 13
    assert await scene.all_of(services, RosterEntry) == []


async def test_cancelled_nothing_is_added(services: Services) -> None:
    reply = await give(services, table(*STREET))
    said = await say(services, reply.buttons[1].call)
    assert said.text == "– list1.csv was not added. The roster is as it was."
    assert "Nothing was added twice" in (await say(services, reply.buttons[0].call)).text


@pytest.mark.parametrize("said", ["/roster import", "/members import", "/roster import now"])
async def test_without_a_file_one_is_asked_for(services: Services, said: str) -> None:
    reply = await say(services, said)
    assert "send me the CSV itself" in reply.text
    assert reply.form is not None
    assert [field.kind for field in reply.form.fields] == ["file"]


@pytest.mark.parametrize("said", ["/roster", "/roster import", "/members import"])
async def test_a_file_is_taken_wherever_it_comes(services: Services, said: str) -> None:
    assert "23 new" in (await give(services, table(*STREET), said=said)).text


async def test_a_mistake_in_the_form_leaves_it_open(services: Services) -> None:
    reply = await give(services, b"", said="/roster import", file="list.csv")
    assert reply.form is not None
    assert "That file is empty" in reply.form.fields[0].error
    assert (await give(services, b"")).form is None, "who drops a file has no form open"


async def test_one_file_at_a_time(services: Services) -> None:
    reply = await give(services, table(*STREET), table(*STREET))
    assert "one file at a time" in reply.text


async def test_what_a_file_calls_things_stays_within_a_message(services: Services) -> None:
    """Names, titles and values come from anywhere, and are as long as anybody likes."""
    titles = ",".join(["Address", "\u202eName", *(f'"{"x" * 90}\n{n}"' for n in range(50))])
    rows = [f'{"y" * 400},"a\nb",{"z" * 900}@,{"1" * 60}' for _ in range(40)]
    content = "\n".join([titles, *rows]).encode()
    file = File("evil\n\u202e" + "n" * 300 + ".csv", "text/csv", content)
    reply = await dispatch.answer(services, dataclasses.replace(call("/roster"), files=(file,)))
    assert "40 rows cannot be used" in reply.text
    assert len(reply.text) < 4_000
    assert "\u202e" not in reply.text
    assert "… and 112 more." in reply.text


async def test_a_page_has_ten_entries_by_street_and_number(services: Services) -> None:
    await fill(services, "1 Ash Road,A,,", *STREET[::-1])
    first = await say(services, "/roster")
    assert first.text.startswith("24 entries on the roster, page 1 of 3:\n#1 1 Ash Road: A\n")
    pages = [first]
    while more := [button for button in pages[-1].buttons if button.label == "More"]:
        pages.append(await say(services, more[0].call))
    names = [line.rpartition(": ")[2] for page in pages for line in page.text.splitlines()[1:]]
    assert names == ["A", *(f"N{number}" for number in range(1, 24))]
    back = await say(services, pages[-1].buttons[0].call)
    assert back.text == pages[1].text
    assert "page 3 of 3" in (await say(services, "/roster page 99")).text


@on_both
async def test_entries_are_found_by_any_of_their_words(services: Services) -> None:
    await fill(
        services,
        "3 Elm St.,Zoë O'Neil,zoe@example.org,+1 415-555-0101",
        "3 Oak Lane,Ana 100%,,",
        "Harbour House 12,Bo_Lin,,+1 415-555-0102",
    )
    searches = {
        "elm": ["Zoë O'Neil"],
        "ELM STREET": ["Zoë O'Neil"],
        "zoe": ["Zoë O'Neil"],
        "o'neil 3": ["Zoë O'Neil"],
        "zoe@example.org": ["Zoë O'Neil"],
        "415 555 0102": ["Bo_Lin"],
        "harbour lin": ["Bo_Lin"],
        "elm oak": [],
        "100%": ["Ana 100%"],
        "bo_lin": ["Bo_Lin"],
        "'; DROP TABLE roster_entry; --": [],
    }
    assert {search: await listed(services, search) for search in searches} == searches


async def test_a_search_of_any_length_can_be_turned_and_holds_no_address(
    services: Services,
) -> None:
    await fill(services, *(f"{n} Elm Street,Ana,ana{n}@example.org," for n in range(1, 13)))
    for search in ("ana@example.org", "e" * 80, "elm " * 40, "+1 415"):
        reply = await say(services, f"/roster {search}")
        for button in reply.buttons:
            assert len(button.call.encode()) <= 56
            assert not {"@", "+"} & {*button.call}
    turned = await say(services, "/roster ana@example.org")
    assert "page 2 of 2" in (await say(services, turned.buttons[0].call)).text


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("remove", "Which entry? Give its number."),
        ("remove it", "Which entry?"),
        ("remove 99", "There is no entry 99 on the roster here."),
        ("apply", "Which file?"),
        ("apply x", "Which file?"),
        ("apply 99", "Nothing was added twice."),
        ("cancel 99", "Nothing was added twice."),
        ("broken 99", "Nothing was added twice."),
        ("clear", "The roster is empty already."),
        ("clear yes", "The roster is empty now; 0 entries went."),
        ("nonsense", "Nothing on the roster is like “nonsense”."),
        ("", "The roster is empty."),
    ],
)
async def test_whatever_is_said_has_an_answer(services: Services, said: str, words: str) -> None:
    assert words in (await say(services, f"/roster {said}")).text


@on_both
async def test_what_is_taken_off_leaves_invitations_good(services: Services) -> None:
    await fill(services, *STREET[:3])
    robin = await scene.actor(services)
    first, second = await scene.invite(services, robin, "a@example.org\nb@example.org")

    def given(session: Session) -> None:
        for row, entry in ((first, 1), (second, 2)):
            session.get_one(Invitation, row.id).roster_entry_id = entry

    await services.storage.write(given)
    assert "off the roster: 1 Elm Street: N1." in (await say(services, "/roster remove #1")).text
    asked = await say(services, "/roster clear")
    assert asked.text.startswith("Take all 2 entries off the roster?")
    assert [button.style for button in asked.buttons] == ["danger", "plain", "plain"]
    assert "2 entries went" in (await say(services, asked.buttons[0].call)).text
    rows = await scene.all_of(services, Invitation)
    assert [(row.roster_entry_id, row.voided_at) for row in rows] == [(None, None)] * 2
    trail = [row.action for row in await scene.all_of(services, Audit) if "roster" in row.action]
    assert trail == ["roster.imported", "roster.removed", "roster.cleared"]


async def test_the_neighbours_roster_is_out_of_reach(services: Services) -> None:
    await fill(services, *STREET[:3])
    await scene.next_door(services)
    for said, words in {
        "/roster": "The roster is empty.",
        "/roster n1": "Nothing on the roster",
        "/roster remove 1": "There is no entry 1 on the roster here.",
        "/roster apply 1": "Nothing was added twice.",
        "/roster broken 1": "Nothing was added twice.",
        "/roster clear yes": "0 entries went",
    }.items():
        assert words in (await scene.say_next_door(services, said)).text
    (export,) = (await scene.say_next_door(services, "/roster export")).files
    assert export.content.count(b"\r\n") == 1, "the titles alone"
    assert len(await scene.all_of(services, RosterEntry)) == 3
