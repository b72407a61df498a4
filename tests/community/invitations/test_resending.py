"""Sending many again: the same codes, one transaction, one receipt, and never twice."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import Session

from bot.community import deliveries, drafts, invitations, optouts, reminders, tokens
from bot.community.actors import Actor
from bot.community.drafts import NoSuchDraft
from bot.community.invitations import inviting, resending
from bot.community.invitations.lists import Wanted
from bot.community.invitations.resending import Preview
from bot.messages import Event
from bot.ports import Services
from storage import communities
from storage.tables import Audit, Delivery, Draft, Invitation, Receipt
from tests.community import scene
from tests.community.scene import NOW, on_both

OLD = Wanted("older", days=7)
LATER = NOW + timedelta(days=8)


async def seen(services: Services, who: Actor, wanted: Wanted = OLD) -> Preview:
    """What would become of the list, eight days from now."""
    return await resending.preview(services, who, wanted, now=LATER)


async def happens(services: Services, number: int, event: Event) -> None:
    """Something is heard of the first letter of an invitation."""
    rows = await scene.all_of(services, Delivery)
    letter = next(row for row in rows if row.invitation_id == number)
    await deliveries.happened(services, letter.id, event, key=f"{number}:{event}", now=NOW)


async def sent(services: Services, count: int, robin: Actor) -> list[Invitation]:
    """So many invitations by e-mail whose letters have left."""
    rows = await scene.invite(services, robin, " ".join(f"n{n}@ex.org" for n in range(count)))
    for row in rows:
        await happens(services, row.id, "sent")
    return rows


@on_both
async def test_all_go_again_with_their_codes_and_in_one_receipt(
    services: Services, robin: Actor
) -> None:
    rows = await sent(services, 3, robin)
    codes = [scene.code_of(services, row) for row in rows]
    preview = await seen(services, robin)
    assert preview.draft_id is not None
    done = await resending.send(services, robin, draft_id=preview.draft_id, now=LATER)
    assert [contact.address for contact in done.contacts] == [row.contact for row in rows]
    after = await scene.all_of(services, Invitation)
    assert [scene.code_of(services, row) for row in after] == codes
    assert {row.receipt_id for row in after} == {max(r.id for r in await _receipts(services))}
    assert all(row.expires_at and row.expires_at > LATER + timedelta(days=30) for row in after)
    letters = await scene.all_of(services, Delivery)
    assert [row.attempt for row in letters] == [1, 1, 1, 2, 2, 2]
    trail = [row.action for row in await scene.all_of(services, Audit)]
    assert trail[3:] == ["invitation.resent"] * 3
    with pytest.raises(NoSuchDraft):
        await resending.send(services, robin, draft_id=preview.draft_id, now=LATER)
    assert len(await scene.all_of(services, Delivery)) == 6


async def _receipts(services: Services) -> list[Receipt]:
    return await scene.all_of(services, Receipt)


async def test_another_leaders_stay_in_that_leaders_message(
    services: Services, robin: Actor
) -> None:
    sam = await scene.second_leader(services)
    await sent(services, 1, robin)
    await scene.invite(services, sam, "sam@ex.org")
    await happens(services, 2, "sent")
    draft_id = (await seen(services, sam)).draft_id
    assert draft_id is not None
    done = await resending.send(services, sam, draft_id=draft_id, now=LATER)
    assert len(done.goes) == 2
    shown = {row.contact: row.receipt_id for row in await scene.all_of(services, Invitation)}
    assert shown == {"n0@ex.org": 1, "sam@ex.org": 3}
    asked = {job.args["receipt"] for job in await scene.jobs(services, "receipt")}
    assert asked == {1, 2, 3}


async def test_who_is_left_out_and_why(services: Services, robin: Actor) -> None:
    rows = await sent(services, 6, robin)
    await happens(services, rows[0].id, "bounced")
    await happens(services, rows[1].id, "opted_out")
    await happens(services, rows[2].id, "deferred")
    await scene.redeem(services, scene.code_of(services, rows[5]), scene.sign_up(email="n3@ex.org"))
    preview = await seen(services, robin, Wanted("open"))
    why = {kept.standing.invitation.contact: kept.why for kept in preview.sorted.stays}
    assert [contact.address for contact in preview.sorted.contacts] == ["n4@ex.org"]
    assert "mend the address first, with `/invites fix 1`" in why["n0@ex.org"]
    assert "asked not to be written to; `/invites pass 2`" in why["n1@ex.org"]
    assert why["n2@ex.org"] == "is still on its way."
    assert why["n3@ex.org"] == "joined already."


async def test_who_was_written_to_lately_is_left_out_with_the_time(
    services: Services, robin: Actor
) -> None:
    patient = services.settings.model_copy(update={"limit_resend_hours": 24})
    services = replace(services, settings=patient)
    await sent(services, 1, robin)
    now = NOW + timedelta(hours=2)
    preview = await resending.preview(services, robin, Wanted("open"), now=now)
    (kept,) = preview.sorted.stays
    assert kept.why.startswith("Sent 2 hours ago. You can resend after ")
    assert preview.draft_id is None


async def test_who_was_reminded_today_is_left_in_peace(services: Services, robin: Actor) -> None:
    await sent(services, 1, robin)

    def remind(session: Session) -> None:
        community = communities.get(session, 1)
        assert reminders.write_all(session, services, community, now=LATER)

    await services.storage.write(remind)
    (kept,) = (await seen(services, robin)).sorted.stays
    assert kept.why == "was reminded within the last day."


async def test_what_is_over_the_limit_is_said_to_wait_before_and_after(
    services: Services, robin: Actor
) -> None:
    strict = services.settings.model_copy(update={"limit_emails": 2})
    services = replace(services, settings=strict)
    await sent(services, 2, robin)
    await scene.invite(services, robin, "n2@ex.org", now=NOW + timedelta(days=1))
    for row in await scene.all_of(services, Delivery):
        await deliveries.happened(services, row.id, "failed", key=f"f{row.id}", now=NOW)
    preview = await seen(services, robin, Wanted("failed"))
    assert preview.sorted.waits == (
        "1 of them goes tomorrow at 00:05: you can send 2 e-mails a day."
    )
    assert preview.draft_id is not None
    done = await resending.send(services, robin, draft_id=preview.draft_id, now=LATER)
    assert done.waits == preview.sorted.waits


async def test_what_happened_since_the_look_is_heeded(services: Services, robin: Actor) -> None:
    rows = await sent(services, 4, robin)
    preview = await seen(services, robin)
    await scene.redeem(services, scene.code_of(services, rows[0]), now=LATER)
    await invitations.void(services, robin, rows[1].id, now=LATER)
    letters = await scene.all_of(services, Delivery)
    token = tokens.sign(services.keys, "optout", letters[2].id)
    await optouts.opt_out(services, token, now=LATER)
    assert preview.draft_id is not None
    done = await resending.send(services, robin, draft_id=preview.draft_id, now=LATER)
    assert [contact.address for contact in done.contacts] == ["n3@ex.org"]
    assert [kept.standing.invitation.id for kept in done.stays] == [1, 2, 3]
    assert len(await scene.all_of(services, Delivery)) == 5


async def test_a_hundred_at_a_time_the_oldest_first(services: Services, robin: Actor) -> None:
    await scene.invite(services, robin, " ".join(f"a{n}@ex.org" for n in range(100)))
    await scene.invite(services, robin, "b0@ex.org b1@ex.org")
    for row in await scene.all_of(services, Delivery):
        await deliveries.happened(services, row.id, "failed", key=f"{row.id}", now=NOW)
    preview = await seen(services, robin, Wanted("failed"))
    assert (len(preview.sorted.goes), preview.more) == (100, 2)
    assert preview.sorted.goes[0].invitation.id == 1
    assert preview.draft_id is not None
    await resending.send(services, robin, draft_id=preview.draft_id, now=LATER)
    rest = await seen(services, robin, Wanted("failed"))
    assert [one.invitation.contact for one in rest.sorted.goes] == ["b0@ex.org", "b1@ex.org"]


async def test_a_look_belongs_to_one_leader_and_is_no_paste(
    services: Services, robin: Actor
) -> None:
    await sent(services, 1, robin)
    sam, noor = await scene.second_leader(services), await scene.next_door(services)
    draft_id = (await seen(services, robin)).draft_id
    assert draft_id is not None
    for who in (sam, noor):
        with pytest.raises(NoSuchDraft):
            await resending.send(services, who, draft_id=draft_id, now=LATER)
        with pytest.raises(NoSuchDraft):
            await drafts.cancel(services, who, draft_id=draft_id, now=LATER)
    with pytest.raises(NoSuchDraft):
        await inviting.invite(services, robin, draft_id=draft_id, now=LATER)
    assert [row.taken_at for row in await scene.all_of(services, Draft)][-1:] == [None]
    assert (await seen(services, noor)).draft_id is None
