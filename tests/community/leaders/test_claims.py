"""The claim code: good for an hour, in one chat, until somebody leads there; not to be guessed."""

import asyncio
import dataclasses
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from bot import dispatch
from bot.app import House, open_house
from bot.community import actors, leaders
from bot.community.codes import ALPHABET
from bot.community.leaders import claims
from bot.community.leaders.claims import ClaimedAlready, TooManyClaims, WrongClaim
from bot.community.names import BadWords
from bot.messages import Call
from bot.ports import Services
from bot.settings import Keys, Settings
from storage.tables import Audit, ChatLink, Community, Leader
from tests.community import scene
from tests.community.scene import NOW, on_both

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
WRONG = "0000-0000"


@pytest.fixture
def house(services: Services) -> Services:
    """Maple Court, with Robin in the playground and nobody in Slack yet."""
    chat = services.chats["playground"]
    return dataclasses.replace(services, chats={"playground": chat, "slack": chat})


def ana(place: str = "T1", speaker: str = "U1", name: str = "Ana Ruiz") -> Call:
    """Somebody in Slack."""
    return Call("slack", place, "D1", speaker, name, "")


async def code(house: Services, chat: str = "slack", *, now: datetime = NOW) -> str:
    """The code that is printed then."""
    found = await claims.claim_code(house, chat, now=now)
    assert found is not None
    return found


async def test_the_code_makes_the_first_leader_and_joins_the_place(house: Services) -> None:
    community = await claims.claim(house, ana(), await code(house), now=NOW)
    assert community.name == "Maple Court"
    actor = await actors.actor_of(house, ana())
    assert (actor.name, actor.community_id) == ("Ana Ruiz", community.id)
    link = (await scene.all_of(house, ChatLink))[-1]
    assert (link.chat, link.place, link.community_id) == ("slack", "T1", community.id)
    (line,) = await scene.all_of(house, Audit)
    assert (line.actor, line.action, line.subject) == ("leader:2", "leader.claimed", "leader:2")


async def test_the_code_is_easy_to_type(house: Services) -> None:
    right = await code(house)
    assert re.fullmatch(f"[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}", right)
    for typed in (right.lower(), right.replace("-", ""), f" {right.replace('-', ' – ')}\n"):
        await claim_and_step_down(house, typed)


@pytest.mark.parametrize(("symbol", "look_alike"), ["0O", "0o", "1I", "1l", "VU"])
async def test_letters_that_look_like_others_are_read_as_those(
    house: Services, symbol: str, look_alike: str
) -> None:
    now = NOW
    while symbol not in (right := await code(house, now=now)):
        now += HOUR
    await claim_and_step_down(house, right.replace(symbol, look_alike), now=now)


async def claim_and_step_down(house: Services, typed: str, *, now: datetime = NOW) -> None:
    """Ana becomes a leader by what she typed, and gives that up."""
    await claims.claim(house, ana(), typed, now=now)
    actor = await actors.actor_of(house, ana())
    await leaders.remove(house, actor, actor.leader_id, now=now)


async def test_a_code_is_good_for_an_hour_and_not_for_more_than_two(house: Services) -> None:
    right = await code(house)
    with pytest.raises(WrongClaim):
        await claims.claim(house, ana(), right, now=NOW - SECOND)
    for late in (2 * HOUR, 3 * HOUR):
        with pytest.raises(WrongClaim):
            await claims.claim(house, ana(), right, now=NOW + late)
    await claims.claim(house, ana(), right, now=NOW + HOUR + HOUR - SECOND)


async def test_a_code_is_of_one_chat_and_one_key(house: Services) -> None:
    telegram = dataclasses.replace(house, chats={**house.chats, "telegram": house.chats["slack"]})
    other = dataclasses.replace(house, keys=Keys.from_secret(b"another secret of the tests, 32+ b"))
    for wrong in (await code(telegram, "telegram"), await code(other), "", WRONG, "x" * 5000):
        with pytest.raises(WrongClaim):
            await claims.claim(house, ana(speaker=wrong[:9]), wrong, now=NOW)
    assert len(await scene.all_of(house, ChatLink)) == 1


