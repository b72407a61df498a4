"""Deciding join requests: once, by one leader, whatever has happened meanwhile."""

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from bot import dispatch
from bot.chats.playground import PORCH
from bot.community import deliveries as events
from bot.community import letters as writing
from bot.community.actors import Actor
from bot.community.invitations.previews import MediumNotSetUp
from bot.community.requests import answering, deciding
from bot.community.requests.deciding import (
    REASONS,
    AskedAgain,
    CannotInvite,
    DecidedAlready,
    NoSuchRequest,
    NotDeclined,
)
from bot.ports import ChatDown, ChatRefused, Services
from bot.templating import Templates
from storage.tables import Audit, Delivery, Invitation, Job, JoinRequest, Member, Receipt
from tests.community import rounds, scene
from tests.community.requests.asking import ask, asked_for, read
from tests.community.scene import NOW, on_both

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


async def letters(services: Services) -> list[tuple[str, str | None]]:
    return [(row.event, row.contact) for row in await scene.all_of(services, Delivery)]


async def changed(services: Services, **values: Any) -> None:
    """Do to the first request what only time does."""

    def change(session: Session) -> None:
        row = session.get_one(JoinRequest, 1)
        for name, value in values.items():
            setattr(row, name, value)

    await services.storage.write(change)


# Approving


@on_both
async def test_whoever_is_approved_is_invited_in_their_language_by_that_leader(
    services: Services, robin: Actor
) -> None:
    await ask(services, language="fr")
    said = await scene.say(services, "/requests approve 1")
    assert said.text == "Approved. Inviting rosa@example.net. I keep you posted how it goes."
    [row] = await scene.all_of(services, Invitation)
    assert (row.contact, row.language, row.join_request_id) == ("rosa@example.net", "fr", 1)
    assert row.leader_id == robin.leader_id
    receipt, card = await read(services)
    assert card.startswith("✓ Request #1: Rosa Delgado, 12 Elm Street. Robin Vale approved it on")
    assert "rosa@example.net: the e-mail has been sent" in receipt
    [letter] = await scene.all_of(services, Delivery)
    assert letter.facts["language"] == "fr"
    trail = [
        (line.actor, line.action, line.subject) for line in await scene.all_of(services, Audit)
    ]
    assert (robin.trace, "request.approved", "join_request:1") in trail


async def test_a_number_is_invited_by_text_or_from_the_leaders_own_phone(
    services: Services, robin: Actor
) -> None:
    await ask(services, "+1 201 555 0123")
    await ask(services, "+1 201 555 0124")
    approved = await deciding.approve(services, robin, 1, now=NOW)
    assert approved.invited
    assert not approved.invited.by_hand
    without = dataclasses.replace(services, couriers={"email": services.couriers["email"]})
    said = await scene.say(without, "/requests approve 2")
    assert "ready; nothing has been sent" in said.text
    assert [row.medium for row in await scene.all_of(services, Invitation)] == ["text", "hand"]


async def test_without_a_way_to_write_nothing_is_decided(services: Services, robin: Actor) -> None:
    await ask(services)
    silent = dataclasses.replace(services, couriers={})
    with pytest.raises(MediumNotSetUp):
        await deciding.approve(silent, robin, 1, now=NOW)
    assert [row.decision for row in await asked_for(services)] == [""]


@on_both
async def test_of_two_leaders_at_one_moment_one_wins_and_the_other_reads_who(
    services: Services, robin: Actor
) -> None:
    sam = await scene.second_leader(services)
    for number in (1, 2, 3):
        await ask(services, f"n{number}@example.net")
        done = await asyncio.gather(
            deciding.approve(services, robin, number, now=NOW),
            deciding.decline(services, sam, number, now=NOW),
            return_exceptions=True,
        )
        [late] = [one for one in done if isinstance(one, BaseException)]
        assert isinstance(late, DecidedAlready)
        row = (await asked_for(services))[-1]
        winner = "Robin Vale approved" if row.decision == "approved" else "Sam Ode declined"
        assert late.words.startswith(f"{winner} request #{number} on ")
        invited = [one for one in await scene.all_of(services, Invitation)
                   if one.join_request_id == number]  # fmt: skip
        assert len(invited) == (row.decision == "approved")


