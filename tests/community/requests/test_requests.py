"""Asking to be let in without a code: what leaders learn, and what nobody else does."""

import asyncio
import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from bot import dispatch
from bot.community import contacts, deliveries, names, optouts, requests
from bot.community.actors import Actor
from bot.community.errors import BadFields
from bot.community.requests import Asked, AskedTooOften, FullToday, NobodyAsks
from bot.ports import Services
from storage import members
from storage.tables import (
    Attempt,
    Audit,
    Community,
    Delivery,
    Invitation,
    Job,
    Leader,
    Receipt,
    RosterEntry,
    Suppression,
)
from tests.community import scene
from tests.community.requests.asking import ask, asked_for, read
from tests.community.scene import NOW, on_both

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# What people write, and what comes of it: words in every script stay what they are.
WORDS = [
    "We moved in last week.",
    "Ciao, sono Zoë Ångström – abito lì!",
    "مرحبا، نسكن هنا منذ عام",
    "我们上个月搬来了",
    "नमस्ते, हम यहाँ नए हैं",
    "👋🏽 hello",
    "<script>alert(1)</script> <!channel> @everyone *bold* _it_ [x](y)",
    "=cmd|' /C calc'!A0",
]


async def letters(services: Services) -> list[tuple[str, str | None]]:
    return [(row.event, row.contact) for row in await scene.all_of(services, Delivery)]


# Where people ask


async def test_one_community_names_its_door_and_two_name_none(
    services: Services, robin: Actor
) -> None:
    assert await requests.only_door(services) == "maple-court"
    await scene.next_door(services)
    assert await requests.only_door(services) == ""
    await scene.say(services, "/requests off")
    assert await requests.only_door(services) == "birch-row"


async def test_a_door_that_is_shut_is_like_one_that_never_was(services: Services) -> None:
    await scene.say(services, "/requests off")
    for slug in ("maple-court", "no-such-place", "", "'; DROP TABLE"):
        with pytest.raises(NobodyAsks):
            await requests.door(services, slug)
    await scene.say(services, "/requests on")
    assert (await requests.door(services, "Maple-Court")).brand.community == "Maple Court"


async def test_a_door_that_shuts_while_somebody_writes_takes_nothing(services: Services) -> None:
    where = await requests.door(services, "maple-court")
    asked = Asked("Rosa", "12 Elm", contacts.known("email", "rosa@example.net"), "")
    await scene.say(services, "/requests off")
    with pytest.raises(NobodyAsks):
        await requests.ask(services, where, asked, source="a", language="en", now=NOW)
    assert await asked_for(services) == []


# The form


@pytest.mark.parametrize(
    ("filled", "wrong"),
    [
        ({"name": "  "}, {"name"}),
        ({"address": "..."}, {"address"}),
        ({"contact": ""}, {"contact"}),
        ({"contact": "rosa@"}, {"contact"}),
        ({"contact": "12"}, {"contact"}),
        ({"contact": "40404"}, {"contact"}),
        ({"contact": "+1 800 555 0123"}, {"contact"}),
        ({"contact": "+44 7400 123456"}, {"contact"}),
        ({"words": "see https://evil.example"}, {"words"}),
        ({"words": "a" * 401}, {"words"}),
        ({"name": "www.evil.example", "words": "buy at evil.com"}, {"name", "words"}),
    ],
)
async def test_what_cannot_be_is_said_beside_its_field(
    services: Services, filled: dict[str, Any], wrong: set[str]
) -> None:
    with pytest.raises(BadFields) as refused:
        await ask(services, **filled)
    assert refused.value.errors.keys() == wrong
    assert all(refused.value.errors.values())
    assert await asked_for(services) == []
    assert await scene.all_of(services, Attempt) == []


async def test_only_what_can_be_answered_is_taken(services: Services) -> None:
    by_mail = dataclasses.replace(services, couriers={"email": services.couriers["email"]})
    by_text = dataclasses.replace(services, couriers={"text": services.couriers["text"]})
    await ask(by_mail, "+1 201 555 0123")  # a leader can text it from their own phone
    await ask(by_text, "+1 201 555 0124")
    with pytest.raises(BadFields) as refused:
        await ask(by_text, "rosa@example.net")
    assert "give a mobile number" in refused.value.errors["contact"]


