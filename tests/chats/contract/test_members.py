"""`/members` in every chat: finding, looking, changing, and taking it back."""

from datetime import UTC, datetime

from bot.community import codes, redemptions
from bot.community.sign_ups import SignUp
from storage.tables import Household, Invitation, Member
from tests.chats.contract.people import Person, made_leader, quiet
from tests.community import scene

HOMES = (
    SignUp("Ana Ruiz", "12 Elm Street", "ana@example.net", "", ("Bob",)),
    SignUp("Dae Kim", "9 Oak Lane", "dae@example.net", "", ()),
)


async def join(leader: Person) -> None:
    """Two households sign up with passes."""
    services = leader.house.services
    await leader.say("/passes 2")
    for row, form in zip(await scene.all_of(services, Invitation), HOMES, strict=True):
        code = codes.derive(services.keys, row.id, row.generation)
        await redemptions.redeem(
            services, code, form, source="203.0.113.9", browser="", now=datetime.now(UTC)
        )
    await quiet(leader.house)


async def homes(leader: Person) -> dict[str, str]:
    """Where everybody lives: name -> address."""
    services = leader.house.services
    at = {row.id: row.address for row in await scene.all_of(services, Household)}
    rows = await scene.all_of(services, Member)
    return {row.name: at[row.household_id] for row in rows if row.removed_at is None}


async def test_members_are_found_looked_at_and_looked_after(leader: Person) -> None:
    await join(leader)
    assert "2 households with 3 members" in await leader.say("/members")
    assert "12 Elm Street: Ana Ruiz (head), Bob, since" in await leader.say("/members elm ru")
    card = (await leader.press("#1")).replace("\u2060", "")  # Telegram makes it no link
    assert "Household #1, 12 Elm Street" in card
    assert "a•••@example.net" in card
    assert "ana@example.net" not in card
    assert "Bob, member #2" in await leader.press("Bob")
    await leader.press("Move")
    assert "Bob lives at 9 Oak Lane now." in await leader.fill(to="9 oak ln")
    assert (await homes(leader))["Bob"] == "9 Oak Lane"
    assert "Taken back" in await leader.press("Take back")
    assert (await homes(leader))["Bob"] == "12 Elm Street"
    await leader.say("/members rename 2")
    assert "Bob is called Robert now." in await leader.fill(name="Robert")
    assert "Both households have a head" in await leader.say("/members merge 2 1")
    assert "at 12 Elm Street, with 3 members" in await leader.press("Dae Kim")
    assert "Remove Robert, 12 Elm Street?" in await leader.say("/members remove 2")
    assert "Robert is no longer a member." in await leader.press("Remove Robert")
    assert set(await homes(leader)) == {"Ana Ruiz", "Dae Kim"}
    assert "No household or member is like “robert”" in await leader.say("/members robert")


async def test_what_cannot_be_is_said(leader: Person) -> None:
    await join(leader)
    assert "There is no member #99 here." in await leader.say("/members move 99 9 Oak Lane")
    assert "There is no household #77 here." in await leader.say("/members 77")
    assert "Which member? Give its number." in await leader.say("/members suspend")
    await leader.say("/members move 2")
    assert "Bob lives at 12 Elm Street already." in await leader.fill(to="12 elm st")


async def test_another_leader_may_take_it_back(leader: Person) -> None:
    await join(leader)
    assert "Bob is suspended" in await leader.say("/members suspend 2")
    assert "Bob (suspended)" in await leader.say("/members suspended")
    other = await leader.another("Sam Ode")
    assert leader.name in await other.say("/members undo 1")
    await made_leader(other)
    assert "Taken back" in await other.say("/members undo 1")
    assert "took that back already" in await leader.say("/members undo 1")
    assert "Nobody is suspended." in await leader.say("/members suspended")
