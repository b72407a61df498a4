"""Files in every chat: brought by dropping them or in a form, and handed out by name."""

import csv
import io

from PIL import Image

from storage.tables import Logo, RosterEntry
from tests.chats.contract.people import Handed, Person
from tests.community import scene

TABLE = Handed(
    "people.csv",
    b"Address,Name,E-mail\n4 Elm Street,Ana Ruiz,ana@example.org\n5 Elm Street,,\n",
)
WHAT_FOR = "I can read two kinds of files"


def picture(colour: str) -> Handed:
    """A logo."""
    drawn = io.BytesIO()
    Image.new("RGB", (320, 80), colour).save(drawn, "PNG")
    return Handed("logo.png", drawn.getvalue())


async def entries(leader: Person) -> list[str]:
    rows = await scene.all_of(leader.house.services, RosterEntry)
    return [row.address for row in rows]


async def test_a_table_that_is_dropped_becomes_the_roster(leader: Person) -> None:
    said = await leader.drop(TABLE)
    assert "2 addresses" in said
    assert "Nothing is added until you press the button" in said
    assert await entries(leader) == []
    [add, *_] = [label for label in await leader.buttons() if label.startswith("Add")]
    await leader.press(add)
    assert sorted(await entries(leader)) == ["4 Elm Street", "5 Elm Street"]


async def test_a_form_takes_a_file(leader: Person) -> None:
    assert "Import a file" in " ".join([await leader.say("/roster"), *await leader.buttons()])
    assert "CSV file" in await leader.press("Import a file")
    assert "2 addresses" in await leader.fill(file=TABLE)


async def test_words_with_a_file_say_what_it_is_for(leader: Person) -> None:
    said = await leader.drop(Handed("people.dat", TABLE.content), "/roster import")
    assert "2 addresses" in said
    assert "2 addresses" in await leader.drop(TABLE, "Here is our list!")
    assert WHAT_FOR in await leader.drop(Handed("notes.docx", b"no table"))


async def test_a_picture_becomes_the_logo_and_is_shown(leader: Person) -> None:
    assert "This is the logo from now on" in await leader.drop(picture("teal"), "/community logo")
    [logo] = await scene.all_of(leader.house.services, Logo)
    shown = [file for file in await leader.files() if file.content == logo.content]
    assert shown
    assert "Picture" in await leader.say("/community logo")
    await leader.fill(picture=picture("maroon"))
    [other] = await scene.all_of(leader.house.services, Logo)
    assert other.content != logo.content


async def test_what_is_no_picture_is_no_logo(leader: Person) -> None:
    assert "This is the logo" not in await leader.drop(TABLE, "/community logo")
    assert await scene.all_of(leader.house.services, Logo) == []


async def test_a_file_of_somebody_who_leads_nothing_is_not_taken(
    leader: Person, stranger: Person
) -> None:
    assert leader.name in await stranger.drop(TABLE)
    assert leader.name in await stranger.drop(picture("teal"), "/community logo")
    assert await entries(leader) == []
    assert await scene.all_of(leader.house.services, Logo) == []


async def test_a_file_that_is_handed_out_comes_back_as_it_was(leader: Person) -> None:
    await leader.drop(TABLE)
    [add, *_] = [label for label in await leader.buttons() if label.startswith("Add")]
    await leader.press(add)
    await leader.say("/roster export")
    [file] = [one for one in await leader.files() if one.name.endswith(".csv")]
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert len(rows) == 2
    assert "Nothing would change" in await leader.drop(file)
