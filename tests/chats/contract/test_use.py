"""`/use`: who leads two communities is understood in every chat, at each word and press."""

from storage.tables import Community, Invitation
from tests.chats.contract.people import Person, made_leader, read
from tests.community import scene


async def names(leader: Person) -> list[str]:
    """What the communities are called."""
    return [row.name for row in await scene.all_of(leader.house.services, Community)]


async def test_one_more_is_founded_used_and_left_again(leader: Person) -> None:
    first, *_ = await names(leader)
    assert "Oak Hill is founded, and you own it" in await leader.say("/use new Oak Hill")
    assert (await leader.say("/members")).splitlines()[0] == "Oak Hill"
    assert "in use" in await leader.say("/use")
    assert {first, "Oak Hill"} <= set(await leader.buttons())
    assert "This is what you mean from now on" in await leader.press(first)
    assert (await leader.say("/members")).splitlines()[0] == first
    await leader.say("/use oak")
    assert (await leader.say("/members")).splitlines()[0] == "Oak Hill"


async def test_a_button_means_the_community_it_was_made_for(leader: Person) -> None:
    first, *_ = await names(leader)
    await leader.say("/use new Oak Hill")
    await leader.say("/community")
    await leader.say(f"/use {first}")
    assert "Oak Hill" in await leader.press("Edit")
    await leader.fill(name="Oak Yard")
    assert await names(leader) == [first, "Oak Yard"]


async def test_a_form_means_the_community_it_was_opened_for(leader: Person) -> None:
    first, *_ = await names(leader)
    await leader.say("/use new Oak Hill")
    await leader.say("/invite")
    await leader.fill(to="rosa@example.org")
    [row] = await scene.all_of(leader.house.services, Invitation)
    assert row.community_id == 2
    shown = await read(leader.shown, "rosa@example.org: the e-mail has been sent")
    assert shown.splitlines()[0] == "Oak Hill"
    await leader.say(f"/use {first}")
    assert (await leader.press("Resend")).splitlines()[0] == "Oak Hill"


async def test_who_leads_both_is_asked_which_when_nothing_says_it(
    leader: Person, second_leader: Person
) -> None:
    first, *_ = await names(leader)
    await leader.say_in_channel("/announce here")
    await leader.say("/use new Oak Hill")
    await made_leader(second_leader, 2)
    said = await second_leader.say("/invite email rosa@example.org")
    assert "nothing was done yet" in said
    assert await scene.all_of(leader.house.services, Invitation) == []
    await second_leader.press("Oak Hill")
    await second_leader.say("/invite email rosa@example.org")
    [row] = await scene.all_of(leader.house.services, Invitation)
    assert row.community_id == 2
    said = await second_leader.say_in_channel("/announce off")
    assert said.splitlines()[0] == first, "its channel decides"


async def test_a_stranger_learns_nothing_where_two_are(leader: Person, stranger: Person) -> None:
    first, *_ = await names(leader)
    await leader.say("/use new Oak Hill")
    said = await stranger.say("/members")
    assert "You lead no community here" in said
    for word in (first, "Oak Hill", leader.name):
        assert word not in said
