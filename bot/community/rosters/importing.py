"""Importing a roster file: it is read, and what it would change is told. `applying.py` does it.

A short file is read while its leader waits. A long one is read by jobs, a piece each, so that none
outlives its lease and a worker that is killed loses one piece; meanwhile a receipt in the leader's
chat shows how far it has come.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.community import csvs, names, receipts
from bot.community.actors import Actor
from bot.community.errors import Refusal
from bot.community.rosters import columns, lines, plans, sheets
from bot.community.rosters.columns import Columns
from bot.community.rosters.lines import Line
from bot.community.rosters.sheets import Row
from bot.messages import File
from bot.ports import Services
from storage import communities, jobs, roster_drafts, rosters
from storage.lanes import TIMER
from storage.roster_drafts import Standing
from storage.tables import RosterDraft

SHORT = 300  # rows, read within a second while the leader waits
PIECE = 1_000  # rows: a second or two of work, far less than a lease
_LONGEST_NAME = 80  # characters of a file's name
_LONGEST_TITLE = 40  # characters of a column's title
_UNUSED = 6  # columns that are named as not used


class NoSuchFile(Refusal):
    """That file was added, cancelled or forgotten already. Nothing was added twice."""

    status = 409


@dataclass(frozen=True, slots=True)
class _Opened:
    """A file that is being read."""

    standing: Standing
    content: bytes
    region: str


async def take(services: Services, actor: Actor, file: File, *, now: datetime) -> Standing:
    """Read a file and tell what it would change; a long one is only begun.

    Raises: Refusal, when it is no table or has no addresses.
    Touches: storage; for a long file the receipt in the leader's chat follows.
    """
    found, people = await asyncio.to_thread(_open, file.content)
    draft = RosterDraft(
        community_id=actor.community_id,
        leader_id=actor.leader_id,
        file_name=_short(file.name, _LONGEST_NAME) or "the file",
        content=file.content,
        row_count=len(people),
        outcome={
            "columns": {
                role: _short(found.title(role)) for role in columns.ROLES if role in found.at
            },
            "unused": [_short(title) for title in found.unused[:_UNUSED]],
        },
        created_at=now,
    )
    standing = await services.storage.write(_keep, actor, draft, now=now)
    while standing.state == "reading" and standing.row_count <= SHORT:
        standing = await read_on(services, standing.id)
    return standing


def _short(words: str, longest: int = _LONGEST_TITLE) -> str:
    """What a file calls something, as it may stand in a sentence."""
    return names.one_line(words)[:longest]


def _open(content: bytes) -> tuple[Columns, list[Row]]:
    found, people = columns.find(sheets.read(content))
    if not people:
        raise sheets.EmptyFile
    return found, people


def _keep(session: Session, actor: Actor, draft: RosterDraft, *, now: datetime) -> Standing:
    roster_drafts.add(session, draft)
    if draft.row_count > SHORT:
        receipt = receipts.open_for(session, actor, now=now)
        receipt.roster_draft_id = draft.id
        session.flush()
    return moved(session, draft.id)


def own(session: Session, actor: Actor, draft_id: int) -> Standing:
    """How the leader's own file stands. Raises: NoSuchFile."""
    standing = roster_drafts.standing(session, draft_id)
    mine = (actor.community_id, actor.leader_id)
    if standing is None or (standing.community_id, standing.leader_id) != mine:
        raise NoSuchFile
    return standing


def moved(session: Session, draft_id: int) -> Standing:
    """How a file stands now that it has moved on; of a long one the receipt and the next job know.

    Touches: storage.
    """
    standing = known(session, draft_id)
    if (receipt_id := roster_drafts.receipt_of(session, draft_id)) is None:
        return standing
    receipts.refresh(session, receipt_id)
    if standing.state in {"reading", "applying"}:
        jobs.enqueue(session, [_step(standing)])
    return standing


