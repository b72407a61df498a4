"""The community's own facts in every chat: shown, changed by a word, and changed in a form."""

from storage.tables import Community
from tests.chats.contract.people import Person
from tests.community import scene


async def community(leader: Person) -> Community:
    [row] = await scene.all_of(leader.house.services, Community)
    return row


async def test_a_form_changes_what_was_filled_in_and_leaves_the_rest(leader: Person) -> None:
    before = await community(leader)
    assert before.name in await leader.say("/community")
    assert "Name" in await leader.press("Edit")
    said = await leader.fill(name="Elm & Oak <Row>", paper="a4", postal="")
    assert "Elm & Oak <Row>" in said
    after = await community(leader)
    assert (after.name, after.paper) == ("Elm & Oak <Row>", "a4")
    assert (after.welcome, after.colour, after.code_days) == (
        before.welcome, before.colour, before.code_days,
    )  # fmt: skip


async def test_what_cannot_be_is_said_and_can_be_mended(leader: Person) -> None:
    await leader.say("/community edit")
    assert "#" in await leader.fill(colour="mauve")
    assert (await community(leader)).colour != "mauve"
    await leader.fill(colour="#5b3a8c")
    assert (await community(leader)).colour == "#5b3a8c"


async def test_one_word_changes_one_thing(leader: Person, stranger: Person) -> None:
    assert "“shoesize”" in await leader.say("/community shoesize 43")
    assert "Elm Row" in await leader.say("/community name Elm Row")
    assert leader.name in await stranger.say("/community name Mine")
    assert (await community(leader)).name == "Elm Row"
