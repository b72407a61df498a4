"""Exports: all of a list and only of this community, by its own clock, with nothing that opens."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from bot.community.actors import Actor
from bot.community.rosters import exports, sheets
from bot.messages import File
from bot.ports import Services
from storage import communities
from storage import exports as stored
from storage.tables import Audit, Community, Group, GroupMember, Invitation, Member
from tests.community import scene
from tests.community.scene import NOW, on_both, say, sign_up

MADRID = "Europe/Madrid"


def rows(file: File) -> list[dict[str, str]]:
    """The rows of an export, by the titles of its columns."""
    header, *found = sheets.read(file.content)
    return [dict(zip(header.cells, row.cells, strict=True)) for row in found]


def shown(moment: datetime) -> str:
    """The moment as people in Madrid read it."""
    return f"{moment.astimezone(ZoneInfo(MADRID)):%Y-%m-%d %H:%M}"


@pytest.fixture
async def house(services: Services) -> Services:
    """Maple Court is in Madrid."""

    def move(session: Session) -> None:
        session.get_one(Community, 1).timezone = MADRID

    await services.storage.write(move)
    return services


async def join(services: Services, actor: Actor, to: str, name: str, *others: str) -> Invitation:
    """Somebody is invited and joins."""
    (row,) = await scene.invite(services, actor, to)
    form = sign_up(name, f"{name} Street 3", others=others, email=to)
    await scene.redeem(services, scene.code_of(services, row), form)
    return row


@on_both
async def test_members_are_exported_with_all_that_leaders_know(house: Services) -> None:
    robin = await scene.actor(house)
    await join(house, robin, "rosa@example.net", "Rosa", "Luis")

    def change(session: Session) -> None:
        rosa, luis = session.get_one(Member, 1), session.get_one(Member, 2)
        rosa.phone, rosa.suspended_at = "+12015550123", NOW + timedelta(hours=1)
        luis.is_hidden, luis.added_by_id = True, rosa.id
        for name in ("Pool", "Board"):
            group = Group(community_id=1, name=name, name_key=name.lower())
            session.add(group)
            session.flush()
            session.add(GroupMember(group_id=group.id, member_id=rosa.id, community_id=1))

    await house.storage.write(change)
    file = await exports.members(house, robin, now=NOW)
    assert file.name == "maple-court-members.csv"
    assert rows(file) == [
        {
            "Household": "1", "Address": "Rosa Street 3", "Member": "1", "Name": "Rosa",
            "Head": "yes", "E-mail": "rosa@example.net", "Phone": "+1 201-555-0123",
            "Hidden": "", "Groups": "Board; Pool", "Joined": shown(NOW),
            "Invited by": "Robin Vale", "Suspended": shown(NOW + timedelta(hours=1)),
        },
        {
            "Household": "1", "Address": "Rosa Street 3", "Member": "2", "Name": "Luis",
            "Head": "", "E-mail": "", "Phone": "", "Hidden": "yes", "Groups": "",
            "Joined": shown(NOW), "Invited by": "Rosa", "Suspended": "",
        },
    ]  # fmt: skip


@on_both
async def test_invitations_are_exported_as_they_stand(house: Services) -> None:
    robin = await scene.actor(house)
    used = await join(house, robin, "rosa@example.net", "Rosa")
    (text,) = await scene.invite(house, robin, "+1 201 555 0123", medium="text")
    await say(house, "/passes 1 Elm Street")
    file = await exports.invitations(house, robin, now=NOW)
    by_email, by_text, on_pass = rows(file)
    assert by_email == {
        "Invitation": str(used.id), "State": "joined", "By": "e-mail", "To": "rosa@example.net",
        "Batch": "", "Pass": "", "Invited by": "Robin Vale", "Invited": shown(NOW),
        "Valid until": by_email["Valid until"], "Joined": shown(NOW), "Who joined": "Rosa",
        "Address": "Rosa Street 3",
    }  # fmt: skip
    assert by_email["Valid until"] > shown(NOW)
    assert (by_text["State"], by_text["To"]) == ("queued", "+1 201-555-0123")
    assert (by_text["Joined"], by_text["Who joined"]) == ("", "")
    assert (on_pass["By"], on_pass["Batch"], on_pass["Pass"]) == ("pass", "1", "1")
    codes = [scene.code_of(house, row) for row in await scene.all_of(house, Invitation)]
    plain = file.content.decode().replace("-", "")
    assert not [code for code in codes if code in plain], "whoever finds the file could join"
    assert text.id == int(by_text["Invitation"])


@on_both
async def test_batches_are_exported_as_they_stand(house: Services) -> None:
    robin = await scene.actor(house)
    await say(house, "/passes 3 Elm Street")
    first, *_ = await scene.all_of(house, Invitation)
    await scene.redeem(house, scene.code_of(house, first))
    await say(house, "/passes handed-out 1")
    await say(house, "/passes 2")
    await say(house, "/passes void 2 yes")
    one, two = rows(await exports.batches(house, robin, now=NOW))
    assert (one["Batch"], one["Label"], one["Passes"], one["Joined"], one["Left"]) == (
        "1", "Elm Street", "3", "1", "2",
    )  # fmt: skip
    assert one["Printed by"] == "Robin Vale"
    assert one["Handed out"] > ""
    assert (two["Void"], two["Left"], two["Handed out"]) == ("2", "0", "")


async def test_who_left_is_not_among_the_members(house: Services) -> None:
    robin = await scene.actor(house)
    await join(house, robin, "rosa@example.net", "Rosa")

    def leave(session: Session) -> None:
        session.get_one(Member, 1).removed_at = NOW

    await house.storage.write(leave)
    assert rows(await exports.members(house, robin, now=NOW)) == []
    (given,) = rows(await exports.invitations(house, robin, now=NOW))
    assert (given["State"], given["Who joined"], given["Address"]) == ("joined", "", "")


async def test_long_lists_are_exported_whole(house: Services) -> None:
    """More than are fetched at a time."""
    robin = await scene.actor(house)
    for _ in range(11):
        await say(house, "/passes 100")
    found = rows(await exports.invitations(house, robin, now=NOW))
    assert [int(row["Invitation"]) for row in found] == list(range(1, 1_101))

    def count(session: Session) -> int:
        return sum(1 for _ in stored.given(session, communities.get(session, 1).id))

    assert await house.storage.read(count) == 1_100


async def test_the_neighbours_are_in_no_export(house: Services) -> None:
    robin, noor = await scene.actor(house), await scene.next_door(house)
    await join(house, robin, "rosa@example.net", "Rosa")
    await say(house, "/passes 2")
    for export in (exports.members, exports.invitations, exports.batches):
        assert rows(await export(house, noor, now=NOW)) == []
        assert (await export(house, noor, now=NOW)).name.startswith("birch-row-")


async def test_that_somebody_took_a_list_away_is_kept(house: Services) -> None:
    for said in ("/members export", "/invites export", "/passes export", "/roster export"):
        assert (await say(house, said)).files
    trail = [row for row in await scene.all_of(house, Audit) if row.action.endswith("exported")]
    assert [row.action for row in trail] == [
        "members.exported", "invitations.exported", "batches.exported", "roster.exported",
    ]  # fmt: skip
    assert {(row.actor, row.subject) for row in trail} == {("leader:1", "community:1")}


async def test_what_a_member_calls_themselves_does_not_run_in_a_spreadsheet(
    house: Services,
) -> None:
    robin = await scene.actor(house)
    await join(house, robin, "rosa@example.net", "=HYPERLINK(1)")
    file = await exports.members(house, robin, now=NOW)
    assert b'"\'=HYPERLINK(1)"' in file.content
    assert rows(file)[0]["Name"] == "=HYPERLINK(1)"
