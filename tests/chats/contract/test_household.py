"""Members in every chat: known by a key, answered alone, and let go when they leave."""

import json
from datetime import UTC, datetime

import pytest

from bot.app import House
from bot.community import codes
from bot.community.households import pairing
from storage import invitations
from storage.tables import Member
from tests.chats.contract.people import COMMUNITY, Person, quiet
from tests.community import scene


@pytest.fixture
async def rosa(leader: Person, stranger: Person) -> int:
    """Ben, who leads nothing, has joined as Rosa Delgado, the head of Flat 4B."""
    await leader.say("/passes 1")
    services = leader.house.services
    row = await services.storage.read(invitations.newest)
    assert row is not None
    assert row.community_id == COMMUNITY
    code = codes.derive(services.keys, row.id, row.generation)
    admitted = await scene.redeem(services, code, now=datetime.now(UTC))
    await quiet(leader.house)
    return admitted.member_id


async def key_of(house: House, member_id: int) -> str:
    """A key, as the member's page shows it."""
    now = datetime.now(UTC)
    await pairing.offer(house.services, member_id, now=now)
    return (await pairing.offered(house.services, member_id, now=now)).key


async def test_a_member_is_known_by_a_key_and_looks_after_the_household(
    stranger: Person, rosa: int
) -> None:
    assert "which member you are" in await stranger.say("/household")
    key = await key_of(stranger.house, rosa)
    assert "Welcome, Rosa Delgado: I know you here now" in await stranger.say(
        f"/household key {key}"
    )
    home = await stranger.press("My household")
    assert "Flat 4B, in Maple Court" in home
    assert "Rosa Delgado (you), head of household, r•••@" in home
    await stranger.press("Add somebody")
    added = await stranger.fill(name="Luis", contact="luis@example.org")
    assert "Luis is now in your household" in added
    assert "/m/1/" in await stranger.say("/household link")
    assert "do not see your contact" in await stranger.say("/household hide")
    assert "/household" in await stranger.say("/help")


async def test_nothing_of_a_household_is_shown_where_everybody_reads(
    stranger: Person, rosa: int
) -> None:
    await stranger.say(f"/household key {await key_of(stranger.house, rosa)}")
    await stranger.say_in_channel("/household")
    await stranger.say_in_channel("/household link")
    await quiet(stranger.house)
    if stranger.chat != "playground":  # whose one reader sees all answers anyway
        for text in await stranger.announced():
            assert "r•••" not in text
            assert "/m/1/" not in text


async def test_a_member_takes_their_data_and_leaves(stranger: Person, rosa: int) -> None:
    await stranger.say(f"/household key {await key_of(stranger.house, rosa)}")
    await stranger.say("/household")
    await stranger.press("My data")
    [file] = [each for each in await stranger.files() if each.name.endswith(".json")]
    assert json.loads(file.content)["you"]["name"] == "Rosa Delgado"
    assert "Do you want to leave Maple Court?" in await stranger.say("/household leave")
    assert "no longer a member" in await stranger.press("Yes, leave")
    assert "which member you are" in await stranger.say("/household")
    [member] = await scene.all_of(stranger.house.services, Member)
    assert member.removed_at is not None


async def test_nobody_else_is_that_member(leader: Person, stranger: Person, rosa: int) -> None:
    key = await key_of(leader.house, rosa)
    await stranger.say(f"/household key {key}")
    assert "wrong, used or too old" in await leader.say(f"/household key {key}")
    assert "which member you are" in await leader.say(f"/household #{rosa}")
    assert "forgotten who you are" in await stranger.say("/household forget me")
    assert "which member you are" in await stranger.say(f"/household #{rosa} leave yes")


async def test_the_page_says_what_to_type_in_this_chat(leader: Person, rosa: int) -> None:
    key = await key_of(leader.house, rosa)
    shown = await pairing.offered(leader.house.services, rosa, now=datetime.now(UTC))
    [place] = [each for each in shown.places if each.name == leader.chat.capitalize()]
    assert place.said.endswith(f"household key {key}")
    if leader.chat == "telegram":
        assert place.url.endswith(f"?start=home-{key.replace('-', '')}")
        word = place.url.partition("?start=")[2]
        assert "I know you here now" in await leader.say(f"/start {word}")
    else:
        assert place.url == ""
