"""What follows a join, as a job of its own: announcements, receipt, notices.

The sign-up leaves one job and is done; everything here happens after the newcomer was welcomed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from bot.community import announcements, receipts, welcoming
from bot.community.households import notices
from bot.community.postman.ledger import Record, Together
from bot.ports import Services
from storage import arriving, household_words, jobs, members, redemptions
from storage.database import clock
from storage.jobs import NewJob
from storage.lanes import TIMER, Claimed
from storage.redemptions import Newcomer

_MOMENT = 0.5  # seconds; joins of one moment are told together


def follow_up(
    session: Session, community_id: int, member_id: int, *, others: Sequence[str]
) -> None:
    """Have the postman do what follows this join."""
    jobs.enqueue(
        session,
        [
            NewJob(
                key=f"joined:{member_id}",
                lane=TIMER,
                kind="joined",
                args={"member": member_id, "others": list(others)},
                community_id=community_id,
                run_at=_end_of_moment(clock(session)),
            )
        ],
    )


def _end_of_moment(now: datetime) -> datetime:
    return now + timedelta(seconds=_MOMENT - now.timestamp() % _MOMENT)


@dataclass(frozen=True, slots=True)
class Joined:
    """A join whose consequences are still to be written down."""

    job: Claimed
    services: Services


async def joined(services: Services, job: Claimed) -> Record:
    """Announce the newcomer, tell the household, welcome them, and let the receipt follow."""
    return Together(_follow_all, Joined(job, services))


def _follow_all(session: Session, items: Sequence[Joined]) -> None:
    by_member = {int(item.job.args["member"]): item for item in items}
    newcomers = redemptions.newcomers(session, by_member)
    # Here and not in the sign-up: a crowd there pays nothing for it, and as this job was written in
    # that transaction it is done as surely as the join.
    arriving.arrive(session, [one.member.id for one in newcomers])
    household_words.reindex(session, [one.member.household_id for one in newcomers])
    announcements.announce(
        session,
        [
            (found.member, tuple(by_member[found.member.id].job.args["others"]))
            for found in newcomers
        ],
    )
    for newcomer in newcomers:
        item = by_member[newcomer.member.id]
        if not newcomer.member.is_head:
            _tell_household(session, item.services, newcomer, now=datetime.now(UTC))
    welcoming.ask(session, [newcomer.member for newcomer in newcomers])
    receipts.follow(session, [one.receipt for one in newcomers if one.receipt is not None])
    jobs.finish_all(session, [item.job for item in items])


def _tell_household(
    session: Session, services: Services, newcomer: Newcomer, *, now: datetime
) -> None:
    member, row = newcomer.member, newcomer.invitation
    housemates = members.of_household(session, member.household_id)
    known = [mate for mate in housemates if mate.id < member.id]
    if row is not None and known:
        notices.joined_a_household(session, services, row, member, known, now=now)
