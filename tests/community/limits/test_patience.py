"""Patience: nobody is written to again too soon or too often, and the leader reads until when."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.community import deliveries, invitations
from bot.community.actors import Actor
from bot.community.limits.patience import HasBounced, StillWaiting, TooOften, TooSoon
from bot.messages import Event
from bot.ports import Services
from storage.database import Storage
from storage.tables import Delivery, Invitation
from tests.community import scene
from tests.community.limits.given import limited
from tests.community.scene import on_both

MORNING = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
async def services(opened: Storage) -> Services:
    """Maple Court, with the patience that everybody has."""
    return limited(await scene.plugged(opened), limit_resend_hours=24)


@pytest.fixture
async def ana(services: Services, robin: Actor) -> Invitation:
    """An invitation of this morning, by e-mail."""
    (row,) = await scene.invite(services, robin, "ana@example.org", now=MORNING)
    return row


async def happened(services: Services, event: Event, *, now: datetime = MORNING) -> None:
    """Something became of the newest letter."""
    newest = (await scene.all_of(services, Delivery))[-1]
    key = f"{event}:{newest.id}"
    await deliveries.happened(services, newest.id, event, key=key, code="5.7.1", now=now)


async def resend(services: Services, who: Actor, row: Invitation, **after: float) -> None:
    """Press Resend so long after the morning."""
    await invitations.resend(services, who, row.id, now=MORNING + timedelta(**after))


@on_both
async def test_who_was_written_to_today_is_written_to_tomorrow(
    services: Services, robin: Actor, ana: Invitation
) -> None:
    await happened(services, "sent")
    with pytest.raises(TooSoon) as refused:
        await resend(services, robin, ana, hours=2, minutes=10)
    assert refused.value.words == "Sent 2 hours ago. You can resend after 09:00 tomorrow."
    await resend(services, robin, ana, hours=24)
    assert len(await scene.all_of(services, Delivery)) == 2


@pytest.mark.parametrize(
    ("event", "minutes", "words"),
    [
        ("delivered", 61, "Delivered 1 hour ago. You can resend after 09:00 tomorrow."),
        ("failed", 9, "Failed 9 minutes ago. You can resend after 09:10 today."),
        ("bounced", 0, "Came back less than a minute ago. You can resend after 09:10 today."),
    ],
)
async def test_it_says_what_became_of_it_and_until_when_to_wait(
    services: Services, robin: Actor, ana: Invitation, event: Event, minutes: int, words: str
) -> None:
    await happened(services, event)
    with pytest.raises(TooSoon) as refused:
        await resend(services, robin, ana, minutes=minutes)
    assert refused.value.words == words
    if event != "delivered":
        await resend(services, robin, ana, minutes=10)


async def test_what_has_not_left_goes_by_itself(
    services: Services, robin: Actor, ana: Invitation
) -> None:
    with pytest.raises(StillWaiting):
        await resend(services, robin, ana, days=3)
    assert len(await scene.jobs(services, "deliver")) == 1


async def test_three_times_is_enough_for_one_address(
    services: Services, robin: Actor, ana: Invitation
) -> None:
    for day in range(1, 4):
        await happened(services, "sent", now=MORNING + timedelta(days=day - 1))
        await resend(services, robin, ana, days=day)
    await happened(services, "sent", now=MORNING + timedelta(days=3))
    with pytest.raises(TooOften) as refused:
        await resend(services, robin, ana, days=20)
    assert "4 times" in refused.value.words
    now = MORNING + timedelta(days=20)
    await invitations.send_to(
        services, robin, ana.id, medium="email", typed="anna@example.org", now=now
    )


async def test_two_presses_at_once_are_one_letter(
    services: Services, robin: Actor, ana: Invitation
) -> None:
    await happened(services, "sent")
    await resend(services, robin, ana, days=1)
    with pytest.raises(StillWaiting):
        await resend(services, robin, ana, days=1)


async def test_a_code_that_has_run_out_is_renewed_at_once(
    services: Services, robin: Actor, ana: Invitation
) -> None:
    await happened(services, "delivered", now=MORNING + timedelta(days=31))
    await resend(services, robin, ana, days=31)


async def test_what_came_back_is_typed_anew(
    services: Services, robin: Actor, ana: Invitation
) -> None:
    newest = (await scene.all_of(services, Delivery))[-1]
    await deliveries.happened(services, newest.id, "bounced", key="1", code="5.1.1", now=MORNING)
    with pytest.raises(HasBounced) as refused:
        await resend(services, robin, ana, days=3)
    assert refused.value.words == (
        "A message to this address came back. Give the right one, with "
        f"`/invites fix {ana.id} ana@example.org`. Nothing was sent."
    )
    noor = await scene.next_door(services)
    (other,) = await scene.invite(services, noor, "bob@example.org", now=MORNING)
    with pytest.raises(HasBounced):
        await invitations.send_to(
            services, noor, other.id, medium="email", typed="ana@example.org", now=MORNING
        )
    await resend(services, robin, ana, days=30)
