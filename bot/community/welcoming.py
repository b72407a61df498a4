"""Welcoming: the page that somebody sees who joined, and the letter to find all that again.

The letter is a job of its own, a moment after the join: the page makes their ways in first, and
nothing else of the join waits for a chat that is slow to let somebody in. The ways are kept with
the letter, so it stays the same however often it is carried.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from bot.community import brands, letters, sending, ways_in
from bot.community.brands import Brand
from bot.community.households import notices
from bot.community.postman.ledger import Record
from bot.ports import Services
from storage import communities, deliveries, invitations, jobs, members
from storage.database import brief, clock
from storage.jobs import NewJob
from storage.lanes import TIMER, Claimed
from storage.tables import Member

_LATER = timedelta(seconds=10)  # by then the page has been seen


@dataclass(frozen=True, slots=True)
class Joined:
    """What a new member is welcomed with."""

    member_id: int
    household_id: int
    brand: Brand
    theirs: str  # BCP 47, of the member; empty: not known
    name: str
    address: str
    is_head: bool
    head_name: str
    others: tuple[str, ...]  # names of the rest of the household
    links: tuple[tuple[str, str], ...]  # (label, URL) of the community's chats
    invited_by: str


async def look(services: Services, member_id: int) -> Joined | None:
    """The welcome of somebody who has joined; None when they are out again, or suspended."""
    return await services.storage.read(_joined, member_id)


@brief
def _joined(session: Session, member_id: int) -> Joined | None:
    member = members.get(session, member_id)
    if member is None or member.suspended_at is not None:
        return None
    community = communities.get(session, member.community_id)
    household = members.household(session, member.household_id)
    housemates = members.of_household(session, household.id)
    redemption = members.redemption_of(session, member_id)
    row = invitations.get(session, community.id, redemption.invitation_id) if redemption else None
    return Joined(
        member_id=member.id,
        household_id=household.id,
        brand=brands.of(community),
        theirs=member.language,
        name=member.name,
        address=household.address,
        is_head=member.is_head,
        head_name=next((mate.name for mate in housemates if mate.is_head), ""),
        others=tuple(mate.name for mate in housemates if mate.id != member.id),
        links=tuple((label, url) for label, url in community.links),
        invited_by=communities.leader_name(session, row.leader_id) if row else "",
    )


# The letter


def ask(session: Session, newcomers: Iterable[Member]) -> None:
    """Have a welcome written to each of these who gave an e-mail address, once."""
    later = clock(session) + _LATER
    jobs.enqueue(
        session,
        [
            NewJob(
                key=f"welcome:{member.id}",
                lane=TIMER,
                kind="welcome",
                args={"member": member.id},
                community_id=member.community_id,
                run_at=later,
            )
            for member in newcomers
            if member.email
        ],
    )


async def welcome(services: Services, job: Claimed) -> Record:
    """Write the welcome of a new member. Touches: the chats that can let somebody in."""
    member_id, now = int(job.args["member"]), datetime.now(UTC)
    ways = await ways_in.of(services, member_id, now=now)

    def record(session: Session) -> None:
        if jobs.finish(session, job):
            _write(session, services, member_id, ways, now=now)

    return record


def _write(
    session: Session,
    services: Services,
    member_id: int,
    ways: list[tuple[str, str]],
    *,
    now: datetime,
) -> None:
    """The letter, unless they left or asked not to be written to meanwhile."""
    member = members.get(session, member_id)
    if member is None:
        return
    contact = notices.own_contact(session, services, member, now=now)
    if contact is None or contact.medium != "email":
        return
    community = communities.get(session, member.community_id)
    letter = letters.write(
        services,
        contact,
        event="welcome",
        community_id=community.id,
        facts=letters.facts_of(
            community,
            address=services.settings.address,
            language=member.language,
            name=member.name,
            household=members.household(session, member.household_id).address,
            links=community.links,
            ways=ways,
        ),
        now=now,
        member_id=member.id,
    )
    deliveries.add_all(session, [letter])
    sending.carry(session, [letter])
