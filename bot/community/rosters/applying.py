"""Applying a roster file: the whole of it in one transaction, once, or nothing of it."""

from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from bot.community.actors import Actor
from bot.community.postman.ledger import Record, Together
from bot.community.rosters import importing, plans
from bot.community.rosters.importing import NoSuchFile, known, moved
from bot.ports import Services
from storage import audits, communities, jobs, roster_drafts, rosters
from storage.lanes import Claimed
from storage.roster_drafts import Standing

_NOTHING: dict[str, Any] = {"content": None, "checked": None}


async def apply(services: Services, actor: Actor, *, draft_id: int, now: datetime) -> Standing:
    """Put a file's lines on the roster.

    Raises: NoSuchFile, when that was done or cancelled already.
    Touches: storage; a long file is applied by a job, and its receipt tells.
    """

    def change(session: Session) -> Standing:
        standing = importing.own(session, actor, draft_id)
        if not roster_drafts.move(session, draft_id, "ready", "applying"):
            raise NoSuchFile
        if standing.row_count > importing.SHORT:
            return moved(session, draft_id)
        return _apply(session, services, draft_id, now=now)

    return await services.storage.write(change)


def _apply(session: Session, services: Services, draft_id: int, *, now: datetime) -> Standing:
    draft = known(session, draft_id)
    communities.lock(session, draft.community_id)  # two files, one roster, one moment
    read = importing.all_lines(roster_drafts.checked(session, draft_id))
    plan = importing.plan(session, draft, read)
    counts = {**draft.outcome["counts"], **plans.counted(plan)}
    done = {**_NOTHING, "outcome": {"counts": counts}}
    if not roster_drafts.move(session, draft_id, "applying", "applied", **done):
        return known(session, draft_id)  # another worker was faster
    new = plans.rows(services.keys, plan.new, community_id=draft.community_id, now=now)
    rosters.add_all(session, [*new])
    rosters.change_all(session, [*plans.changed_rows(services.keys, plan.changes, now=now)])
    audits.note(
        session,
        draft.community_id,
        actor=f"leader:{draft.leader_id}",
        action="roster.imported",
        subject=f"roster_draft:{draft_id}",
        now=now,
    )
    return moved(session, draft_id)


async def cancel(services: Services, actor: Actor, *, draft_id: int) -> Standing:
    """Throw a file away that was not added yet. Raises: NoSuchFile."""

    def change(session: Session) -> Standing:
        was = importing.own(session, actor, draft_id).state
        if was not in {"reading", "ready", "broken"}:
            raise NoSuchFile
        roster_drafts.move(session, draft_id, was, "cancelled", **_NOTHING, outcome={})
        return moved(session, draft_id)

    return await services.storage.write(change)


# Jobs of long files


async def go_on(services: Services, job: Claimed) -> Record:
    """Read the next piece of a file, or apply it."""
    draft_id = int(job.args["draft"])
    standing = await services.storage.read(known, draft_id)
    if standing.state == "reading":
        await importing.read_on(services, draft_id)
    elif standing.state == "applying":
        await services.storage.write(_apply, services, draft_id, now=datetime.now(UTC))
    return Together(jobs.finish_all, job)


def gave_up(session: Session, job: Claimed, error: str) -> None:
    """Tell the leader that a file could not be read or applied, and forget it."""
    draft_id = int(job.args["draft"])
    for was in ("reading", "applying"):
        roster_drafts.move(
            session, draft_id, was, "failed", **_NOTHING, outcome={"why": error, "was": was}
        )
    moved(session, draft_id)
