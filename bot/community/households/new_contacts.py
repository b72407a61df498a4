"""New contacts: a member's new address or number counts once they have proved that it is theirs.

Until then everything goes to the old one, which is told when it changes: whoever borrowed a phone
for a minute cannot quietly take a membership with them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.community import brands, contacts, households, letters, tokens
from bot.community.brands import Brand
from bot.community.contacts import BadContact, Contact
from bot.community.errors import BadFields, Refusal
from bot.community.households import courtesy, housemates, notices
from bot.community.sign_ups import parse_own_contact
from bot.languages import Sentence
from bot.ports import Services
from storage import communities, deliveries, members
from storage.tables import Delivery, Member, NewContact

GOOD_FOR = timedelta(days=1)


class ProofOver(Refusal):
    """This link is too old, or a newer one was sent since. Give the new address once more on your
    household page."""

    status = 410


@dataclass(frozen=True, slots=True)
class Proof:
    """What the link in the letter to a new contact is about."""

    brand: Brand
    theirs: str  # BCP 47, the language of the letter
    name: str
    masked: str
    is_done: bool  # it is the member's contact now


async def ask(services: Services, member_id: int, typed: str, *, now: datetime) -> str:
    """Write a link to a member's new contact, by which they prove that it is theirs.

    Gives: the contact, masked. Raises: NotAMember, Suspended, BadFields for contact.
    Touches: storage; the letter follows.
    """

    def change(session: Session) -> str:
        member = households.present(session, member_id)
        members.lock_household(session, member.household_id)  # a second tap waits for the first
        community = communities.get(session, member.community_id)
        contact = _parsed(typed, community.region)
        if contact.key(services.keys) in {member.email_key, member.phone_key}:
            raise BadFields({"contact": Sentence("That is your contact already.")})
        if not courtesy.may_write(session, services, member, contact, now=now):
            raise BadFields({"contact": Sentence("We cannot write there now; give another one.")})
        until = now + GOOD_FOR
        asked = NewContact(
            member_id=member.id,
            community_id=community.id,
            medium=contact.medium,
            contact=contact.address,
            until=until,
        )
        session.merge(asked)
        facts = {"name": member.name, "until": until.isoformat()}
        notices.write(session, services, member, contact, "new_contact", facts, now=now)
        return contact.masked

    return await services.storage.write(change)


def _parsed(typed: str, region: str) -> Contact:
    try:
        email, phone = parse_own_contact(typed, region=region)
    except BadContact as bad:
        words = Sentence("Please check this: {why}.", why=bad.why)
        raise BadFields({"contact": words}) from None
    return contacts.known("email" if email else "text", email or phone)


async def look(services: Services, token: str, *, now: datetime) -> Proof:
    """What pressing the button would do. Changes nothing. Raises: ProofOver."""

    def query(session: Session) -> Proof:
        letter, member = _named(session, services, token, now=now)
        _require_open(session, services, letter, member)
        return _proof(session, letter, member)

    return await services.storage.read(query)


async def confirm(services: Services, token: str, *, now: datetime) -> Proof:
    """From now on this is the member's contact; the old one is told. Twice is as good as once.

    Raises: ProofOver.
    Touches: storage; a letter to the old contact follows.
    """

    def change(session: Session) -> Proof:
        _, member = _named(session, services, token, now=now)
        members.lock_household(session, member.household_id)
        session.expire_all()  # a tap of the same moment may have been faster
        letter, member = _named(session, services, token, now=now)
        new = _require_open(session, services, letter, member)
        if new is not None and not _is_theirs(letter, member):
            _change(session, services, member, contacts.known(new.medium, new.contact), now=now)
            session.delete(new)
        return _proof(session, letter, member)

    return await services.storage.write(change)


def _change(
    session: Session, services: Services, member: Member, contact: Contact, *, now: datetime
) -> None:
    old = notices.own_contact(session, services, member, now=now)
    housemates.set_contact(services, member, contact)
    households.note(session, member, "member.contact_changed", member.id, now=now)
    if old is not None:
        facts = {"name": member.name, "contact_masked": contact.masked}
        notices.write(session, services, member, old, "contact_changed", facts, now=now)


def _named(
    session: Session, services: Services, token: str, *, now: datetime
) -> tuple[Delivery, Member]:
    """The letter with this link, and its member. Raises: ProofOver."""
    delivery_id = tokens.read(services.keys, letters.NEW_CONTACT, token, now=now)
    letter = deliveries.get(session, delivery_id) if delivery_id is not None else None
    member = members.get(session, letter.member_id or 0) if letter is not None else None
    if letter is None or member is None:
        raise ProofOver
    return letter, member


def _require_open(
    session: Session, services: Services, letter: Delivery, member: Member
) -> NewContact | None:
    """The new contact, if what the letter asks still waits; none when it was done. Else ProofOver.

    A link that did its work keeps saying so until it is too old.
    """
    new = session.get(NewContact, member.id)
    asked = new and contacts.known(new.medium, new.contact).key(services.keys)
    if asked != letter.contact_key and not _is_theirs(letter, member):
        raise ProofOver
    return new


def _is_theirs(letter: Delivery, member: Member) -> bool:
    return letter.contact_key in {member.email_key, member.phone_key}


def _proof(session: Session, letter: Delivery, member: Member) -> Proof:
    masked = contacts.known(letter.medium, letter.contact).masked if letter.contact else ""
    return Proof(
        brand=brands.of(communities.get(session, member.community_id)),
        theirs=letter.facts["language"],
        name=letter.facts["name"],
        masked=masked,
        is_done=_is_theirs(letter, member),
    )
