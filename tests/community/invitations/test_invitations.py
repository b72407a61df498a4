"""Invitations that are there: whatever happens to one, its code stays the same."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import Session

from bot.community import deliveries, invitations, optouts, passes, tokens
from bot.community import letters as rendering
from bot.community.actors import Actor
from bot.community.contacts import BadContact, Way
from bot.community.errors import Refusal
from bot.community.invitations import (
    AddressTaken,
    AlreadyJoined,
    AskedNotTo,
    IsAMember,
    IsVoid,
    NoAddress,
    NoSuchInvitation,
    NotVoid,
    lists,
)
from bot.community.limits.patience import HasBounced
from bot.community.receipts import receipt_cards
from bot.community.redemptions import CodeExpired, CodeVoid
from bot.messages import Event, Letter
from bot.ports import Services
from storage import receipts
from storage.tables import Audit, Delivery, Invitation, Receipt
from tests.community import scene
from tests.community.scene import NOW, on_both

LATER = NOW + timedelta(days=40)


@pytest.fixture
async def ana(services: Services, robin: Actor) -> Invitation:
    """An invitation by e-mail."""
    (row,) = await scene.invite(services, robin, "ana@example.org")
    return row


async def now_of(services: Services, row: Invitation) -> Invitation:
    """The invitation as it is now."""
    return next(each for each in await scene.all_of(services, Invitation) if each.id == row.id)


async def letters(services: Services) -> list[Delivery]:
    """All letters, oldest first."""
    return await scene.all_of(services, Delivery)


async def _batch(services: Services, robin: Actor) -> int:
    return (await passes.mint(services, robin, count=1, now=NOW)).batch_id


# Sending again


async def test_a_resend_keeps_the_code_and_lives_longer(
    services: Services, robin: Actor, ana: Invitation
) -> None:
    code = scene.code_of(services, ana)
    await invitations.resend(services, robin, ana.id, now=LATER)
    again = await now_of(services, ana)
    assert scene.code_of(services, again) == code
    assert again.expires_at is not None
    assert again.expires_at - LATER > timedelta(days=30)
    await scene.redeem(services, code, now=LATER + timedelta(days=29))


async def test_a_resend_answers_the_first_letter(
    services: Services, robin: Actor, ana: Invitation
) -> None:
    for _ in range(2):
        await invitations.resend(services, robin, ana.id, now=NOW)
        await scene.all_done(services)
    first, second, third = await letters(services)
    assert [row.attempt for row in (first, second, third)] == [1, 2, 3]
    rendered = [
        await services.storage.read(_rendered, services, row) for row in (first, second, third)
    ]
    assert [letter.replies_to for letter in rendered] == ["", first.message_id, first.message_id]
    assert len({letter.message_id for letter in rendered}) == 3
    assert len({letter.link for letter in rendered}) == 1


def _rendered(session: Session, services: Services, row: Delivery) -> Letter:
    return rendering.render(session, services, row)


async def test_a_letter_that_waits_is_not_carried_beside_its_resend(
    services: Services, robin: Actor, ana: Invitation
) -> None:
    await asyncio.gather(*(invitations.resend(services, robin, ana.id, now=NOW) for _ in range(3)))
    assert len(await scene.jobs(services, "deliver")) == 1
    await scene.all_done(services)
    states = [row.state for row in await letters(services)]
    assert states == ["queued", "queued", "queued", "sent"]


async def test_a_mailbox_that_bounced_is_left_alone_for_a_month_and_another_asked_for(
    services: Services, robin: Actor, ana: Invitation
) -> None:
    (first,) = await letters(services)
    await deliveries.happened(services, first.id, "bounced", key="1", now=NOW)
    with pytest.raises(HasBounced) as refused:
        await invitations.resend(services, robin, ana.id, now=NOW)
    assert f"`/invites fix {ana.id} ana@example.org`" in refused.value.words
    with pytest.raises(HasBounced):
        await _send_to(services, robin, ana, "email", "ANA@example.org")
    await _send_to(services, robin, ana, "email", "anna@example.org")
    await scene.all_done(services)
    assert [row.state for row in await letters(services)] == ["bounced", "sent"]
    await _send_to(services, robin, ana, "email", "ana@example.org", days=31)


@pytest.mark.parametrize("events", [["opted_out"], ["complained"], ["opted_out", "bounced"]])
async def test_who_asked_not_to_is_not_written_to_again(
    services: Services, robin: Actor, ana: Invitation, events: list[Event]
) -> None:
    (first,) = await letters(services)
    for event in events:
        await deliveries.happened(services, first.id, event, key=event, now=NOW)
    with pytest.raises(AskedNotTo):
        await invitations.resend(services, robin, ana.id, now=NOW)
    with pytest.raises(AskedNotTo):
        await _send_to(services, robin, ana, "email", "ANA@example.org")
    assert len(await letters(services)) == 1


async def test_who_takes_their_no_back_is_written_to(
    services: Services, robin: Actor, ana: Invitation
) -> None:
    (first,) = await letters(services)
    token = tokens.sign(services.keys, "optout", first.id)
    await optouts.opt_out(services, token, now=NOW)
    await optouts.undo(services, token, now=NOW + timedelta(minutes=1))
    contact = await invitations.resend(services, robin, ana.id, now=NOW + timedelta(minutes=2))
    assert contact.address == "ana@example.org"


# Another address, another way


async def _send_to(
    services: Services, robin: Actor, row: Invitation, medium: Way, typed: str, *, days: int = 0
) -> Invitation:
    now = NOW + timedelta(days=days)
    await invitations.send_to(services, robin, row.id, medium=medium, typed=typed, now=now)
    return await now_of(services, row)


@pytest.mark.parametrize(
    ("medium", "typed", "address"),
    [("email", "Anna@example.org", "anna@example.org"), ("text", "201 555 0123", "+12015550123")],
)
async def test_another_address_gets_the_same_code(
    services: Services, robin: Actor, ana: Invitation, medium: Way, typed: str, address: str
) -> None:
    changed = await _send_to(services, robin, ana, medium, typed)
    assert scene.code_of(services, changed) == scene.code_of(services, ana)
    assert (changed.medium, changed.contact) == (medium, address)
    assert [row.contact for row in await letters(services)] == ["ana@example.org", address]
    assert len(await scene.jobs(services, "deliver")) == 1
    (again,) = await scene.invite(services, robin, "ana@example.org")
    assert again.id != ana.id


async def test_a_pass_can_be_sent_and_keeps_its_code(services: Services, robin: Actor) -> None:
    await _batch(services, robin)
    (row,) = await scene.all_of(services, Invitation)
    code = scene.code_of(services, row)
    with pytest.raises(NoAddress):
        await invitations.resend(services, robin, row.id, now=NOW)
    changed = await _send_to(services, robin, row, "text", "201 555 0123")
    assert scene.code_of(services, changed) == code


async def test_any_invitation_can_be_put_on_a_pass(
    services: Services, robin: Actor, ana: Invitation
) -> None:
    file = await passes.print_one(services, robin, ana.id, now=NOW)
    assert file.content.startswith(b"%PDF")
    await scene.redeem(services, scene.code_of(services, ana))
    with pytest.raises(AlreadyJoined):
        await passes.print_one(services, robin, ana.id, now=NOW)


async def test_an_address_with_an_open_invitation_is_taken(
    services: Services, robin: Actor, ana: Invitation
) -> None:
    (bob,) = await scene.invite(services, robin, "bob@example.org")
    with pytest.raises(AddressTaken) as refused:
        await _send_to(services, robin, bob, "email", "ana@example.org")
    assert f"#{ana.id}" in refused.value.words
    assert (await now_of(services, bob)).contact == "bob@example.org"


@on_both
async def test_of_two_sent_to_one_address_at_once_one_is_refused_in_words(
    services: Services, robin: Actor
) -> None:
    rows = await scene.invite(services, robin, "a@example.org b@example.org c@example.org")
    outcomes = await asyncio.gather(
        *(_send_to(services, robin, row, "email", "dora@example.org") for row in rows),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "AddressTaken",
        "AddressTaken",
        "Invitation",
    ]


@pytest.mark.parametrize(("medium", "typed"), [("email", "201 555 0123"), ("text", "a@b.org")])
async def test_an_address_of_the_other_kind_is_refused_and_nothing_changes(
    services: Services, robin: Actor, ana: Invitation, medium: Way, typed: str
) -> None:
    with pytest.raises(BadContact):
        await _send_to(services, robin, ana, medium, typed)
    assert await now_of(services, ana) == ana
    assert len(await letters(services)) == 1


# Void and back


@on_both
async def test_a_void_code_is_worthless_until_that_is_taken_back(
    services: Services, robin: Actor, ana: Invitation
) -> None:
    code = scene.code_of(services, ana)
    await invitations.void(services, robin, ana.id, now=NOW)
    with pytest.raises(CodeVoid):
        await scene.redeem(services, code)
    with pytest.raises(IsVoid):
        await invitations.void(services, robin, ana.id, now=NOW)
    with pytest.raises(IsVoid):
        await invitations.resend(services, robin, ana.id, now=NOW)
    await invitations.reopen(services, robin, ana.id, now=NOW)
    with pytest.raises(NotVoid):
        await invitations.reopen(services, robin, ana.id, now=NOW)
    assert (await scene.redeem(services, code)).is_head


async def test_a_letter_that_waits_is_taken_back_with_a_void(
    services: Services, robin: Actor, ana: Invitation
) -> None:
    await invitations.void(services, robin, ana.id, now=NOW)
    assert await scene.jobs(services, "deliver") == []
    await scene.all_done(services)
    assert [row.state for row in await letters(services)] == ["queued"]


async def test_a_letter_that_was_taken_back_goes_out_after_all(
    services: Services, robin: Actor, ana: Invitation
) -> None:
    await invitations.void(services, robin, ana.id, now=NOW)
    await invitations.reopen(services, robin, ana.id, now=NOW)
    await scene.all_done(services)
    assert [row.state for row in await letters(services)] == ["sent"]


async def test_a_letter_that_has_left_does_not_leave_again(
    services: Services, robin: Actor, ana: Invitation
) -> None:
    await scene.all_done(services)
    await invitations.void(services, robin, ana.id, now=NOW)
    await invitations.reopen(services, robin, ana.id, now=NOW)
    assert await scene.jobs(services, "deliver") == []


async def test_a_void_does_not_block_a_new_invitation(
    services: Services, robin: Actor, ana: Invitation
) -> None:
    await invitations.void(services, robin, ana.id, now=NOW)
    (fresh,) = await scene.invite(services, robin, "ana@example.org")
    assert fresh.id != ana.id
    with pytest.raises(AddressTaken) as refused:
        await invitations.reopen(services, robin, ana.id, now=NOW)
    assert f"#{fresh.id}" in refused.value.words


@on_both
async def test_of_a_void_and_a_redemption_at_once_one_wins(
    services: Services, robin: Actor
) -> None:
    rows = await scene.invite(services, robin, "\n".join(f"n{n}@ex.org" for n in range(6)))
    for row in rows:
        voided, joined = await asyncio.gather(
            invitations.void(services, robin, row.id, now=NOW),
            scene.redeem(
                services, scene.code_of(services, row), scene.sign_up(address=f"{row.id}")
            ),
            return_exceptions=True,
        )
        assert isinstance(voided, AlreadyJoined) != isinstance(joined, CodeVoid)
        after = await now_of(services, row)
        assert (after.redeemed_at is None) != (after.voided_at is None)


async def test_an_expired_code_names_whom_to_ask(
    services: Services, robin: Actor, ana: Invitation
) -> None:
    with pytest.raises(CodeExpired) as refused:
        await scene.redeem(services, scene.code_of(services, ana), now=LATER)
    assert "Robin Vale of Maple Court" in refused.value.words


# Joined, unknown, somebody else's


async def test_after_joining_there_is_nothing_left_to_do(
    services: Services, robin: Actor, ana: Invitation
) -> None:
    await scene.redeem(services, scene.code_of(services, ana))
    for verb in (invitations.resend, invitations.void):
        with pytest.raises(AlreadyJoined):
            await verb(services, robin, ana.id, now=NOW)
    with pytest.raises(AlreadyJoined):
        await _send_to(services, robin, ana, "email", "anna@example.org")
    assert " joined at " in (await invitations.show(services, robin, ana.id, now=NOW)).text


@on_both
async def test_the_neighbours_invitations_are_neither_seen_nor_touched(
    services: Services, robin: Actor, ana: Invitation
) -> None:
    batch = await _batch(services, robin)
    noor = await scene.next_door(services)
    before = await scene.all_of(services, Invitation), await letters(services)
    for number in (ana.id, 2, 0, 999_999_999):
        for verb in (
            invitations.show,
            invitations.resend,
            invitations.void,
            invitations.reopen,
            passes.print_one,
        ):
            with pytest.raises(NoSuchInvitation):
                await verb(services, noor, number, now=NOW)
        with pytest.raises(NoSuchInvitation):
            await invitations.send_to(
                services, noor, number, medium="email", typed="eve@example.org", now=NOW
            )
    for act in (
        passes.print_again(services, noor, batch),
        passes.hand_out(services, noor, batch, now=NOW),
        passes.void(services, noor, batch, now=NOW),
    ):
        with pytest.raises(passes.NoSuchBatch):
            await act
    assert (await lists.page(services, noor, now=NOW)).total == 0
    assert await passes.newest(services, noor) == []
    assert (await scene.all_of(services, Invitation), await letters(services)) == before


async def test_the_trail_says_who_did_what_without_an_address(
    services: Services, robin: Actor, ana: Invitation
) -> None:
    await invitations.resend(services, robin, ana.id, now=NOW)
    await _send_to(services, robin, ana, "email", "anna@example.org")
    await invitations.void(services, robin, ana.id, now=NOW)
    await invitations.reopen(services, robin, ana.id, now=NOW)
    trail = await scene.all_of(services, Audit)
    assert [row.action for row in trail] == [
        "invitation.sent",
        "invitation.resent",
        "invitation.readdressed",
        "invitation.voided",
        "invitation.reopened",
    ]
    assert {(row.actor, row.subject) for row in trail} == {("leader:1", f"invitation:{ana.id}")}


def test_every_refusal_has_a_sentence_and_names_no_address() -> None:
    assert str(AddressTaken(number=7)) == "AddressTaken"
    assert "#7" in AddressTaken(number=7).words
    assert issubclass(AddressTaken, Refusal)


async def test_an_expired_invitation_on_a_pass_works_again(
    services: Services, robin: Actor, ana: Invitation
) -> None:
    await passes.print_one(services, robin, ana.id, now=LATER)
    await scene.redeem(services, scene.code_of(services, ana), now=LATER)


async def test_a_member_is_not_sent_somebody_elses_invitation(
    services: Services, robin: Actor, ana: Invitation
) -> None:
    (rosa,) = await scene.invite(services, robin, "rosa@example.net")
    await scene.redeem(services, scene.code_of(services, rosa))  # signs up as rosa@example.net
    with pytest.raises(IsAMember):
        await _send_to(services, robin, ana, "email", "rosa@example.net")
    assert (await now_of(services, ana)).contact == "ana@example.org"


async def test_the_old_receipt_of_a_renewed_invitation_says_so(
    services: Services, robin: Actor, ana: Invitation
) -> None:
    await scene.invite(services, robin, "ana@example.org", now=LATER)

    def query(session: Session) -> str:
        return receipt_cards.compose(session, deliveries_of(session), now=LATER).text

    def deliveries_of(session: Session) -> Receipt:
        assert ana.receipt_id is not None
        return receipts.get(session, ana.receipt_id)

    assert "Renewed since" in await services.storage.read(query)
