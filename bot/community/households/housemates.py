"""Housemates: the head of a household adds and removes the people they live with."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import Session

from bot.community import announcements, contacts, households, names, ways_in
from bot.community.contacts import BadContact, Contact
from bot.community.errors import BadFields, Refusal
from bot.community.households import Home, courtesy, note, notices
from bot.community.names import BadWords
from bot.community.sign_ups import parse_own_contact
from bot.languages import Sentence
from bot.ports import Services
from storage import chat_members, communities, household_words, members
from storage.tables import Member

WAY_IN = timedelta(days=7)  # how long the letter lets in whom a head of household added
Told = Literal["email", "text", "not", ""]  # by which medium; not: we may not; "": no contact given


class HouseholdFull(Refusal):
    """A household has up to {limit} members here. Please ask a leader of your community."""

    status = 409


class CannotRemoveHead(Refusal):
    """The head of the household cannot be removed here. Please ask a leader of your community."""

    status = 409


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who is about to belong to a household, parsed."""

    name: str
    email: str = ""
    phone: str = ""  # E.164
    language: str = ""  # BCP 47; empty: not known


@dataclass(frozen=True, slots=True)
class Added:
    """What became of adding somebody."""

    home: Home
    member_id: int
    name: str
    told: Told


async def add(
    services: Services, member_id: int, *, name: str, contact: str = "", now: datetime
) -> Added:
    """The head adds somebody who lives with them; no code is needed. Adding twice adds once.

    Raises: NotAMember, Suspended, NotHead, HouseholdFull, BadFields for name and contact.
    Touches: storage; the announcement follows, and a letter where a contact is given.
    """

    def change(session: Session) -> Added:
        head = households.head(session, member_id)
        region = communities.get(session, head.community_id).region
        newcomer = parse(name, contact, region=region, language=head.language)
        if (mate := namesake(session, head.household_id, newcomer.name)) is not None:
            return Added(households.home_of(session, member_id), mate.id, mate.name, "")
        member = admit(session, services, head, newcomer, now=now)
        note(session, head, "member.added", member.id, now=now)
        told = _tell(session, services, head, member, now=now)
        return Added(households.home_of(session, member_id), member.id, member.name, told)

    return await services.storage.write(change)


def parse(name: str, contact: str, *, region: str, language: str = "") -> Newcomer:
    """What was filled in about somebody; a contact may be left out. Raises: BadFields."""
    errors = {}
    parsed = email = phone = ""
    try:
        parsed = names.name(name)
    except BadWords as bad:
        errors["name"] = bad.why
    try:
        if contact.strip():
            email, phone = parse_own_contact(contact, region=region)
    except BadContact as bad:
        errors["contact"] = Sentence("Please check this: {why}.", why=bad.why)
    if errors:
        raise BadFields(errors)
    return Newcomer(parsed, email, phone, language)


def namesake(session: Session, household_id: int, name: str) -> Member | None:
    """Who in the household is called so."""
    housemates = members.of_household(session, household_id)
    return next((mate for mate in housemates if mate.name.casefold() == name.casefold()), None)


def admit(
    session: Session, services: Services, head: Member, newcomer: Newcomer, *, now: datetime
) -> Member:
    """Make somebody a member of the head's household, which is locked. Raises: HouseholdFull.

    Touches: storage; the announcement follows.
    """
    limit = communities.get(session, head.community_id).household_limit
    if len(members.of_household(session, head.household_id)) >= limit:
        raise HouseholdFull(limit=limit)
    member = Member(
        community_id=head.community_id,
        household_id=head.household_id,
        name=newcomer.name,
        language=newcomer.language,
        added_by_id=head.id,
        joined_at=now,
    )
    if newcomer.email or newcomer.phone:
        set_contact(services, member, _contact(newcomer))
    members.add(session, member)
    household_words.reindex(session, [member.household_id])
    announcements.announce(session, [(member, ())])
    return member


def _contact(newcomer: Newcomer) -> Contact:
    medium = "email" if newcomer.email else "text"
    return contacts.known(medium, newcomer.email or newcomer.phone)


def set_contact(services: Services, member: Member, contact: Contact | None) -> None:
    """Let this be the member's one contact, in place of any other; None: they have none."""
    member.email = member.email_key = member.phone = member.phone_key = None
    if contact is not None and contact.medium == "email":
        member.email, member.email_key = contact.address, contact.key(services.keys)
    elif contact is not None:
        member.phone, member.phone_key = contact.address, contact.key(services.keys)


def _tell(
    session: Session, services: Services, head: Member, newcomer: Member, *, now: datetime
) -> Told:
    """Write to whom was added who did that, how they come in, and how they say that it is wrong."""
    contact = contacts.of_member(newcomer)
    if contact is None:
        return ""
    if not courtesy.may_write(session, services, head, contact, now=now):
        return "not"
    facts = {
        "name": newcomer.name,
        "added_by": head.name,
        "household": members.household(session, head.household_id).address,
        "until": (now + WAY_IN).isoformat(),
    }
    notices.write(session, services, newcomer, contact, "household_added", facts, now=now)
    return contact.medium


async def remove(services: Services, member_id: int, *, housemate_id: int, now: datetime) -> Home:
    """The head removes somebody from the household.

    Raises: NotAMember, Suspended, NotHead, CannotRemoveHead.
    """

    def change(session: Session) -> Home:
        head = households.head(session, member_id)
        other = members.get(session, housemate_id)
        if other is not None and other.household_id == head.household_id:
            if other.is_head:
                raise CannotRemoveHead
            forget(session, other, now=now)
            note(session, head, "member.removed", other.id, now=now)
        return households.home_of(session, member_id)

    return await services.storage.write(change)


def forget(session: Session, member: Member, *, now: datetime) -> None:
    """End a membership: no page, chat or search knows them from now on."""
    member.removed_at = now
    session.flush()
    chat_members.end(session, [member.id])
    ways_in.close(session, [member.id])
    household_words.reindex(session, [member.household_id])
