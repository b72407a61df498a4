"""Invitations on their way, in every chat: sent again, mended, and called back, by buttons."""

from storage.tables import Invitation
from tests.chats.contract.people import Person, read
from tests.community import scene


async def invitation(leader: Person) -> Invitation:
    [row] = await scene.all_of(leader.house.services, Invitation)
    return row


async def test_a_slip_is_mended_and_the_code_stays(leader: Person) -> None:
    await leader.say("/invite email rosa@exampel.org")
    await read(leader.shown, "rosa@exampel.org: the e-mail has been sent")
    before = await invitation(leader)
    assert "rosa@exampel.org" in await leader.say("/invites")
    assert "rosa@exampel.org" in await leader.say("/invites 1")
    await leader.press("Fix the address")
    assert "not an address or number" in await leader.fill(to="nobody at all")
    assert "Sending it to rosa@example.org, with the same code." in await leader.fill(
        to="rosa@example.org"
    )
    await read(leader.shown, "rosa@example.org: the e-mail has been sent")
    after = await invitation(leader)
    assert (after.contact, after.generation) == ("rosa@example.org", before.generation)


async def test_it_goes_out_again_and_is_called_back(leader: Person, stranger: Person) -> None:
    await leader.say("/invite email rosa@example.org")
    await read(leader.shown, "has been sent")
    assert leader.name in await stranger.say("/invites void 1")
    assert "no invitation" in (await leader.say("/invites resend 7")).lower()
    assert "Which invitation?" in await leader.say("/invites void it")
    await leader.press("Void")
    assert (await invitation(leader)).voided_at is not None
    await read(leader.shown, "void")
