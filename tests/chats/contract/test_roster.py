"""The roster, in every chat: a file by form or dropped, shown, added, listed, taken away again."""

from bot.community.rosters import importing, sheets
from tests.chats.contract.people import Handed, Person, read

ROWS = "Address,Name,E-mail,Phone\n3 Elm Street,Ana Ruiz,ana@example.org,+1 415-555-0101\n"
FILE = Handed("list.csv", f"{ROWS}5 Elm Street,Bo Lin,,\n".encode())
BROKEN = Handed("list.csv", f"{ROWS}5 Elm Street,Bo Lin,,+1 555\n".encode())
LONG = "".join(f"{number} Elm Street,Ana {number},,\n" for number in range(importing.SHORT + 1))


async def test_a_roster_is_imported_by_a_form_once(leader: Person) -> None:
    assert "The roster is empty" in await leader.say("/roster")
    assert "CSV" in await leader.say("/roster import")
    said = await leader.fill(file=FILE)
    assert "2 rows, read as: address “Address”" in said
    assert "2 new, 0 changed, 0 the same." in said
    assert "is on the roster: 2 new" in await leader.press("Add 2")
    assert "2 entries on the roster:" in await leader.say("/roster")


async def test_a_dropped_file_needs_no_words(leader: Person) -> None:
    assert "2 new, 0 changed, 0 the same." in await leader.drop(FILE)
    await leader.press("Add 2")
    assert "Nothing would change" in await leader.drop(FILE, "/roster import")
    assert "3 Elm Street: Ana Ruiz, ana@example.org" in await leader.say("/roster ana")
    assert "Nothing on the roster is like" in await leader.say("/roster nobody")
    await leader.say("/roster export")
    [export] = await leader.files()
    assert [row.cells[1] for row in sheets.read(export.content)] == [
        "Address",
        "3 Elm Street",
        "5 Elm Street",
    ]
    assert "Nothing would change" in await leader.drop(export)


async def test_a_broken_row_is_named_and_handed_back(leader: Person) -> None:
    said = await leader.drop(BROKEN)
    assert "Row 3: the number “+1 555”: it is too short" in said
    assert "Add" not in " ".join(await leader.buttons())
    await leader.press("The row as a file")
    [file] = await leader.files()
    assert sheets.read(file.content)[1].cells[0] == "3"
    assert "The roster is empty" in await leader.say("/roster")


async def test_what_is_no_table_is_refused_with_what_to_do(leader: Person) -> None:
    await leader.say("/roster import")
    said = await leader.fill(file=Handed("list.csv", b"%PDF-1.7\n"))
    assert "That is a PDF" in said
    assert "Save As" in said


async def test_entries_are_taken_off_and_all_of_them_after_asking(leader: Person) -> None:
    await leader.drop(FILE)
    await leader.press("Add 2")
    assert "#1 is off the roster: 3 Elm Street: Ana Ruiz" in await leader.say("/roster remove 1")
    assert "There is no entry 1 on the roster here" in await leader.say("/roster remove 1")
    assert "Which entry?" in await leader.say("/roster remove it")
    assert "Take all 1 entry off the roster?" in await leader.say("/roster clear")
    assert "The roster is empty now" in await leader.press("Clear the roster")


async def test_a_long_file_is_shown_in_a_message_of_its_own(leader: Person) -> None:
    long = Handed("long.csv", f"Address,Name,E-mail,Phone\n{LONG}".encode())
    assert "301 rows. The message below shows" in await leader.drop(long)
    await read(leader.shown, "301 new, 0 changed, 0 the same.")
    await leader.press("Add 301")
    await read(leader.shown, "is on the roster: 301 new")


async def test_a_stranger_learns_nothing_of_it(leader: Person, stranger: Person) -> None:
    await leader.drop(FILE)
    await leader.press("Add 2")
    for said in ("/roster", "/roster export", "/roster apply 1", "/roster clear yes"):
        assert "Ana Ruiz" not in (await stranger.say(said)).replace(leader.name, "")
    assert "2 entries" in await leader.say("/roster")


async def test_lists_are_exported_to_their_leader_alone(leader: Person) -> None:
    await leader.say("/passes 2 Elm Street")
    await leader.say("/invites export")
    await leader.say("/passes export")
    await leader.say("/members export")
    exports = [file.name for file in await leader.files() if file.name.endswith(".csv")]
    assert exports == [f"maple-court-{what}.csv" for what in ("invitations", "batches", "members")]
    assert not [text for text in await leader.announced() if "csv" in text]