@on_both
async def test_the_same_press_twice_invites_once(services: Services, robin: Actor) -> None:
    await ask(services)
    done = await asyncio.gather(
        *(deciding.approve(services, robin, 1, now=NOW) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(one, DecidedAlready) for one in done) == 3
    assert len(await scene.all_of(services, Invitation)) == 1


async def test_who_joined_meanwhile_is_sent_nothing(services: Services, robin: Actor) -> None:
    await ask(services)
    [other] = await scene.invite(services, robin, "somebody@example.org")
    await scene.redeem(services, scene.code_of(services, other))  # with that contact as their own
    before = await letters(services)
    said = await scene.say(services, "/requests approve 1")
    assert "is a member by now" in said.text
    assert await letters(services) == before
    assert [row.decision for row in await asked_for(services)] == ["approved"]


async def test_who_was_invited_meanwhile_is_sent_nothing_more(
    services: Services, robin: Actor
) -> None:
    await ask(services)
    [row] = await scene.invite(services, robin, "rosa@example.net")
    said = await scene.say(services, "/requests approve 1")
    assert "was invited meanwhile" in said.text
    assert [button.call for button in said.buttons] == [f"/invites {row.id}"]
    assert await letters(services) == [("invitation", "rosa@example.net")]


async def test_a_lapsed_invitation_is_renewed(services: Services, robin: Actor) -> None:
    [row] = await scene.invite(services, robin, "rosa@example.net", now=NOW - 60 * DAY)
    await ask(services)
    await deciding.approve(services, robin, 1, now=NOW)
    [renewed] = await scene.all_of(services, Invitation)
    assert (renewed.id, renewed.join_request_id) == (row.id, 1)
    assert renewed.expires_at is not None
    assert renewed.expires_at > NOW


@pytest.mark.parametrize(("event", "words"), [("bounced", "come back"), ("opted_out", "only they")])
async def test_who_cannot_be_written_to_stays_open(
    services: Services, robin: Actor, event: Any, words: str
) -> None:
    noor = await scene.next_door(services)
    await scene.invite(services, noor, "rosa@example.net")
    [letter] = await scene.all_of(services, Delivery)
    await events.happened(services, letter.id, event, key="k", now=NOW)
    await ask(services)
    with pytest.raises(CannotInvite) as refused:
        await deciding.approve(services, robin, 1, now=NOW)
    assert words in refused.value.words
    assert "`/passes 1`" in refused.value.words
    assert [row.decision for row in await asked_for(services)] == [""]


async def test_a_contact_is_not_invited_more_often_for_having_asked(
    services: Services, robin: Actor
) -> None:
    noor = await scene.next_door(services)
    once = dataclasses.replace(
        services, settings=services.settings.model_copy(update={"limit_contact": 1})
    )
    await scene.invite(once, noor, "rosa@example.net")
    await ask(once)
    with pytest.raises(CannotInvite):
        await deciding.approve(once, robin, 1, now=NOW)


async def test_whoever_joins_by_it_is_announced_as_any(services: Services, robin: Actor) -> None:
    await ask(services)
    await deciding.approve(services, robin, 1, now=NOW)
    [row] = await scene.all_of(services, Invitation)
    form = scene.sign_up("Rosa Delgado", "12 Elm Street")
    await scene.redeem(services, scene.code_of(services, row), form)
    await scene.all_done(services)
    [said] = await rounds.shown(services, PORCH)
    assert "Rosa Delgado joined at 12 Elm Street, invited by Robin Vale." in said
    assert "@" not in said


# Declining


@on_both
async def test_a_decline_waits_ten_minutes_and_can_be_taken_back_unseen(
    services: Services, robin: Actor
) -> None:
    await ask(services)
    said = await scene.say(services, "/requests decline 1", reason="address")
    assert "Robin Vale declined it on" in said.text
    assert f"“{REASONS['address']}”" in said.text
    assert ", unless you take it back." in said.text
    [letter] = await scene.all_of(services, Delivery)
    assert letter.event == "request_declined"
    assert letter.dated_at - letter.created_at == 10 * MINUTE
    said = await scene.say(services, "/requests reopen 1")
    assert [button.label for button in said.buttons] == ["Approve", "Decline"]
    [text] = await read(services)
    assert text.startswith("… Request #1: Rosa Delgado")
    [job] = [row for row in await scene.all_of(services, Job) if row.kind == "deliver"]
    assert (job.state, job.error) == ("done", "cancelled")
    assert [row.reason for row in await asked_for(services)] == [""]
    trail = [line.action for line in await scene.all_of(services, Audit)]
    assert trail == ["request.declined", "request.reopened"]


async def told(services: Services) -> Delivery:
    """The newest letter, after its ten minutes."""

    def hurry(session: Session) -> None:
        of_letters = select(Job).where(Job.kind == "deliver", Job.state == "ready")
        for row in session.exec(of_letters):
            row.run_at = datetime.now(UTC)

    await services.storage.write(hurry)
    await scene.all_done(services)
    return (await scene.all_of(services, Delivery))[-1]


async def test_the_card_says_when_the_letter_has_left(services: Services, robin: Actor) -> None:
    await ask(services)
    await scene.say(services, "/requests decline 1", reason="none")
    assert (await told(services)).state == "sent"
    [text] = await read(services)
    assert text.endswith("A letter has told them.")
    said = await scene.say(services, "/requests reopen 1")
    assert "A letter has told them no already" in said.text
    assert "Approved." in (await scene.say(services, "/requests approve 1")).text


async def test_the_card_says_when_the_letter_came_back(services: Services, robin: Actor) -> None:
    await ask(services)
    await scene.say(services, "/requests decline 1", reason="none")
    letter = await told(services)
    await events.happened(services, letter.id, "bounced", key="b", now=NOW)
    [text] = await read(services)
    assert "The letter to them did not arrive. There is no mailbox with that address." in text


async def test_nothing_is_written_where_a_leader_wants_none_or_none_may_go(
    services: Services, robin: Actor
) -> None:
    noor = await scene.next_door(services)
    await scene.invite(services, noor, "opted@example.net")
    [letter] = await scene.all_of(services, Delivery)
    await events.happened(services, letter.id, "opted_out", key="k", now=NOW)
    await ask(services, "quiet@example.net")
    await ask(services, "opted@example.net")
    await ask(services, "+1 201 555 0123")
    without = dataclasses.replace(services, couriers={"email": services.couriers["email"]})
    said = [
        (await scene.say(without, "/requests decline 1", reason="nothing")).text,
        (await scene.say(without, "/requests decline 2", reason="none")).text,
        (await scene.say(without, "/requests decline 3", reason="none")).text,
    ]
    assert all(text.endswith("No letter tells them.") for text in said)
    assert len(await scene.all_of(services, Delivery)) == 1


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "We could not find your address in our community."),
        ("es", "No hemos encontrado su dirección en nuestra comunidad."),
        ("fr", "Nous n’avons pas trouvé votre adresse dans notre communauté."),
    ],
)
async def test_the_usual_reasons_are_said_in_the_language_of_whoever_asked(
    services: Services, robin: Actor, language: str, words: str
) -> None:
    await ask(services, language=language, name="Mallory Injected")
    await deciding.decline(services, robin, 1, reason=REASONS["address"], now=NOW)
    [row] = await scene.all_of(services, Delivery)

    def render(session: Session) -> Any:
        return writing.render(session, services, session.get_one(Delivery, row.id))

    letter = await services.storage.read(render)
    for part in (letter.text, letter.html):
        assert words in part
        assert "Mallory" not in part, "strangers may have typed it"
    token = letter.link.rpartition("/asked/")[2]
    answer = await answering.look(services, token)
    assert (answer.decision, answer.theirs) == ("declined", language)
    assert Templates().languages[language].say(answer.reason) == words


