"""Of a text nobody told us of, the provider is asked: seldom, and until the end is known."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.community import deliveries, tokens
from bot.community.postman import returns
from bot.couriers.outbox import OutboxCourier
from bot.couriers.sms import SmsCourier
from bot.messages import News
from bot.ports import Services
from storage.database import Storage
from storage.tables import Delivery, DeliveryEvent, Suppression
from tests.community import scene
from tests.community.rounds import (
    delivery,
    house,
    invite,
    job,
    pass_time,
    round_made,
    shown,
    texts_to,
)  # fmt: skip
from tests.community.scene import on_both
from tests.standins.twilio import TwilioStandIn

pytestmark = [  # of Twilio's own client
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated:DeprecationWarning"),
]
PHONE = "+12015550123"
UNCONFIRMED = "This carrier does not confirm delivery."


async def texted(storage: Storage, twilio: TwilioStandIn, courier: SmsCourier) -> Services:
    """A house that has texted Ana; gives its services."""
    services = await house(storage, courier)
    await invite(services, PHONE, medium="text")
    await round_made(services)
    assert len(twilio.texts) == 1
    return services


async def later(services: Services, **units: float) -> None:
    """Time passes, and what became due is done."""
    await pass_time(services, **units)
    await round_made(services)


@on_both
async def test_what_nobody_told_is_learnt_after_two_minutes(opened: Storage) -> None:
    async with TwilioStandIn() as twilio, texts_to(twilio) as courier:
        services = await texted(opened, twilio, courier)
        twilio.move(twilio.texts[0]["sid"], "delivered")
        await later(services, minutes=1)
        assert twilio.asked == [], "too early"
        await later(services, minutes=1.5)
        assert twilio.asked == [twilio.texts[0]["sid"]]
        assert "has been delivered" in (await shown(services))[0]
        assert (await job(services, "ask")).state == "done"


@on_both
async def test_a_failure_that_nobody_told_has_its_words_and_rests(opened: Storage) -> None:
    async with TwilioStandIn() as twilio, texts_to(twilio) as courier:
        services = await texted(opened, twilio, courier)
        twilio.move(twilio.texts[0]["sid"], "undelivered", error=30005)
        await later(services, minutes=3)
        assert "not in use" in (await shown(services))[0]
        (rest,) = await scene.all_of(services, Suppression)
        assert rest.reason == "bounced"


async def test_where_twilio_calls_nobody_is_asked(opened: Storage) -> None:
    async with TwilioStandIn() as twilio, texts_to(twilio) as courier:
        services = await texted(opened, twilio, courier)
        letter = await delivery(services)
        tag = tokens.tag(services.keys, letter.id)
        told = News("delivered", "twilio:SM1:delivered", tag=tag)
        await returns.hear(services, [told], now=datetime.now(UTC))
        await later(services, minutes=3)
        assert twilio.asked == []
        assert (await job(services, "ask")).state == "done"


async def test_a_carrier_that_never_confirms_is_said_to_be_one_after_a_day(
    opened: Storage,
) -> None:
    async with TwilioStandIn() as twilio, texts_to(twilio) as courier:
        services = await texted(opened, twilio, courier)
        twilio.move(twilio.texts[0]["sid"], "sent")
        asked = []
        for minutes in (3, 5, 3, 20, 35, 60, 1320, 600):
            await later(services, minutes=minutes)
            asked.append(len(twilio.asked))
        assert asked == [1, 1, 2, 2, 3, 3, 4, 4], "after 2 and 10 minutes, an hour and a day"
        assert (await delivery(services)).state == "sent"
        assert UNCONFIRMED in (await shown(services))[0]
        twilio.move(twilio.texts[0]["sid"], "delivered")
        await deliveries.happened(
            services, 1, "delivered", key="twilio:late", now=datetime.now(UTC)
        )
        await round_made(services)
        assert "has been delivered" in (await shown(services))[0], "better late than never"
        assert UNCONFIRMED not in (await shown(services))[0]


@pytest.mark.parametrize("fault", ["503_before", "429"])
async def test_while_twilio_cannot_tell_nothing_is_made_of_it(opened: Storage, fault: str) -> None:
    async with TwilioStandIn() as twilio, texts_to(twilio) as courier:
        services = await texted(opened, twilio, courier)
        twilio.move(twilio.texts[0]["sid"], "delivered")
        twilio.fail(fault)
        await later(services, hours=25)
        assert (await delivery(services)).state == "sent"
        assert (await job(services, "ask")).state == "ready"
        twilio.recover()
        await later(services, minutes=2)
        assert (await delivery(services)).state == "delivered"


async def test_a_house_that_was_shut_for_days_asks_once(opened: Storage) -> None:
    async with TwilioStandIn() as twilio, texts_to(twilio) as courier:
        services = await texted(opened, twilio, courier)
        twilio.move(twilio.texts[0]["sid"], "sent")
        await later(services, days=3)
        assert len(twilio.asked) == 1
        assert UNCONFIRMED in (await shown(services))[0]


async def test_a_text_that_was_deleted_at_twilio_stays_sent(opened: Storage) -> None:
    async with TwilioStandIn() as twilio, texts_to(twilio) as courier:
        services = await texted(opened, twilio, courier)
        twilio.texts.clear()
        await later(services, hours=25)
        assert (await delivery(services)).state == "sent"
        assert (await job(services, "ask")).state == "done"


@pytest.mark.parametrize("redact", [True, False])
@pytest.mark.parametrize("end", ["told", "asked", "never known"])
async def test_twilio_forgets_the_words_where_the_operator_wants_it(
    opened: Storage, redact: bool, end: str
) -> None:
    async with TwilioStandIn() as twilio, texts_to(twilio, redact=redact) as courier:
        services = await texted(opened, twilio, courier)
        twilio.move(twilio.texts[0]["sid"], "sent" if end == "never known" else "delivered")
        if end == "told":
            now = datetime.now(UTC)
            await deliveries.happened(services, 1, "delivered", key="twilio:1", now=now)
        await later(services, minutes=3)
        assert (twilio.texts[0]["body"] == "") == (redact and end != "never known")
        await later(services, hours=25)
        assert (twilio.texts[0]["body"] == "") == redact
        assert (await job(services, "ask")).state == "done"


async def test_words_that_cannot_be_blanked_now_are_blanked_later(opened: Storage) -> None:
    async with TwilioStandIn() as twilio, texts_to(twilio, redact=True) as courier:
        services = await texted(opened, twilio, courier)
        await deliveries.happened(services, 1, "delivered", key="twilio:1", now=datetime.now(UTC))
        await later(services, minutes=3)
        assert twilio.texts[0]["body"], "Twilio itself says that it is under way"
        twilio.move(twilio.texts[0]["sid"], "delivered")
        await later(services, minutes=2)
        assert twilio.texts[0]["body"] == ""


@on_both
async def test_asking_is_one_row_a_text_in_a_lane_of_its_own(opened: Storage) -> None:
    async with TwilioStandIn() as twilio, texts_to(twilio) as courier:
        services = scene.unlimited(await house(opened, courier))
        phones = [f"+1201555{number:04}" for number in range(100, 150)]
        await invite(services, *phones, medium="text")
        await round_made(services)
        jobs = await scene.jobs(services, "ask")
        assert {row.lane for row in jobs} == {"text:ask"}
        assert sorted(row.args["delivery"] for row in jobs) == [
            row.id for row in await scene.all_of(services, Delivery)
        ]
        early = datetime.now(UTC) + timedelta(seconds=60)
        assert all(row.run_at > early for row in jobs)
        for text in twilio.texts:
            twilio.move(text["sid"], "delivered")
        await later(services, minutes=3)
        assert sorted(twilio.asked) == sorted(text["sid"] for text in twilio.texts)
        events = [row.event for row in await scene.all_of(services, DeliveryEvent)]
        assert events.count("delivered") == len(phones)


async def test_who_cannot_be_asked_is_not(opened: Storage) -> None:
    services = await house(opened, OutboxCourier("email"), OutboxCourier("text"))
    await invite(services, "ana@example.org")
    await invite(services, PHONE, medium="text")
    await round_made(services)
    assert await scene.jobs(services, "ask") == []
