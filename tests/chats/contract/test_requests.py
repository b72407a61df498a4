"""Somebody without a code asks to be let in, and leaders decide, in every chat alike."""

from datetime import UTC, datetime

from storage.tables import Invitation
from tests.chats.contract.people import Person, read, until
from tests.community import scene
from tests.community.requests.asking import ask, asked_for

# What chats take for mentions, markup and commands, typed by a stranger.
WORDS = "<!channel> *Let* _me_ in & <b>now</b> [x](y) @everyone"


async def somebody_asks(leader: Person, contact: str, name: str) -> None:
    """The form on the web, filled in."""
    await ask(
        leader.house.services,
        contact,
        name=name,
        words=WORDS,
        slug=await slug_of(leader),
        now=datetime.now(UTC),
    )


async def slug_of(leader: Person) -> str:
    """Where people ask, as leaders are told to share it."""
    said = await leader.say("/requests")
    assert "No request to be let in waits" in said
    return said.partition("/ask/")[2].split()[0]


async def test_a_request_is_approved_by_its_card(leader: Person, stranger: Person) -> None:
    await somebody_asks(leader, "rosa@example.net", "Rosa Delgado")
    card = await read(leader.shown, "Request #1: Rosa Delgado, 12 Elm Street, asks to be let in.")
    assert "rosa@example.net" in card
    assert f"“{WORDS}”" in card.replace("\N{WORD JOINER}", "")  # Telegram's, against its links
    assert leader.name in await stranger.say("/requests approve 1")
    assert "Approved. Inviting rosa@example.net." in await leader.press("Approve")
    await read(leader.shown, f"{leader.name} approved it on")
    await read(leader.shown, "rosa@example.net: the e-mail has been sent")
    [row] = await scene.all_of(leader.house.services, Invitation)
    assert row.join_request_id == 1
    assert leader.name in await leader.say("/requests approve 1")  # who it was, and when


async def test_a_request_is_declined_by_a_form_and_taken_back(leader: Person) -> None:
    await somebody_asks(leader, "mal@example.net", "Mal Lory")
    await read(leader.shown, "Request #1: Mal Lory")
    form = await leader.press("Decline")
    assert "Request #1: Mal Lory" in form or "What they are told" in form
    said = await leader.fill(reason="own", words="We know nobody of that name.")
    assert "“We know nobody of that name.”" in said
    assert "unless you take it back" in said
    await read(leader.shown, f"{leader.name} declined it on")
    said = await leader.press("Take back")
    assert "Request #1: Mal Lory, 12 Elm Street, asks to be let in." in said
    [row] = await asked_for(leader.house.services)
    assert row.decided_at is None


async def test_every_leader_has_a_card_and_one_decides(
    leader: Person, second_leader: Person
) -> None:
    await somebody_asks(leader, "rosa@example.net", "Rosa Delgado")
    for person in (leader, second_leader):
        await read(person.shown, "Request #1: Rosa Delgado, 12 Elm Street, asks to be let in.")
    await second_leader.say("/requests decline 1 Not now.")
    for person in (leader, second_leader):
        await read(person.shown, f"{second_leader.name} declined it on")
    late = await leader.say("/requests approve 1")
    assert f"{second_leader.name} declined request #1 on" in late
    assert await scene.all_of(leader.house.services, Invitation) == []


async def test_the_list_leads_to_each_and_the_door_can_be_shut(leader: Person) -> None:
    for number in range(12):
        await ask(
            leader.house.services,
            f"n{number}@example.net",
            name=f"Nia {number}",
            source=f"198.51.100.{number}",
            now=datetime.now(UTC),
        )
    await until(lambda: _all_shown(leader, 12))
    assert "12 requests to be let in wait" in await leader.say("/requests")
    assert "#11 Nia 10" in await leader.press("Newer")
    assert "Request #12: Nia 11" in await leader.press("#12")
    assert "Nobody can ask" in await leader.say("/requests off")
    assert "can now ask to be let in" in await leader.press("Let people ask")


async def _all_shown(leader: Person, count: int) -> bool:
    return sum("asks to be let in." in text for text in await leader.shown()) >= count
