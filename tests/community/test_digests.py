"""Digests: each leader reads once a morning what needs attention among what they gave."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from bot.community import deliveries, digests
from bot.community.actors import Actor
from bot.messages import Event
from bot.ports import Services
from storage import communities
from storage.tables import Delivery, Job
from tests.community import scene
from tests.community.rounds import shown
from tests.community.scene import NOW, on_both

LATER = NOW + timedelta(days=8)


async def happens(services: Services, **events: Event) -> None:
    """What becomes of the letters to these."""
    for row in await scene.all_of(services, Delivery):
        if event := events.get((row.contact or "").partition("@")[0]):
            key = f"{row.id}:{event}"
            await deliveries.happened(services, row.id, event, key=key, now=NOW)


async def told(services: Services, *, day: str = "2026-05-04", now: datetime = NOW) -> list[Job]:
    """What each leader is told that morning."""

    def tell(session: Session) -> None:
        digests.tell_all(session, services, communities.get(session, 1), day=day, now=now)

    await services.storage.write(tell)
    return [job for job in await scene.jobs(services, "notice") if day in job.key]


@on_both
async def test_it_says_what_needs_attention_and_who_joined(
    services: Services, robin: Actor
) -> None:
    rows = await scene.invite(
        services, robin, " ".join(f"{name}@ex.org" for name in ("a", "b", "c", "d", "e", "f", "g"))
    )
    await happens(services, a="bounced", b="failed", c="failed", d="failed", e="opted_out",
                  f="delivered", g="delivered")  # fmt: skip
    await scene.redeem(services, scene.code_of(services, rows[6]), now=LATER - timedelta(hours=3))
    (job,) = await told(services, now=LATER)
    assert job.args["words"].splitlines() == [
        "Good morning. 5 invitations need attention:",
        "✗ 4 did not arrive: d@ex.org, c@ex.org, b@ex.org and 1 more.",
        "… 1 was sent more than a week ago.",
        "★ 1 household joined since yesterday.",
    ]
    assert (job.args["chat"], job.args["channel"]) == ("playground", robin.private)
    for label, said in job.args["buttons"]:
        assert label
        reply = await scene.say(services, said)
        assert "I can list" not in reply.text


async def test_each_leader_reads_of_their_own(services: Services, robin: Actor) -> None:
    sam = await scene.second_leader(services)
    await scene.invite(services, robin, "a@ex.org")
    await scene.invite(services, sam, "b@ex.org c@ex.org")
    await happens(services, a="delivered", b="bounced", c="delivered")
    (job,) = await told(services)
    assert job.key.endswith(f":{sam.leader_id}")
    assert job.args["words"] == (
        "Good morning. 1 invitation needs attention:\n✗ 1 did not arrive: b@ex.org."
    )


async def test_nothing_is_said_when_nothing_needs_attention(
    services: Services, robin: Actor
) -> None:
    rows = await scene.invite(services, robin, "a@ex.org b@ex.org c@ex.org")
    await happens(services, a="delivered", b="opted_out", c="delivered")
    await scene.redeem(services, scene.code_of(services, rows[0]), now=NOW)
    assert await told(services) == []
    assert await told(services, day="2026-06-30", now=NOW + timedelta(days=60)) == []  # expired


async def test_a_day_asked_for_twice_is_told_once(services: Services, robin: Actor) -> None:
    await scene.invite(services, robin, "a@ex.org")
    await happens(services, a="bounced")
    assert len(await told(services)) == len(await told(services)) == 1
    assert len(await told(services, day="2026-05-05")) == 1


async def test_the_postman_brings_it_in_the_morning(services: Services, robin: Actor) -> None:
    """It is morning somewhere: the community moves to where it is eight o'clock now."""
    await scene.invite(services, robin, "a@ex.org", now=datetime.now(UTC))
    await happens(services, a="bounced")
    west = (datetime.now(UTC).hour - 8) % 24
    zone = f"Etc/GMT+{west}" if west <= 12 else f"Etc/GMT-{24 - west}"

    def move(session: Session) -> None:
        community = communities.get(session, 1)
        community.timezone, community.created_at = zone, NOW - timedelta(days=30)

    await services.storage.write(move)
    await scene.all_done(services)
    mornings = [text for text in await shown(services) if text.startswith("Good morning.")]
    assert len(mornings) == 1
    assert "a@ex.org" in mornings[0]
    await scene.all_done(services)
    assert [text for text in await shown(services) if "Good morning." in text] == mornings
