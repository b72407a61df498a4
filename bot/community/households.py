"""Households: the head comes back, without a code, to add and remove the people they live with."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.community import announcements, contacts, letters, names, notices, sending, tokens
from bot.community.contacts import BadContact, Contact
from bot.community.errors import BadFields, Refusal
from bot.community.names import BadWords
from bot.community.redemptions import HOUSEHOLD_LIMIT, TooManyTries, parse_own_contact
from bot.languages import Sentence
from bot.ports import Services
from bot.settings import Keys
from storage import attempts, audits, communities, deliveries, household_words, members
from storage.database import brief
from storage.tables import Member

SESSION = timedelta(days=30)
LINK = timedelta(hours=1)
_LINKS_PER_CONTACT = 3  # an hour: enough for the impatient, too few to annoy a stranger
_LINKS_PER_SOURCE = 10


class NotAMember(Refusal):
    """You are not signed in here. Ask for a link to your own e-mail or phone."""

    status = 403


class NotHead(Refusal):
    """Only the head of the household can change who belongs to it."""

    status = 403


class HouseholdFull(Refusal):
    """A household has up to {limit} members here. Please ask a leader of your community."""

    status = 409


class CannotRemoveHead(Refusal):
    """The head of the household cannot be removed here. Please ask a leader of your community."""

    status = 409


class TooManyLinks(TooManyTries):
    """Several links were asked for already. Look in your messages, or try in {minutes} min."""


class LinkExpired(Refusal):
    """This link has expired. Ask for a new one; it comes within a minute."""

    status = 410


@dataclass(frozen=True, slots=True)
class Housemate:
    """One member of a household, as another sees them."""

    id: int
    name: str
    contact_masked: str
    is_head: bool
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class Home:
    """A household as one of its members sees it."""

    household_id: int
    community: str
    colour: str
    language: str  # BCP 47, of the community
    theirs: str  # of the member; empty: not known
    address: str
    members: tuple[Housemate, ...]
    viewer_id: int
    viewer_is_head: bool
    limit: int


def session(keys: Keys, member_id: int, *, now: datetime) -> str:
    """The signed value of the cookie that brings a member back."""
    return tokens.sign(keys, "session", member_id, until=now + SESSION)


def member_of(keys: Keys, cookie: str, *, now: datetime) -> int | None:
    """The member whose cookie this is; None when it is forged or too old."""
    return tokens.read(keys, "session", cookie, now=now)


def read_link(keys: Keys, token: str, *, now: datetime) -> int:
    """The member to whom this link was sent. Raises: LinkExpired."""
    member_id = tokens.read(keys, "household", token, now=now)
    if member_id is None:
        raise LinkExpired
    return member_id


async def home(services: Services, member_id: int, *, now: datetime) -> Home:
    """The member's household. Raises: NotAMember."""
    return await services.storage.read(_home, member_id)


async def add(
    services: Services, member_id: int, *, name: str, contact: str = "", now: datetime
) -> Home:
    """The head adds somebody who lives with them; no code is needed. Adding twice adds once.

    Raises: NotAMember, NotHead, HouseholdFull, BadFields for name and contact.
    Touches: storage; the announcement follows.
    """

    def change(session: Session) -> Home:
        head = _head(session, member_id)
        members.lock_household(session, head.household_id)
        region = communities.get(session, head.community_id).region
        parsed, email, phone = _parse(name, contact, region)
        housemates = members.of_household(session, head.household_id)
        if any(mate.name.casefold() == parsed.casefold() for mate in housemates):
            return _home(session, member_id)  # a second tap on the button
        if len(housemates) >= HOUSEHOLD_LIMIT:
            raise HouseholdFull(limit=HOUSEHOLD_LIMIT)
        member = members.add(
            session,
            Member(
                community_id=head.community_id,
                household_id=head.household_id,
                name=parsed,
                email=email or None,
                email_key=contacts.known("email", email).key(services.keys) if email else None,
                phone=phone or None,
                phone_key=contacts.known("text", phone).key(services.keys) if phone else None,
                language=head.language,
                joined_at=now,
            ),
        )
        household_words.reindex(session, [head.household_id])
        announcements.announce(session, [(member, ())])
        _note(session, head, "member.added", member.id, now=now)
        return _home(session, member_id)

    return await services.storage.write(change)


def _parse(name: str, contact: str, region: str) -> tuple[str, str, str]:
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
    return parsed, email, phone


