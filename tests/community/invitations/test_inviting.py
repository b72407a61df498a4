"""Inviting: what was previewed is sent once, whoever presses how often."""

import asyncio
from datetime import timedelta

import pytest

from bot.community import drafts
from bot.community.actors import Actor
from bot.community.contacts import Way
from bot.community.drafts import NoSuchDraft
from bot.community.invitations import inviting, previews
from bot.community.invitations.inviting import Invited, Spelling
from bot.ports import Services
from storage import invitations as stored
from storage.tables import Delivery, Invitation
from tests.community import scene
from tests.community.pastes import EMAILS, NUMBERS
from tests.community.scene import NOW, on_both


async def draft(services: Services, who: Actor, pasted: str, *, days: int = 0) -> int:
    """Preview the paste; gives the draft that is kept."""
    now = NOW + timedelta(days=days)
    medium: Way = "email" if "@" in pasted else "text"
    seen = await previews.preview(services, who, medium=medium, pasted=pasted, now=now)
    assert seen.draft_id is not None
    return seen.draft_id


async def send(
    services: Services, who: Actor, draft_id: int, spelling: Spelling = "good", *, days: int = 0
) -> Invited:
    """Press a Send button."""
    now = NOW + timedelta(days=days)
    return await inviting.invite(services, who, draft_id=draft_id, spelling=spelling, now=now)


@pytest.mark.parametrize(("pasted", "count"), [(EMAILS, 14), (NUMBERS, 9)])
async def test_the_good_ones_of_a_paste_are_sent(
    services: Services, robin: Actor, pasted: str, count: int
) -> None:
    invited = await send(services, robin, await draft(services, robin, pasted))
    assert len(invited.sent) == count
    assert invited.skipped == 0
    rows = await scene.all_of(services, Invitation)
    letters = await scene.all_of(services, Delivery)
    assert [row.contact for row in rows] == [contact.address for contact in invited.sent]
    assert [letter.contact for letter in letters] == [row.contact for row in rows]
    assert len(await scene.jobs(services, "deliver")) == count
    assert len({row.code_hash for row in rows}) == count


@on_both
async def test_send_pressed_twice_sends_once(services: Services, robin: Actor) -> None:
    kept = await draft(services, robin, EMAILS)
    presses = [send(services, robin, kept) for _ in range(4)]
    presses.append(send(services, robin, kept, "corrected"))
    outcomes = await asyncio.gather(*presses, return_exceptions=True)
    assert sum(isinstance(outcome, Invited) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, NoSuchDraft) for outcome in outcomes) == 4
    letters = await scene.all_of(services, Delivery)
    assert len({letter.contact for letter in letters}) == len(letters) in {14, 15}


async def test_a_cancelled_draft_is_not_sent(services: Services, robin: Actor) -> None:
    kept = await draft(services, robin, EMAILS)
    await drafts.cancel(services, robin, draft_id=kept, now=NOW)
    with pytest.raises(NoSuchDraft):
        await send(services, robin, kept)
    with pytest.raises(NoSuchDraft):
        await drafts.cancel(services, robin, draft_id=kept, now=NOW)
    assert await scene.all_of(services, Invitation) == []


async def test_a_draft_is_its_leaders_alone(services: Services, robin: Actor) -> None:
    kept = await draft(services, robin, EMAILS)
    for stranger in (await scene.second_leader(services), await scene.next_door(services)):
        with pytest.raises(NoSuchDraft):
            await send(services, stranger, kept)
        with pytest.raises(NoSuchDraft):
            await drafts.cancel(services, stranger, draft_id=kept, now=NOW)
    assert len((await send(services, robin, kept)).sent) == 14


@pytest.mark.parametrize(
    ("spelling", "addresses"),
    [
        ("good", ["bob@example.org"]),
        ("corrected", ["bob@example.org", "ana@gmail.com"]),
        ("typed", ["bob@example.org", "ana@gmial.com"]),
    ],
)
async def test_slips_are_sent_as_the_leader_says(
    services: Services, robin: Actor, spelling: Spelling, addresses: list[str]
) -> None:
    kept = await draft(services, robin, "ana@gmial.com, bob@example.org")
    await send(services, robin, kept, spelling)
    assert [row.contact for row in await scene.all_of(services, Invitation)] == addresses


