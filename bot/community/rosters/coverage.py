"""Coverage: where on the roster somebody is in or invited, and where nobody is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlmodel import Session

from bot.community import labels, names
from bot.community.actors import Actor
from bot.community.errors import Refusal
from bot.community.rosters.streets import Street, Tally, nearest, order, streets_of, tally_of
from bot.ports import Services
from storage import addresses, communities, coverage, invitations
from storage.addresses import Resident
from storage.coverage import Came, Place
from storage.invitations import Standing
from storage.streets import address_order
from storage.tables import Invitation, RosterEntry

PAGE = 10  # addresses
_SENT_AT_MOST = 200  # invitations of ten addresses: more is a mistake, not history

Kind = Literal["all", "missing", "never", "failed", "open", "ended", "joined"]
_OF_KIND: dict[Kind, frozenset[Came]] = {
    "all": frozenset(Came),
    "missing": frozenset(Came) - {Came.JOINED},
    "never": frozenset({Came.NEVER}),
    "failed": frozenset({Came.FAILED}),
    "open": frozenset({Came.OPEN}),
    "ended": frozenset({Came.ENDED}),
    "joined": frozenset({Came.JOINED}),
}


class StreetGone(Refusal):
    """That street is no longer on the roster. `/coverage` shows those that are."""

    status = 404


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far the whole roster has come."""

    community: str
    colour: str
    timezone: str
    streets: tuple[Street, ...]  # the largest first
    tally: Tally
    elsewhere: int  # households that joined from addresses that are not on the roster


@dataclass(frozen=True, slots=True)
class Home:
    """One address, who is on the roster there, who has joined, and what was sent."""

    place: Place
    entries: tuple[RosterEntry, ...]
    residents: tuple[Resident, ...]
    standing: Standing | None  # of the invitation that tells how far it has come


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the addresses of a street, or of all."""

    street: Street | None
    kind: Kind
    homes: tuple[Home, ...]
    number: int  # from 1
    pages: int
    total: int


async def overview(services: Services, actor: Actor, *, now: datetime) -> Coverage:
    """The numbers. Touches: storage, reading."""
    return await services.storage.read(_overview, actor.community_id, now=now)


def _overview(session: Session, community_id: int, *, now: datetime) -> Coverage:
    community = communities.get(session, community_id)
    found = coverage.counts(session, community_id, now=now)
    return Coverage(
        community=community.name,
        colour=community.colour,
        timezone=community.timezone,
        streets=streets_of(found),
        tally=tally_of(found),
        elsewhere=addresses.elsewhere(session, community_id),
    )


# One street


async def street_like(services: Services, actor: Actor, typed: str, *, now: datetime) -> Street:
    """The street of this name, or of one so near that it must be meant. Raises: NoSuchStreet."""

    def query(session: Session) -> Street:
        found = coverage.counts(session, actor.community_id, now=now)
        return nearest(streets_of(found), typed)

    return await services.storage.read(query)


async def street_at(services: Services, actor: Actor, entry_id: int, *, now: datetime) -> Street:
    """The street in which this line of the roster is. Raises: StreetGone."""

    def query(session: Session) -> Street:
        entry = addresses.entry(session, actor.community_id, entry_id)
        found = streets_of(coverage.counts(session, actor.community_id, now=now))
        wanted = names.address_key(entry.street) if entry else None
        for street in found:
            if names.address_key(street.spellings[0]) == wanted:
                return street
        raise StreetGone

    return await services.storage.read(query)


async def page(
    services: Services,
    actor: Actor,
    *,
    kind: Kind,
    street: Street | None = None,
    number: int = 1,
    now: datetime,
) -> Page:
    """Addresses with who is where, in the order of their numbers. Beyond the last page: the last.

    Touches: storage, reading.
    """

    def query(session: Session) -> Page:
        spellings = street.spellings if street else ()
        found = coverage.places(
            session, actor.community_id, came=_OF_KIND[kind], streets=spellings, now=now
        )
        found.sort(key=along_the_street)
        pages = max(1, -(-len(found) // PAGE))
        shown = min(max(1, number), pages)
        homes = _homes(session, found[(shown - 1) * PAGE : shown * PAGE], actor, now=now)
        return Page(street, kind, homes, shown, pages, len(found))

    return await services.storage.read(query)


def along_the_street(place: Place) -> tuple[str, str]:
    """By which addresses are sorted: street by street, in the order of their numbers."""
    return order(place.street), address_order(place.key)


def _homes(
    session: Session, places: Sequence[Place], actor: Actor, *, now: datetime
) -> tuple[Home, ...]:
    entries = addresses.entries_at(session, actor.community_id, [one.key for one in places])
    people = addresses.residents(session, entries)
    sent = invitations.standings(
        session,
        actor.community_id,
        addresses.given_to(entries),
        limit=_SENT_AT_MOST,
    )
    return tuple(_home(place, entries, people, sent, now=now) for place in places)


def _home(
    place: Place,
    entries: Sequence[RosterEntry],
    people: Sequence[Resident],
    sent: Sequence[Standing],
    *,
    now: datetime,
) -> Home:
    theirs = tuple(one for one in entries if one.address_key == place.key)
    contacts = {key for one in theirs for key in (one.email_key, one.phone_key)} - {None}
    ids = {one.id for one in theirs}

    def is_for_them(given: Invitation | None) -> bool:
        return given is not None and (given.roster_entry_id in ids or given.contact_key in contacts)

    residents = tuple(
        one
        for one in people
        if one.household.address_key == place.key
        or contacts & {one.member.email_key, one.member.phone_key}
        or is_for_them(one.invitation)
    )
    telling = (
        one for one in sent if is_for_them(one.invitation) and came(one, now=now) is place.came
    )
    return Home(place, theirs, residents, next(telling, None))


def came(standing: Standing, *, now: datetime) -> Came:
    """How far an invitation has brought an address."""
    state = labels.label(standing, now=now)
    if state in labels.TROUBLE:
        return Came.FAILED
    return {"joined": Came.JOINED, "void": Came.ENDED, "expired": Came.ENDED}.get(state, Came.OPEN)
