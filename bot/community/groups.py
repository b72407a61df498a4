"""Groups: named sets of members, such as a committee, a building or a team.

Whatever changes a group holds the community's row, so that what one leader looks at stays as it is
until it is changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.community import trail, which_group, whom
from bot.community.actors import Actor
from bot.community.errors import Refusal
from bot.community.which_group import key, meant, parse_name
from bot.ports import Services
from storage import communities, groups
from storage.people import Person
from storage.tables import Group

LIMIT = 200  # of one community: more than anybody finds their way in
PAGE = 10


class GroupThere(Refusal):
    """There is a group “{name}” already."""

    status = 409


class TooManyGroups(Refusal):
    """{limit} groups are the most. Delete one that nobody needs any more."""

    status = 409


@dataclass(frozen=True, slots=True)
class Shelf:
    """One page of the list of groups, each with how many members it has."""

    rows: tuple[tuple[Group, int], ...]
    number: int  # from 1
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class Look:
    """A group, and one page of its members by name."""

    group: Group
    people: tuple[Person, ...]
    number: int  # from 1
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class Moved:
    """Who was put into a group, or taken out of it."""

    group: Group
    people: tuple[Person, ...]  # for whom that changed something
    already: tuple[Person, ...] = ()  # who were in it before


async def shelf(services: Services, actor: Actor, *, number: int = 1) -> Shelf:
    """A page of the groups by name. A number beyond the last gives the last."""

    def query(session: Session) -> Shelf:
        rows = groups.every(session, actor.community_id)
        shown, pages = _paged(len(rows), number)
        page = rows[(shown - 1) * PAGE : shown * PAGE]
        count = groups.member_counts(session, [row.id for row in page])
        return Shelf(tuple((row, count.get(row.id, 0)) for row in page), shown, pages, len(rows))

    return await services.storage.read(query)


async def look(services: Services, actor: Actor, typed: str, *, number: int = 1) -> Look:
    """A group and a page of its members. Raises: NoSuchGroup, SeveralGroups."""

    def query(session: Session) -> Look:
        group = meant(session, actor.community_id, typed)
        total = groups.member_counts(session, [group.id]).get(group.id, 0)
        shown, pages = _paged(total, number)
        some = groups.people(session, group.id, limit=PAGE, offset=(shown - 1) * PAGE)
        return Look(group, tuple(some), shown, pages, total)

    return await services.storage.read(query)


async def everybody(services: Services, actor: Actor, typed: str) -> tuple[Group, list[Person]]:
    """A group and all its members by name. Raises: NoSuchGroup, SeveralGroups."""

    def query(session: Session) -> tuple[Group, list[Person]]:
        group = meant(session, actor.community_id, typed)
        return group, groups.people(session, group.id)

    return await services.storage.read(query)


async def every(services: Services, actor: Actor) -> list[Group]:
    """All groups of the actor's community, by name."""
    return await services.storage.read(groups.every, actor.community_id)


async def all_meant(services: Services, actor: Actor, typed: str) -> list[Group]:
    """The groups in "board, pool and garden". Raises: NoSuchGroup, SeveralGroups."""
    return await services.storage.read(which_group.all_meant, actor.community_id, typed)


async def create(services: Services, actor: Actor, name: str, *, now: datetime) -> Group:
    """Make a group. Raises: BadWords, GroupThere, TooManyGroups."""
    name = parse_name(name)

    def change(session: Session) -> Group:
        communities.lock(session, actor.community_id)
        rows = groups.every(session, actor.community_id)
        _require_free(rows, name)
        if len(rows) >= LIMIT:
            raise TooManyGroups(limit=LIMIT)
        group = Group(community_id=actor.community_id, name=name, name_key=key(name))
        groups.add(session, group)
        _note(session, actor, "created", f"group:{group.id}", now=now)
        return group

    return await services.storage.write(change)


async def rename(
    services: Services, actor: Actor, typed: str, *, name: str, now: datetime
) -> tuple[str, Group]:
    """Call a group something else. Gives its old name, and the group.

    Raises: BadWords, GroupThere, NoSuchGroup, SeveralGroups.
    """
    name = parse_name(name)

    def change(session: Session) -> tuple[str, Group]:
        communities.lock(session, actor.community_id)
        group = meant(session, actor.community_id, typed)
        others = [row for row in groups.every(session, actor.community_id) if row.id != group.id]
        _require_free(others, name)
        before = group.name
        group.name, group.name_key = name, key(name)
        _note(session, actor, "renamed", f"group:{group.id}", now=now)
        return before, group

    return await services.storage.write(change)


async def delete(services: Services, actor: Actor, typed: str, *, now: datetime) -> str:
    """Delete a group; its members stay members. Gives its name.

    Raises: NoSuchGroup, SeveralGroups.
    """

    def change(session: Session) -> str:
        communities.lock(session, actor.community_id)
        group = meant(session, actor.community_id, typed)
        name = group.name
        groups.remove(session, group.id)
        _note(session, actor, "deleted", f"group:{group.id}", now=now)
        return name

    return await services.storage.write(change)


async def add(services: Services, actor: Actor, typed: str, *, who: str, now: datetime) -> Moved:
    """Put members into a group.

    Takes: who, as `whom.meant` reads it.
    Raises: NoSuchGroup, SeveralGroups, and what `whom.meant` raises; then nothing has changed.
    """

    def change(session: Session) -> Moved:
        communities.lock(session, actor.community_id)
        group = meant(session, actor.community_id, typed)
        people = whom.meant(session, actor.community_id, who)
        inside = groups.among(session, group.id, [one.id for one in people])
        new = tuple(one for one in people if one.id not in inside)
        groups.enter(session, group, [one.id for one in new])
        _note_each(session, actor, "joined", group, new, now=now)
        return Moved(group, new, tuple(one for one in people if one.id in inside))

    return await services.storage.write(change)


async def remove(services: Services, actor: Actor, typed: str, *, who: str, now: datetime) -> Moved:
    """Take members out of a group; names are looked for in it alone.

    Raises: NoSuchGroup, SeveralGroups, and what `whom.meant` raises; then nothing has changed.
    """

    def change(session: Session) -> Moved:
        communities.lock(session, actor.community_id)
        group = meant(session, actor.community_id, typed)
        people = tuple(whom.meant(session, actor.community_id, who, within=group.id))
        groups.leave(session, group.id, [one.id for one in people])
        _note_each(session, actor, "left", group, people, now=now)
        return Moved(group, people)

    return await services.storage.write(change)


def _require_free(rows: Sequence[Group], name: str) -> None:
    for row in rows:
        if row.name_key == key(name):
            raise GroupThere(name=row.name)


def _paged(total: int, number: int) -> tuple[int, int]:
    """The page that is shown when this one is asked for, and how many there are."""
    pages = max(1, -(-total // PAGE))
    return min(max(1, number), pages), pages


def _note_each(
    session: Session, actor: Actor, what: str, group: Group, people: Sequence[Person],
    *, now: datetime,
) -> None:  # fmt: skip
    for one in people:
        _note(session, actor, what, f"group:{group.id},member:{one.id}", now=now)


def _note(session: Session, actor: Actor, what: str, subject: str, *, now: datetime) -> None:
    trail.note(session, actor, f"group.{what}", subject, now=now)