def known(session: Session, draft_id: int) -> Standing:
    """How a file stands of which we have the id ourselves: files are never deleted."""
    standing = roster_drafts.standing(session, draft_id)
    assert standing is not None
    return standing


def _step(standing: Standing) -> jobs.NewJob:
    return jobs.NewJob(
        key=f"roster:{standing.id}:{standing.state}:{standing.done_count}",
        lane=TIMER,
        kind="roster",
        args={"draft": standing.id},
        community_id=standing.community_id,
    )


# Reading


async def read_on(services: Services, draft_id: int) -> Standing:
    """Read the next piece of a file. Two workers may do so at once; only one of them is heard.

    Touches: storage; the last piece is followed by what the file would change.
    """
    opened = await services.storage.read(_opened, draft_id)
    piece = await asyncio.to_thread(_piece, services, opened) if opened.content else []
    return await services.storage.write(_keep_piece, opened.standing, piece)


def _opened(session: Session, draft_id: int) -> _Opened:
    standing = known(session, draft_id)
    content = roster_drafts.content(session, draft_id)
    return _Opened(standing, content, communities.get(session, standing.community_id).region)


def _piece(services: Services, opened: _Opened) -> list[Line]:
    found, people = _open(opened.content)
    done = opened.standing.done_count
    return [
        lines.check(services, found, row, region=opened.region)
        for row in people[done : done + PIECE]
    ]


def _keep_piece(session: Session, before: Standing, piece: Sequence[Line]) -> Standing:
    since, done = before.done_count, before.done_count + len(piece)
    packed = lines.packed(piece)
    if not roster_drafts.read_on(session, before.id, since=since, piece=packed, done=done):
        return known(session, before.id)
    if done == before.row_count:
        _conclude(session, before)
    return moved(session, before.id)


def _conclude(session: Session, draft: Standing) -> None:
    """All is read: tell what would change, or what cannot be used."""
    read = all_lines(roster_drafts.checked(session, draft.id))
    outcome = {**draft.outcome, **plans.outcome(read, plan(session, draft, read))}
    if any(line.problems for line in read):
        roster_drafts.move(session, draft.id, "reading", "broken", outcome=outcome)
    else:
        roster_drafts.move(session, draft.id, "reading", "ready", outcome=outcome, content=None)


def all_lines(checked: bytes) -> list[Line]:
    """The lines of a file that was read to its end."""
    return plans.beside_each_other(lines.unpacked(checked))


def plan(session: Session, draft: Standing, read: Sequence[Line]) -> plans.Plan:
    """What these lines would change of the roster as it is now."""
    good = [line for line in read if not line.problems]
    roster = rosters.compared(session, draft.community_id)
    return plans.beside_the_roster(good, roster, draft.outcome["columns"])


# Mending


async def broken_rows(services: Services, actor: Actor, *, draft_id: int) -> File:
    """The rows that cannot be used, as they are in the file, each with what is wrong with it.

    Raises: NoSuchFile.
    """

    def query(session: Session) -> tuple[bytes, bytes]:
        if own(session, actor, draft_id).state != "broken":
            raise NoSuchFile
        return roster_drafts.content(session, draft_id), roster_drafts.checked(session, draft_id)

    return await asyncio.to_thread(_broken_rows, *await services.storage.read(query))


def _broken_rows(content: bytes, checked: bytes) -> File:
    found, people = _open(content)
    cells = {row.number: row.cells for row in people}
    width = max(len(found.titles), *map(len, cells.values()))
    rows = [
        (str(line.row), "; ".join(line.problems), *_padded(cells[line.row], width))
        for line in all_lines(checked)
        if line.problems
    ]
    header = ("Row", "What is wrong", *_padded(found.titles, width))
    return csvs.file("rows-to-mend.csv", header, rows)


def _padded(cells: Sequence[str], width: int) -> list[str]:
    return [*cells, *[""] * (width - len(cells))]