# What leaders learn


@on_both
async def test_every_leader_gets_a_card_that_says_who_where_and_how(
    services: Services, robin: Actor
) -> None:
    await ask(services, words="The Kims know us.", language="es")
    [row] = await asked_for(services)
    assert (row.name, row.address, row.contact) == (
        "Rosa Delgado",
        "12 Elm Street",
        "rosa@example.net",
    )
    assert (row.words, row.language, row.decided_at) == ("The Kims know us.", "es", None)
    [card] = await scene.all_of(services, Receipt)
    assert (card.join_request_id, card.leader_id) == (row.id, robin.leader_id)
    [text] = await read(services)
    assert text.splitlines() == [
        "… Request #1: Rosa Delgado, 12 Elm Street, asks to be let in.",
        "They can be reached at rosa@example.net.",
        "“The Kims know us.”",
        "Nobody at that address is a member yet.",
    ]
    assert await letters(services) == []


@pytest.mark.parametrize("words", WORDS)
async def test_words_of_every_script_reach_the_leaders_as_they_are(
    services: Services, words: str
) -> None:
    await ask(services, words=words)
    [text] = await read(services)
    assert f"“{words}”" in text


async def test_a_card_says_who_lives_there_already(services: Services, robin: Actor) -> None:
    [row] = await scene.invite(services, robin, "tomas@example.org")
    form = scene.sign_up("Tomás Ruiz", "12 Elm St.", email="tomas@example.org", others=("Mia",))
    await scene.redeem(services, scene.code_of(services, row), form)
    await ask(services)
    text = (await read(services))[-1]
    assert "Tomás Ruiz and Mia live there." in text
    assert "becomes their housemate, and Tomás Ruiz is told." in text


async def test_a_card_says_when_nobody_more_can_live_there(
    services: Services, robin: Actor
) -> None:
    await scene.say(services, "/community household-limit 2")
    [row] = await scene.invite(services, robin, "tomas@example.org")
    form = scene.sign_up("Tomás Ruiz", "12 Elm St.", email="tomas@example.org", others=("Mia",))
    await scene.redeem(services, scene.code_of(services, row), form)
    await ask(services)
    assert "nobody more can join at that address." in (await read(services))[-1]


async def test_a_card_says_who_was_a_member_once(services: Services, robin: Actor) -> None:
    await joined(services, robin)

    def remove(session: Session) -> None:
        members.remove(session, 1, now=NOW)

    await services.storage.write(remove)
    await ask(services, now=NOW + DAY)
    assert "with that contact was a member until" in (await read(services))[-1]


def _to_roster(session: Session) -> None:
    row = RosterEntry(
        community_id=1,
        address="12 Elm St",
        address_key=names.address_key("12 Elm St"),
        street="Elm St",
        name="Rosa Delgado",
        created_at=NOW,
        updated_at=NOW,
    )
    session.add(row)


async def test_a_card_says_what_the_roster_has(services: Services, robin: Actor) -> None:
    await ask(services, "a@example.net")
    await services.storage.write(_to_roster)
    await ask(services, "b@example.net")
    await ask(services, "c@example.net", address="99 Nowhere Road")
    first, second, third = await read(services)
    assert "roster has that address, for Rosa Delgado." in first, "cards are drawn when shown"
    assert "roster has that address, for Rosa Delgado." in second
    assert "Your roster does not have that address." in third


async def test_the_same_twice_is_one(services: Services, robin: Actor) -> None:
    await ask(services)
    await ask(services, name="Rosa D.", now=NOW + HOUR)
    await ask(services, "ROSA@example.net", now=NOW + 2 * HOUR)
    assert len(await asked_for(services)) == 1
    assert len(await scene.all_of(services, Receipt)) == 1


@on_both
async def test_two_presses_at_once_are_one(services: Services) -> None:
    await asyncio.gather(*(ask(services) for _ in range(3)))
    assert len(await asked_for(services)) == 1


