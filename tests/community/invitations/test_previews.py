"""Previews: every entry of a paste has its verdict before anything is sent."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlmodel import Session

from bot.community import contacts, deliveries, labels
from bot.community.actors import Actor
from bot.community.contacts import Way
from bot.community.invitations import previews
from bot.community.invitations.previews import (
    MediumNotSetUp,
    NothingToSend,
    Preview,
    TooManyAtOnce,
    TooMuchText,
    Verdict,
)
from bot.messages import Event
from bot.ports import Services
from storage.database import Storage
from storage.tables import Community, Delivery, Draft, Invitation
from tests.community import scene
from tests.community.pastes import EMAIL_VERDICTS, EMAILS, NUMBER_VERDICTS, NUMBERS
from tests.community.scene import NOW, on_both


async def preview(
    services: Services, who: Actor, pasted: str, *, medium: Way = "email", days: int = 0
) -> Preview:
    """What would become of the paste."""
    now = NOW + timedelta(days=days)
    return await previews.preview(services, who, medium=medium, pasted=pasted, now=now)


async def only(services: Services, who: Actor, pasted: str, *, days: int = 0) -> previews.Row:
    """What would become of the one entry."""
    (row,) = (await preview(services, who, pasted, days=days)).rows
    return row


@pytest.mark.parametrize(
    ("medium", "pasted", "verdicts"),
    [("email", EMAILS, EMAIL_VERDICTS), ("text", NUMBERS, NUMBER_VERDICTS)],
)
async def test_each_row_of_a_paste_has_its_verdict_and_a_reason(
    services: Services,
    robin: Actor,
    medium: Way,
    pasted: str,
    verdicts: list[tuple[str, Verdict]],
) -> None:
    seen = await preview(services, robin, pasted, medium=medium)
    rows = [(row.contact.address if row.contact else "", row.verdict) for row in seen.rows]
    assert rows == verdicts
    assert all(row.words for row in seen.rows if row.verdict != "good")
    counted = Counter(verdict for _, verdict in verdicts)
    assert all(len(seen.of(verdict)) == count for verdict, count in counted.items())
    (draft,) = await scene.all_of(services, Draft)
    assert len(draft.contacts) == counted["good"]
    assert len(draft.slips) == counted["slip"]


async def test_a_preview_sends_nothing(services: Services, robin: Actor) -> None:
    await preview(services, robin, EMAILS)
    for table in (Invitation, Delivery):
        assert await scene.all_of(services, table) == []
    assert await scene.jobs(services, "deliver") == []


@on_both
async def test_a_hundred_are_taken_and_one_more_is_refused(
    services: Services, robin: Actor
) -> None:
    hundred = "\n".join(f"neighbour{number}@example.org" for number in range(100))
    assert len((await preview(services, robin, hundred)).of("good")) == 100
    with pytest.raises(TooManyAtOnce) as refused:
        await preview(services, robin, f"{hundred}\nana@example.org")
    assert "101" in refused.value.words
    assert "100" in refused.value.words
    assert len(await scene.all_of(services, Draft)) == 1


@pytest.mark.parametrize("pasted", ["", " ", ",;\n", "“”", "\u200b"])
async def test_nothing_is_nothing_to_send(services: Services, robin: Actor, pasted: str) -> None:
    with pytest.raises(NothingToSend):
        await preview(services, robin, pasted)


async def test_a_book_is_too_much(services: Services, robin: Actor) -> None:
    with pytest.raises(TooMuchText):
        await preview(services, robin, "x" * 50_000)


async def test_an_open_invitation_is_shown_instead(services: Services, robin: Actor) -> None:
    (row,) = await scene.invite(services, robin, "ana@example.org")
    again = await only(services, robin, "ANA@example.org")
    assert (again.verdict, again.invitation_id) == ("invited", row.id)
    assert labels.day(NOW) in again.words


async def test_an_expired_invitation_is_no_obstacle(services: Services, robin: Actor) -> None:
    await scene.invite(services, robin, "ana@example.org")
    assert (await only(services, robin, "ana@example.org", days=30)).verdict == "invited"
    assert (await only(services, robin, "ana@example.org", days=31)).verdict == "good"


async def test_members_are_known_by_mail_and_phone(services: Services, robin: Actor) -> None:
    (row,) = await scene.invite(services, robin, "ana@example.org")
    form = scene.sign_up(email="", phone="+12015550123")
    await scene.redeem(services, scene.code_of(services, row), form)
    seen = await preview(services, robin, "201 555 0123", medium="text")
    assert [each.verdict for each in seen.rows] == ["member"]


@on_both
async def test_who_joined_with_an_invitation_is_a_member_by_its_address_too(
    services: Services, robin: Actor
) -> None:
    """Invited by e-mail, Ana gave her number when she signed up."""
    (row,) = await scene.invite(services, robin, "ana@example.org")
    form = scene.sign_up(email="", phone="+12015550123")
    await scene.redeem(services, scene.code_of(services, row), form)
    assert (await only(services, robin, "ana@example.org")).verdict == "member"


async def test_members_of_another_community_can_be_invited(
    services: Services, robin: Actor
) -> None:
    noor = await scene.next_door(services)
    (row,) = await scene.invite(services, noor, "rosa@example.net")
    assert (await only(services, robin, "rosa@example.net")).verdict == "good"
    await scene.redeem(services, scene.code_of(services, row))
    assert (await only(services, robin, "rosa@example.net")).verdict == "good"


@pytest.mark.parametrize(
    ("event", "verdict", "after_a_month"),
    [
        ("bounced", "bounced", "good"),
        ("complained", "opted out", "opted out"),
        ("opted_out", "opted out", "opted out"),
        ("failed", "good", "good"),
    ],
)
async def test_who_may_not_be_written_to_is_left_alone(
    services: Services,
    robin: Actor,
    event: Event,
    verdict: Verdict,
    after_a_month: Verdict,
) -> None:
    noor = await scene.next_door(services)
    await scene.invite(services, noor, "ana@example.org")
    (delivery,) = await scene.all_of(services, Delivery)
    await deliveries.happened(services, delivery.id, event, key="fact", now=NOW)
    assert (await only(services, robin, "ana@example.org")).verdict == verdict
    later = await only(services, robin, "ana@example.org", days=31)
    assert later.verdict == after_a_month


@on_both
async def test_the_gravest_reason_counts(services: Services, robin: Actor) -> None:
    """A bounce that is reported late does not weigh more than an opt-out."""
    noor = await scene.next_door(services)
    await scene.invite(services, noor, "ana@example.org")
    (delivery,) = await scene.all_of(services, Delivery)
    for event in ("opted_out", "bounced", "complained", "bounced"):
        key = f"{event}:{delivery.id}"
        await deliveries.happened(services, delivery.id, event, key=key, now=NOW)
        assert (await only(services, robin, "ana@example.org")).verdict == "opted out"


async def test_trust_in_us_is_no_fault_of_the_mailbox(services: Services, robin: Actor) -> None:
    noor = await scene.next_door(services)
    await scene.invite(services, noor, "ana@example.org")
    (delivery,) = await scene.all_of(services, Delivery)
    await deliveries.happened(
        services, delivery.id, "bounced", key="fact", code="550 5.7.26", now=NOW
    )
    assert (await only(services, robin, "ana@example.org")).verdict == "good"


async def test_what_is_not_set_up_is_said_with_what_is(sqlite_storage: Storage) -> None:
    services = await scene.plugged(sqlite_storage, media=("email",))
    with pytest.raises(MediumNotSetUp) as refused:
        await preview(services, await scene.actor(services), "201 555 0123", medium="text")
    assert "Text messages are not set up here." in refused.value.words
    assert "`/invite email` or `/passes`" in refused.value.words


def test_the_pastes_are_within_what_can_be_sent_at_once() -> None:
    assert len(list(contacts.pieces(EMAILS, "email"))) == 27
    assert len(list(contacts.pieces(NUMBERS, "text"))) == 21


async def test_numbers_are_read_as_the_community_writes_them(
    services: Services, robin: Actor
) -> None:
    def move(session: Session) -> None:
        session.get_one(Community, robin.community_id).region = "ES"

    await services.storage.write(move)
    seen = await preview(services, robin, "612 34 56 78\n201 555 0123", medium="text")
    assert [row.verdict for row in seen.rows] == ["good", "bad"]
