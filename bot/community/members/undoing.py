"""Undoing: for a day, any leader takes back what one changed about members and households.

It is taken back as a whole, once, and only while all that was changed is still as the change left
it: nothing that happened since is ever lost.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from bot.community import labels, trail
from bot.community.actors import Actor
from bot.community.errors import Refusal
from bot.community.members import changing
from bot.ports import Services
from storage import communities, household_words, members, undos
from storage.tables import Household, Member, Undo
from storage.undos import Change

LIFETIME = timedelta(days=1)


class NoSuchChange(Refusal):
    """There is no change #{number} here that can be taken back. That is possible for a day."""

    status = 404


class TakenBack(Refusal):
    """Somebody took that back already, on {day}."""

    status = 409


class ChangedSince(Refusal):
    """That cannot be taken back any more: {why}. Nothing was changed."""

    status = 409


async def recent(services: Services, actor: Actor, *, limit: int, now: datetime) -> list[Undo]:
    """The newest changes of the last day, by any leader, that nobody has taken back."""
    return await services.storage.read(
        undos.newest, actor.community_id, since=now - LIFETIME, limit=limit
    )


async def take_back(services: Services, actor: Actor, number: int, *, now: datetime) -> str:
    """Make all that a change touched what it was before. Gives what the change had been.

    Raises: NoSuchChange, TakenBack, ChangedSince.
    """

    def change(session: Session) -> str:
        row = undos.get(session, actor.community_id, number)
        if row is None or row.created_at <= now - LIFETIME:
            raise NoSuchChange(number=number)
        ids = set(_households(session, row.changes))
        changing.hold(session, ids)
        _claim(session, row, now=now)
        sizes = {one: len(members.of_household(session, one)) for one in sorted(ids)}
        whys = [
            why
            for one in reversed(row.changes)
            for why in _taken_address(session, actor.community_id, one) or _restored(session, one)
        ]
        session.expire_all()
        whys = whys or [why for one, size in sizes.items() for why in _crowded(session, one, size)]
        if whys:
            raise ChangedSince(why="; ".join(dict.fromkeys(whys)))
        household_words.reindex(session, ids)
        trail.note(session, actor, "change.taken_back", f"undo:{number}", now=now)
        return row.words

    return await services.storage.write(change)


def _households(session: Session, changes: Iterable[Change]) -> Iterator[int]:
    """The households that the change was about, and those where its members live now."""
    for change in changes:
        if change["table"] == "household":
            yield change["key"]["id"]
        if change["table"] == "member":
            yield session.get_one(Member, change["key"]["id"]).household_id
            for moment in ("before", "after"):
                if "household_id" in change[moment]:
                    yield change[moment]["household_id"]


def _claim(session: Session, row: Undo, *, now: datetime) -> None:
    """Raises: TakenBack, when another leader was first."""
    if not undos.claim(session, row.id, now=now):
        session.refresh(row)
        raise TakenBack(day=labels.day(row.taken_at or now))


def _restored(session: Session, change: Change) -> list[str]:
    """Restore one row; gives what has changed since, if it could not be."""
    if undos.restore(session, change):
        return []
    found = [
        _why(session, change, column, now)
        for column, (_, now) in undos.current(session, change).items()
    ]
    return [why for why in found if why] or ["something of it has changed since"]


def _why(session: Session, change: Change, column: str, now: Any) -> str:
    """What a column that somebody changed says now; empty when that says nothing to people."""
    if change["table"] == "household":
        where = session.get_one(Household, change["key"]["id"])
        return f"household #{where.id} is at {where.address} now"
    if change["table"] != "member":
        return ""
    row = session.get_one(Member, change["key"]["id"])
    match column:
        case "household_id":
            return f"{row.name} lives at {session.get_one(Household, now).address} now"
        case "name":
            return f"member #{row.id} is called {now} now"
        case "is_head":
            return f"{row.name} is {'the' if now else 'not the'} head of the household now"
        case "removed_at":
            return f"{row.name} is {'no longer a' if now else 'a'} member now"
        case "suspended_at":
            return f"{row.name} is {'suspended' if now else 'not suspended'} now"
    return ""


def _taken_address(session: Session, community_id: int, change: Change) -> list[str]:
    """Whether another household has the address by now that this one would have again."""
    key = change["before"].get("address_key") if change["table"] == "household" else None
    other = members.household_by_key(session, community_id, key) if key is not None else None
    if other is None or other.id == change["key"]["id"]:
        return []
    return [f"household #{other.id} is at {other.address} now"]


def _crowded(session: Session, household_id: int, size: int) -> Iterator[str]:
    """Why the household could not be as it would be now; where it has no head, it gets one.

    Takes: size, how many members it had.
    """
    mates = members.of_household(session, household_id)
    where = members.household(session, household_id)
    heads = [mate.name for mate in mates if mate.is_head]
    if len(heads) > 1:
        yield f"{where.address} would have two heads, {' and '.join(heads)}"
    limit = communities.get(session, where.community_id).household_limit
    if len(mates) > max(limit, size):
        yield f"{where.address} would have {len(mates)} members, more than a household may have"
    if heir := changing.heir_of(mates):
        heir.is_head = True
