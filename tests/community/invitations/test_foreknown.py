"""What a sign-up form is filled in with before anybody types."""

from sqlmodel import Session

from bot.community.invitations import foreknown
from bot.ports import Services
from storage.tables import Invitation, JoinRequest, RosterEntry
from tests.community import scene
from tests.community.scene import NOW, on_both


async def given(services: Services, **of: int) -> int:
    """An invitation for a roster entry, or for who asked for it."""
    [row, *_] = await scene.all_of(services, Invitation)

    def change(session: Session) -> None:
        for name, value in of.items():
            setattr(session.get_one(Invitation, row.id), name, value)

    await services.storage.write(change)
    return row.id


async def added(services: Services, row: RosterEntry | JoinRequest) -> int:
    def change(session: Session) -> int:
        session.add(row)
        session.flush()
        return row.id

    return await services.storage.write(change)


@on_both
async def test_the_roster_knows_an_address_and_whoever_asked_said_both(services: Services) -> None:
    await scene.say(services, "/invite email ana@example.org")
    number = await given(services)
    assert await foreknown.of(services, number) == ("", "")
    entry = RosterEntry(
        community_id=1,
        address="3 Elm Street",
        address_key="3 elm st",
        street="Elm Street",
        name="Ana Ruiz",
        created_at=NOW,
        updated_at=NOW,
    )
    await given(services, roster_entry_id=await added(services, entry))
    assert await foreknown.of(services, number) == ("", "3 Elm Street")
    asked = JoinRequest(
        community_id=1,
        name="Ana María Ruiz",
        address="Flat 2, 3 Elm Street",
        medium="email",
        contact_key=b"key",
        created_at=NOW,
    )
    await given(services, join_request_id=await added(services, asked))
    assert await foreknown.of(services, number) == ("Ana María Ruiz", "Flat 2, 3 Elm Street")
