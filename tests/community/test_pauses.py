"""Pauses: what would spoil a community's good name, or its bill, waits for a leader's word."""

import dataclasses
from datetime import UTC, datetime

import pytest
from sqlmodel import Session
from structlog.testing import capture_logs

from bot.community import deliveries, digests
from bot.community.actors import Actor
from bot.community.contacts import Way
from bot.community.troubles import NothingHeld, go_on
from bot.messages import Event
from bot.ports import Services
from storage import communities
from storage.tables import Delivery, Job, PlaygroundMessage
from tests.community import scene
from tests.community.rounds import pass_time, round_made, shown
from tests.community.scene import on_both
from tests.community.test_troubles import numbers, people, told, trouble


async def fail(services: Services, medium: Way, event: Event, count: int, *, of: int) -> None:
    """Let some of the community's letters come to nothing; the first ones."""
    rows = [row for row in await scene.all_of(services, Delivery) if row.medium == medium]
    now = datetime.now(UTC)
    for row in rows[:of]:
        await deliveries.happened(services, row.id, "sent", key=f"{row.id}:sent", now=now)
    for row in rows[:count]:
        key = f"{row.id}:{event}"
        await deliveries.happened(services, row.id, event, key=key, code="5.1.1", now=now)


async def morning(services: Services, day: str) -> str:
    """What Robin reads that morning, if anything."""

    def tell(session: Session) -> None:
        community = communities.get(session, 1)
        digests.tell_all(session, services, community, day=day, now=datetime.now(UTC))

    await services.storage.write(tell)
    rows = await scene.all_of(services, Job)
    return "".join(row.args["words"] for row in rows if row.key == f"digest:1:{day}:1")


@on_both
@pytest.mark.parametrize(
    ("medium", "event", "most", "window"),
    [("email", "bounced", 5, 50), ("text", "undelivered", 6, 20), ("text", "bounced", 6, 20)],
)
async def test_too_many_failures_pause_the_communitys_letters(
    services: Services, robin: Actor, medium: Way, event: Event, most: int, window: int
) -> None:
    asked = people(window) if medium == "email" else numbers(window)
    await scene.invite(services, robin, "\n".join(asked), medium=medium)
    await fail(services, medium, event, most, of=window)
    assert await trouble(services) == []
    with capture_logs() as logs:
        await fail(services, medium, event, most + 3, of=window)
    assert [row.lane for row in await trouble(services)] == [f"{medium}/1"]
    paused = [log for log in logs if log["event"] == "troubles.community_paused"]
    assert [log["log_level"] for log in paused] == ["error"]
    await round_made(services)
    [notice] = told(await shown(services))
    assert f"are paused, as {most + 1} of the last {window} did not arrive" in notice


async def test_what_is_paused_waits_until_a_leader_says_go_on(
    services: Services, robin: Actor
) -> None:
    await scene.invite(services, robin, "\n".join(people(10)))
    await fail(services, "email", "bounced", 6, of=10)
    await scene.invite(services, robin, "\n".join(people(3, "later")))
    noor = await scene.next_door(services)
    await scene.invite(services, noor, "neighbour@resident.example")
    for _ in range(2):
        await round_made(services)
        await pass_time(services, hours=12)
    waiting = [row for row in await scene.all_of(services, Delivery) if row.state == "queued"]
    assert [row.contact for row in waiting] == people(3, "later")
    assert {"To go on, say `/invites go-on`." in row.words for row in waiting} == {True}
    receipt = next(text for text in await shown(services) if "0 of 3 sent" in text)
    assert "E-mails are paused" in receipt
    why = "E-mails are paused, as 6 of the last 10 did not arrive. To go on, say `/invites go-on`."
    assert why in (await scene.say(services, "/community")).text
    assert (await morning(services, "2026-05-04")).endswith(f"\n… 3 letters are held. {why}")

    reply = await scene.say(services, "/invites go-on")
    assert reply.text == "Going on: 3 letters that waited may go out now."
    await round_made(services)
    assert {row.state for row in await scene.all_of(services, Delivery)} == {"sent", "bounced"}
    assert any("3 of 3 sent" in text for text in await shown(services))
    reply = await scene.say(services, "/invites go-on")
    assert reply.text == NothingHeld().words
    assert "are paused" not in (await scene.say(services, "/community")).text
    assert "held" not in await morning(services, "2026-05-05")


