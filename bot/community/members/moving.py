"""Moving: members change households, and households their address."""

import re
from datetime import datetime

from bot.community import names
from bot.community.actors import Actor
from bot.community.errors import Refusal
from bot.community.members import changing, membership
from bot.community.members.changing import Act, Done, NoHouseholdAt, SoAlready
from bot.languages import Sentence
from bot.ports import Services
from storage import billing, members, redemptions
from storage.streets import address_order
from storage.tables import Household, Member

_NUMBER = re.compile(r"#?(\d{1,9})")


class LivesThere(Refusal):
    """{name} lives at {address} already. Nothing was changed."""

    status = 409


class NoContact(Refusal):
    """{name} gave no e-mail address or number, and by those people are known in two households."""

    status = 409


class AddressTaken(Refusal):
    """Household #{taken} is at {address} already. If they are one, merge them."""

    status = 409
    taken: int


class WhichHead(Refusal):
    """Both households have a head. Which one stays?"""

    status = 409
    into: int  # the household
    heads: tuple[tuple[int, str], ...]  # (member, name)


async def move(services: Services, actor: Actor, number: int, to: str, *, now: datetime) -> Done:
    """Move a member to another household.

    Takes: to, an address, where a household is founded if there is none, or a household's number.
    Raises: NoMember, NoHousehold, BadWords, LivesThere, NoRoom.
    """
    target = _parse(to)

    def change(act: Act) -> Done:
        where = _found(act, target)
        row = changing.member(act, number, where.id)
        mates = members.of_household(act.session, where.id)
        _check_not_there(row, mates, where)
        changing.check_room(act, where, len(mates) + 1)
        left = row.household_id
        billing.move_out(act.session, row, now=act.now)
        act.changes.set(row, household_id=where.id, moved_at=act.now, is_head=not mates)
        words = f"{row.name} lives at {where.address} now.{changing.pass_on(act, left)}"
        return _finish(act, words, "member.moved", f"member:{number}", where.id, left)

    return await changing.perform(services, actor, change, now=now)


async def also(services: Services, actor: Actor, number: int, to: str, *, now: datetime) -> Done:
    """Let a member belong to a second household, by the same contact.

    Takes and raises: as `move`; NoContact.
    """
    target = _parse(to)

    def change(act: Act) -> Done:
        where = _found(act, target)
        row = changing.member(act, number, where.id)
        mates = members.of_household(act.session, where.id)
        if not (row.email or row.phone):
            raise NoContact(name=row.name)
        _check_not_there(row, mates, where)
        changing.check_room(act, where, len(mates) + 1)
        twin = members.add(act.session, _twin(act, row, where, is_head=not mates))
        act.changes.set(twin, removed_at=None)  # taken back, it ends as if at once
        words = f"{row.name} belongs to the household at {where.address}, too, as #{twin.id}."
        return _finish(act, words, "member.added", f"member:{twin.id}", where.id)

    return await changing.perform(services, actor, change, now=now)


async def correct(
    services: Services, actor: Actor, number: int, address: str, *, now: datetime
) -> Done:
    """Correct a household's address. Raises: NoHousehold, BadWords, AddressTaken, SoAlready."""
    parsed = parse_address(address)
    key = names.address_key(parsed)

    def change(act: Act) -> Done:
        where = changing.household(act, number)
        changing.hold(act.session, [where.id])
        if where.address == parsed:
            raise SoAlready(why=f"Household #{number} is at {parsed} already.")
        other = members.household_by_key(act.session, act.actor.community_id, key)
        if other is not None and other.id != where.id:
            raise AddressTaken(taken=other.id, address=other.address)
        words = f"Household #{number} is at {parsed} now; it was {where.address}."
        act.changes.set(where, address=parsed, address_key=key, address_order=address_order(key))
        return _finish(act, words, "household.corrected", f"household:{number}", where.id)

    return await changing.perform(services, actor, change, now=now)


