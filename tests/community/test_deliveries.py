"""What became of a letter: which facts keep us from writing to somebody again."""

from datetime import timedelta

import pytest

from bot.community import deliveries
from bot.community.actors import Actor
from bot.ports import Services
from storage import suppressions
from storage.tables import Delivery, Suppression
from tests.community import scene
from tests.community.scene import NOW


@pytest.mark.parametrize(
    ("code", "is_suppressed"),
    [
        ("", True),  # the outbox's button
        ("550 5.1.1", True),  # no such mailbox
        ("550", True),  # what older servers say of it
        ("550 5.2.1", True),  # switched off
        ("552 5.2.2", False),  # full
        ("552 5.3.4", False),  # our letter was too big
        ("550 5.7.26", False),  # they do not trust our domain
        ("554", False),
    ],
)
async def test_only_a_missing_mailbox_is_left_alone_for_a_month(
    services: Services, robin: Actor, code: str, is_suppressed: bool
) -> None:
    await scene.invite(services, robin, "ana@example.org")
    (letter,) = await scene.all_of(services, Delivery)
    await deliveries.happened(services, letter.id, "bounced", key="theirs:1", code=code, now=NOW)
    for days, expected in ((1, is_suppressed), (31, False)):
        now = NOW + timedelta(days=days)
        found = await services.storage.read(suppressions.among, [letter.contact_key], now=now)
        assert bool(found) == expected


@pytest.mark.parametrize("code", ["", "21614", "30005", "30006"])
async def test_a_number_that_gets_no_texts_is_left_alone_for_three_months(
    services: Services, robin: Actor, code: str
) -> None:
    await scene.invite(services, robin, "+12015550123", medium="text")
    (letter,) = await scene.all_of(services, Delivery)
    await deliveries.happened(services, letter.id, "bounced", key="theirs:1", code=code, now=NOW)
    for days, expected in ((89, True), (91, False)):
        now = NOW + timedelta(days=days)
        found = await services.storage.read(suppressions.among, [letter.contact_key], now=now)
        assert bool(found) == expected


async def test_the_same_fact_told_twice_is_one_fact(services: Services, robin: Actor) -> None:
    await scene.invite(services, robin, "ana@example.org")
    (letter,) = await scene.all_of(services, Delivery)
    for _ in range(3):
        await deliveries.happened(services, letter.id, "complained", key="theirs:1", now=NOW)
    (suppression,) = await scene.all_of(services, Suppression)
    assert (suppression.reason, suppression.until) == ("complained", None)


async def test_a_fact_about_nothing_is_not_taken(services: Services) -> None:
    assert not await deliveries.happened(services, 999, "delivered", key="theirs:1", now=NOW)
