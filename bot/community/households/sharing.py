"""Sharing: the link by which the people of a household add themselves.

It is signed, not stored: the household keeps only a number, and a link with another is worthless.
Opening it changes nothing; only the submitted form makes somebody a member.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.community import brands, households, tokens, welcoming
from bot.community.brands import Brand
from bot.community.errors import BadFields, Refusal
from bot.community.households import housemates, note, notices
from bot.languages import Sentence
from bot.ports import Services
from bot.settings import Keys
from storage import audits, communities, heard, members
from storage.tables import Household, Member

GOOD_FOR = timedelta(days=7)


class SharedLinkOver(Refusal):
    """This link does not work any more. Please ask whoever gave it to you for a new one."""

    status = 410


@dataclass(frozen=True, slots=True)
class Door:
    """What somebody with the link may know before they join."""

    brand: Brand
    address: str
    head: str  # the name of who shares the link


@dataclass(frozen=True, slots=True)
class Shared:
    """A link that works now, as the head of household sees it."""

    url: str
    until: datetime
    brand: Brand
    theirs: str  # BCP 47, of the head; empty: not known
    left: int  # how many more may join


async def share(services: Services, member_id: int, *, now: datetime) -> str:
    """Make a new link; an earlier one is worthless from now on. Gives its token.

    Raises: NotAMember, Suspended, NotHead, HouseholdFull.
    """

    def change(session: Session) -> str:
        head = households.head(session, member_id)
        if not _left(session, head):
            limit = communities.get(session, head.community_id).household_limit
            raise housemates.HouseholdFull(limit=limit)
        home = members.household(session, head.household_id)
        home.link_number += 1
        note(session, head, "household.shared", head.id, now=now)
        purpose = _purpose(home.id)
        return tokens.sign(services.keys, purpose, home.link_number, until=now + GOOD_FOR)

    return await services.storage.write(change)


async def shared(services: Services, member_id: int, token: str, *, now: datetime) -> Shared:
    """The head's link as it can be shared. Changes nothing.

    Raises: NotAMember, Suspended, NotHead, SharedLinkOver.
    """

    def query(session: Session) -> Shared:
        head = households.present(session, member_id)
        if not head.is_head:
            raise households.NotHead
        number = _number(services.keys, head.household_id, token, now=now)
        _opened(session, members.household(session, head.household_id), number)
        community = communities.get(session, head.community_id)
        return Shared(
            url=link(services, head.household_id, token),
            until=tokens.until(token),
            brand=brands.of(community),
            theirs=head.language,
            left=_left(session, head),
        )

    return await services.storage.read(query)


def link(services: Services, household_id: int, token: str) -> str:
    """The address to share."""
    return f"{services.settings.address}/m/{household_id}/{token}"


async def look(services: Services, household_id: int, token: str, *, now: datetime) -> Door:
    """What the link leads to. Changes nothing. Raises: SharedLinkOver."""

    number = _number(services.keys, household_id, token, now=now)

    def query(session: Session) -> Door:
        home = members.household(session, household_id)
        head = _opened(session, home, number)
        community = communities.get(session, home.community_id)
        return Door(
            brand=brands.of(community),
            address=home.address,
            head=head.name,
        )

    return await services.storage.read(query)


async def join(
    services: Services,
    household_id: int,
    token: str,
    *,
    name: str,
    contact: str = "",
    browser: str,
    language: str = "",
    now: datetime,
) -> int:
    """Somebody who has the link becomes a member. Gives their number.

    Takes: language, in which they filled in the form and will be written to; browser, its random
    cookie: the same browser sending the form again gets the same answer again.
    Raises: SharedLinkOver, HouseholdFull, BadFields for name and contact.
    Touches: storage; announcement, welcome and a letter to the head follow.
    """

    number = _number(services.keys, household_id, token, now=now)

    def change(session: Session) -> int:
        home = members.lock_household(session, household_id)
        head = _opened(session, home, number)
        region = communities.get(session, home.community_id).region
        newcomer = housemates.parse(name, contact, region=region, language=language)
        if (mate := housemates.namesake(session, home.id, newcomer.name)) is not None:
            return _again(session, mate, browser)
        member = housemates.admit(session, services, head, newcomer, now=now)
        heard.once(session, _mark(member.id, browser), now=now)
        audits.note(
            session,
            home.community_id,
            actor="resident",
            action="member.joined",
            subject=f"member:{member.id}",
            now=now,
        )
        welcoming.ask(session, [member])
        notices.joined_by_link(session, services, head, member, now=now)
        return member.id

    return await services.storage.write(change)


def _again(session: Session, mate: Member, browser: str) -> int:
    """The first answer again for the browser that got it; a name is no proof of who it is."""
    if not heard.knows(session, _mark(mate.id, browser)):
        here = Sentence("Somebody of this name is here already. If that is you, ask for your link.")
        raise BadFields({"name": here})
    return mate.id


def _mark(member_id: int, browser: str) -> str:
    return f"housemate:{member_id}:{hashlib.sha256(browser.encode()).hexdigest()[:32]}"


def _number(keys: Keys, household_id: int, token: str, *, now: datetime) -> int:
    """Which of the household's links this is. Raises: SharedLinkOver."""
    number = tokens.read(keys, _purpose(household_id), token, now=now)
    if number is None:
        raise SharedLinkOver
    return number


def _opened(session: Session, home: Household, number: int) -> Member:
    """The head, in whose name this link of the household is. Raises: SharedLinkOver."""
    mates = members.of_household(session, home.id)
    head = next((mate for mate in mates if mate.is_head), None)
    if number != home.link_number or head is None or head.suspended_at is not None:
        raise SharedLinkOver
    return head


def _purpose(household_id: int) -> str:
    return f"housemates:{household_id}"


def _left(session: Session, head: Member) -> int:
    limit = communities.get(session, head.community_id).household_limit
    return max(0, limit - len(members.of_household(session, head.household_id)))