@on_both
async def test_of_many_with_the_code_one_becomes_the_leader(house: Services) -> None:
    right = await code(house)
    crowd = [ana(speaker=f"U{number}") for number in range(8)]
    outcomes = await asyncio.gather(
        *(claims.claim(house, call, right, now=NOW) for call in crowd), return_exceptions=True
    )
    assert [type(each) for each in outcomes].count(Community) == 1
    assert [type(each) for each in outcomes].count(ClaimedAlready) == 7
    assert [row.chat for row in await scene.all_of(house, Leader)] == ["playground", "slack"]


async def test_once_somebody_leads_there_no_code_helps(house: Services) -> None:
    right = await code(house)
    await claims.claim(house, ana(), right, now=NOW)
    assert await claims.claim_code(house, "slack", now=NOW) is None
    for place in ("T1", "T2"):
        with pytest.raises(ClaimedAlready) as refused:
            await claims.claim(house, ana(place, "U2"), right, now=NOW)
        assert "Maple Court is led already, by Robin Vale, Ana Ruiz." in refused.value.words


async def test_a_place_may_belong_to_several_communities(house: Services) -> None:
    await scene.next_door(house)
    community = (await scene.all_of(house, Community))[1]

    def move(session: Session) -> None:
        session.add(ChatLink(community_id=community.id, chat="slack", place="T1"))

    await house.storage.write(move)
    claimed = await claims.claim(house, ana(), await code(house), now=NOW)
    assert claimed.name == "Maple Court"
    assert (await actors.actor_of(house, ana())).community_id == claimed.id


async def test_who_guesses_five_times_waits_and_hinders_nobody_else(house: Services) -> None:
    right = await code(house)
    for _ in range(5):
        with pytest.raises(WrongClaim):
            await claims.claim(house, ana(), WRONG, now=NOW)
    for typed in [WRONG] * 30 + [right]:
        with pytest.raises(TooManyClaims) as refused:
            await claims.claim(house, ana(), typed, now=NOW)
    assert "wait 61 minutes" in refused.value.words
    await claims.claim(house, ana(speaker="U2"), right, now=NOW)


async def test_all_together_guess_twenty_times_an_hour(house: Services) -> None:
    for number in range(20):
        with pytest.raises(WrongClaim):
            await claims.claim(house, ana(speaker=f"U{number}"), WRONG, now=NOW)
    with pytest.raises(TooManyClaims):
        await claims.claim(house, ana(speaker="late"), await code(house), now=NOW)
    later = NOW + HOUR
    right = await code(house, now=later)
    await claims.claim(house, ana(speaker="late"), right, now=later)


async def test_a_name_that_could_forge_a_link_is_no_leaders(house: Services) -> None:
    with pytest.raises(BadWords):
        await claims.claim(house, ana(name="evil.com"), await code(house), now=NOW)
    assert len(await scene.all_of(house, Leader)) == 1


async def test_a_line_is_printed_for_each_chat_without_a_leader(house: Services) -> None:
    (line,) = await claims.claims(house, now=NOW)
    assert line.startswith(f"To lead from Slack, say there:  /leaders claim {await code(house)}")
    await claims.claim(house, ana(), await code(house), now=NOW)
    assert await claims.claims(house, now=NOW) == []


async def test_founded_without_the_playground_nobody_leads_until_it_is_claimed() -> None:
    async with open_house(Settings(playground=False)) as house:
        assert [row.name for row in await scene.all_of(house.services, Community)] == [
            "Maple Court"
        ]
        assert await scene.all_of(house.services, Leader) == []
        assert await scene.all_of(house.services, ChatLink) == []
        assert await claims.claims(house.services, now=NOW) == []
    async with open_house(Settings()) as house:
        await _claim_the_playground(house)


async def _claim_the_playground(house: House) -> None:
    now = datetime.now(UTC)
    (line,) = await claims.claims(house.services, now=now)
    words = re.search(r"/leaders claim \S+", line)
    assert words
    refused = await scene.say(house.services, "/passes 1")
    assert refused.text.startswith("This chat does not belong to a community yet.")
    assert (await dispatch.answer(house.services, scene.call(words[0]))).text.startswith("Welcome")
    assert (await scene.say(house.services, "/passes 1")).files