async def remove(services: Services, member_id: int, *, housemate_id: int, now: datetime) -> Home:
    """The head removes somebody from the household.

    Raises: NotAMember, NotHead, CannotRemoveHead.
    """

    def change(session: Session) -> Home:
        head = _head(session, member_id)
        other = members.get(session, housemate_id)
        if other is not None and other.household_id == head.household_id:
            if other.is_head:
                raise CannotRemoveHead
            members.remove(session, other.id, now=now)
            session.flush()
            session.expire_all()
            household_words.reindex(session, [other.household_id])
            _note(session, head, "member.removed", other.id, now=now)
        return _home(session, member_id)

    return await services.storage.write(change)


async def send_link(services: Services, contact: str, *, source: str, now: datetime) -> None:
    """Send a member a way back in, to their own e-mail or phone; nobody learns who is a member.

    Raises: BadFields for contact, TooManyTries.
    Touches: storage; the letter follows.
    """
    regions = await services.storage.read(communities.regions)
    keys = {found.key(services.keys) for found in _readings(contact, regions)}

    def change(session: Session) -> bool:
        source_key = f"link:{_hashed(services.keys, source)}"
        contact_keys = [f"link:{key.hex()}" for key in keys]
        numbers = attempts.count(session, (source_key, *contact_keys), now=now)
        if (
            numbers[source_key] > _LINKS_PER_SOURCE
            or max(numbers[key] for key in contact_keys) > _LINKS_PER_CONTACT
        ):
            return False
        for member in members.by_contact(session, keys):
            write_link(session, services, member, now=now)
        return True

    if not await services.storage.write(change):
        wait = attempts.hour_ends_in(now)
        raise TooManyLinks(retry_after=wait, minutes=-(-wait // 60))


def _readings(typed: str, regions: Sequence[str]) -> set[Contact]:
    """What was typed, as a contact; a local number reads otherwise in each region. At least one.

    Raises: BadFields.
    """
    readings: set[Contact] = set()
    why = ""
    for region in regions:
        try:
            readings.add(contacts.parse_any(typed, region=region))
        except BadContact as bad:
            why = bad.why
    if not readings:
        why = why or Sentence("nobody is here yet")
        raise BadFields({"contact": Sentence("Please check this: {why}.", why=why)})
    return readings


def write_link(session: Session, services: Services, member: Member, *, now: datetime) -> None:
    """Write a member the link to their household, to their own contact, if they have one."""
    contact = notices.own_contact(session, services, member, now=now)
    if contact is None:
        return
    community = communities.get(session, member.community_id)
    letter = letters.write(
        services,
        contact,
        event="household_link",
        community_id=community.id,
        facts=letters.facts_of(
            community,
            address=services.settings.address,
            language=member.language,
            name=member.name,
            until=(now + LINK).isoformat(),
        ),
        now=now,
        member_id=member.id,
    )
    deliveries.add_all(session, [letter])
    sending.carry(session, [letter])


def _hashed(keys: Keys, source: str) -> str:
    return hmac.digest(keys.pepper, f"source:{source}".encode(), hashlib.sha256).hex()[:16]


@brief
def _home(session: Session, member_id: int) -> Home:
    viewer = members.get(session, member_id)
    if viewer is None:
        raise NotAMember
    community = communities.get(session, viewer.community_id)
    return Home(
        household_id=viewer.household_id,
        community=community.name,
        colour=community.colour,
        language=community.language,
        theirs=viewer.language,
        address=members.household(session, viewer.household_id).address,
        members=tuple(map(_housemate, members.of_household(session, viewer.household_id))),
        viewer_id=viewer.id,
        viewer_is_head=viewer.is_head,
        limit=HOUSEHOLD_LIMIT,
    )


def _housemate(member: Member) -> Housemate:
    medium, address = ("email", member.email) if member.email else ("text", member.phone)
    masked = contacts.known(medium, address).masked if address else ""
    return Housemate(member.id, member.name, masked, member.is_head, member.joined_at)


def _head(session: Session, member_id: int) -> Member:
    member = members.get(session, member_id)
    if member is None:
        raise NotAMember
    if not member.is_head:
        raise NotHead
    return member


def _note(session: Session, head: Member, action: str, other_id: int, *, now: datetime) -> None:
    audits.note(
        session,
        head.community_id,
        actor=f"member:{head.id}",
        action=action,
        subject=f"member:{other_id}",
        now=now,
    )
