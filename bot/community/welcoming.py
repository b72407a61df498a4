"""The welcome letter: what somebody who joined will want to find again, in their own mailbox.

A job of its own, a moment after the join: the page that welcomes them makes their ways in first,
and nothing else of the join waits for a chat that is slow to let somebody in. The ways are kept
with the letter, so it stays the same however often it is carried.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from bot.community import letters, sending, ways_in
from bot.community.households import notices
from bot.community.ledger import Record
from bot.ports import Services
from storage import communities, deliveries, jobs, members
from storage.database import clock
from storage.jobs import NewJob
from storage.lanes import TIMER, Claimed
from storage.tables import Member

_LATER = timedelta(seconds=10)  # by then the page has been seen


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
