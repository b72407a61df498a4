"""Join requests: somebody without a code asks the leaders to be let in.

A form proves nothing about who filled it in. So whoever asks reads the same answer whether they are
unknown, invited, a member or opted out; what we know is said to the contact alone, and only where
its owner has had the like from us before: a member gets the link to their household, somebody with
an open invitation gets that again. An opt-out holds: only its owner can take it back, and the page
says how. Nothing else is written to the contact until a leader has decided.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.community import brands, contacts, names, receipts, tokens
from bot.community.brands import Brand
from bot.community.contacts import BadContact, Contact
from bot.community.errors import BadFields, Refusal
from bot.community.names import BadWords
from bot.community.requests import recognising
from bot.languages import Sentence
from bot.ports import Services
from storage import attempts, communities, quotas, requests
from storage.tables import Community, JoinRequest

LONGEST_WORDS = 400  # characters of what they say to the leaders: a few sentences
_OF_SOURCE = 10  # an hour: many may share one connection at a summer fair
_OF_CONTACT = 3  # an hour, together with links to a household: each may write to a stranger
_NAGS_AFTER = 3  # requests of one contact
_NAGS_WITHIN = timedelta(days=30)


class NobodyAsks(Refusal):
    """Nobody can ask here to be let in. Please ask a neighbour who is a member, or a leader."""

    status = 404


class AskedTooOften(Refusal):
    """You have asked several times already. Look in your messages, or try in {minutes} min."""

    status = 429
    retry_after: int


class FullToday(Refusal):
    """So many people have asked today that the leaders could not read it. Please come tomorrow."""

    status = 429


@dataclass(frozen=True, slots=True)
class Door:
    """A community that lets people ask."""

    community_id: int
    slug: str
    brand: Brand
    region: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A filled-in form, parsed."""

    name: str
    address: str
    contact: Contact
    words: str


async def only_door(services: Services) -> str:
    """The slug of the one community here that lets people ask; empty when none does, or several."""
    slugs = await services.storage.read(requests.open_doors, limit=2)
    return slugs[0] if len(slugs) == 1 else ""


async def door(services: Services, slug: str) -> Door:
    """The community of this address. Raises: NobodyAsks, when there is none, or it takes none."""
    row = await services.storage.read(requests.by_slug, slug.lower())
    if row is None or not row.may_ask:
        raise NobodyAsks
    return Door(row.id, row.slug, brands.of(row), row.region)


def address_of(services: Services, slug: str) -> str:
    """Where people ask a community, for leaders to share."""
    return f"{services.settings.address}/ask/{slug}"


# The form, parsed at the door


def parse(
    services: Services, where: Door, *, name: str, address: str, contact: str, words: str
) -> Asked:
    """What was filled in. Raises: BadFields, with a sentence for each field that is wrong."""
    errors: dict[str, str] = {}

    def tried(field: str, typed: str, what: Sentence, longest: int) -> str:
        try:
            return names.name(typed, what=what, longest=longest)
        except BadWords as bad:
            errors[field] = bad.why
            return ""

    parsed_name = tried("name", name, Sentence("name"), names.LONGEST_NAME)
    parsed_address = tried("address", address, Sentence("street address"), names.LONGEST_ADDRESS)
    reached = None
    try:
        reached = _contact(services, contact, region=where.region)
    except BadContact as bad:
        errors["contact"] = Sentence("Please check this: {why}.", why=bad.why)
    said = words.strip() and tried("words", words, Sentence("message"), LONGEST_WORDS)
    if errors or reached is None:
        raise BadFields(errors)
    return Asked(parsed_name, parsed_address, reached, said)


def _contact(services: Services, typed: str, *, region: str) -> Contact:
    """Where an invitation can be sent to."""
    if not typed.strip():
        raise BadContact(Sentence("give an e-mail address or a telephone number"))
    found = contacts.parse_any(typed, region=region)
    if found.medium == "email":
        if "email" not in services.couriers:
            raise BadContact(Sentence("no e-mails leave here; give a mobile number"))
        return found
    try:
        return contacts.parse_invitee(services, "text", typed, region=region)
    except BadContact:
        why = Sentence("no texts reach this number from here; give an e-mail address")
        raise BadContact(why) from None


# Asking


async def ask(
    services: Services, where: Door, asked: Asked, *, source: str, language: str, now: datetime
) -> None:
    """Ask the leaders; the same from the same contact is asked once.

    Takes: source, the client's address; language, in which they filled in the form.
    Raises: AskedTooOften, FullToday, NobodyAsks.
    Touches: storage, in one transaction; the leaders' cards, or a letter, follow.
    """
    key = asked.contact.key(services.keys)
    sources = [f"ask:{tokens.hashed(services.keys, source)}", f"link:{key.hex()}"]

    def change(session: Session) -> type[Refusal] | None:
        counts = attempts.count(session, sources, now=now)  # kept, whatever comes of it
        if counts[sources[0]] > _OF_SOURCE or counts[sources[1]] > _OF_CONTACT:
            return AskedTooOften
        community = communities.lock(session, where.community_id)  # the same twice, one moment
        if not community.may_ask:
            return NobodyAsks
        if not _has_room(session, services, community, now=now):
            return FullToday
        _ask(session, services, community, asked, language=language, now=now)
        return None

    refusal = await services.storage.write(change)
    if refusal is AskedTooOften:
        wait = attempts.hour_ends_in(now)
        raise AskedTooOften(retry_after=wait, minutes=-(-wait // 60))
    if refusal is not None:
        raise refusal


def _has_room(session: Session, services: Services, community: Community, *, now: datetime) -> bool:
    """Whether the leaders can read one more today; all who ask are counted, known or not."""
    day = now.astimezone(ZoneInfo(community.timezone)).date()
    most = services.settings.limit_requests
    return quotas.add(session, f"ask:{community.id}", day, 1) <= most or not most


def _ask(
    session: Session,
    services: Services,
    community: Community,
    asked: Asked,
    *,
    language: str,
    now: datetime,
) -> None:
    key = asked.contact.key(services.keys)
    if recognising.is_known(session, services, community, key, now=now):
        return
    since = now - _NAGS_WITHIN
    if requests.open_of(session, community.id, key) is not None:
        return
    if requests.count_of(session, community.id, key, since=since) >= _NAGS_AFTER:
        return
    row = requests.add(
        session,
        JoinRequest(
            community_id=community.id,
            name=asked.name,
            address=asked.address,
            medium=asked.contact.medium,
            contact=asked.contact.address,
            contact_key=key,
            words=asked.words,
            language=language,
            created_at=now,
        ),
    )
    _tell_leaders(session, services, row, now=now)


def _tell_leaders(session: Session, services: Services, row: JoinRequest, *, now: datetime) -> None:
    """A card for each leader, by a job of its own: one who is out of reach holds up nobody."""
    told = set()
    for leader in communities.leaders(session, row.community_id, chats=services.chats):
        channel = services.chats[leader.chat].own_channel(leader.place, leader.user_id)
        if (leader.chat, channel) in told:
            continue  # at the playground all sit at one screen
        told.add((leader.chat, channel))
        receipts.open_receipt(
            session,
            row.community_id,
            leader_id=leader.id,
            chat=leader.chat,
            channel=channel,
            join_request_id=row.id,
            now=now,
        )
