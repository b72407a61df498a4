"""Own data: everything about one member, nothing about anybody else."""

import json
from typing import Any

from sqlmodel import Session

from bot.community import contacts
from bot.community.actors import Actor
from bot.community.households import housemates, own_data
from bot.ports import Services
from storage.tables import Invitation, JoinRequest, Member, RosterEntry
from tests.community import scene
from tests.community.households.test_households import rosa as rosa  # the fixture
from tests.community.scene import NOW, on_both


async def data(services: Services, member_id: int, *, proved: bytes | None = None) -> Any:
    """The file of a member, read."""
    file = await own_data.file(services, member_id, proved=proved, now=NOW)
    assert file.name == f"my-data-maple-court-{NOW:%Y-%m-%d}.json"
    return json.loads(file.content)


@on_both
async def test_it_holds_what_is_kept_and_names_of_the_household_alone(
    services: Services, rosa: int
) -> None:
    added = await housemates.add(services, rosa, name="Luis", contact="luis@example.org", now=NOW)
    found = await data(services, added.member_id)
    assert found["you"]["email"] == "luis@example.org"
    assert found["you"]["added_by"] == "Rosa"
    assert found["household"]["others"] == ["Rosa"]
    assert [each["letter"] for each in found["letters"]] == ["household_added"]
    assert [each["action"] for each in found["what_was_done"]] == ["member.added"]
    assert "rosa@example.net" not in json.dumps(found)
    theirs = await data(services, rosa)
    assert [each["medium"] for each in theirs["invitations"]] == ["pass"]
    assert "luis@example.org" not in json.dumps(theirs)


@on_both
async def test_a_contact_that_was_only_typed_opens_nothing_that_is_kept_under_it(
    services: Services, robin: Actor, rosa: int
) -> None:
    """Whoever signs up with a stranger's address must not read what we know of the stranger."""
    victim = contacts.known("email", "victim@example.org")
    key = victim.key(services.keys)
    await scene.invite(services, robin, victim.address)

    def keep(session: Session) -> None:
        session.add(
            RosterEntry(
                community_id=1,
                address="7 Secret Lane",
                address_key="7 secret ln",
                street="Secret Lane",
                name="Victim",
                email=victim.address,
                email_key=key,
                created_at=NOW,
                updated_at=NOW,
            )
        )
        session.add(
            JoinRequest(
                community_id=1,
                name="Victim",
                address="7 Secret Lane",
                medium="email",
                contact=victim.address,
                contact_key=key,
                created_at=NOW,
            )
        )

    await services.storage.write(keep)
    mallory = await housemates.add(services, rosa, name="Mallory", contact=victim.address, now=NOW)
    found = await data(services, mallory.member_id)
    assert "Secret" not in json.dumps(found)
    assert found["invitations"] == found["requests_to_join"] == found["leaders_list"] == []
    assert "left out" in found["about"]
    wrong = await data(services, mallory.member_id, proved=b"another contact!")
    assert "Secret" not in json.dumps(wrong)
    proved = await data(services, mallory.member_id, proved=key)
    assert [each["address"] for each in proved["leaders_list"]] == ["7 Secret Lane"]
    assert len(proved["invitations"]) == len(proved["requests_to_join"]) == 1


async def test_nothing_of_another_community_is_in_it(services: Services, rosa: int) -> None:
    noor = await scene.next_door(services)
    [row] = await scene.invite(services, noor, "rosa@example.net")
    key = contacts.known("email", "rosa@example.net").key(services.keys)
    found = await data(services, rosa, proved=key)
    assert len(await scene.all_of(services, Invitation)) == 2
    assert [each["number"] for each in found["invitations"]] == [1]
    assert row.community_id != 1
    assert "Birch Row" not in json.dumps(found)
    assert len(await scene.all_of(services, Member)) == 1