async def merge(
    services: Services,
    actor: Actor,
    number: int,
    into: str,
    *,
    head: int | None = None,
    now: datetime,
) -> Done:
    """Make two households one, at the second one's address.

    Takes: into, a number or an address; head, the member who stays head when both have one.
    Raises: NoHousehold, NoHouseholdAt, BadWords, SoAlready, WhichHead, NoRoom.
    """
    target = _parse(into)

    def change(act: Act) -> Done:
        source, where = changing.household(act, number), _there(act, target)
        if source.id == where.id:
            raise SoAlready(why=f"That is household #{number} itself.")
        changing.hold(act.session, [source.id, where.id])
        comers = members.of_household(act.session, source.id)
        if not comers:
            raise SoAlready(why=f"Nobody lives in household #{number}.")
        count = _join(act, comers, where, head)
        for stay in billing.stays(act.session, source.id):
            act.changes.set(stay, household_id=where.id)
        words = f"Household #{number} is one with #{where.id} now, at {where.address}, "
        words += f"with {count} member{'s' if count > 1 else ''}."
        return _finish(act, words, "household.merged", f"household:{number}", where.id, source.id)

    return await changing.perform(services, actor, change, now=now)


def _join(act: Act, comers: list[Member], where: Household, head: int | None) -> int:
    """Let these live there, each once, under one head. Gives how many they are then."""
    mates = members.of_household(act.session, where.id)
    twins = {one.id: twin for one in comers if (twin := _same(one, mates))}
    changing.check_room(act, where, len(mates) + len(comers) - len(twins))
    stays = _head(comers, mates, twins, head, where)
    for one in comers:
        if one.id in twins:  # they signed up at both addresses
            membership.end(act, one)
        else:
            act.changes.set(one, household_id=where.id)
    everybody = members.of_household(act.session, where.id)
    for one in sorted(everybody, key=lambda mate: mate.id == stays.id):
        if one.is_head != (one.id == stays.id):
            act.changes.set(one, is_head=one.id == stays.id)
    return len(everybody)


def _head(
    comers: list[Member],
    mates: list[Member],
    twins: dict[int, Member],
    head: int | None,
    where: Household,
) -> Member:
    """Who is the head of all of them. Raises: WhichHead."""
    heads = {one.id: twins.get(one.id, one) for one in [*comers, *mates] if one.is_head}
    distinct = {one.id: one for one in heads.values()}
    if head in heads:
        return heads[head]
    if len(distinct) > 1:
        raise WhichHead(into=where.id, heads=tuple((one.id, one.name) for one in distinct.values()))
    everybody = [*mates, *(one for one in comers if one.id not in twins)]
    return next(iter(distinct.values()), None) or min(everybody, key=lambda one: one.joined_at)


# Where


def parse_address(typed: str) -> str:
    """A street address as it is kept. Raises: BadWords."""
    return names.name(typed, what=Sentence("street address"), longest=names.LONGEST_ADDRESS)


def _parse(to: str) -> int | str:
    """A household's number, or an address. Raises: BadWords."""
    number = _NUMBER.fullmatch(to.strip())
    return int(number[1]) if number else parse_address(to)


def _found(act: Act, target: int | str) -> Household:
    """The household there, founded if nobody ever lived there. Raises: NoHousehold."""
    if isinstance(target, int):
        return changing.household(act, target)
    community_id, key = act.actor.community_id, names.address_key(target)
    redemptions.found_household(
        act.session, community_id, address=target, address_key=key, now=act.now
    )
    return redemptions.household_at(act.session, community_id, key)


def _there(act: Act, target: int | str) -> Household:
    """The household that is there. Raises: NoHousehold, NoHouseholdAt."""
    if isinstance(target, int):
        return changing.household(act, target)
    key = names.address_key(target)
    row = members.household_by_key(act.session, act.actor.community_id, key)
    if row is None:
        raise NoHouseholdAt(address=target)
    return row


def _check_not_there(row: Member, mates: list[Member], where: Household) -> None:
    """Raises: LivesThere."""
    if row.household_id == where.id or _same(row, mates):
        raise LivesThere(name=row.name, address=where.address)


def _same(row: Member, mates: list[Member]) -> Member | None:
    """The same person among these, by their contact."""
    keys = {row.email_key, row.phone_key} - {None}
    return next((mate for mate in mates if {mate.email_key, mate.phone_key} & keys), None)


def _twin(act: Act, row: Member, where: Household, *, is_head: bool) -> Member:
    kept = ("community_id", "name", "email", "email_key", "phone", "phone_key", "language")
    values = {name: getattr(row, name) for name in (*kept, "is_hidden", "suspended_at")}
    return Member(
        **values, household_id=where.id, is_head=is_head, joined_at=act.now, removed_at=act.now
    )


def _finish(act: Act, words: str, action: str, subject: str, *households: int) -> Done:
    return changing.finish(act, words, action=action, subject=subject, households=households)
