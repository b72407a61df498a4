"""What all changes have in common that leaders make to members and households.

Each holds the households it is about, so that no two cross; keeps what it did to each row, so that
it can be taken back for a day; and lets search know.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.community import trail
from bot.community.actors import Actor
from bot.community.errors import Refusal
from bot.ports import Services
from storage import communities, household_words, members, undos
from storage.tables import Household, Member
from storage.undos import Changes


class NoMember(Refusal):
    """There is no member #{number} here. `/members` finds them, with their numbers."""

    status = 404


class NoHousehold(Refusal):
    """There is no household #{number} here. `/members` lists them, with their numbers."""

    status = 404


class NoHouseholdAt(Refusal):
    """There is no household at {address} here. `/members` lists them, with their numbers."""

    status = 404


class NoRoom(Refusal):
    """A household has up to {limit} members here, and {address} would have {count}."""

    status = 409


class SoAlready(Refusal):
    """{why} Nothing was changed."""

    status = 409


@dataclass(frozen=True, slots=True)
class Done:
    """A change that was made."""

    words: str  # a sentence: what is so now
    undo_id: int  # by which it can be taken back
    household_id: int  # to look at afterwards
    left_to_do: str = ""  # a sentence: what only people can do


@dataclass(frozen=True, slots=True)
class Act:
    """A leader's change, while its transaction is open."""

    session: Session
    actor: Actor
    changes: Changes
    now: datetime


async def perform(
    services: Services, actor: Actor, change: Callable[[Act], Done], *, now: datetime
) -> Done:
    """Make the change in one transaction."""

    def run(session: Session) -> Done:
        return change(Act(session, actor, Changes(session), now))

    return await services.storage.write(run)


def member(act: Act, number: int, *households: int) -> Member:
    """The member, with their household and these held until the end. Raises: NoMember."""
    row = members.get(act.session, number)
    if row is None or row.community_id != act.actor.community_id:
        raise NoMember(number=number)
    held: set[int] = set()
    while row.household_id not in held:  # they may be moved while we wait
        held = {row.household_id, *households}
        hold(act.session, held)
        act.session.refresh(row)
    if row.removed_at is not None:
        raise NoMember(number=number)
    return row


def household(act: Act, number: int) -> Household:
    """The household. Raises: NoHousehold."""
    row = members.household_of(act.session, act.actor.community_id, number)
    if row is None:
        raise NoHousehold(number=number)
    return row


def hold(session: Session, household_ids: Iterable[int]) -> None:
    """Let nobody else change these households until the transaction ends; always in one order."""
    for one in sorted(set(household_ids)):
        session.refresh(members.lock_household(session, one))


def check_room(act: Act, where: Household, count: int) -> None:
    """Raises: NoRoom, when so many members are more than a household may have."""
    limit = communities.get(act.session, act.actor.community_id).household_limit
    if count > limit:
        raise NoRoom(limit=limit, address=where.address, count=count)


def pass_on(act: Act, household_id: int) -> str:
    """See to it that a household in which somebody lives has a head. Gives a sentence, or none."""
    heir = heir_of(members.of_household(act.session, household_id))
    if heir is None:
        return ""
    act.changes.set(heir, is_head=True)
    address = members.household(act.session, household_id).address
    return f" {heir.name} is the head at {address} now."


def heir_of(mates: list[Member]) -> Member | None:
    """Who becomes the head where none is: the longest here of those who can sign in, if any."""
    if any(mate.is_head for mate in mates):
        return None
    return min(mates, key=_rank, default=None)


def _rank(mate: Member) -> tuple[bool, bool, datetime, int]:
    has_contact = bool(mate.email or mate.phone)
    return mate.suspended_at is not None, not has_contact, mate.joined_at, mate.id


def finish(act: Act, words: str, *, action: str, subject: str, households: Iterable[int]) -> Done:
    """Keep what was done, note who did it, and let search know.

    Takes: households, all that changed; the first is looked at afterwards.
    """
    ids = list(households)
    household_words.reindex(act.session, ids)
    community_id = act.actor.community_id
    trail.note(act.session, act.actor, action, subject, now=act.now)
    undo_id = undos.keep(
        act.changes, community_id, leader_id=act.actor.leader_id, words=words, now=act.now
    )
    return Done(words, undo_id, ids[0])
