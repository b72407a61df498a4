"""Households: a member comes back, without a code, to the people they live with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.community import brands, contacts, tokens
from bot.community.brands import Brand
from bot.community.contacts import BadContact, Contact
from bot.community.errors import BadFields, Refusal
from bot.community.households import notices
from bot.languages import Sentence
from bot.ports import Services
from bot.settings import Keys
from storage import attempts, audits, communities, members
from storage.database import brief
from storage.tables import Member

SESSION = timedelta(days=30)
LINK = timedelta(hours=1)
_LINKS_PER_CONTACT = 3  # an hour: enough for the impatient, too few to annoy a stranger
_LINKS_PER_SOURCE = 10


class NotAMember(Refusal):
    """You are not signed in here. Ask for a link to your own e-mail or phone."""

    status = 403


class Suspended(Refusal):
    """Your membership of {community} is paused. Please ask one of its leaders why, and for how
    long."""

    status = 403


class NotHead(Refusal):
    """Only the head of the household can change who belongs to it."""

    status = 403


class TooManyLinks(Refusal):
    """Several links were asked for already. Look in your messages, or try in {minutes} min."""

    status = 429
    retry_after: int


@dataclass(frozen=True, slots=True)
class Housemate:
    """One member of a household, as another sees them."""

    id: int
    name: str
    contact_masked: str  # empty when hidden, or when there is none
    is_hidden: bool
    is_head: bool
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class Home:
    """A household as one of its members sees it."""

    household_id: int
    brand: Brand
    theirs: str  # BCP 47, of the member; empty: not known
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


async def home(services: Services, member_id: int, *, now: datetime) -> Home:
    """The member's household. Raises: NotAMember, Suspended."""
    return await services.storage.read(home_of, member_id)


def present(session: Session, member_id: int) -> Member:
    """The member, who may see and change what is theirs. Raises: NotAMember, Suspended."""
    member = members.get(session, member_id)
    if member is None:
        raise NotAMember
    if member.suspended_at is not None:
        raise Suspended(community=communities.get(session, member.community_id).name)
    return member


def head(session: Session, member_id: int) -> Member:
    """The head of a household, which nobody else changes until this transaction ends.

    Raises: NotAMember, Suspended, NotHead.
    """
    member = present(session, member_id)
    members.lock_household(session, member.household_id)
    session.refresh(member)  # they may have left, or passed the role on, a moment ago
    if present(session, member_id).is_head:
        return member
    raise NotHead


def note(session: Session, actor: Member, action: str, subject_id: int, *, now: datetime) -> None:
    """Write into the trail what a member did to a member."""
    audits.note(
        session,
        actor.community_id,
        actor=f"member:{actor.id}",
        action=action,
        subject=f"member:{subject_id}",
        now=now,
    )


async def send_link(services: Services, contact: str, *, source: str, now: datetime) -> None:
    """Send a member a way back in, to their own e-mail or phone; nobody learns who is a member.

    Raises: BadFields for contact, TooManyLinks.
    Touches: storage; the letter follows.
    """
    regions = await services.storage.read(communities.regions)
    keys = {found.key(services.keys) for found in _readings(contact, regions)}

    def change(session: Session) -> bool:
        source_key = f"link:{tokens.hashed(services.keys, source)}"
        contact_keys = [f"link:{key.hex()}" for key in keys]
        numbers = attempts.count(session, (source_key, *contact_keys), now=now)
        if (
            numbers[source_key] > _LINKS_PER_SOURCE
            or max(numbers[key] for key in contact_keys) > _LINKS_PER_CONTACT
        ):
            return False
        found = members.by_contact(session, keys)
        for member in _one_for_each([row for row in found if row.suspended_at is None]):
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


def _one_for_each(found: Sequence[Member]) -> list[Member]:
    """One member for each contact: its link opens all that have the same."""
    by_contact = {(row.email_key, row.phone_key): row for row in reversed(found)}
    return [*by_contact.values()]


def write_link(session: Session, services: Services, member: Member, *, now: datetime) -> None:
    """Write a member the link to their household, to their own contact, if they have one."""
    contact = notices.own_contact(session, services, member, now=now)
    if contact is None:
        return
    facts = {"name": member.name, "until": (now + LINK).isoformat()}
    notices.write(session, services, member, contact, "household_link", facts, now=now)


@brief
def home_of(session: Session, member_id: int) -> Home:
    """The household as this member sees it. Raises: NotAMember, Suspended."""
    viewer = present(session, member_id)
    community = communities.get(session, viewer.community_id)
    housemates = members.of_household(session, viewer.household_id)
    return Home(
        household_id=viewer.household_id,
        brand=brands.of(community),
        theirs=viewer.language,
        address=members.household(session, viewer.household_id).address,
        members=tuple(_housemate(mate, viewer) for mate in housemates),
        viewer_id=viewer.id,
        viewer_is_head=viewer.is_head,
        limit=community.household_limit,
    )


def _housemate(member: Member, viewer: Member) -> Housemate:
    contact = contacts.of_member(member)
    is_hidden = member.is_hidden and member.id != viewer.id and contact is not None
    masked = contact.masked if contact and not is_hidden else ""
    return Housemate(member.id, member.name, masked, is_hidden, member.is_head, member.joined_at)
