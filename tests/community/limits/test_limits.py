"""Limits: what is over one waits for its day, is told so beforehand, and is never lost."""

import asyncio
import dataclasses
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlmodel import Session
from structlog.testing import capture_logs

from bot.community import invitations, labels
from bot.community.actors import Actor
from bot.community.contacts import Way
from bot.community.invitations import inviting, previews, send_to
from bot.community.limits import LimitReached, slots
from bot.community.limits.slots import Slot
from bot.ports import Services
from storage import communities
from storage.database import Storage
from storage.tables import Invitation, Leader, Quota
from tests.community import scene
from tests.community.limits.given import goes_at, limited, move, people, quota, waiting
from tests.community.scene import NOW, on_both

PARIS = "Europe/Paris"


@pytest.fixture
async def services(opened: Storage) -> Services:
    """Maple Court, with limits."""
    return limited(await scene.plugged(opened))


# A day's letters


async def test_a_hundred_go_today_and_the_rest_tomorrow_told_beforehand(
    services: Services, robin: Actor
) -> None:
    await scene.invite(services, robin, people(97), now=datetime.now(UTC))
    reply = await scene.say(services, f"/invite email {people(6, 'more')}")
    assert "3 of them go tomorrow at 00:05: you can send 100 e-mails a day." in reply.text
    reply = await scene.say(services, reply.buttons[0].call)
    assert reply.text.startswith("Inviting 6 people.")
    assert "3 of them go tomorrow at 00:05: you can send 100 e-mails a day." in reply.text
    letters = await waiting(services)
    assert [row.contact for row in letters] == [f"more{n}@example.org" for n in (3, 4, 5)]
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    assert {row.words for row in letters} == {
        f"Waits until 00:05 on {labels.day(tomorrow)}: you can send 100 e-mails a day."
    }
    moments = await goes_at(services)
    assert moments[-3:] == [datetime(*tomorrow.timetuple()[:3], 0, 5, tzinfo=UTC)] * 3
    assert max(moments[:-3]) <= datetime.now(UTC) + timedelta(hours=12)


@on_both
async def test_no_limit_is_passed_by_asking_at_once(services: Services, robin: Actor) -> None:
    services = limited(services, limit_emails=10)
    drafts = [await _draft(services, robin, people(4, f"n{n}x")) for n in range(6)]
    await asyncio.gather(
        *(inviting.invite(services, robin, draft_id=each, now=NOW) for each in drafts)
    )
    today = NOW.date()
    assert list((await quota(services)).values()) == [10, 10, 4]
    assert sorted(day for _, day in await quota(services)) == [
        today + timedelta(days=n) for n in range(3)
    ]
    assert len(await waiting(services)) == 14


async def _draft(services: Services, who: Actor, pasted: str, medium: Way = "email") -> int:
    seen = await previews.preview(services, who, medium=medium, pasted=pasted, now=NOW)
    assert seen.draft_id is not None
    return seen.draft_id


@on_both
async def test_a_preview_takes_no_place(services: Services, robin: Actor) -> None:
    services = limited(services, limit_emails=3)
    for _ in range(3):
        seen = await previews.preview(services, robin, medium="email", pasted=people(5), now=NOW)
        assert seen.waits == "2 of them go tomorrow at 00:05: you can send 3 e-mails a day."
    assert await quota(services) == {}


async def test_a_single_letter_over_the_limit_is_told_at_once(
    services: Services, robin: Actor
) -> None:
    services = limited(services, limit_emails=1)
    await scene.say(services, "/invite email ana@example.org")
    reply = await scene.say(services, "/invite email bob@example.org")
    assert "It goes tomorrow at 00:05: you can send 1 e-mail a day." in reply.text


async def test_the_code_of_a_letter_that_waits_lives_as_long_as_others(
    services: Services, robin: Actor
) -> None:
    first, second = await scene.invite(limited(services, limit_emails=1), robin, people(2))
    assert first.expires_at is not None
    assert second.expires_at == first.expires_at + timedelta(days=1)


async def test_who_is_far_beyond_is_refused_and_nothing_happens(
    services: Services, robin: Actor
) -> None:
    services = limited(services, limit_emails=1)
    now = datetime.now(UTC)
    await scene.invite(services, robin, people(8), now=now)
    with pytest.raises(LimitReached) as refused:
        await scene.invite(services, robin, "one.more@example.org", now=now)
    assert refused.value.words.startswith("Nothing was sent: you can send 1 e-mail a day")
    assert len(await scene.all_of(services, Invitation)) == 8
    assert sum((await quota(services)).values()) == 8
    reply = await scene.say(services, "/invite email one.more@example.org")
    assert reply.text == refused.value.words


async def test_the_day_is_the_communitys_own(services: Services, robin: Actor) -> None:
    await move(services, timezone="Pacific/Auckland")
    services = limited(services, limit_emails=1)
    late = datetime(2026, 6, 1, 11, 50, tzinfo=UTC)  # 23:50 there
    await scene.invite(services, robin, people(2), now=late)
    assert (await goes_at(services))[1] == datetime(2026, 6, 1, 12, 5, tzinfo=UTC)
    await scene.invite(services, robin, people(1, "later"), now=late + timedelta(minutes=20))
    assert (await goes_at(services))[2] == datetime(2026, 6, 2, 12, 5, tzinfo=UTC)


async def test_zero_lifts_a_limit(services: Services, robin: Actor) -> None:
    services = limited(services, limit_emails=0)
    for batch in range(3):
        await scene.invite(services, robin, people(100, f"b{batch}n"))
    assert await waiting(services) == []


