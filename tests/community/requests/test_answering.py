"""What time decides: leaders are reminded, whoever asked is told, and all is forgotten."""

import dataclasses
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session

from bot.community import digests, tokens
from bot.community.actors import Actor
from bot.community.requests import answering, deciding
from bot.community.requests.answering import NoSuchAnswer
from bot.ports import Services
from storage import communities
from storage.tables import Delivery, Job, JoinRequest
from tests.community import scene
from tests.community.requests.asking import ask, asked_for, read
from tests.community.scene import NOW, on_both

DAY = timedelta(days=1)


async def swept(services: Services, now: datetime) -> list[JoinRequest]:
    """What the sweep of that day leaves."""

    def sweep(session: Session) -> None:
        answering.close_old(session, services, now=now)
        answering.forget(session, now=now)

    await services.storage.write(sweep)
    return await asked_for(services)


async def digest(services: Services, now: datetime) -> list[Job]:
    """What leaders are told that morning."""
    day = now.date().isoformat()

    def tell(session: Session) -> None:
        community = communities.get(session, 1)
        digests.tell_all(session, services, community, day=day, now=now)

    await services.storage.write(tell)
    return [job for job in await scene.jobs(services, "notice") if day in job.key]


async def test_leaders_are_reminded_on_one_morning(services: Services, robin: Actor) -> None:
    await ask(services)
    await ask(services, "b@example.net", now=NOW + timedelta(hours=3))
    await ask(services, "c@example.net", now=NOW + 5 * DAY)
    told = {after: await digest(services, NOW + after * DAY) for after in (1, 13, 14, 15, 19)}
    assert [after for after, jobs in told.items() if jobs] == [14, 19]
    [job] = told[14]
    assert job.args["words"] == (
        "Good morning.\n… 2 requests to be let in have waited for two weeks, and close in 16 days "
        "if nobody answers."
    )
    assert job.args["buttons"] == [["Show the requests", "/requests"]]
    assert "1 request to be let in has waited" in told[19][0].args["words"]


async def test_decided_ones_remind_nobody(services: Services, robin: Actor) -> None:
    await ask(services)
    await deciding.decline(services, robin, 1, now=NOW)
    assert await digest(services, NOW + 14 * DAY) == []


@on_both
async def test_after_thirty_days_whoever_asked_is_told_and_their_words_are_gone(
    services: Services, robin: Actor
) -> None:
    await ask(services, words="The Kims know us.", language="es")
    [row] = await swept(services, NOW + 30 * DAY)
    assert row.decided_at is None
    [row] = await swept(services, NOW + 31 * DAY)
    assert (row.decision, row.leader_id) == ("closed", None)
    assert (row.contact, row.name, row.address, row.words) == (None, "", "", "")
    [letter] = await scene.all_of(services, Delivery)
    assert (letter.event, letter.contact) == ("request_closed", "rosa@example.net")
    assert letter.facts["language"] == "es"
    assert not {"Rosa Delgado", "12 Elm Street"} & {*map(str, letter.facts.values())}
    [card] = await read(services)
    assert card.startswith("– Request #1: somebody whose words were erased. Nobody answered")
    await swept(services, NOW + 34 * DAY)
    assert [row.contact for row in await scene.all_of(services, Delivery)] == [None]


async def test_a_closed_request_is_nobodys_to_decide(services: Services, robin: Actor) -> None:
    await ask(services)
    await swept(services, NOW + 31 * DAY)
    for words in ("approve 1", "decline 1 no", "decline 1"):
        said = await scene.say(services, f"/requests {words}")
        assert "Porchlight closed request #1 on" in said.text
    assert "is not declined" in (await scene.say(services, "/requests reopen 1")).text


async def test_where_no_letter_can_go_a_request_closes_all_the_same(
    services: Services, robin: Actor
) -> None:
    await ask(services, "+1 201 555 0123")
    without = dataclasses.replace(services, couriers={"email": services.couriers["email"]})
    [row] = await swept(without, NOW + 31 * DAY)
    assert row.decision == "closed"
    assert await scene.all_of(services, Delivery) == []


async def test_answers_by_text_are_texts_of_the_community(services: Services, robin: Actor) -> None:
    """Strangers may type numbers by the dozen: nobody's bill grows beyond what a day allows."""
    few = dataclasses.replace(
        services, settings=services.settings.model_copy(update={"limit_community_texts": 2})
    )
    for number in range(4):
        await ask(few, f"+1 201 555 01{number}0", source=f"198.51.100.{number}")
    await deciding.decline(few, robin, 1, now=NOW + 31 * DAY)
    rows = await swept(few, NOW + 31 * DAY)
    assert [row.decision for row in rows] == ["declined", "closed", "closed", "closed"]
    letters = await scene.all_of(services, Delivery)
    assert [row.event for row in letters] == ["request_declined", "request_closed"]


@pytest.mark.parametrize("decision", ["approve", "decline"])
async def test_decided_ones_are_erased_after_ninety_days(
    services: Services, robin: Actor, decision: str
) -> None:
    await ask(services, words="The Kims know us.")
    if decision == "approve":
        await deciding.approve(services, robin, 1, now=NOW)
    else:
        await deciding.decline(services, robin, 1, now=NOW)
    [row] = await swept(services, NOW + 90 * DAY)
    assert row.name == "Rosa Delgado"
    [row] = await swept(services, NOW + 91 * DAY)
    assert (row.contact, row.name, row.address, row.words) == (None, "", "", "")
    answers = [row.contact for row in await scene.all_of(services, Delivery) if row.join_request_id]
    assert answers == ([None] if decision == "decline" else [])
    said = await scene.say(services, "/requests 1")
    assert "somebody whose words were erased" in said.text
    assert "Rosa" not in said.text
    assert "Take back" not in [button.label for button in said.buttons]


async def test_the_answers_page_tells_each_what_became_of_theirs(
    services: Services, robin: Actor
) -> None:
    await ask(services)
    token = tokens.sign(services.keys, answering.PURPOSE, 1)
    assert (await answering.look(services, token)).decision == ""
    await deciding.decline(services, robin, 1, reason="Not now.", now=NOW)
    answer = await answering.look(services, token)
    assert (answer.decision, answer.reason, answer.can_ask) == ("declined", "Not now.", True)
    await scene.say(services, "/requests off")
    assert not (await answering.look(services, token)).can_ask
    other = tokens.sign(services.keys, "optout", 1)
    for forged in (other, token[:-1], "", "1.x", tokens.sign(services.keys, "asked", 99)):
        with pytest.raises(NoSuchAnswer):
            await answering.look(services, forged)
