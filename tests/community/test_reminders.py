"""Reminders: seldom, the same code, and never against somebody's will."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from bot.community import deliveries, invitations, letters, optouts, reminders, tokens
from bot.community.actors import Actor
from bot.community.optouts import UnknownLink
from bot.messages import Event, Letter
from bot.ports import Services
from storage import communities
from storage import deliveries as stored
from storage.tables import Audit, Delivery, Invitation
from tests.community import scene
from tests.community.scene import NOW, on_both

DAY = timedelta(days=1)


async def asked(services: Services, robin: Actor, *to: str, medium: Any = "email") -> list[str]:
    """Robin had these sent, and they arrived."""
    await scene.invite(services, robin, "\n".join(to), medium=medium)
    for row in await scene.all_of(services, Delivery):
        await deliveries.happened(services, row.id, "delivered", key=f"{row.id}:d", now=NOW)
    return list(to)


async def reminded(services: Services, *, days: float, arrive: bool = True) -> list[str]:
    """Who is reminded so many days after; the reminders arrive."""
    now = NOW + timedelta(days=days)

    def write(session: Session) -> list[Delivery]:
        return reminders.write_all(session, services, communities.get(session, 1), now=now)

    written = await services.storage.write(write)
    for row in written if arrive else ():
        await deliveries.happened(services, row.id, "sent", key=f"{row.id}:s", now=now)
    return [row.contact or "" for row in written]


async def days_of(services: Services, last: int = 40) -> list[int]:
    """On which days somebody is reminded, when every day is looked at."""
    return [day for day in range(last) if await reminded(services, days=day)]


# When


@on_both
async def test_three_in_all_on_day_three_and_ten_and_before_the_end(
    services: Services, robin: Actor
) -> None:
    await asked(services, robin, "ana@example.org")
    assert await days_of(services) == [3, 10, 28]  # the code works until day 30


async def test_by_text_there_is_one(services: Services, robin: Actor) -> None:
    await asked(services, robin, "+1 201 555 0123", medium="text")
    assert await days_of(services) == [3]


async def test_sent_again_is_counted_anew_but_three_is_all(
    services: Services, robin: Actor
) -> None:
    await asked(services, robin, "ana@example.org")
    assert [await reminded(services, days=day) != [] for day in (3, 10)] == [True, True]
    await invitations.resend(services, robin, 1, now=NOW + 12 * DAY)
    assert await reminded(services, days=15) == []  # it has not left yet
    (*_, letter) = await scene.all_of(services, Delivery)
    await deliveries.happened(services, letter.id, "sent", key="again", now=NOW + 12 * DAY)
    assert [day for day in range(12, 60) if await reminded(services, days=day)] == [15]


async def test_days_are_counted_there(services: Services, robin: Actor) -> None:
    def move(session: Session) -> None:
        communities.get(session, 1).timezone = "Asia/Tokyo"  # where it is nine in the evening

    await services.storage.write(move)
    await asked(services, robin, "ana@example.org")
    assert await reminded(services, days=2.1) == []
    assert await reminded(services, days=2.2) == ["ana@example.org"]


@given(
    lives=st.integers(1, 90),
    skipped=st.sets(st.integers(0, 95)),
)
def test_nobody_is_reminded_often_soon_or_too_late(lives: int, skipped: set[int]) -> None:
    """Whatever days the house was off, and however long the code lives."""
    asked_on = date(2026, 5, 4)
    ends_on = asked_on + lives * DAY
    written = [asked_on]
    for offset in range(lives + 1):
        today = asked_on + offset * DAY
        if offset not in skipped and reminders.is_due(asked_on, written[-1], ends_on, today=today):
            written.append(today)
    gaps = [later - earlier for earlier, later in pairwise(written)]
    assert len(gaps) <= 3
    assert all(gap >= 3 * DAY for gap in gaps)
    if lives >= 15 and not skipped:
        assert [(day - asked_on).days for day in written[1:]] == [3, 10, lives - 2]


# Whom


@pytest.mark.parametrize("event", ["bounced", "complained", "opted_out", "failed", "deferred"])
async def test_who_got_nothing_or_said_no_is_not_reminded(
    services: Services, robin: Actor, event: Event
) -> None:
    await scene.invite(services, robin, "ana@example.org bo@example.org")
    first, second = await scene.all_of(services, Delivery)
    await deliveries.happened(services, first.id, event, key="1", now=NOW)
    await deliveries.happened(services, second.id, "sent", key="2", now=NOW)
    assert await reminded(services, days=4) == ["bo@example.org"]


@on_both
async def test_who_joined_is_void_or_stopped_them_is_not_reminded(
    services: Services, robin: Actor
) -> None:
    to = [f"{name}@ex.org" for name in "abcdef"]
    await asked(services, robin, *to)
    rows = {row.contact: row for row in await scene.all_of(services, Invitation)}
    await scene.redeem(services, scene.code_of(services, rows["a@ex.org"]))
    await invitations.void(services, robin, rows["b@ex.org"].id, now=NOW)
    await reminders.stop(services, _token(services, rows["c@ex.org"]), now=NOW)
    letters = {row.contact: row for row in await scene.all_of(services, Delivery)}
    token = tokens.sign(services.keys, "optout", letters["d@ex.org"].id)
    await optouts.opt_out(services, token, now=NOW)
    await scene.redeem(  # another way in
        services,
        scene.code_of(services, rows["f@ex.org"]),
        scene.sign_up(address="Flat 9", email="e@ex.org"),
    )
    assert await reminded(services, days=4) == []
    await reminders.go_on(services, _token(services, rows["c@ex.org"]), now=NOW)
    assert await reminded(services, days=4) == ["c@ex.org"]


async def test_the_neighbours_are_not_written_to(services: Services, robin: Actor) -> None:
    noor = await scene.next_door(services)
    await asked(services, noor, "ana@example.org")
    assert await reminded(services, days=4) == []


async def test_a_reminder_that_waits_is_not_followed_by_another(
    services: Services, robin: Actor
) -> None:
    await asked(services, robin, "ana@example.org")
    assert await reminded(services, days=3, arrive=False) == ["ana@example.org"]
    assert await reminded(services, days=10) == []


async def test_a_hundred_a_day_and_the_rest_on_the_next(services: Services, robin: Actor) -> None:
    await asked(services, robin, *(f"a{n}@ex.org" for n in range(60)))
    await asked(services, robin, *(f"b{n}@ex.org" for n in range(60)))
    assert [len(await reminded(services, days=day)) for day in (3, 4, 5)] == [100, 20, 0]


# What


async def test_it_has_the_same_code_and_a_way_to_stop(services: Services, robin: Actor) -> None:
    await asked(services, robin, "ana@example.org")
    await reminded(services, days=3)
    (row,) = await scene.all_of(services, Invitation)
    first, second = [
        await rendered(services, one) for one in await scene.all_of(services, Delivery)
    ]
    assert second.link == first.link
    assert second.replies_to == first.message_id
    assert second.sender_name == "Robin Vale via Maple Court"
    for part in (second.text, second.html):
        assert f"/r/{_token(services, row)}" in part
        assert second.opt_out in part
        assert "Robin Vale" in part
    assert second.subject == "A reminder: Robin Vale invited you to join Maple Court"


async def rendered(services: Services, delivery: Delivery) -> Letter:
    """The letter of a delivery."""
    return await services.storage.read(letters.render, services, delivery)


async def test_by_text_it_is_one_segment_and_says_how_to_stop(
    services: Services, robin: Actor
) -> None:
    await asked(services, robin, "+1 201 555 0123", medium="text")
    await reminded(services, days=3)
    (*_, delivery) = await scene.all_of(services, Delivery)
    text = (await rendered(services, delivery)).text
    assert len(text) <= 160
    assert "Reply STOP" in text


async def test_the_card_says_so_and_stays_what_it_was(services: Services, robin: Actor) -> None:
    await asked(services, robin, "ana@example.org")
    for day in (3, 10):
        await reminded(services, days=day)

    async def card() -> str:
        return (await invitations.show(services, robin, 1, now=NOW + 11 * DAY)).text

    third, tenth = (f"{(NOW + n * DAY).day} {NOW + n * DAY:%b %Y}" for n in (3, 10))
    assert "the e-mail has been delivered. Not joined yet." in await card()
    assert f"Reminded on {third} and {tenth}." in await card()
    (row,) = await scene.all_of(services, Invitation)
    await reminders.stop(services, _token(services, row), now=NOW)
    assert "They asked for no more reminders." in await card()
    (*_, letter) = await scene.all_of(services, Delivery)
    await deliveries.happened(services, letter.id, "bounced", key="late", now=NOW)
    assert "the e-mail did not arrive" in await card()


async def test_one_that_waits_when_they_say_no_does_not_go(
    services: Services, robin: Actor
) -> None:
    await asked(services, robin, "ana@example.org")
    await reminded(services, days=3, arrive=False)
    (row,) = await scene.all_of(services, Invitation)
    await reminders.stop(services, _token(services, row), now=NOW)
    await scene.all_done(services)
    (*_, letter) = await scene.all_of(services, Delivery)
    assert (letter.event, letter.state) == ("reminder", "queued")


# The link


def _token(services: Services, row: Invitation) -> str:
    return tokens.sign(services.keys, "reminder", row.id)


async def test_looking_changes_nothing_and_a_forged_link_is_unknown(
    services: Services, robin: Actor
) -> None:
    await asked(services, robin, "ana@example.org")
    (row,) = await scene.all_of(services, Invitation)
    seen = await reminders.look(services, _token(services, row))
    assert (seen.brand.community, seen.theirs) == ("Maple Court", "")
    assert (seen.contact_masked, seen.stopped) == ("a•••@example.org", False)
    assert (await reminders.stop(services, _token(services, row), now=NOW)).stopped
    assert (await reminders.look(services, _token(services, row))).stopped
    assert [job.args["receipt"] for job in await scene.jobs(services, "receipt")] == [1]
    trail = [audit.action for audit in await scene.all_of(services, Audit)]
    assert trail[-1] == "reminders.stopped"
    other = tokens.sign(services.keys, "optout", row.id)
    for forged in (other, "1.x", "", tokens.sign(services.keys, "reminder", 99)):
        with pytest.raises(UnknownLink):
            await reminders.look(services, forged)
        with pytest.raises(UnknownLink):
            await reminders.stop(services, forged, now=NOW)


async def test_it_is_asked_for_by_the_morning_and_comes_by_post(
    services: Services, robin: Actor
) -> None:
    """It is ten o'clock somewhere: the community moves there, and switches reminders on."""
    await asked(services, robin, "ana@example.org")
    west = (datetime.now(UTC).hour - 10) % 24
    zone = f"Etc/GMT+{west}" if west <= 12 else f"Etc/GMT-{24 - west}"

    def change(session: Session) -> None:
        community = communities.get(session, 1)
        community.timezone, community.reminders = zone, True
        community.created_at = NOW - 30 * DAY
        (letter,) = stored.of_invitation(session, 1)
        letter.created_at = NOW - 4 * DAY

    await services.storage.write(change)
    await scene.all_done(services)
    letters = await scene.all_of(services, Delivery)
    assert [(row.event, row.state) for row in letters] == [
        ("invitation", "delivered"),
        ("reminder", "sent"),
    ]