async def test_whoever_asks_again_and_again_is_heard_three_times(services: Services) -> None:
    for week in range(6):
        await ask(services, now=NOW + week * DAY)
        await scene.say(services, f"/requests decline {week + 1}", reason="nothing")
    assert len(await asked_for(services)) == 3
    await ask(services, now=NOW + 40 * DAY)
    assert len(await asked_for(services)) == 4
    assert "They asked before: request #3, declined." in (await read(services))[-1]


async def test_the_same_contact_may_ask_two_communities(services: Services, robin: Actor) -> None:
    await scene.next_door(services)
    await ask(services)
    await ask(services, slug="birch-row")
    assert [row.community_id for row in await asked_for(services)] == [1, 2]


# Those whom we know


async def joined(services: Services, robin: Actor, *, own: str = "rosa@example.net") -> None:
    """Rosa was invited at one address and gave another as her own."""
    [row] = await scene.invite(services, robin, "rosa@work.example")
    await scene.redeem(services, scene.code_of(services, row), scene.sign_up(email=own))


@pytest.mark.parametrize("contact", ["rosa@example.net", "rosa@work.example"])
async def test_a_member_gets_the_way_back_at_their_own_contact(
    services: Services, robin: Actor, contact: str
) -> None:
    await joined(services, robin)
    before = await letters(services)
    await ask(services, contact)
    assert await asked_for(services) == []
    assert await letters(services) == [*before, ("household_link", "rosa@example.net")]


async def test_an_open_invitation_comes_again_as_patiently_as_when_a_leader_asks(
    services: Services, robin: Actor
) -> None:
    hurried = dataclasses.replace(
        services, settings=services.settings.model_copy(update={"limit_resend_hours": 24})
    )
    [row] = await scene.invite(services, robin, "rosa@example.net")
    await scene.all_done(services)
    await ask(hurried, now=NOW + HOUR)
    assert len(await letters(services)) == 1, "it came an hour ago"
    await ask(hurried, now=NOW + 2 * DAY)
    assert await letters(services) == [("invitation", "rosa@example.net")] * 2
    [again] = await scene.all_of(services, Invitation)
    assert again.code_hash == row.code_hash
    assert again.expires_at is not None
    assert row.expires_at is not None
    assert again.expires_at > row.expires_at
    assert await asked_for(services) == []


async def test_who_has_had_the_invitation_too_often_is_brought_before_the_leaders(
    services: Services, robin: Actor
) -> None:
    await scene.invite(services, robin, "rosa@example.net")
    for day in range(1, 6):
        await ask(services, now=NOW + day * DAY)
    assert len(await letters(services)) == 1 + services.settings.limit_resends
    assert len(await asked_for(services)) == 1
    assert "Invited already by Robin Vale" in (await read(services))[-1]


async def test_a_lapsed_invitation_is_a_question_for_the_leaders(
    services: Services, robin: Actor
) -> None:
    await scene.invite(services, robin, "rosa@example.net")
    await ask(services, now=NOW + 40 * DAY)
    assert len(await asked_for(services)) == 1
    assert len(await letters(services)) == 1


async def test_an_opt_out_holds_and_leaders_are_asked(services: Services, robin: Actor) -> None:
    """A form proves nothing: a stranger who types an address must not undo its owner's wish."""
    await scene.invite(services, robin, "rosa@example.net")
    [letter] = await scene.all_of(services, Delivery)
    await deliveries.happened(services, letter.id, "opted_out", key="o", now=NOW)
    await ask(services, now=NOW + 2 * DAY)
    assert len(await letters(services)) == 1
    [kept] = await scene.all_of(services, Suppression)
    assert (kept.reason, kept.until) == ("opted_out", None)
    assert len(await asked_for(services)) == 1
    said = await scene.say(services, "/requests approve 1")
    assert "only they can take that back" in said.text
    assert [row.decision for row in await asked_for(services)] == [""]
    # Once its owner has taken it back, the leader's answer gets through.
    token = optouts.of_invitation(services.keys, 1)
    await optouts.undo(services, token, now=datetime.now(UTC))
    said = await scene.say(services, "/requests approve 1")
    assert "Rosa Delgado was invited meanwhile" in said.text


