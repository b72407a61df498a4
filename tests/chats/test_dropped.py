"""What a file means without words, how many bytes are taken, and what is left unread."""

from dataclasses import replace

import pytest

from bot import dispatch
from bot.app import House
from bot.chats.dropped import MOST, Dropped, NotFetched, answered, held, meant
from bot.messages import Call, File, Reply
from bot.ports import Services
from tests.community import scene

TABLE = b"address\n4 Elm Street\n"


def lying(name: str, media_type: str = "") -> Dropped:
    return held(File(name, media_type, TABLE))


@pytest.mark.parametrize(
    ("words", "name", "media_type", "command"),
    [
        ("", "people.csv", "", "/roster import"),
        ("", "PEOPLE.CSV", "application/vnd.ms-excel", "/roster import"),
        ("", "people.tsv", "", "/roster import"),
        ("", "people.txt", "", "/roster import"),
        ("", "export", "text/csv; charset=utf-8", "/roster import"),
        ("Here is our list", "people.csv", "", "/roster import"),
        ("invite all of these", "people.csv", "", "/roster import"),
        ("roster import", "people.dat", "", "/roster import"),
        ("Roster Import please", "people.dat", "", "/Roster Import please"),
        ("roster imported", "people.dat", "", ""),
        ("community logo", "light.png", "image/png", "/community logo"),
        ("/community logo", "light.png", "image/png", "/community logo"),
        ("/members 17", "people.csv", "", "/members 17"),
        ("", "light.png", "image/png", ""),
        ("", "people.xlsx", "", ""),
        ("", "people", "", ""),
        ("", "csv", "", ""),
    ],
)
def test_what_is_meant(words: str, name: str, media_type: str, command: str) -> None:
    assert meant(words, [lying(name, media_type)]) == command


@pytest.fixture
def services(house: House) -> Services:
    return house.services


async def said(services: Services, text: str, *files: Dropped, speaker: str = "leader") -> Reply:
    async def answer(call: Call) -> Reply:
        return await dispatch.answer(services, call)

    call = replace(scene.call(text), speaker=speaker)
    return await answered(services, answer, call, files)


async def test_files_are_read_into_the_call_of_a_leader(services: Services) -> None:
    assert "1 address" in (await said(services, "/roster import", lying("a.csv"))).text


async def test_all_files_together_may_not_be_too_much(services: Services) -> None:
    halves = [held(File(f"{n}.csv", "", b"a" * (MOST // 2 + 1))) for n in (1, 2)]
    reply = await said(services, "/roster import", *halves)
    assert reply.text == "“2.csv” is too big: I take files up to 5 MB. Nothing was done."


async def test_a_platform_that_tells_no_size_is_not_trusted(services: Services) -> None:
    unknown = replace(held(File("a.csv", "", b"a" * (MOST + 1))), size=0)
    assert "too big" in (await said(services, "/roster import", unknown)).text


async def test_nothing_is_read_that_is_too_much_or_a_strangers(services: Services) -> None:
    async def fetch() -> bytes:
        raise NotFetched("It was fetched.")

    huge, small = Dropped("a.csv", "", MOST + 1, fetch), Dropped("a.csv", "", 10, fetch)
    assert "too big" in (await said(services, "/roster import", huge)).text
    assert "Robin Vale" in (await said(services, "/roster import", small, speaker="ben")).text
    assert "Robin Vale" in (await said(services, "", small, speaker="ben")).text
    assert "two kinds of files" in (await said(services, "", small)).text
    assert (await said(services, "/roster import", small)).text == "It was fetched."
