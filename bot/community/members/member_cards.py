"""Cards of a household and of a member: all that a leader may know about them, at one glance."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import Session

from bot.community import contacts
from bot.community.actors import Actor
from bot.community.members.changing import NoHousehold, NoMember
from bot.ports import Services
from storage import groups, members, redemptions
from storage.tables import Household, Member


@dataclass(frozen=True, slots=True)
class Person:
    """A member, and what is known about them beside their own row."""

    member: Member
    contact_masked: str  # empty: they gave none
    invited_by: str  # the leader; empty when they came without a code of their own
    added_by: str  # the housemate; empty when not known
    groups: tuple[str, ...]
    also_at: tuple[tuple[int, str], ...]  # other households where they are known: number, address


@dataclass(frozen=True, slots=True)
class Card:
    """A household and who lives there, the head first."""

    household: Household
    people: tuple[Person, ...]


async def of_household(services: Services, actor: Actor, number: int) -> Card:
    """The household's card. Raises: NoHousehold."""

    def query(session: Session) -> Card:
        row = members.household_of(session, actor.community_id, number)
        if row is None:
            raise NoHousehold(number=number)
        mates = members.of_household(session, row.id)
        return Card(row, _people(session, actor.community_id, mates))

    return await services.storage.read(query)


async def of_member(services: Services, actor: Actor, number: int) -> Card:
    """A card of the household with this member alone. Raises: NoMember."""

    def query(session: Session) -> Card:
        row = members.get(session, number)
        if row is None or row.community_id != actor.community_id:
            raise NoMember(number=number)
        where = members.household(session, row.household_id)
        return Card(where, _people(session, actor.community_id, [row]))

    return await services.storage.read(query)


def _people(session: Session, community_id: int, rows: list[Member]) -> tuple[Person, ...]:
    ids = [row.id for row in rows]
    leaders = {one.member.id: one.leader for one in redemptions.newcomers(session, ids)}
    inside = groups.names_of(session, ids)
    names = members.names_of(session, [row.added_by_id for row in rows if row.added_by_id])
    twins = _twins(session, community_id, rows)
    return tuple(
        Person(
            member=row,
            contact_masked=_masked(row),
            invited_by=leaders.get(row.id) or "",
            added_by=names.get(row.added_by_id or 0, ""),
            groups=inside.get(row.id, ()),
            also_at=tuple(twins.get(row.id, ())),
        )
        for row in rows
    )


def _masked(row: Member) -> str:
    medium, address = ("email", row.email) if row.email else ("text", row.phone)
    return contacts.known(medium, address).masked if address else ""


def _twins(
    session: Session, community_id: int, rows: Iterable[Member]
) -> dict[int, list[tuple[int, str]]]:
    """For each of these members, the other households where somebody has the same contact."""
    keys = {row.id: {row.email_key, row.phone_key} - {None} for row in rows}
    every = {key for own in keys.values() for key in own if key is not None}
    found: dict[int, list[tuple[int, str]]] = {}
    for other in members.by_contact(session, every, community_id=community_id) if every else ():
        for member_id, own in keys.items():
            if other.id != member_id and {other.email_key, other.phone_key} & own:
                where = members.household(session, other.household_id)
                found.setdefault(member_id, []).append((where.id, where.address))
    return found