async def test_a_reason_of_ones_own_goes_as_it_is_and_a_bad_one_is_asked_again(
    services: Services, robin: Actor
) -> None:
    await ask(services)
    again = await scene.say(
        services, "/requests decline 1", reason="own", words="see www.evil.example"
    )
    assert again.form is not None
    assert [field.error for field in again.form.fields if field.error]
    assert "web address" in (await scene.say(services, "/requests decline 1 http://x.example")).text
    assert [row.decision for row in await asked_for(services)] == [""]
    said = await scene.say(services, "/requests decline 1 We could not find No. 12.")
    assert "“We could not find No. 12.”" in said.text


async def test_only_a_decline_is_taken_back_and_only_while_it_is_the_newest(
    services: Services, robin: Actor
) -> None:
    await ask(services)
    with pytest.raises(NotDeclined):
        await deciding.reopen(services, robin, 1, now=NOW)
    await deciding.decline(services, robin, 1, now=NOW)
    await ask(services, now=NOW + DAY)
    with pytest.raises(AskedAgain) as refused:
        await deciding.reopen(services, robin, 1, now=NOW + DAY)
    assert refused.value.words.endswith("that is request #2.")
    await deciding.approve(services, robin, 2, now=NOW + DAY)
    with pytest.raises(NotDeclined):
        await deciding.reopen(services, robin, 2, now=NOW + DAY)