async def test_a_slip_corrected_to_another_entry_is_one_invitation(
    services: Services, robin: Actor
) -> None:
    kept = await draft(services, robin, "ana@gmial.com, ana@gmail.com, ana@gmai.com")
    invited = await send(services, robin, kept, "corrected")
    assert [contact.address for contact in invited.sent] == ["ana@gmail.com"]
    assert invited.skipped == 0


@on_both
async def test_twenty_at_once_give_one_invitation_and_one_letter(
    services: Services, robin: Actor
) -> None:
    sam = await scene.second_leader(services)
    askers = [robin, sam] * 10
    drafts = [await draft(services, who, "ana@example.org") for who in askers]
    outcomes = await asyncio.gather(
        *(send(services, who, kept) for who, kept in zip(askers, drafts, strict=True))
    )
    assert sorted(len(outcome.sent) for outcome in outcomes) == [0] * 19 + [1]
    assert sum(outcome.skipped for outcome in outcomes) == 19
    assert len(await scene.all_of(services, Invitation)) == 1
    assert len(await scene.all_of(services, Delivery)) == 1
    assert len(await scene.jobs(services, "deliver")) == 1


@on_both
async def test_two_leaders_with_overlapping_lists_invite_everybody_once(
    services: Services, robin: Actor
) -> None:
    sam = await scene.second_leader(services)
    people = [f"neighbour{number}@example.org" for number in range(30)]
    one = await draft(services, robin, "\n".join(people[:20]))
    other = await draft(services, sam, "\n".join(people[:9:-1]))
    await asyncio.gather(send(services, robin, one), send(services, sam, other))
    contacted = [letter.contact for letter in await scene.all_of(services, Delivery)]
    assert sorted(filter(None, contacted)) == sorted(people)


async def test_who_joined_since_the_preview_is_left_out(services: Services, robin: Actor) -> None:
    kept = await draft(services, robin, "rosa@example.net")
    (row,) = await scene.invite(services, robin, "ana@example.org")
    await scene.redeem(services, scene.code_of(services, row))
    assert await send(services, robin, kept) == Invited((), 1, None)


async def test_an_expired_invitation_is_renewed_with_its_code(
    services: Services, robin: Actor
) -> None:
    (row,) = await scene.invite(services, robin, "ana@example.org")
    await send(services, robin, await draft(services, robin, "ana@example.org", days=40), days=40)
    (renewed,) = await scene.all_of(services, Invitation)
    assert scene.code_of(services, renewed) == scene.code_of(services, row)
    assert renewed.expires_at is not None
    assert renewed.expires_at > NOW + timedelta(days=70)
    assert len(await scene.all_of(services, Delivery)) == 2
    await scene.redeem(services, scene.code_of(services, row), now=NOW + timedelta(days=69))


@on_both
@pytest.mark.parametrize("contact", ["ana@example.org", "+12015550123"])
async def test_an_invitation_whose_address_was_erased_is_renewed_too(
    services: Services, robin: Actor, contact: str
) -> None:
    medium: Way = "email" if "@" in contact else "text"
    await scene.invite(services, robin, contact, medium=medium)
    await services.storage.write(stored.erase_contacts, before=NOW + timedelta(days=150))
    kept = await draft(services, robin, contact, days=151)
    assert len((await send(services, robin, kept, days=151)).sent) == 1
    (renewed,) = await scene.all_of(services, Invitation)
    assert renewed.contact == contact
    assert [letter.contact for letter in await scene.all_of(services, Delivery)] == [None, contact]


@on_both
async def test_twenty_at_once_renew_an_expired_invitation_once(
    services: Services, robin: Actor
) -> None:
    await scene.invite(services, robin, "ana@example.org")
    drafts = [await draft(services, robin, "ana@example.org", days=40) for _ in range(20)]
    outcomes = await asyncio.gather(*(send(services, robin, kept, days=40) for kept in drafts))
    assert sum(len(outcome.sent) for outcome in outcomes) == 1
    assert len(await scene.all_of(services, Delivery)) == 2


async def test_a_code_works_to_the_end_of_its_last_day(services: Services, robin: Actor) -> None:
    (row,) = await scene.invite(services, robin, "ana@example.org")
    assert row.expires_at is not None
    assert row.expires_at == NOW.replace(hour=0) + timedelta(days=31)
