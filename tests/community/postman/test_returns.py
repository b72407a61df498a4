"""Returns: what providers and mailboxes tell of letters, in any order, however often."""

from datetime import timedelta
from itertools import permutations

import pytest

from bot.community import tokens
from bot.community.actors import Actor
from bot.community.postman import returns
from bot.messages import Event, News, Wish
from bot.ports import Services
from storage.tables import Delivery, DeliveryEvent, Suppression
from tests.community import scene
from tests.community.scene import NOW, on_both

PHONE = "+12015550123"


@pytest.fixture
async def letter(services: Services, robin: Actor) -> Delivery:
    """Ana's letter, which has left."""
    await scene.invite(services, robin, "ana@example.org")
    await scene.all_done(services)
    (letter,) = await scene.all_of(services, Delivery)
    return letter


def news(services: Services, letter: Delivery, event: Event, **more: str) -> News:
    """What a provider says."""
    tag = tokens.tag(services.keys, letter.id)
    return News(event, f"{event}:{more.get('code', '')}", tag=tag, **more)


async def state(services: Services) -> str:
    """What is shown of the one letter."""
    (row,) = await scene.all_of(services, Delivery)
    return row.state


@on_both
async def test_what_is_told_twice_is_kept_once(services: Services, letter: Delivery) -> None:
    delivered = news(services, letter, "delivered")
    for _ in range(2):
        await returns.hear(services, [delivered, delivered], now=NOW)
    events = [row.event for row in await scene.all_of(services, DeliveryEvent)]
    assert events == ["sent", "delivered"]
    assert "delivered" in (await scene.say(services, "/invites 1")).text


async def test_any_order_ends_in_the_same_state(services: Services, letter: Delivery) -> None:
    told = [
        news(services, letter, "deferred", code="4.7.1"),
        news(services, letter, "delivered"),
        news(services, letter, "bounced", code="5.1.1"),
    ]
    for order in permutations(told):
        await returns.hear(services, order, now=NOW)
        assert await state(services) == "bounced"


async def test_a_message_id_names_a_letter_too(services: Services, letter: Delivery) -> None:
    told = News("bounced", "a", message_id=letter.message_id, code="5.1.1")
    await returns.hear(services, [told], now=NOW)
    assert await state(services) == "bounced"
    (suppressed,) = await scene.all_of(services, Suppression)
    assert suppressed.until == NOW + timedelta(days=30)


async def test_a_forged_tag_is_ignored_whatever_else_is_named(
    services: Services, letter: Delivery
) -> None:
    told = News("bounced", "a", tag=f"{letter.id}-aaaaaaaaaa", message_id=letter.message_id)
    await returns.hear(
        services, [told, News("bounced", "b"), News("bounced", "c", tag="?")], now=NOW
    )
    assert await state(services) == "sent"
    assert await scene.all_of(services, Suppression) == []


@on_both
async def test_stop_holds_everywhere_and_start_takes_it_back(
    services: Services, robin: Actor
) -> None:
    await scene.invite(services, robin, PHONE, medium="text")
    await returns.hear(services, [Wish("text", PHONE, "stop", "sms:1")], now=NOW)
    assert await state(services) == "opted_out"
    noor = await scene.next_door(services)
    with pytest.raises(AssertionError):
        await scene.invite(services, noor, PHONE, medium="text")
    await returns.hear(services, [Wish("text", PHONE, "start", "sms:2")], now=NOW)
    await returns.hear(
        services, [Wish("text", PHONE, "stop", "sms:1")], now=NOW
    )  # comes late, again
    await scene.invite(services, noor, PHONE, medium="text")


async def test_a_stranger_who_says_stop_is_never_written_to(
    services: Services, robin: Actor
) -> None:
    await returns.hear(services, [Wish("text", PHONE, "stop", "sms:1")], now=NOW)
    said = await scene.say(services, f"/invite text {PHONE}")
    assert "asked not to" in said.text
    assert await scene.all_of(services, Delivery) == []
