"""What follows a join, as a job of its own: announcements, receipt, notices.

The sign-up leaves one job and is done; everything here happens after the newcomer was welcomed.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlmodel import Session

from bot.community import announcements, notices, receipts
from bot.community.postman import TIMER, Record
from bot.ports import Services
from storage import invitations, jobs, members
from storage.jobs import Claimed, NewJob


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
            )
        ],
    )


async def joined(services: Services, job: Claimed) -> Record:
    """Announce the newcomer, tell the household they came to, and let the receipt follow."""

    def record(session: Session) -> None:
        _tell_all(session, services, job, now=datetime.now(UTC))
        jobs.finish(session, job)

    return record


def _tell_all(session: Session, services: Services, job: Claimed, *, now: datetime) -> None:
    member = members.get(session, int(job.args["member"]))
    redemption = members.redemption_of(session, int(job.args["member"]))
    if member is None or redemption is None:
        return
    others = tuple(job.args["others"])
    announcements.announce(session, member, others=others)
    row = invitations.get(session, member.community_id, redemption.invitation_id)
    assert row is not None
    if not member.is_head:
        housemates = members.of_household(session, member.household_id)
        known = [mate for mate in housemates if mate.id < member.id]
        if known:
            notices.joined_a_household(session, services, row, member, known, now=now)
    if row.receipt_id is not None:
        receipts.refresh(session, row.receipt_id)
