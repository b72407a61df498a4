"""Rosters: the leaders' own lists of addresses and who may be invited there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, insert, or_, select, update
from sqlmodel import Session, col, func

from storage.database import changed, run
from storage.streets import address_key
from storage.tables import Invitation, RosterEntry
from storage.words import words_of

_AT_ONCE = 1_000  # rows that are fetched together
_OF_A_NUMBER = 3  # digits; fewer are a house number


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the roster as it is compared with one of a file."""

    id: int
    address_key: str
    name_key: str
    address: str
    name: str
    email: str
    phone: str
    language: str


def compared(session: Session, community_id: int) -> dict[tuple[str, str], Entry]:
    """The whole roster of a community, by what makes two lines the same."""
    rows: Any = run(session, _compared(), {"the_community": community_id})
    found = (Entry(row[0], *(word or "" for word in row[1:])) for row in rows)
    return {(entry.address_key, entry.name_key): entry for entry in found}


@cache
def _compared() -> Any:
    return select(
        col(RosterEntry.id),
        col(RosterEntry.address_key),
        col(RosterEntry.name_key),
        col(RosterEntry.address),
        col(RosterEntry.name),
        col(RosterEntry.email),
        col(RosterEntry.phone),
        col(RosterEntry.language),
    ).where(col(RosterEntry.community_id) == bindparam("the_community"))


def address_behind(session: Session, invitation_id: int) -> str:
    """The address for which an invitation was given; empty when it was for none."""
    values = {"the_invitation": invitation_id}
    return run(session, _address_behind(), values).scalar_one_or_none() or ""


@cache
def _address_behind() -> Any:
    return (
        select(col(RosterEntry.address))
        .join(Invitation, col(Invitation.roster_entry_id) == col(RosterEntry.id))
        .where(col(Invitation.id) == bindparam("the_invitation"))
    )


def add_all(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store new lines, each with all columns but the id."""
    if rows:
        run(session, insert(RosterEntry), list(rows))


def change_all(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store what has changed of known lines, each with its id as `the_id`."""
    if rows:
        values: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "the_id"}
        known = col(RosterEntry.id) == bindparam("the_id")
        run(session, update(RosterEntry).where(known).values(values), list(rows))


def count(session: Session, community_id: int, *, search: str = "") -> int:
    """How many lines there are, or match the search."""
    query = select(func.count(col(RosterEntry.id))).where(*_matching(community_id, search))
    return int(session.execute(query).scalar_one())


def page(
    session: Session, community_id: int, *, search: str = "", limit: int, offset: int = 0
) -> list[RosterEntry]:
    """Lines in the order of streets and house numbers, those that match the search."""
    query = select(RosterEntry).where(*_matching(community_id, search)).order_by(*_IN_ORDER)
    return list(session.scalars(query.limit(limit).offset(offset)))


# A shorter address of a street has a smaller house number: 3 Elm Street, then 11 Elm Street.
_IN_ORDER = (
    col(RosterEntry.street),
    func.length(RosterEntry.address_key),
    col(RosterEntry.address_key),
    col(RosterEntry.name_key),
    col(RosterEntry.id),
)


def _matching(community_id: int, search: str) -> list[ColumnElement[bool]]:
    """Every word is somewhere in the address, the name, the e-mail address or the number."""
    return [col(RosterEntry.community_id) == community_id, *map(_has, sorted(words_of([search])))]


def _has(word: str) -> ColumnElement[bool]:
    places = {
        RosterEntry.address_key: address_key(word) or word,
        RosterEntry.name_key: word,
        RosterEntry.email: word,
    }
    if word.isdecimal() and len(word) >= _OF_A_NUMBER:
        places[RosterEntry.phone] = word
    return or_(*(col(place).contains(text, autoescape=True) for place, text in places.items()))


def each(session: Session, community_id: int) -> Iterator[RosterEntry]:
    """All lines in order, fetched as they are asked for."""
    query = select(RosterEntry).where(*_matching(community_id, "")).order_by(*_IN_ORDER)
    yield from session.scalars(query, execution_options={"yield_per": _AT_ONCE})


def get(session: Session, community_id: int, entry_id: int) -> RosterEntry | None:
    """The line, if it belongs to this community."""
    row = session.get(RosterEntry, entry_id)
    return row if row is not None and row.community_id == community_id else None


def remove(session: Session, community_id: int, entry_id: int | None = None) -> int:
    """Take a line off the roster, or all. Gives how many. Invitations given for it stay good."""
    mine = [col(RosterEntry.community_id) == community_id]
    mine += [col(RosterEntry.id) == entry_id] if entry_id is not None else []
    ids = select(col(RosterEntry.id)).where(*mine)
    changed(
        session,
        update(Invitation)
        .where(col(Invitation.roster_entry_id).in_(ids))
        .values(roster_entry_id=None),
    )
    return changed(session, delete(RosterEntry).where(*mine))