# Limits


async def test_two_hundred_from_one_source_are_ten(services: Services) -> None:
    refused = 0
    for number in range(200):
        try:
            await ask(services, f"n{number}@example.net")
        except AskedTooOften:
            refused += 1
    assert refused == 190
    assert len(await asked_for(services)) == 10
    await ask(services, "later@example.net", now=NOW + HOUR)
    assert len(await asked_for(services)) == 11


async def test_two_hundred_from_many_sources_are_what_leaders_can_read(services: Services) -> None:
    refused = 0
    for number in range(200):
        try:
            await ask(services, f"n{number}@example.net", source=f"198.51.100.{number}")
        except FullToday:
            refused += 1
    assert refused == 200 - services.settings.limit_requests
    assert len(await asked_for(services)) == services.settings.limit_requests
    await ask(services, "tomorrow@example.net", now=NOW + DAY)
    assert len(await asked_for(services)) == services.settings.limit_requests + 1


async def test_one_full_community_shuts_no_other(services: Services, robin: Actor) -> None:
    few = dataclasses.replace(
        services, settings=services.settings.model_copy(update={"limit_requests": 1})
    )
    await scene.next_door(few)
    await ask(few, "a@example.net")
    with pytest.raises(FullToday):
        await ask(few, "b@example.net")
    await ask(few, "b@example.net", slug="birch-row")


async def test_one_contact_is_typed_three_times_an_hour_whoever_types_it(
    services: Services, robin: Actor
) -> None:
    await joined(services, robin)
    for contact in ("rosa@example.net", "nobody@example.net"):
        for number in range(3):
            await ask(services, contact, source=f"198.51.100.{number}")
        with pytest.raises(AskedTooOften):
            await ask(services, contact, source="198.51.100.9")


async def test_known_and_unknown_are_counted_alike(services: Services, robin: Actor) -> None:
    """What limits say must not tell who is a member either."""
    few = dataclasses.replace(
        services, settings=services.settings.model_copy(update={"limit_requests": 2})
    )
    await joined(few, robin)
    for contact in ("rosa@example.net", "nobody@example.net"):
        await ask(few, contact)
    for contact in ("rosa@example.net", "somebody@example.net"):
        with pytest.raises(FullToday):
            await ask(few, contact)


# Leaders


def _step_down(session: Session, leader_id: int) -> None:
    session.get_one(Leader, leader_id).removed_at = NOW


async def test_nobody_who_has_stepped_down_gets_a_card(services: Services, robin: Actor) -> None:
    sam = await scene.second_leader(services)
    await services.storage.write(_step_down, sam.leader_id)
    await ask(services)
    assert [row.leader_id for row in await scene.all_of(services, Receipt)] == [robin.leader_id]


async def test_whoever_steps_down_reads_no_more_of_it(services: Services, robin: Actor) -> None:
    await ask(services)
    sam = await scene.second_leader(services)
    await read(services)
    await services.storage.write(_step_down, robin.leader_id)
    refused = await scene.say(services, "/requests approve 1")
    assert "Only leaders of Maple Court" in refused.text
    await dispatch.answer(services, scene.call("/requests decline 1 no", speaker=sam.user_id))
    assert "This was for the leaders to see." in (await read(services))[0]


def _due(rows: Sequence[Job]) -> list[str]:
    return [row.key for row in rows if row.kind == "receipt"]


async def test_each_card_is_a_job_of_its_own(services: Services, robin: Actor) -> None:
    await ask(services)
    [card] = await scene.all_of(services, Receipt)
    assert _due(await scene.jobs(services, "receipt")) == [f"receipt:{card.id}"]


async def test_switching_off_is_kept_in_the_trail(services: Services, robin: Actor) -> None:
    await scene.say(services, "/requests off")
    [community] = await scene.all_of(services, Community)
    assert community.may_ask is False
    [line] = [row for row in await scene.all_of(services, Audit) if "requests" in row.action]
    assert (line.actor, line.action) == (robin.trace, "requests.closed")
