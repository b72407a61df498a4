"""Leaving: a member goes, of their own will or because they never were who a letter meant.

The role of head of household passes on; the last one to leave empties the household. The contact is
erased with the sweep, in the time that the letters promise.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.community import brands, households, letters, tokens
from bot.community.brands import Brand
from bot.community.households import housemates, notices
from bot.community.members import changing
from bot.community.optouts import UnknownLink
from bot.ports import Services
from storage import audits, communities, deliveries, members, suppressions
from storage.tables import Delivery, Member


@dataclass(frozen=True, slots=True)
class Mistake:
    """Whom a letter took its reader for."""

    brand: Brand
    theirs: str  # BCP 47, the language of the letter
    name: str
    added_by: str
    is_done: bool  # they are no member any more


@dataclass(frozen=True, slots=True)
class Leaver:
    """Who is asked whether they want to leave."""

    brand: Brand
    theirs: str  # BCP 47, of the member; empty: not known
    is_head: bool


async def ask(services: Services, member_id: int, *, now: datetime) -> Leaver:
    """What leaving would mean; also for a member who is suspended. Raises: NotAMember."""

    def query(session: Session) -> Leaver:
        member = members.get(session, member_id)
        if member is None:
            raise households.NotAMember
        community = communities.get(session, member.community_id)
        return Leaver(
            brand=brands.of(community),
            theirs=member.language,
            is_head=member.is_head,
        )

    return await services.storage.read(query)


async def leave(services: Services, member_id: int, *, now: datetime) -> None:
    """The member leaves; said twice, they leave once. Raises: NotAMember.

    Touches: storage; a letter to whoever is the head then follows.
    """

    def change(session: Session) -> None:
        member = members.get(session, member_id)
        if member is None:
            raise households.NotAMember
        _go(session, services, member, actor=f"member:{member.id}", action="member.left", now=now)

    await services.storage.write(change)


async def look(services: Services, token: str, *, now: datetime) -> Mistake:
    """Whom the letter meant. Changes nothing. Raises: UnknownLink."""

    def query(session: Session) -> Mistake:
        return _mistake(session, *_meant(session, services, token, now=now))

    return await services.storage.read(query)


async def not_me(services: Services, token: str, *, now: datetime) -> Mistake:
    """The reader of the letter is not who was added: remove them, and write there no more.

    Raises: UnknownLink.
    Touches: storage; a letter to the head follows.
    """

    def change(session: Session) -> Mistake:
        letter, member = _meant(session, services, token, now=now)
        if _is_theirs(letter, member):
            _go(session, services, member, actor="resident", action="member.disowned", now=now)
            housemates.set_contact(services, member, None)  # it never was theirs
        suppressions.add(
            session,
            letter.community_id,
            letter.contact_key,
            reason="opted_out",
            until=None,
            now=now,
        )
        return _mistake(session, letter, member)

    return await services.storage.write(change)


def _meant(
    session: Session, services: Services, token: str, *, now: datetime
) -> tuple[Delivery, Member]:
    """The letter with this link, and who was meant. Raises: UnknownLink."""
    delivery_id = tokens.read(services.keys, letters.NOT_ME, token, now=now)
    letter = deliveries.get(session, delivery_id) if delivery_id is not None else None
    if letter is None or letter.member_id is None:
        raise UnknownLink
    return letter, session.get_one(Member, letter.member_id)


def _is_theirs(letter: Delivery, member: Member) -> bool:
    """Whether it is still about this membership: they may have gone, or proved another contact."""
    return member.removed_at is None and letter.contact_key in {member.email_key, member.phone_key}


def _mistake(session: Session, letter: Delivery, member: Member) -> Mistake:
    return Mistake(
        brand=brands.of(communities.get(session, letter.community_id)),
        theirs=letter.facts["language"],
        name=letter.facts["name"],
        added_by=letter.facts["added_by"],
        is_done=not _is_theirs(letter, member),
    )


def _go(
    session: Session, services: Services, member: Member, *, actor: str, action: str, now: datetime
) -> None:
    """End the membership, pass the role of head on, and tell whoever has it then."""
    members.lock_household(session, member.household_id)
    session.refresh(member)
    if member.removed_at is not None:
        return
    housemates.forget(session, member, now=now)
    audits.note(
        session,
        member.community_id,
        actor=actor,
        action=action,
        subject=f"member:{member.id}",
        now=now,
    )
    left = members.of_household(session, member.household_id)
    of_them = (mate for mate in left if mate.is_head)
    head = changing.heir_of(left) if member.is_head else next(of_them, None)
    if head is None:
        return
    head.is_head, inherits, member.is_head = True, member.is_head, False
    was_mistaken = action == "member.disowned"
    notices.left_a_household(
        session, services, head, member, inherits=inherits, mistaken=was_mistaken, now=now
    )
