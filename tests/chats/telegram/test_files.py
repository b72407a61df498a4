"""Files in Telegram: sent in private, with or without words, or as the answer to a question."""

import io

import pytest
from PIL import Image

from bot.chats.dropped import MOST, WHAT_FOR
from bot.chats.telegram.chat import TelegramChat
from bot.chats.telegram.speaking import Speaker
from bot.messages import File
from storage.tables import Talk
from tests.chats.telegram.conftest import Scene
from tests.community.scene import all_of
from tests.standins.telegram_world import User

TABLE = b"address\n4 Elm Street\n"
READ = "Nothing is added until you press the button."


def png() -> bytes:
    """A picture."""
    drawn = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(drawn, "PNG")
    return drawn.getvalue()


async def sent(
    scene: Scene, name: str, content: bytes, words: str = "", *, by: User | None = None
) -> str:
    """Send a file and read the answer."""
    user = by or scene.ana
    before = len(scene.said(user))
    await scene.telegram.send_file(user, user, name, content, caption=words)
    return await scene.next(before, user)


def fetched(scene: Scene) -> int:
    return sum(1 for asked in scene.telegram.calls if asked.method in {"getFile", "file"})


async def test_a_table_without_words_is_a_roster(scene: Scene) -> None:
    assert READ in await sent(scene, "people.csv", TABLE)
    assert READ in await sent(scene, "people.TXT", TABLE, "Here is our list!")
    assert fetched(scene) == 4


async def test_a_file_for_nothing_is_answered_with_what_files_are_for(polled: Scene) -> None:
    assert await sent(polled, "notes.docx", b"no table") == WHAT_FOR.replace("`", "")
    before = len(polled.said())
    await polled.telegram.send_photo(polled.ana, polled.ana, png())
    assert await polled.next(before) == WHAT_FOR.replace("`", "")
    assert fetched(polled) == 0


async def test_a_caption_that_is_a_command_is_that_command(polled: Scene) -> None:
    assert "I do not know" in await sent(polled, "a.csv", TABLE, "/community size 4")
    assert READ in await sent(polled, "people.dat", TABLE, "/roster import")
    assert READ in await sent(polled, "people.dat", TABLE, "roster import")


async def test_what_telegram_repeats_is_fetched_and_answered_once(scene: Scene) -> None:
    await sent(scene, "people.csv", TABLE)
    await scene.telegram.repeat()
    await scene.say("/help")
    assert fetched(scene) == 2
    assert sum(READ in message.text for message in scene.said()) == 1


async def test_nothing_is_fetched_for_somebody_who_leads_nothing(polled: Scene) -> None:
    await polled.telegram.start(polled.ben)
    await polled.next(0, polled.ben)
    assert "Ana Ruiz" in await sent(polled, "people.csv", TABLE, by=polled.ben)
    assert "Ana Ruiz" in await sent(polled, "notes.docx", b"no table", by=polled.ben)
    assert fetched(polled) == 0


async def test_too_much_is_not_fetched(polled: Scene) -> None:
    said = await sent(polled, "people.csv", b"a" * (MOST + 1))
    assert said.replace("\u2060", "") == (
        "“people.csv” is too big: I take files up to 5 MB. Nothing was done."
    )
    assert fetched(polled) == 0


@pytest.mark.parametrize("method", ["getFile", "file"])
@pytest.mark.parametrize("fault", ["502", "429", "drop_before", "Not Found"])
async def test_a_download_that_fails_is_said(polled: Scene, method: str, fault: str) -> None:
    polled.telegram.fault(method, fault)
    said = await sent(polled, "people.csv", TABLE)
    assert "did not give me" in said
    assert "please send it once more" in said
    polled.telegram.recover()
    assert READ in await sent(polled, "people.csv", TABLE)


async def test_a_file_answers_the_question_for_it(polled: Scene) -> None:
    assert "CSV file?" in await polled.say("/roster import")
    assert "Please send a file." in await polled.say("people.csv")
    assert READ in await sent(polled, "people.dat", TABLE)
    assert await all_of(polled.house.services, Talk) == []


async def test_the_question_survives_a_file_that_cannot_be_read(polled: Scene) -> None:
    await polled.say("/roster import")
    await sent(polled, "people.dat", b"\x00\x01\x02" * 40)
    assert READ in await sent(polled, "people.dat", TABLE)


async def test_another_question_is_left_for_a_table(polled: Scene) -> None:
    await polled.say("/community edit")
    assert READ in await sent(polled, "people.csv", TABLE)
    assert await all_of(polled.house.services, Talk) == []


@pytest.mark.parametrize(
    ("size", "is_photo"), [((40, 30), True), ((40, 900), False), ((9_000, 1_001), False)]
)
async def test_a_picture_is_shown_where_telegram_can_show_it(
    polled: Scene, size: tuple[int, int], *, is_photo: bool
) -> None:
    drawn = io.BytesIO()
    Image.new("RGB", size, "teal").save(drawn, "PNG")
    picture = File("map.png", "image/png", drawn.getvalue(), alt="A map")
    await speaker(polled).hand_over(str(polled.ana.id), (picture,), "Here it is.", ())
    sent = polled.said()[-1]
    assert sent.text == "Here it is."
    kept, other = (sent.photo, sent.document) if is_photo else (sent.document, sent.photo)
    assert other is None
    assert kept is not None
    assert kept.content == picture.content


async def test_a_picture_too_large_for_a_photo_is_a_file(polled: Scene) -> None:
    large = File("map.png", "image/png", png() + b"\0" * 10_000_001)
    await speaker(polled).hand_over(str(polled.ana.id), (large,), "Here it is.", ())
    assert polled.said()[-1].document is not None


async def test_several_files_come_one_after_the_other(polled: Scene) -> None:
    files = (File("map.png", "image/png", png()), File("people.csv", "text/csv", TABLE))
    await speaker(polled).hand_over(str(polled.ana.id), files, "Here they are.", ())
    picture, table = polled.said()[-2:]
    assert (picture.photo is not None, picture.text) == (True, "")
    assert table.document is not None
    assert (table.document.name, table.document.media_type) == ("people.csv", "text/csv")
    assert table.text == "Here they are."


def speaker(scene: Scene) -> Speaker:
    [chat] = [one for one in scene.house.chats if isinstance(one, TelegramChat)]
    return chat._speaker


async def test_a_group_is_no_place_for_files(polled: Scene) -> None:
    where, telegram = polled.porch, polled.telegram
    await telegram.send_file(polled.ana, where, "people.csv", TABLE, caption="/roster import")
    await polled.sees("Everybody in a group can read its files")
    await polled.sees("I answered you in private", where)
    telegram.add_user("Cleo Park", username="cleo")
    await telegram.send_file(polled.ben, where, "people.csv", TABLE, caption="/roster import")
    await polled.sees("Press the button", where)
    said = len(polled.said(where))
    await telegram.send_file(polled.ana, where, "people.csv", TABLE, caption="for all of you")
    await polled.say("/help")
    assert len(polled.said(where)) == said
    assert fetched(polled) == 0
