"""Importing a roster: shown first, applied whole or not at all, once, however long the file is."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from bot.community.actors import Actor
from bot.community.postman import sweeping
from bot.community.rosters import applying, importing, roster_cards, sheets
from bot.community.rosters.importing import NoSuchFile
from bot.messages import File
from bot.ports import Services
from storage import lanes, roster_drafts
from storage.roster_drafts import Standing
from storage.tables import Audit, Job, PlaygroundMessage, RosterDraft, RosterEntry
from tests.community import scene
from tests.community.scene import NOW, on_both

TITLES = "Address,Name,E-mail,Phone"
TWO = ("3 Elm Street,Ana Ruiz,ana@example.org,+1 415-555-0101", "5 Elm Street,Bo Lin,,")
LONG = importing.SHORT + importing.PIECE + 1  # rows: two pieces, the second nearly empty


def table(*rows: str, titles: str = TITLES) -> File:
    """A CSV file."""
    return File("list.csv", "text/csv", "\n".join([titles, *rows]).encode())


def long(count: int = LONG, name: str = "Ana") -> File:
    """A CSV file of so many rows."""
    return table(*(f"{number} Elm Street,{name} {number},," for number in range(1, count + 1)))


async def take(services: Services, actor: Actor, *rows: str, titles: str = TITLES) -> Standing:
    """Give a file."""
    return await importing.take(services, actor, table(*rows, titles=titles), now=NOW)


async def put(services: Services, actor: Actor, *rows: str, titles: str = TITLES) -> Standing:
    """Give a file and apply it."""
    draft = await take(services, actor, *rows, titles=titles)
    return await applying.apply(services, actor, draft_id=draft.id, now=NOW)


async def entries(services: Services) -> list[tuple[str, ...]]:
    """What is on the roster."""
    rows = await scene.all_of(services, RosterEntry)
    return [(row.address, row.name, row.email or "", row.phone or "") for row in rows]


async def kept(services: Services) -> RosterDraft:
    """The file that was given last, as it is stored."""
    return (await scene.all_of(services, RosterDraft))[-1]


def change(draft: Standing) -> list[int]:
    """How many are new, changed, the same, and on the roster only."""
    return [draft.outcome["counts"][what] for what in ("new", "changed", "same", "stays")]


@on_both
async def test_nothing_is_added_before_its_leader_says_so(services: Services, robin: Actor) -> None:
    draft = await take(services, robin, *TWO)
    assert (draft.state, change(draft)) == ("ready", [2, 0, 0, 0])
    assert await entries(services) == []
    done = await applying.apply(services, robin, draft_id=draft.id, now=NOW)
    assert (done.state, change(done)) == ("applied", [2, 0, 0, 0])
    assert await entries(services) == [
        ("3 Elm Street", "Ana Ruiz", "ana@example.org", "+14155550101"),
        ("5 Elm Street", "Bo Lin", "", ""),
    ]
    (row, _) = await scene.all_of(services, RosterEntry)
    assert (row.street, row.address_key, row.name_key) == ("Elm Street", "3 elm st", "ana ruiz")
    assert None not in (row.email_key, row.phone_key)
    (said,) = [row for row in await scene.all_of(services, Audit) if "roster" in row.action]
    assert (said.actor, said.action, said.subject) == (
        robin.trace, "roster.imported", f"roster_draft:{draft.id}",
    )  # fmt: skip


@on_both
async def test_the_same_file_changes_nothing_the_second_time(
    services: Services, robin: Actor
) -> None:
    await put(services, robin, *TWO)
    before = await scene.all_of(services, RosterEntry)
    again = await take(services, robin, "3 ELM ST.,ana ruiz,ana@example.org,4155550101", TWO[1])
    assert change(again) == [0, 1, 1, 0], "another spelling is a change of spelling alone"
    same = await take(services, robin, *TWO)
    assert change(same) == [0, 0, 2, 0]
    assert roster_cards.card(same).buttons == ()
    assert "Nothing would change" in roster_cards.card(same).text
    await applying.apply(services, robin, draft_id=same.id, now=NOW)
    assert [row.model_dump() for row in await scene.all_of(services, RosterEntry)] == [
        row.model_dump() for row in before
    ]


async def test_what_changes_is_said_and_what_is_not_in_the_file_stays(
    services: Services, robin: Actor
) -> None:
    await put(services, robin, *TWO)
    draft = await put(services, robin, "5 Elm Street,Bo Lin,bo@example.org,", "7 Elm St,Cy,,")
    assert change(draft) == [1, 1, 0, 1]
    assert await entries(services) == [
        ("3 Elm Street", "Ana Ruiz", "ana@example.org", "+14155550101"),
        ("5 Elm Street", "Bo Lin", "bo@example.org", ""),
        ("7 Elm St", "Cy", "", ""),
    ]
    emptied = await take(services, robin, "3 Elm Street,Ana Ruiz,,")
    assert "Ana Ruiz: e-mail ana@example.org → none" in roster_cards.card(emptied).text


async def test_what_the_file_has_no_column_for_is_left_alone(
    services: Services, robin: Actor
) -> None:
    await put(services, robin, *TWO)
    draft = await put(services, robin, "3 Elm Street,Ana Ruiz", titles="Address,Name")
    assert change(draft) == [0, 0, 1, 1]
    assert (await entries(services))[0][2] == "ana@example.org"


async def test_with_one_broken_row_nothing_can_be_added(services: Services, robin: Actor) -> None:
    draft = await take(services, robin, *TWO, ",Cy,,", "9 Elm Street,Di,,+1 555")
    card = roster_cards.card(draft)
    assert draft.state == "broken"
    assert "2 rows cannot be used, so nothing was added:" in card.text
    assert "✗ Row 4: it has no address." in card.text
    assert "✗ Row 5: the number “+1 555”: it is too short for a telephone number." in card.text
    with pytest.raises(NoSuchFile):
        await applying.apply(services, robin, draft_id=draft.id, now=NOW)
    assert await entries(services) == []


async def test_the_broken_rows_are_handed_back_with_what_is_wrong(
    services: Services, robin: Actor
) -> None:
    draft = await take(services, robin, TWO[0], ",=1+1,cy,,Pool", titles=f"{TITLES},Notes")
    file = await importing.broken_rows(services, robin, draft_id=draft.id)
    header, broken = sheets.read(file.content)
    assert header.cells == ("Row", "What is wrong", *TITLES.split(","), "Notes")
    assert broken.cells == (
        "3",
        "it has no address; the e-mail address “cy”: an e-mail address has an @ in it",
        *("", "=1+1", "cy", "", "Pool"),
    )
    assert b'"\'=1+1"' in file.content, "no spreadsheet calculates what a stranger typed"


async def test_two_rows_for_the_same_person_are_named(services: Services, robin: Actor) -> None:
    same = await take(services, robin, TWO[0], TWO[0])
    assert change(same) == [1, 0, 0, 0]
    assert "? Row 3: row 2 is the same person; it is added once." in roster_cards.card(same).text
    torn = await take(services, robin, TWO[0], "3 Elm St,ANA RUIZ,other@example.org,")
    assert torn.state == "broken"
    assert "✗ Row 3: row 2 is the same person with another" in roster_cards.card(torn).text
    moved = await take(services, robin, TWO[0], "9 Oak Lane,Ana Ruiz,ana@example.org,")
    assert "? Row 3: row 2 has the same e-mail address." in roster_cards.card(moved).text
    mates = await take(services, robin, TWO[0], "3 Elm Street,Al Ruiz,ana@example.org,")
    assert mates.outcome["counts"]["doubts"] == 0, "who live together may share one"


# Once, and only by its leader


@on_both
async def test_pressed_twice_at_once_it_is_added_once(services: Services, robin: Actor) -> None:
    draft = await take(services, robin, *TWO)
    presses = [applying.apply(services, robin, draft_id=draft.id, now=NOW) for _ in range(4)]
    came = await asyncio.gather(*presses, return_exceptions=True)
    assert sorted(type(one).__name__ for one in came) == ["NoSuchFile"] * 3 + ["Standing"]
    assert len(await entries(services)) == 2


@on_both
async def test_two_files_at_once_leave_no_entry_twice(services: Services, robin: Actor) -> None:
    sam = await scene.second_leader(services)
    drafts = [(one, await take(services, one, *TWO)) for one in (robin, sam)]
    await asyncio.gather(
        *(applying.apply(services, one, draft_id=draft.id, now=NOW) for one, draft in drafts)
    )
    assert len(await entries(services)) == 2


async def test_a_file_is_its_leaders_own(services: Services, robin: Actor) -> None:
    draft = await take(services, robin, *TWO, ",Cy,,")
    for other in (await scene.second_leader(services), await scene.next_door(services)):
        for verb in (
            applying.apply(services, other, draft_id=draft.id, now=NOW),
            applying.cancel(services, other, draft_id=draft.id),
            importing.broken_rows(services, other, draft_id=draft.id),
            importing.broken_rows(services, other, draft_id=draft.id + 1),
        ):
            with pytest.raises(NoSuchFile):
                await verb


async def test_the_neighbours_have_a_roster_of_their_own(services: Services, robin: Actor) -> None:
    noor = await scene.next_door(services)
    await put(services, noor, *TWO)
    assert change(await take(services, robin, *TWO)) == [2, 0, 0, 0]
    await put(services, robin, "3 Elm Street,Ana Ruiz,other@example.org,")
    rows = await scene.all_of(services, RosterEntry)
    assert [(row.community_id, row.email) for row in rows] == [
        (noor.community_id, "ana@example.org"),
        (noor.community_id, None),
        (robin.community_id, "other@example.org"),
    ]


async def test_a_cancelled_file_is_forgotten_at_once(services: Services, robin: Actor) -> None:
    draft = await take(services, robin, *TWO)
    assert (await applying.cancel(services, robin, draft_id=draft.id)).state == "cancelled"
    row = await kept(services)
    assert (row.content, row.checked, row.outcome) == (None, None, {})
    with pytest.raises(NoSuchFile):
        await applying.cancel(services, robin, draft_id=draft.id)


async def test_a_file_is_forgotten_once_it_is_added(services: Services, robin: Actor) -> None:
    await put(services, robin, *TWO)
    row = await kept(services)
    assert (row.content, row.checked) == (None, None)
    assert "ana" not in str(row.outcome)


async def test_a_file_that_nobody_decides_about_is_forgotten(
    services: Services, robin: Actor
) -> None:
    draft = await take(services, robin, *TWO, ",Cy,,")
    await services.storage.write(roster_drafts.forget, before=NOW)
    assert (await kept(services)).content is not None, "a day has not passed"

    def later(session: Session) -> None:
        roster_drafts.forget(session, before=NOW.replace(microsecond=1))

    await services.storage.write(later)
    row = await kept(services)
    assert (row.state, row.content, row.checked, row.outcome) == ("cancelled", None, None, {})
    with pytest.raises(NoSuchFile):
        await importing.broken_rows(services, robin, draft_id=draft.id)


async def test_the_daily_sweep_forgets_the_files_of_yesterday(
    services: Services, robin: Actor
) -> None:
    for given in (NOW - timedelta(days=2), datetime.now(UTC)):
        await importing.take(services, robin, table(*TWO, ",Cy,,"), now=given)
    await sweeping.ask_for_sweep(services)
    await services.storage.write(_make_sweep_due)
    async with scene.at_work(services), asyncio.timeout(20):
        while (await scene.all_of(services, RosterDraft))[0].content is not None:
            await asyncio.sleep(0.02)
    assert (await kept(services)).content is not None, "of today"


def _make_sweep_due(session: Session) -> None:
    for job in session.exec(select(Job).where(Job.kind == "sweep")):
        job.run_at = NOW - timedelta(days=1)


# Long files


async def shown(services: Services) -> list[str]:
    """The bot's messages in the leader's chat, as they read now."""
    return [row.body["text"] for row in await scene.all_of(services, PlaygroundMessage)]


async def standing(services: Services, draft_id: int) -> Standing:
    """How far the file has come."""
    found = await services.storage.read(roster_drafts.standing, draft_id)
    assert found is not None
    return found


async def claimed(services: Services) -> Iterable[lanes.Claimed]:
    """The jobs that a worker finds due."""
    claims = await services.storage.write(
        lanes.claim, lanes.TIMER, limit=9, lease=NOW - NOW, per_second=None, burst=1
    )
    return [job for job in claims.jobs if job.kind == "roster"]


@on_both
async def test_a_long_file_is_read_and_added_by_jobs(services: Services, robin: Actor) -> None:
    draft = await importing.take(services, robin, long(), now=NOW)
    assert (draft.state, draft.done_count) == ("reading", 0)
    await scene.all_done(services)
    (card,) = await shown(services)
    assert f"{LONG:,} new, 0 changed, 0 the same." in card
    assert await entries(services) == []
    asked = await applying.apply(services, robin, draft_id=draft.id, now=NOW)
    assert asked.state == "applying"
    with pytest.raises(NoSuchFile):
        await applying.apply(services, robin, draft_id=draft.id, now=NOW)
    await scene.all_done(services)
    (card,) = await shown(services)
    assert card == f"✓ list.csv is on the roster: {LONG:,} new, 0 changed, 0 the same."
    assert len(await entries(services)) == LONG


async def test_the_message_moves_while_a_long_file_is_read(
    services: Services, robin: Actor
) -> None:
    draft = await importing.take(services, robin, long(), now=NOW)
    seen = [roster_cards.card(draft).text]
    while draft.state == "reading":
        draft = await importing.read_on(services, draft.id)
        seen.append(roster_cards.card(draft).text)
    assert seen[:2] == [
        f"… list.csv. Reading: 0 of {LONG:,} rows.",
        f"… list.csv. Reading: {importing.PIECE:,} of {LONG:,} rows.",
    ]
    assert seen[2].startswith(f"list.csv, {LONG:,} rows, read as:")


@on_both
async def test_workers_that_read_the_same_piece_leave_no_row_twice(
    services: Services, robin: Actor
) -> None:
    draft = await importing.take(services, robin, long(), now=NOW)
    while draft.state == "reading":
        await asyncio.gather(*(importing.read_on(services, draft.id) for _ in range(3)))
        draft = await standing(services, draft.id)
    assert change(draft) == [LONG, 0, 0, 0]
    assert draft.outcome["counts"]["doubts"] == 0


@on_both
async def test_a_worker_that_is_killed_loses_no_row_and_adds_none_twice(
    services: Services, robin: Actor
) -> None:
    """Each step is begun by a worker that dies after its work, before it says so."""
    draft = await importing.take(services, robin, long(), now=NOW)
    standing = draft
    while standing.state != "applied":
        if standing.state == "ready":
            await applying.apply(services, robin, draft_id=draft.id, now=NOW)
        for job in await claimed(services):
            await applying.go_on(services, job)  # and what it would record is lost
        standing = await services.storage.read(importing.known, draft.id)
    assert len(await entries(services)) == LONG
    assert change(standing) == [LONG, 0, 0, 0]
    await scene.all_done(services)
    assert len(await entries(services)) == LONG
    assert not [job for job in await scene.all_of(services, Job) if job.state == "dead"]


async def test_a_long_file_can_be_cancelled_while_it_is_read(
    services: Services, robin: Actor
) -> None:
    draft = await importing.take(services, robin, long(), now=NOW)
    await applying.cancel(services, robin, draft_id=draft.id)
    await scene.all_done(services)
    assert await shown(services) == ["– list.csv was not added. The roster is as it was."]


async def test_a_job_that_is_given_up_says_so(services: Services, robin: Actor) -> None:
    draft = await importing.take(services, robin, long(), now=NOW)
    (job,) = await claimed(services)
    await services.storage.write(applying.gave_up, job, "error 1f2e3d4c")
    await scene.all_done(services)
    (card,) = await shown(services)
    assert "could not be read, and the roster is as it was" in card
    assert "error 1f2e3d4c" in card
    assert (await kept(services)).content is None
    with pytest.raises(NoSuchFile):
        await applying.apply(services, robin, draft_id=draft.id, now=NOW)
