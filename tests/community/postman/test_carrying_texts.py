"""A text of unclear fate is looked up before it is sent again: nothing lost, nothing doubled."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.community import invitations
from bot.community.postman import carrying
from bot.ports import Services
from storage import lanes
from storage.database import Storage
from tests.community import scene
from tests.community.rounds import (
    PATIENCE,
    delivery,
    house,
    invite,
    job,
    pass_time,
    round_made,
    shown,
    texts_to,
)  # fmt: skip
from tests.standins.twilio import TwilioStandIn

pytestmark = [  # of Twilio's own client
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated:DeprecationWarning"),
]
PHONE = "+12015550123"


@pytest.mark.parametrize("fault", ["500_after", "drop_after", "garbage", "slow"])
async def test_a_text_that_was_taken_is_found_and_not_sent_again(
    opened: Storage, fault: str
) -> None:
    async with (
        TwilioStandIn(delay=3) as twilio,
        texts_to(twilio, settle=30, answer_within=1.5) as courier,
    ):
        services = await house(opened, courier)
        twilio.fail(fault, times=1)
        await invite(services, PHONE, medium="text")
        await round_made(services)
        assert (await delivery(services)).state == "unknown"
        assert "checking whether it went out" in (await shown(services))[0]
        await pass_time(services, minutes=2)
        await round_made(services)
        row = await delivery(services)
        assert (row.state, row.provider_id) == ("sent", twilio.texts[0]["sid"])
        assert len(twilio.texts) == 1


async def test_a_text_that_is_listed_late_is_not_sent_again(opened: Storage) -> None:
    async with TwilioStandIn(lag=1) as twilio, texts_to(twilio, settle=3) as courier:
        services = await house(opened, courier)
        twilio.fail("drop_after", times=1)
        await invite(services, PHONE, medium="text")
        async with asyncio.timeout(PATIENCE):
            while (await delivery(services)).state != "sent":
                await round_made(services)
                await asyncio.sleep(0.1)
        assert len(twilio.texts) == 1


async def test_a_text_that_was_not_taken_is_sent_again(opened: Storage) -> None:
    async with TwilioStandIn() as twilio, texts_to(twilio, settle=30) as courier:
        services = await house(opened, courier)
        twilio.fail("drop_before", times=1)
        await invite(services, PHONE, medium="text")
        await round_made(services)
        await pass_time(services, minutes=2)
        await round_made(services)
        assert len(twilio.texts) == 1
        assert (await delivery(services)).state == "sent"


async def test_while_it_cannot_be_looked_up_a_text_waits_and_is_sent_in_the_end(
    opened: Storage,
) -> None:
    async with TwilioStandIn() as twilio, texts_to(twilio, settle=30) as courier:
        services = await house(opened, courier)
        twilio.fail("503_before")
        await invite(services, PHONE, medium="text")
        for _ in range(8):
            await round_made(services)
            await pass_time(services, minutes=2)
        assert (await delivery(services)).state == "unknown"
        twilio.recover()
        await round_made(services)
        assert len(twilio.texts) == 1
        assert (await delivery(services)).state == "sent"


async def test_a_text_that_can_never_be_looked_up_is_not_looked_for_for_ever(
    opened: Storage,
) -> None:
    async with TwilioStandIn() as twilio, texts_to(twilio, settle=30) as courier:
        services = await house(opened, courier)
        twilio.fail("503_before")
        await invite(services, PHONE, medium="text")
        await round_made(services)
        await pass_time(services, hours=5)
        await round_made(services)
        assert (await delivery(services)).state == "failed"
        assert "could not find out whether this went out" in (await shown(services))[0]
        assert (await job(services)).state == "done"


async def test_a_dead_workers_text_is_looked_up_once_the_provider_can_tell(
    opened: Storage,
) -> None:
    async with TwilioStandIn() as twilio, texts_to(twilio, settle=30) as courier:
        services = await house(opened, courier)
        await invite(services, PHONE, medium="text")
        await _killed_while_carrying(services)
        assert len(twilio.texts) == 1
        await round_made(services)
        assert (await delivery(services)).state == "unknown", "meanwhile we say that we check"
        await pass_time(services, minutes=2)
        await round_made(services)
        row = await delivery(services)
        assert (row.state, row.provider_id) == ("sent", twilio.texts[0]["sid"])
        assert len(twilio.texts) == 1


async def _killed_while_carrying(services: Services) -> None:
    """A worker that claimed, carried, and was never heard of again; its lease is over at once."""
    claims = await services.storage.write(
        lanes.claim, "text", limit=1, lease=timedelta(0), per_second=None, burst=1
    )
    await carrying.deliver(services, claims.jobs[0])


async def test_a_text_cut_off_by_the_lease_is_looked_up_too(opened: Storage) -> None:
    async with TwilioStandIn(delay=6) as twilio, texts_to(twilio, settle=30) as courier:
        services = await house(opened, courier)
        twilio.fail("slow", times=1)
        await invite(services, PHONE, medium="text")
        await round_made(services, lease=4)
        assert (await job(services)).state == "ready"
        await pass_time(services, minutes=2)
        await round_made(services)
        assert len(twilio.texts) == 1
        assert (await delivery(services)).state == "sent"


async def test_who_answered_stop_is_not_written_to_again(opened: Storage) -> None:
    async with TwilioStandIn() as twilio, texts_to(twilio) as courier:
        services = await house(opened, courier)
        [invitation] = await invite(services, "+15005550004", medium="text")
        await round_made(services)
        assert (await delivery(services)).state == "opted_out"
        assert "replied STOP" in (await shown(services))[0]
        robin = await scene.actor(services)
        with pytest.raises(invitations.AskedNotTo):
            await invitations.resend(services, robin, invitation.id, now=datetime.now(UTC))


async def test_a_busy_provider_rests_the_lane(opened: Storage) -> None:
    async with TwilioStandIn() as twilio, texts_to(twilio) as courier:
        services = await house(opened, courier)
        twilio.fail("429")
        await invite(services, *(f"+1201555{n:04}" for n in range(100, 120)), medium="text")
        await round_made(services)
        assert 0 < twilio.turned_away < 20, "the rest did not even try"
        twilio.recover()
        await pass_time(services, seconds=30)
        await round_made(services)
        assert len(twilio.texts) == 20
        assert len({text["to"] for text in twilio.texts}) == 20