# Other communities


async def test_nobody_decides_for_the_community_next_door(services: Services, robin: Actor) -> None:
    noor = await scene.next_door(services)
    await ask(services)
    for verb in (deciding.approve, deciding.decline, deciding.reopen):
        with pytest.raises(NoSuchRequest):
            await verb(services, noor, 1, now=NOW)
    for words in ("1", "approve 1", "decline 1", "decline 1 no", "reopen 1"):
        said = await scene.say_next_door(services, f"/requests {words}")
        assert said.text == "There is no request #1 here. `/requests` lists those that wait."
    assert "Rosa" not in (await scene.say_next_door(services, "/requests")).text


# Chats in trouble


@pytest.mark.parametrize("trouble", [ChatDown(), ChatRefused("The bot was removed.")])
async def test_a_chat_in_trouble_holds_up_no_request(opened: Any, trouble: Exception) -> None:
    chat = rounds.ShakyChat()
    services = await rounds.house(opened, chat=chat)
    robin = await scene.actor(services)
    chat.trouble = trouble
    await ask(services)
    async with rounds.at_work(services):
        async with asyncio.timeout(rounds.PATIENCE):
            while not chat.posts:
                await asyncio.sleep(0.02)
    assert await asked_for(services)
    chat.trouble = None
    await deciding.decline(services, robin, 1, tell=False, now=NOW)
    [text] = await read(services)  # asked for again by the decision, it is shown after all
    assert "Robin Vale declined it" in text


async def test_a_decision_reaches_every_card(services: Services, robin: Actor) -> None:
    """Two leaders in one chat would share a card, so one is given by hand."""
    await ask(services)
    sam = await scene.second_leader(services)

    def another(session: Session) -> None:
        session.add(
            Receipt(
                community_id=1,
                leader_id=sam.leader_id,
                join_request_id=1,
                chat="playground",
                channel="sam",
                created_at=NOW,
            )
        )

    await services.storage.write(another)
    await deciding.decline(services, sam, 1, tell=False, now=NOW)
    await scene.all_done(services)
    for channel in ("leader", "sam"):
        [text] = await rounds.shown(services, channel)
        assert "Sam Ode declined it" in text


async def test_the_playground_says_who_may_decide(services: Services) -> None:
    await ask(services)
    reply = await dispatch.answer(services, scene.call("/requests approve 1", speaker="stranger"))
    assert "Only leaders of Maple Court" in reply.text
    assert await scene.all_of(services, Member) == []
    assert await scene.all_of(services, Invitation) == []
