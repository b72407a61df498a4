"""Membership: what a leader changes about one member, wherever they live."""

from dataclasses import replace
from datetime import datetime

from bot.community import names, ways_in
from bot.community.actors import Actor
from bot.community.errors import Refusal
from bot.community.members import changing
from bot.community.members.changing import Act, Done, SoAlready
from bot.ports import Services
from storage import chat_members, members
from storage.tables import Member


class HeadSuspended(Refusal):
    """{name} is suspended. Let them back first, then make them head."""

    status = 409


async def rename(
    services: Services, actor: Actor, number: int, name: str, *, now: datetime
) -> Done:
    """Call a member by another name. Raises: NoMember, BadWords, SoAlready."""
    parsed = names.name(name)

    def change(act: Act) -> Done:
        row = changing.member(act, number)
        if row.name == parsed:
            raise SoAlready(why=f"{parsed} is called so already.")
        words = f"{row.name} is called {parsed} now."
        act.changes.set(row, name=parsed)
        return _finish(act, words, "member.renamed", number, row.household_id)

    return await changing.perform(services, actor, change, now=now)


async def make_head(services: Services, actor: Actor, number: int, *, now: datetime) -> Done:
    """Make a member the head of their household. Raises: NoMember, SoAlready, HeadSuspended."""

    def change(act: Act) -> Done:
        row = changing.member(act, number)
        if row.is_head:
            raise SoAlready(why=f"{row.name} is the head already.")
        if row.suspended_at is not None:
            raise HeadSuspended(name=row.name)
        for mate in members.of_household(act.session, row.household_id):
            if mate.is_head:
                act.changes.set(mate, is_head=False)
        act.changes.set(row, is_head=True)
        address = members.household(act.session, row.household_id).address
        words = f"{row.name} is the head at {address} now."
        if not (row.email or row.phone):
            words += " They gave no e-mail address or number, so they cannot sign in by themselves."
        return _finish(act, words, "member.made_head", number, row.household_id)

    return await changing.perform(services, actor, change, now=now)


async def suspend(services: Services, actor: Actor, number: int, *, now: datetime) -> Done:
    """Keep a member out until a leader lets them back; they stay one. Raises: NoMember, SoAlready.

    They cannot sign in or change anything, and nothing is written to them; so it is in all
    households that they belong to, as their contact is the same.
    """

    def change(act: Act) -> Done:
        row = changing.member(act, number)
        if row.suspended_at is not None:
            raise SoAlready(why=f"{row.name} is suspended already.")
        people = [one for one in (row, *_elsewhere(act, row)) if one.suspended_at is None]
        for one in people:
            act.changes.set(one, suspended_at=now)
        inside = ways_in.close(act.session, [one.id for one in people])
        words = f"{row.name} is suspended: they cannot sign in or change anything until let back."
        done = _finish(act, words, "member.suspended", number, row.household_id)
        return replace(done, left_to_do=_take_out_of(inside))

    return await changing.perform(services, actor, change, now=now)


async def let_back(services: Services, actor: Actor, number: int, *, now: datetime) -> Done:
    """End a suspension. Raises: NoMember, SoAlready."""

    def change(act: Act) -> Done:
        row = changing.member(act, number)
        if row.suspended_at is None:
            raise SoAlready(why=f"{row.name} is not suspended.")
        for one in (row, *_elsewhere(act, row)):
            if one.suspended_at is not None:
                act.changes.set(one, suspended_at=None)
        words = f"{row.name} is back, with everything as it was."
        return _finish(act, words, "member.let_back", number, row.household_id)

    return await changing.perform(services, actor, change, now=now)


async def remove(services: Services, actor: Actor, number: int, *, now: datetime) -> Done:
    """End a membership: sessions, ways in, groups, and who they are in chats. Raises: NoMember.

    The head's role passes on; the last one of a household empties it.
    """

    def change(act: Act) -> Done:
        row = changing.member(act, number)
        inside = end(act, row)
        where = members.household(act.session, row.household_id)
        words = f"{row.name} is no longer a member.{changing.pass_on(act, where.id)}"
        if not members.of_household(act.session, where.id):
            words += f" Nobody is left at {where.address}."
        done = _finish(act, words, "member.removed", number, where.id)
        is_gone = not _elsewhere(act, row)
        return replace(done, left_to_do=_take_out_of(inside)) if is_gone else done

    return await changing.perform(services, actor, change, now=now)


def end(act: Act, row: Member) -> list[str]:
    """End this membership and every right that goes with it.

    Gives: titles of channels that they came into, where only people can take them out.
    """
    inside = ways_in.close(act.session, [row.id])
    for right in members.rights_of(act.session, row.id):
        act.changes.drop(right)
    chat_members.end(act.session, [row.id])  # and what they were about to prove
    act.changes.set(row, removed_at=act.now, is_head=False)
    return inside


def _take_out_of(inside: list[str]) -> str:
    """A sentence about the channels that a member came into; none where there are none."""
    if not inside:
        return ""
    titles = " and ".join(f"“{title}”" for title in inside)
    return f"Whoever administers {titles} can take them out there, too: I cannot."


def _elsewhere(act: Act, row: Member) -> list[Member]:
    """The same person in other households of the community, by their contact."""
    keys = [key for key in (row.email_key, row.phone_key) if key is not None]
    found = members.by_contact(act.session, keys, community_id=row.community_id) if keys else []
    return [one for one in found if one.household_id != row.household_id]


def _finish(act: Act, words: str, action: str, number: int, household_id: int) -> Done:
    subject = f"member:{number}"
    return changing.finish(act, words, action=action, subject=subject, households=[household_id])
