"""`/groups`, and invitations that lead into them, in every chat."""

from datetime import UTC, datetime

from bot.community import codes, redemptions
from bot.community.sign_ups import SignUp
from storage.tables import Group, GroupMember, Invitation
from tests.chats.contract.people import Person, quiet, read
from tests.community import scene


async def test_a_group_is_made_filled_shown_and_deleted(leader: Person) -> None:
    assert "There are no groups yet" in await leader.say("/groups")
    await leader.press("Create a group")
    assert "There is a group Pool committee now" in await leader.fill(name="Pool committee")
    await joined(leader, "Rosa Delgado", "Flat 4B", "/invite email rosa@example.org")
    await joined(leader, "Rosa Delgado", "Flat 5", "/invite email r.d@example.org")
    # Of two namesakes one is chosen.
    assert "2 members are like" in await leader.say("/groups add Pool: Rosa Delgado")
    assert "is now in Pool committee" in await leader.press("Rosa Delgado, Flat 5")
    assert "is no longer in Pool committee" in await leader.press("Take back")
    # A form asks whom.
    await leader.say("/groups add pool committee")
    assert "is now in Pool committee" in await leader.fill(who="household Flat 4B")
    shown = await leader.press("Show Pool committee")
    assert "#1 Rosa Delgado, Flat 4B" in shown
    await leader.press("Export")
    [file] = [file for file in await leader.files() if file.name.endswith(".csv")]
    assert b'"Rosa Delgado","Flat 4B"' in file.content
    await leader.say("/groups 1")
    await leader.press("Rename")
    assert "is called Swimmers now" in await leader.fill(name="Swimmers")
    assert "cannot be taken back" in await leader.say("/groups delete swimmers")
    assert "The group Swimmers is deleted" in await leader.press("Delete it")
    services = leader.house.services
    assert await scene.all_of(services, Group) == []
    assert await scene.all_of(services, GroupMember) == []


async def test_who_is_invited_arrives_in_the_group(leader: Person) -> None:
    await leader.say("/groups create Board")
    await leader.say("/groups create Pool")
    said = await joined(
        leader, "Rosa Delgado", "Flat 4B", "/invite email rosa@example.org in es in group board"
    )
    assert "They arrive in Board." in said
    assert "Rosa Delgado" in await leader.say("/groups board")
    # The form offers the groups.
    await leader.say("/invite")
    said = await leader.fill(way="email", to="li@example.org", group="2")
    assert "They arrive in Pool." in said
    await read(leader.shown, "They arrive in Pool.")
    assert "There is no group “bord”" in await leader.say("/invite email a@ex.org in group bord")


async def joined(leader: Person, name: str, address: str, invite: str) -> str:
    """What was said when somebody was invited, who has joined since."""
    said = await leader.say(invite)
    services = leader.house.services
    row = (await scene.all_of(services, Invitation))[-1]
    code = codes.derive(services.keys, row.id, row.generation)
    form = SignUp(name, address, row.contact or "", "", ())
    await redemptions.redeem(
        services, code, form, source="203.0.113.9", browser="", now=datetime.now(UTC)
    )
    await quiet(leader.house)
    return said
