"""The roster: the leaders' own list of addresses, and whom to invite there."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.community import contacts, csvs, trail
from bot.community.actors import Actor
from bot.community.errors import Refusal
from bot.messages import File
from bot.ports import Services
from storage import communities, rosters
from storage.tables import RosterEntry

PAGE = 10
_HEADER = ("Entry", "Address", "Name", "E-mail", "Phone", "Language")  # titles that import knows


class NoSuchEntry(Refusal):
    """There is no entry {number} on the roster here. `/roster` lists them."""

    status = 404


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the roster."""

    entries: tuple[RosterEntry, ...]
    search: str
    number: int  # from 1
    pages: int
    total: int  # that match


async def page(services: Services, actor: Actor, *, search: str = "", number: int = 1) -> Page:
    """A page of the roster by street. A number beyond the last gives the last.

    Takes: search, words that must all be in the address, the name, the e-mail or the number.
    """

    def query(session: Session) -> Page:
        total = rosters.count(session, actor.community_id, search=search)
        pages = max(1, -(-total // PAGE))
        shown = min(max(1, number), pages)
        rows = rosters.page(
            session, actor.community_id, search=search, limit=PAGE, offset=(shown - 1) * PAGE
        )
        return Page(tuple(rows), search, shown, pages, total)

    return await services.storage.read(query)


async def remove(services: Services, actor: Actor, number: int, *, now: datetime) -> str:
    """Take an entry off the roster; an invitation given for it stays good.

    Gives: what the entry said. Raises: NoSuchEntry.
    """

    def change(session: Session) -> str:
        entry = rosters.get(session, actor.community_id, number)
        if entry is None:
            raise NoSuchEntry(number=number)
        said = words_of(entry)
        rosters.remove(session, actor.community_id, number)
        trail.note(session, actor, "roster.removed", f"roster_entry:{number}", now=now)
        return said

    return await services.storage.write(change)


async def clear(services: Services, actor: Actor, *, now: datetime) -> int:
    """Take everything off the roster. Gives how many entries that were."""

    def change(session: Session) -> int:
        count = rosters.remove(session, actor.community_id)
        trail.note(session, actor, "roster.cleared", f"community:{actor.community_id}", now=now)
        return count

    return await services.storage.write(change)


async def export(services: Services, actor: Actor, *, now: datetime) -> File:
    """The whole roster as a file that can be imported again."""

    def query(session: Session) -> File:
        name = f"{communities.get(session, community_id).slug}-roster.csv"
        return csvs.file(name, _HEADER, map(_cells, rosters.each(session, community_id)))

    community_id = actor.community_id
    subject = f"community:{community_id}"
    await services.storage.write(trail.note, actor, "roster.exported", subject, now=now)
    return await services.storage.read(query)


def _cells(entry: RosterEntry) -> tuple[str, ...]:
    return (
        str(entry.id),
        entry.address,
        entry.name,
        entry.email or "",
        _number(entry),
        entry.language,
    )


def _number(entry: RosterEntry) -> str:
    return contacts.known("text", entry.phone).shown if entry.phone else ""


def words_of(entry: RosterEntry) -> str:
    """The entry in a line: `3 Elm Street: Ana Ruiz, ana@example.org`."""
    known = ", ".join(filter(None, (entry.name, entry.email, _number(entry))))
    return f"{entry.address}: {known}" if known else entry.address
