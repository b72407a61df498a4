"""Members as leaders see them: the list of households, page by page, and what is found in it.

However large the community is, a page takes as long: what is counted is counted up to `COUNTED`,
and of a search with more than `FOUND` answers only a page is shown.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import Session

from bot.community import contacts
from bot.community.actors import Actor
from bot.community.contacts import BadContact
from bot.ports import Services
from bot.settings import Keys
from storage import communities, household_words, members, roll
from storage.tables import Household, Member
from storage.words import split

PAGE = 10
COUNTED = 500  # households and members, each; nobody turns more than fifty pages
FOUND = 200  # households, by a search or for what befell them: whoever finds more adds a word
Which = Literal["all", "suspended", "new"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which households are asked for, and which page of them: by its number, or what is beside."""

    search: str = ""  # words that must all be there, each as the beginning of one
    which: Which = "all"
    days: int = 7  # of "new"
    page: int = 1
    after: int | None = None  # the household that stood last on the page before
    before: int | None = None  # or first on the one behind

    @property
    def is_everything(self) -> bool:
        """Whether all households are."""
        return not self.search and self.which == "all"


ALL = Wanted()


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are, or that there are more than so many."""

    number: int
    is_all: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """One page of households, each with its members, the head first."""

    wanted: Wanted
    households: tuple[tuple[Household, tuple[Member, ...]], ...]
    matching: Count  # households
    members: Count | None  # of the whole community, when all of it is asked for
    number: int | None  # of the page, from 1; None: further on than is counted
    is_first: bool
    is_last: bool

    @property
    def pages(self) -> int:
        """How many there are, when all is counted."""
        return max(1, -(-self.matching.number // PAGE))


async def page(services: Services, actor: Actor, wanted: Wanted = ALL, *, now: datetime) -> Page:
    """A page of the households that are asked for, by address.

    Touches: storage, reading.
    """
    return await services.storage.read(_page, services.keys, actor.community_id, wanted, now=now)


def _page(
    session: Session, keys: Keys, community_id: int, wanted: Wanted, *, now: datetime
) -> Page:
    listed = _listed(session, keys, community_id, wanted, now=now)
    start = _start(listed, wanted)
    beyond = _further_on(session, community_id, wanted) if start is None else None
    if beyond is None or not beyond.ids:  # the household beside it is gone
        start = start or 0
        ids = listed.ids[start : start + PAGE]
        is_last = start + PAGE >= len(listed.ids) and not listed.goes_on
        shown = _Shown(ids, is_first=start == 0, is_last=is_last)
    else:
        shown = beyond
    return Page(
        wanted=wanted,
        households=tuple(roll.households(session, shown.ids)),
        matching=listed.count,
        members=_members(session, community_id, listed) if wanted.is_everything else None,
        number=None if start is None else start // PAGE + 1,
        is_first=shown.is_first,
        is_last=shown.is_last,
    )


@dataclass(frozen=True, slots=True)
class _Listed:
    ids: list[int]  # by address, as far as they are looked at
    count: Count
    goes_on: bool = False  # others stand behind these


@dataclass(frozen=True, slots=True)
class _Shown:
    ids: list[int]
    is_first: bool
    is_last: bool


def _members(session: Session, community_id: int, listed: _Listed) -> Count:
    """How many members the community has: no fewer than households, so often known already."""
    if listed.goes_on:
        return Count(COUNTED, is_all=False)
    return _counted(roll.members_up_to(session, community_id, COUNTED + 1), COUNTED)


def _listed(
    session: Session, keys: Keys, community_id: int, wanted: Wanted, *, now: datetime
) -> _Listed:
    if wanted.search:
        return _reached(session, keys, community_id, wanted.search) or _found(
            session, community_id, wanted.search
        )
    if wanted.is_everything:
        ids = roll.first(session, community_id, limit=COUNTED + 1)
        return _Listed(ids[:COUNTED], _counted(len(ids), COUNTED), goes_on=len(ids) > COUNTED)
    if wanted.which == "suspended":
        found = roll.with_suspended(session, community_id, limit=FOUND + 1)
    else:
        since = now - timedelta(days=wanted.days)
        found = roll.joined_since(session, community_id, since, limit=FOUND + 1)
    ids = roll.in_order(session, community_id, set(found[:FOUND]), limit=FOUND)
    return _Listed(ids, Count(len(ids), is_all=len(found) <= FOUND))


def _reached(session: Session, keys: Keys, community_id: int, search: str) -> _Listed | None:
    """Households of those who gave this e-mail address or number; None when it is neither's."""
    try:
        region = communities.get(session, community_id).region
        contact = contacts.parse_any(search, region=region)
    except BadContact:
        return None
    found = members.by_contact(session, [contact.key(keys)], community_id=community_id)
    homes = {row.household_id for row in found}
    ids = roll.in_order(session, community_id, homes, limit=FOUND)
    return _Listed(ids, Count(len(ids))) if ids else None


def _found(session: Session, community_id: int, search: str) -> _Listed:
    words = split(search)
    if not words:
        return _Listed([], Count(0))
    matches = household_words.matching(session, community_id, words, most=FOUND)
    if matches.is_all:
        ids = roll.in_order(session, community_id, matches.household_ids, limit=FOUND)
        return _Listed(ids, Count(len(ids)))
    some = roll.in_order(session, community_id, sorted(matches.household_ids)[:FOUND], limit=PAGE)
    return _Listed(some, Count(FOUND, is_all=False))


def _start(listed: _Listed, wanted: Wanted) -> int | None:
    """Where in the list the page begins; None: beyond what is in it."""
    anchor, count = wanted.after or wanted.before, len(listed.ids)
    if anchor is None:
        return (min(max(1, wanted.page), max(1, -(-count // PAGE))) - 1) * PAGE
    if anchor in listed.ids:
        place = listed.ids.index(anchor)
        start = place + 1 if wanted.after else max(0, place - PAGE)
        return start if start < count else None if listed.goes_on else 0
    return None if wanted.is_everything else 0


def _further_on(session: Session, community_id: int, wanted: Wanted) -> _Shown:
    """A page of all households, beyond those that are counted."""
    back = wanted.after is None
    anchor = wanted.before if back else wanted.after
    assert anchor is not None
    ids = roll.beside(session, community_id, anchor, limit=PAGE + 1, backwards=back)
    is_end = len(ids) <= PAGE
    return _Shown(ids[-PAGE:] if back else ids[:PAGE], back and is_end, not back and is_end)


def _counted(number: int, most: int) -> Count:
    return Count(min(number, most), number <= most)
