"""Announcements: the sentence in the community's channel that says who joined."""

from collections.abc import Sequence

from sqlmodel import Session

from bot.community import people
from bot.messages import Card
from storage import communities, members
from storage.jobs import NewJob, enqueue
from storage.redemptions import Newcomer
from storage.tables import Member


def announce(session: Session, member: Member, *, others: tuple[str, ...] = ()) -> None:
    """Have the postman announce the new member wherever the community announces joins.

    Written with the join itself, so that a chat that is down now hears of it later, once.
    """
    announce_all(session, [(member, others)])


def announce_all(session: Session, newcomers: Sequence[tuple[Member, tuple[str, ...]]]) -> None:
    """The same for several, each with the names of those who came along."""
    places = {
        community_id: communities.announcing(session, community_id)
        for community_id in {member.community_id for member, _ in newcomers}
    }
    enqueue(
        session,
        [
            NewJob(
                key=f"announce:{member.id}:{link.id}",
                lane=f"chat:{link.chat}",
                kind="announce",
                args={"member": member.id, "link": link.id, "others": list(others)},
                community_id=member.community_id,
            )
            for member, others in newcomers
            for link in places[member.community_id]
        ],
    )


def compose(session: Session, newcomer: Newcomer, *, others: tuple[str, ...]) -> Card:
    """Who joined, at which address, invited by which leader, in one sentence."""
    member = newcomer.member
    names = people.listed((member.name, *others))
    if newcomer.leader is None:
        mates = members.of_household(session, member.household_id)
        head = next((mate for mate in mates if mate.is_head), None)
        by = f", added by {head.name}" if head else ""
        return Card(f"{names} joined the household at {newcomer.address}{by}.")
    where = "at" if member.is_head else "the household at"
    return Card(f"{names} joined {where} {newcomer.address}, invited by {newcomer.leader}.")
