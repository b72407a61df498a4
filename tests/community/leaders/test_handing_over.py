"""What a leader gave goes on in other hands: codes work, somebody is told, and nothing is lost."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlmodel import Session

from bot.community import digests, invitations, leaders, passes
from bot.community.actors import Actor, NotALeader
from bot.community.drafts import NoSuchDraft
from bot.community.invitations import by_hand, previews
from bot.community.invitations.inviting import invite
from bot.community.leaders import handing_over
from bot.community.leaders.handing_over import NothingToHandOver, ToThemselves, counted
from bot.community.leaders.owners import NoSuchLeader, OwnersOnly
from bot.community.receipts import receipt_cards
from bot.community.redemptions import CodeExpired, look_up
from bot.ports import Services
from storage import communities
from storage import receipts as stored_receipts
from storage.tables import (
    Audit,
    Batch,
    Delivery,
    Invitation,
    Job,
    PlaygroundMessage,
    Receipt,
    RosterDraft,
)
from tests.community import scene
from tests.community.scene import NOW, on_both


@pytest.fixture
async def sam(services: Services) -> Actor:
    """Sam, who leads Maple Court, too."""
    return await scene.second_leader(services)


async def gone(services: Services, robin: Actor, sam: Actor, *, heir: int | None = None) -> None:
    """Robin removes Sam."""
    await leaders.remove(services, robin, sam.leader_id, heir_id=heir, now=NOW)


async def card(services: Services, receipt_id: int | None) -> str:
    """What the receipt shows now."""
    assert receipt_id is not None

    def query(session: Session) -> str:
        receipt = stored_receipts.get(session, receipt_id)
        return receipt_cards.compose(session, receipt, now=NOW).text

    return await services.storage.read(query)


async def of(services: Services, leader_id: int) -> list[int]:
    """The numbers of the invitations that a leader has."""
    rows = await scene.all_of(services, Invitation)
    return [row.id for row in rows if row.leader_id == leader_id]


@on_both
async def test_what_is_open_is_another_leaders_from_then_on(
    services: Services, robin: Actor, sam: Actor
) -> None:
    joined, one, *_ = await scene.invite(
        services, sam, "joined@example.org one@example.org two@example.org"
    )
    (alone,) = await scene.invite(services, sam, "alone@example.org")
    (robins,) = await scene.invite(services, robin, "robins@example.org")
    await scene.redeem(services, scene.code_of(services, joined))
    await invitations.void(services, sam, 3, now=NOW)
    await gone(services, robin, sam)
    left, heir = await handing_over.hand_over(
        services, robin, sam.leader_id, to=robin.leader_id, now=NOW
    )
    assert (counted(left), heir.id) == ("2 open invitations", robin.leader_id)
    assert await of(services, sam.leader_id) == [joined.id, 3], "what is over is history"
    assert await of(services, robin.leader_id) == [one.id, alone.id, robins.id]
    rows = {row.id: row for row in await scene.all_of(services, Invitation)}
    assert rows[one.id].receipt_id == rows[alone.id].receipt_id != robins.receipt_id
    assert "2 invitations by e-mail" in await card(services, rows[one.id].receipt_id)
    for before in (one.receipt_id, alone.receipt_id):
        assert await card(services, before) == (
            "Handed over to Robin Vale, who is told from now on how it goes."
        )
    with pytest.raises(NothingToHandOver):
        await handing_over.hand_over(services, robin, sam.leader_id, to=robin.leader_id, now=NOW)
    assert (await look_up(services, scene.code_of(services, one), source="", now=NOW)).invitation_id


@on_both
async def test_of_two_who_take_it_at_once_one_has_it_whole(
    services: Services, robin: Actor, sam: Actor
) -> None:
    kim = await leaders.add(services, robin, user_id="kim", name="Kim Lee", now=NOW)
    rows = await scene.invite(services, sam, " ".join(f"a{n}@example.org" for n in range(20)))
    await gone(services, robin, sam)
    outcomes = await asyncio.gather(
        *(
            handing_over.hand_over(services, robin, sam.leader_id, to=to, now=NOW)
            for to in (robin.leader_id, kim.id)
        ),
        return_exceptions=True,
    )
    assert [type(each) for each in outcomes if isinstance(each, Exception)] == [NothingToHandOver]
    assert sorted([len(await of(services, robin.leader_id)), len(await of(services, kim.id))]) == [
        0,
        len(rows),
    ]


@on_both
async def test_a_crowd_that_joins_meanwhile_is_not_in_the_way(
    services: Services, robin: Actor, sam: Actor
) -> None:
    rows = await scene.invite(services, sam, " ".join(f"a{n}@example.org" for n in range(20)))
    await gone(services, robin, sam)

    async def join(row: Invitation) -> None:
        form = scene.sign_up(f"Ana {row.id}", f"{row.id} Elm", email=f"{row.id}@example.net")
        await scene.redeem(services, scene.code_of(services, row), form)

    async with scene.at_work(services):
        await asyncio.gather(
            *map(join, rows[:10]),
            handing_over.hand_over(services, robin, sam.leader_id, to=robin.leader_id, now=NOW),
        )
    await scene.all_done(services)
    after = await scene.all_of(services, Invitation)
    assert [row.redeemed_at is not None for row in after] == [True] * 10 + [False] * 10
    assert {row.leader_id for row in after[10:]} == {robin.leader_id}
    (receipt_id,) = {row.receipt_id for row in after[10:]}
    assert "invitations by e-mail" in await card(services, receipt_id)
    failed = [job for job in await scene.all_of(services, Job) if job.state == "dead"]
    assert failed == []


@pytest.mark.parametrize(
    ("letters", "papers", "words"),
    [
        (1, 0, "1 open invitation"),
        (12, 0, "12 open invitations"),
        (0, 1, "1 open pass"),
        (0, 40, "40 open passes"),
        (1, 1, "1 open invitation and 1 pass"),
        (2, 40, "2 open invitations and 40 passes"),
    ],
)
def test_what_is_open_is_counted_in_words(letters: int, papers: int, words: str) -> None:
    assert counted(handing_over.Left(2, "Sam Ode", letters, papers)) == words


async def test_a_batch_goes_along_with_its_passes(
    services: Services, robin: Actor, sam: Actor
) -> None:
    await scene.say(services, "/passes 1")
    done = await passes.mint(services, sam, count=2, label="done", now=NOW)
    left = await passes.mint(services, sam, count=3, label="left", now=NOW)
    for row in await scene.all_of(services, Invitation):
        if row.batch_id == done.batch_id or (row.batch_id, row.serial) == (left.batch_id, 1):
            form = scene.sign_up("Ana", f"{row.id} Elm", email=f"a{row.id}@example.net")
            await scene.redeem(services, scene.code_of(services, row), form)
    await scene.invite(services, sam, "one@example.org")
    before = {row.id: row for row in await scene.all_of(services, Batch)}
    removed = await leaders.remove(services, robin, sam.leader_id, heir_id=robin.leader_id, now=NOW)
    assert removed.left is not None
    assert counted(removed.left) == "1 open invitation and 2 passes"
    batches = {row.id: row for row in await scene.all_of(services, Batch)}
    assert batches[done.batch_id] == before[done.batch_id]
    moved = batches[left.batch_id]
    assert moved.leader_id == robin.leader_id
    assert "3 passes printed, 1 joined" in await card(services, moved.receipt_id)
    assert "Handed over" in await card(services, before[left.batch_id].receipt_id)
    (one,) = [
        row for row in await scene.all_of(services, Invitation) if row.contact == "one@example.org"
    ]
    assert one.receipt_id != moved.receipt_id
    assert "one@example.org" in await card(services, one.receipt_id)


async def test_the_heir_is_told_in_their_own_chat(
    services: Services, robin: Actor, sam: Actor
) -> None:
    await scene.invite(services, robin, "one@example.org")
    [before] = await scene.all_of(services, Receipt)
    await handing_over.hand_over(services, robin, robin.leader_id, to=sam.leader_id, now=NOW)
    [_, after] = await scene.all_of(services, Receipt)
    assert (after.leader_id, after.chat) == (sam.leader_id, "playground")
    assert after.channel == services.chats["playground"].own_channel(sam.place, sam.user_id)
    (notice,) = await scene.jobs(services, "notice")
    assert notice.args["words"].startswith("You have 1 open invitation of Robin Vale")
    assert notice.args["channel"] == after.channel
    waiting = [job for job in await scene.all_of(services, Job) if job.kind == "receipt"]
    assert {job.args["receipt"] for job in waiting} == {before.id, after.id}
    assert notice.id < next(job.id for job in waiting if job.args["receipt"] == after.id)


async def test_letters_keep_who_invited_and_pages_name_who_can_help(
    services: Services, robin: Actor, sam: Actor
) -> None:
    (row,) = await scene.invite(services, sam, "one@example.org")
    await gone(services, robin, sam, heir=robin.leader_id)
    (letter,) = await scene.all_of(services, Delivery)
    assert letter.facts["invited_by"] == "Sam Ode"
    assert await who_can_help(services, row) == "Robin Vale of Maple Court"


async def test_nobody_is_sent_to_who_leads_no_more(
    services: Services, robin: Actor, sam: Actor
) -> None:
    (row,) = await scene.invite(services, sam, "one@example.org")
    assert await who_can_help(services, row) == "Sam Ode of Maple Court"
    await gone(services, robin, sam)
    assert await who_can_help(services, row) == "A leader of Maple Court"


async def who_can_help(services: Services, row: Invitation) -> str:
    """Whom the page names to whoever comes too late."""
    code, late = scene.code_of(services, row), NOW + timedelta(days=60)
    with pytest.raises(CodeExpired) as refusal:
        await look_up(services, code, source="", now=late)
    said = re.fullmatch(r"This code has expired. (.*) can make it work again.", refusal.value.words)
    assert said is not None
    return said[1]


async def test_what_has_expired_goes_along_and_is_shown_to_nobody_anew(
    services: Services, robin: Actor, sam: Actor
) -> None:
    (old,) = await scene.invite(services, sam, "old@example.org")
    later = NOW + timedelta(days=60)
    assert await handing_over.waiting(services, robin, now=later) == []
    with pytest.raises(NothingToHandOver):
        await handing_over.hand_over(services, robin, sam.leader_id, to=robin.leader_id, now=later)
    (new,) = await scene.invite(services, sam, "new@example.org", now=later)
    await handing_over.hand_over(services, robin, sam.leader_id, to=robin.leader_id, now=later)
    assert await of(services, robin.leader_id) == [old.id, new.id]
    rows = {row.id: row for row in await scene.all_of(services, Invitation)}
    assert rows[old.id].receipt_id == old.receipt_id
    assert rows[new.id].receipt_id != new.receipt_id


async def test_a_text_from_the_own_phone_is_the_heirs_to_send(
    services: Services, robin: Actor, sam: Actor
) -> None:
    (row,) = await scene.invite(services, sam, "+1 201 555 0123", medium="hand")
    assert await by_hand.page_of(services, robin, row.id, now=NOW) is None
    await gone(services, robin, sam, heir=robin.leader_id)
    assert await by_hand.page_of(services, robin, row.id, now=NOW)
    assert await by_hand.page_of(services, sam, row.id, now=NOW) is None
    (text,) = await scene.all_of(services, Delivery)
    assert text.facts["invited_by"] == "Robin Vale"


async def test_drafts_die_with_their_leader(services: Services, robin: Actor, sam: Actor) -> None:
    kept = await previews.preview(services, robin, medium="email", pasted="a@ex.org", now=NOW)
    lost = await previews.preview(services, sam, medium="email", pasted="b@ex.org", now=NOW)
    await gone(services, robin, sam)
    await leaders.reopen(services, robin, sam.leader_id, now=NOW)
    assert kept.draft_id is not None
    assert lost.draft_id is not None
    with pytest.raises(NoSuchDraft):
        await invite(services, sam, draft_id=lost.draft_id, now=NOW)
    assert (await invite(services, robin, draft_id=kept.draft_id, now=NOW)).sent


async def test_roster_files_that_wait_for_their_leader_die_with_them(
    services: Services, robin: Actor, sam: Actor
) -> None:
    states = ("reading", "ready", "broken", "applying", "applied")

    def keep(session: Session) -> None:
        for who in (robin, sam):
            for state in states:
                session.add(
                    RosterDraft(
                        community_id=1, leader_id=who.leader_id, file_name="elm.csv", state=state,
                        content=b"rosa@example.org", created_at=NOW,
                    )
                )  # fmt: skip

    await services.storage.write(keep)
    await gone(services, robin, sam)
    drafts = await scene.all_of(services, RosterDraft)
    assert [row.state for row in drafts if row.leader_id == robin.leader_id] == [*states]
    theirs = [row for row in drafts if row.leader_id == sam.leader_id]
    assert [row.state for row in theirs] == ["cancelled"] * 3 + ["applying", "applied"]
    assert [row.content for row in theirs[:3]] == [None] * 3


async def test_who_leads_no_more_is_no_longer_told_who_comes(
    services: Services, robin: Actor, sam: Actor
) -> None:
    (row,) = await scene.invite(services, sam, "one@example.org")
    await gone(services, robin, sam)
    await scene.redeem(services, scene.code_of(services, row))
    assert await card(services, row.receipt_id) == (
        "You lead no more, so this no longer shows how it goes."
    )
    await leaders.reopen(services, robin, sam.leader_id, now=NOW)
    assert "Rosa Delgado joined" in await card(services, row.receipt_id)


async def test_who_is_back_sees_again_how_it_goes(
    services: Services, robin: Actor, sam: Actor
) -> None:
    async def shown() -> list[str]:
        rows = await scene.all_of(services, PlaygroundMessage)
        return [str(row.body.get("text", "")) for row in rows if row.author == "bot"]

    async with scene.at_work(services):
        await scene.invite(services, sam, "one@example.org two@example.org")
        await gone(services, robin, sam)
        await invitations.void(services, robin, 1, now=NOW)
        await until(shown, "You lead no more")
        await leaders.reopen(services, robin, sam.leader_id, now=NOW)
        await until(shown, "2 invitations by e-mail")
        await gone(services, robin, sam)
        await invitations.reopen(services, robin, 1, now=NOW)
        await until(shown, "You lead no more")
        await leaders.add(services, robin, user_id="sam", name="Sam Ode", now=NOW)
        await until(shown, "2 invitations by e-mail")


async def until(look: Callable[[], Awaitable[list[str]]], words: str) -> None:
    """Wait until the newest text of the bot has these words."""
    async with asyncio.timeout(20):
        while words not in "".join((await look())[-1:]):
            await asyncio.sleep(0.02)


async def test_a_receipt_of_another_leader_stays_theirs(
    services: Services, robin: Actor, sam: Actor
) -> None:
    (row,) = await scene.invite(services, sam, "one@example.org")

    def show(session: Session) -> None:
        session.get_one(Receipt, row.receipt_id).leader_id = robin.leader_id

    await services.storage.write(show)
    await gone(services, robin, sam, heir=robin.leader_id)
    (kept,) = await scene.all_of(services, Invitation)
    assert (kept.leader_id, kept.receipt_id) == (robin.leader_id, row.receipt_id)
    assert "one@example.org" in await card(services, row.receipt_id)


@on_both
async def test_owners_are_reminded_until_somebody_takes_it(
    services: Services, robin: Actor, sam: Actor
) -> None:
    kim = await leaders.add(services, robin, user_id="kim", name="Kim Lee", now=NOW)
    await scene.invite(services, sam, "one@example.org two@example.org")

    async def told(day: str) -> list[tuple[str, str]]:
        def tell(session: Session) -> None:
            community = communities.get(session, 1)
            digests.tell_all(session, services, community, day=day, now=NOW)

        await services.storage.write(tell)
        notices = await scene.jobs(services, "notice")
        return [(job.key, job.args["words"]) for job in notices if day in job.key]

    assert await told("2026-05-04") == []
    await gone(services, robin, sam)
    assert await told("2026-05-05") == [
        (
            "digest:1:2026-05-05:1",
            "Good morning.\n– Sam Ode leads no more, and 2 open invitations of theirs are nobody's "
            "to look after.",
        )
    ]
    assert [left.name for left in await handing_over.waiting(services, robin, now=NOW)] == [
        "Sam Ode"
    ]
    await handing_over.hand_over(services, robin, sam.leader_id, to=kim.id, now=NOW)
    assert await told("2026-05-06") == []
    assert await handing_over.waiting(services, robin, now=NOW) == []


async def test_who_may_hand_over_what(services: Services, robin: Actor, sam: Actor) -> None:
    kim = await leaders.add(services, robin, user_id="kim", name="Kim Lee", now=NOW)
    noor = await scene.next_door(services)
    for who in (robin, sam, noor):
        await scene.invite(services, who, f"{who.user_id}@example.org")
    give = handing_over.hand_over
    with pytest.raises(OwnersOnly):
        await give(services, sam, robin.leader_id, to=sam.leader_id, now=NOW)
    with pytest.raises(ToThemselves):
        await give(services, sam, sam.leader_id, to=sam.leader_id, now=NOW)
    for giver, to in ((noor.leader_id, 1), (1, noor.leader_id), (99, 1), (1, 99)):
        with pytest.raises(NoSuchLeader):
            await give(services, robin, giver, to=to, now=NOW)
    await give(services, sam, sam.leader_id, to=kim.id, now=NOW)  # one's own
    await give(services, robin, kim.id, to=sam.leader_id, now=NOW)  # an owner does it for others
    await gone(services, robin, sam)
    with pytest.raises(NotALeader):
        await give(services, sam, sam.leader_id, to=kim.id, now=NOW)
    lee = await scene.actor(services, speaker="kim")
    await give(services, lee, sam.leader_id, to=kim.id, now=NOW)  # of who leads no more, anybody
    trail = [(row.actor, row.subject) for row in await scene.all_of(services, Audit)
             if row.action == "leader.handed_over"]  # fmt: skip
    assert trail == [
        ("leader:2", "leader:2,leader:3"),
        ("leader:1", "leader:3,leader:2"),
        ("leader:3", "leader:2,leader:3"),
    ]
    assert await of(services, noor.leader_id) != []