async def test_the_next_day_begins_afresh(services: Services, robin: Actor) -> None:
    services = limited(services, limit_emails=2)
    await scene.invite(services, robin, people(2))
    await scene.invite(services, robin, people(2, "m"), now=NOW + timedelta(days=1))
    assert await waiting(services) == []


async def test_texts_of_all_leaders_together_are_limited(services: Services, robin: Actor) -> None:
    services = limited(services, limit_community_texts=5)
    sam = await scene.second_leader(services)
    numbers = [f"+1201555{n:04}" for n in range(100, 108)]
    with capture_logs() as logs:
        await scene.invite(services, robin, "\n".join(numbers[:4]), medium="text")
        await scene.invite(services, sam, "\n".join(numbers[4:]), medium="text")
    assert [row.contact for row in await waiting(services)] == numbers[5:]
    assert "all of you together can send 5 texts a day" in (await waiting(services))[0].words
    warned = [log for log in logs if log["event"] == "limits.texts_nearly_used_up"]
    assert [log["log_level"] for log in warned] == ["warning"], "a preview warns nobody"
    assert len(await scene.all_of(services, Quota)) == 5, "what went back is counted nowhere"


# New leaders


async def test_a_new_leader_begins_with_ten_and_the_first_leader_does_not(
    services: Services, robin: Actor
) -> None:
    sam = await scene.second_leader(services)
    await scene.invite(services, robin, people(30))
    assert await waiting(services) == []
    await scene.invite(services, sam, people(30, "m"))
    letters = await waiting(services)
    assert len(letters) == 20
    assert "new leaders can send 10 e-mails on their first day" in letters[0].words
    days = Counter(day - NOW.date() for source, day in await quota(services) if "2" in source)
    assert len(days) == 3, "ten today, ten tomorrow at 00:05, the rest when the day is over"


async def test_who_claims_a_chat_of_a_known_community_is_trusted(
    services: Services, robin: Actor
) -> None:
    def change(session: Session) -> None:
        communities.add_leader(
            session, 1, chat="slack", place="T1", user_id="U1", name="Noor Aziz", now=NOW
        )

    await services.storage.write(change)
    (noor,) = [row for row in await scene.all_of(services, Leader) if row.chat == "slack"]
    who = dataclasses.replace(robin, leader_id=noor.id, name=noor.name)
    await scene.invite(services, who, people(30))
    assert await waiting(services) == []


async def test_a_leader_is_new_for_a_day(services: Services, robin: Actor) -> None:
    sam = await scene.second_leader(services)
    await scene.invite(services, sam, people(30), now=NOW + timedelta(hours=24))
    assert await waiting(services) == []


# The same person


@on_both
async def test_nobody_is_invited_more_than_three_times_a_month_by_whomever(
    services: Services, robin: Actor
) -> None:
    for day in (0, 1, 2):
        (row,) = await scene.invite(
            services, robin, "ana@example.org", now=NOW + timedelta(days=day)
        )
        await invitations.void(services, robin, row.id, now=NOW + timedelta(days=day))
    noor = await scene.next_door(services)
    seen = await previews.preview(
        services, noor, medium="email", pasted="ana@example.org", now=NOW + timedelta(days=3)
    )
    assert [row.verdict for row in seen.rows] == ["enough"]
    kept = await _draft(services, noor, "bob@example.org, ana@example.org")
    result = await inviting.invite(services, noor, draft_id=kept, now=NOW + timedelta(days=3))
    assert [contact.address for contact in result.sent] == ["bob@example.org"]
    after = NOW + timedelta(days=30, hours=1)
    assert await scene.invite(services, noor, "ana@example.org", now=after)
    reply = await scene.say(limited(services, limit_contact=1), "/invite email bob@example.org")
    assert "was invited 1 times in the last 30 days, here or elsewhere." in reply.text


# Words


def test_what_waits_is_told_in_few_words() -> None:
    at = NOW + timedelta(days=1)
    later = Slot(NOW + timedelta(days=9), "of the year")
    told = partial(slots.told, zone="UTC", now=NOW)
    assert told([Slot(), Slot()]) == ""
    assert told([Slot(at, "why")]) == "It goes tomorrow at 12:00: why."
    assert told([Slot(at, "why")] * 2) == "They go tomorrow at 12:00: why."
    said = told([Slot(), Slot(at, "why"), later, later])
    day = labels.day(NOW + timedelta(days=9))
    assert said == (
        f"1 of them goes tomorrow at 12:00: why. 2 of them go on {day} at 12:00: of the year."
    )


async def test_a_letter_that_was_taken_back_keeps_its_day(services: Services, robin: Actor) -> None:
    house = limited(services, limit_emails=1)
    _, second = await scene.invite(house, robin, people(2))
    before = (await goes_at(services))[1]
    await invitations.void(house, robin, second.id, now=NOW)
    await invitations.reopen(house, robin, second.id, now=NOW)
    assert (await goes_at(services))[1] == before


async def test_a_letter_to_another_address_takes_a_place_too(
    services: Services, robin: Actor
) -> None:
    house = limited(services, limit_emails=1)
    (row,) = await scene.invite(house, robin, "ana@example.org")
    await send_to(house, robin, row.id, medium="email", typed="anna@example.org", now=NOW)
    assert [letter.contact for letter in await waiting(house)] == ["anna@example.org"]