async def test_after_going_on_what_failed_before_is_not_counted_again(
    services: Services, robin: Actor
) -> None:
    await scene.invite(services, robin, "\n".join(people(20)))
    await fail(services, "email", "bounced", 6, of=20)
    await go_on(services, robin, now=datetime.now(UTC))
    rows = await scene.all_of(services, Delivery)
    for number, row in enumerate(rows[6:12], 1):
        now = datetime.now(UTC)
        key = f"{row.id}:bounced"
        await deliveries.happened(services, row.id, "bounced", key=key, code="5.1.1", now=now)
        assert bool(await trouble(services)) == (number > 5)
    await round_made(services)
    assert len(told(await shown(services))) == 2


async def test_the_notice_has_the_way_on(services: Services, robin: Actor) -> None:
    await scene.invite(services, robin, "\n".join(people(10)))
    await fail(services, "email", "bounced", 6, of=10)
    await round_made(services)
    bodies = [row.body for row in await scene.all_of(services, PlaygroundMessage)]
    [notice] = [body for body in bodies if "are paused" in body["text"]]
    calls = [button["call"] for button in notice["buttons"]]
    assert calls == ["/invites go-on", "/invites failed"]


async def test_the_neighbours_pause_is_theirs_to_end(services: Services, robin: Actor) -> None:
    await scene.invite(services, robin, "\n".join(people(10)))
    await fail(services, "email", "bounced", 6, of=10)
    noor = await scene.next_door(services)
    with pytest.raises(NothingHeld):
        await go_on(services, noor, now=datetime.now(UTC))
    assert len(await trouble(services)) == 1


# Numbers in a row abroad


@on_both
async def test_texts_to_a_row_of_numbers_abroad_are_held(services: Services, robin: Actor) -> None:
    services = abroad(services)
    with capture_logs() as logs:
        await scene.invite(services, robin, "\n".join(numbers(3, "+1876555")), medium="text",
                           now=datetime.now(UTC))  # fmt: skip
        assert await trouble(services) == []
        await scene.invite(services, robin, "+1876 555 0155", medium="text", now=datetime.now(UTC))
    assert "suspicions.numbers_in_a_row" in {log["event"] for log in logs}
    await scene.invite(services, robin, "+12015550123", medium="text", now=datetime.now(UTC))
    await round_made(services)
    held = [row.contact for row in await scene.all_of(services, Delivery) if row.state == "queued"]
    assert "+18765550155" in held
    assert "+12015550123" not in held
    card = await scene.say(services, "/invites 4")
    assert "Held: several numbers" in card.text
    await scene.say(services, "/invites go-on")
    await scene.invite(services, robin, "+1876 555 0156", medium="text", now=datetime.now(UTC))
    await round_made(services)
    assert {row.state for row in await scene.all_of(services, Delivery)} == {"sent"}


async def test_a_row_of_numbers_at_home_is_a_street(services: Services, robin: Actor) -> None:
    await scene.invite(abroad(services), robin, "\n".join(numbers(12)), medium="text")
    assert await trouble(services) == []


async def test_four_abroad_in_different_blocks_are_a_family(
    services: Services, robin: Actor
) -> None:
    heads = ("+1876555", "+1876556", "+1876557", "+1876558")
    asked = [number for head in heads for number in numbers(1, head)]
    await scene.invite(abroad(services), robin, "\n".join(asked), medium="text")
    assert await trouble(services) == []


def abroad(services: Services) -> Services:
    """The house, where texts may go to Jamaica, too."""
    settings = services.settings.model_copy(update={"sms_regions": "US,JM"})
    return dataclasses.replace(services, settings=settings)
