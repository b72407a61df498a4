"""`/leaders`: owners, leaders, and what goes from one to another, in every chat."""

from storage.tables import Invitation, Leader
from tests.chats.contract.people import Person, read
from tests.community import scene

SENT = "rosa@example.org: the e-mail has been sent"


async def number(person: Person) -> int:
    """Their number among the leaders."""
    rows = await scene.all_of(person.house.services, Leader)
    return next(row.id for row in rows if row.user_id == person.user_id)


async def test_who_goes_hands_over_what_is_open(leader: Person, second_leader: Person) -> None:
    assert f"{leader.name}, owner" in await second_leader.say("/leaders")
    await second_leader.say("/invite email rosa@example.org")
    await read(second_leader.shown, SENT)
    theirs, ours = await number(second_leader), await number(leader)
    assert "Only owners may do that" in await second_leader.say(f"/leaders remove {ours}")
    said = await leader.say(f"/leaders remove {theirs}")
    assert "Who shall look after 1 open invitation?" in said
    said = await leader.press("Hand over to me")
    assert f"you have 1 open invitation of {second_leader.name} now" in said
    await read(leader.shown, SENT)
    [row] = await scene.all_of(leader.house.services, Invitation)
    assert row.leader_id == ours
    assert leader.name in await second_leader.say("/leaders"), "whom they may ask"


async def test_an_owner_steps_down_after_making_another(
    leader: Person, second_leader: Person
) -> None:
    await leader.say("/invite email rosa@example.org")
    await read(leader.shown, SENT)
    ours, heir = await number(leader), second_leader.name
    said = await leader.say(f"/leaders owner {await number(second_leader)}")
    assert f"Make {heir} an owner?" in said
    assert f"{heir} is an owner now" in await leader.press("Make an owner")
    assert "Do you want to step down?" in await leader.say(f"/leaders remove {ours}")
    said = await leader.press(f"Step down, hand over to {heir}")
    assert f"You are no leader any more. {heir} has your 1 open invitation now." in said
    await read(second_leader.shown, f"You have 1 open invitation of {leader.name} from now on.")
    await read(second_leader.shown, SENT)
    await read(leader.shown, f"Handed over to {heir}")
    assert f"{heir}, owner" in await second_leader.say("/leaders")
