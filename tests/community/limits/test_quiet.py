"""Quiet hours: no text leaves while it is night where its recipient is."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bot.community.actors import Actor
from bot.community.limits import quiet
from bot.couriers.outbox import OutboxCourier
from bot.ports import Services
from tests.community import scene
from tests.community.limits.given import goes_at, limited, move, people, waiting
from tests.community.rounds import job, pass_time, round_made, shown

PARIS = "Europe/Paris"
NIGHT = datetime(2026, 1, 15, 3, 0, tzinfo=UTC)  # 22:00 in New York, 4:00 in Paris


class LoudOutbox(OutboxCourier):
    """An outbox that wakes people, as real texts do."""

    wakes = True


def loud(services: Services, **chosen: Any) -> Services:
    """The house with texts that wake people, and quiet hours."""
    couriers = {**services.couriers, "text": LoudOutbox("text")}
    return dataclasses.replace(
        limited(services, **{"quiet_hours": "21-8"} | chosen), couriers=couriers
    )


async def test_a_text_waits_until_it_is_morning_where_its_recipient_is(
    services: Services, robin: Actor
) -> None:
    await scene.invite(loud(services), robin, "+1 201 555 0123", medium="text", now=NIGHT)
    assert await goes_at(services) == [datetime(2026, 1, 15, 13, 0, tzinfo=UTC)]
    (letter,) = await waiting(services)
    assert letter.words == (
        "Waits until 13:00 on 15 Jan 2026: "
        "no text leaves between 21:00 and 8:00 where the recipient is."
    )


async def test_by_day_and_by_email_nothing_waits(services: Services, robin: Actor) -> None:
    house = loud(services)
    await scene.invite(house, robin, people(3), now=NIGHT)
    by_day = NIGHT + timedelta(hours=12)
    await scene.invite(house, robin, "+1 201 555 0123", medium="text", now=by_day)
    off = loud(services, quiet_hours="off")
    await scene.invite(off, robin, "+1 201 555 0124", medium="text", now=NIGHT)
    assert await waiting(services) == []


async def test_what_is_over_the_limit_waits_for_the_morning_too(
    services: Services, robin: Actor
) -> None:
    await move(services, timezone="America/New_York")
    house = loud(services, limit_texts=1)
    by_day = datetime(2026, 1, 15, 17, 0, tzinfo=UTC)
    await scene.invite(house, robin, "+12015550123\n+12015550124", medium="text", now=by_day)
    assert (await goes_at(services))[1] == datetime(2026, 1, 16, 13, 0, tzinfo=UTC)
    (letter,) = await waiting(services)
    assert "you can send 1 text a day" in letter.words


def test_a_number_in_several_zones_sleeps_in_all_of_them() -> None:
    madrid_or_canary = "+34612345678"
    eight_in_madrid = datetime(2026, 1, 15, 7, 0, tzinfo=UTC)
    opens = quiet.opens(madrid_or_canary, eight_in_madrid, zone="UTC", hours=(21, 8))
    assert opens == datetime(2026, 1, 15, 8, 0, tzinfo=UTC)


def test_a_number_that_tells_nothing_lives_where_the_community_does() -> None:
    british_mobile = "+447700900123"
    opens = quiet.opens(british_mobile, NIGHT, zone=PARIS, hours=(21, 8))
    assert opens == datetime(2026, 1, 15, 7, 0, tzinfo=UTC)


def test_in_zones_that_are_never_awake_together_the_community_decides() -> None:
    anywhere_in_america = "+15005550006"
    opens = quiet.opens(anywhere_in_america, NIGHT, zone=PARIS, hours=(13, 12))
    assert opens == datetime(2026, 1, 15, 11, 0, tzinfo=UTC)


@given(
    at=st.integers(0, 365 * 24 * 60).map(lambda minutes: NIGHT + timedelta(minutes=minutes)),
    hours=st.tuples(st.integers(0, 23), st.integers(0, 23)).filter(lambda h: h[0] != h[1]),
)
def test_the_moment_is_never_quiet_and_never_later_than_needed(
    at: datetime, hours: quiet.Hours
) -> None:
    opens = quiet.opens("+12015550123", at, zone="UTC", hours=hours)
    first, last = hours
    quiet_at = {hour % 24 for hour in range(first, last if first < last else last + 24)}
    local = opens.astimezone(ZoneInfo("America/New_York"))
    assert local.hour not in quiet_at
    assert at <= opens <= at + timedelta(hours=25)
    if at.astimezone(ZoneInfo("America/New_York")).hour not in quiet_at:
        assert opens == at
    else:
        assert (local.hour, local.minute) == (last, 0) or local.hour == last + 1, "or skipped"


# Just before sending


async def test_a_text_that_comes_late_waits_for_the_morning_and_no_try_is_counted(
    services: Services, robin: Actor
) -> None:
    await scene.invite(services, robin, "+12015550123", medium="text", now=datetime.now(UTC))
    always = _hours_about_now()
    settings = services.settings.model_copy(update={"quiet_hours": always})
    couriers = {**services.couriers, "text": LoudOutbox("text")}
    at_night = dataclasses.replace(services, settings=settings, couriers=couriers)
    await round_made(at_night)
    row = await job(services)
    assert (row.state, row.attempts, row.unconfirmed) == ("ready", 0, 0)
    assert timedelta(hours=1) < row.run_at - datetime.now(UTC) < timedelta(hours=24)
    [receipt] = await shown(services)
    assert "the text has not left yet." in receipt
    assert f"no text leaves between {always.split('-')[0]}:00 and" in receipt
    await pass_time(services, hours=24)
    await round_made(services)
    assert "has been sent" in (await shown(services))[0]


def _hours_about_now() -> str:
    """Quiet hours that it is now, where +1 201 is, and for two hours at least."""
    hour = datetime.now(ZoneInfo("America/New_York")).hour
    return f"{(hour - 1) % 24}-{(hour + 3) % 24}"
