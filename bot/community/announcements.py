"""Announcements: the sentence in the community's channel that says who joined."""

from sqlmodel import Session

from bot.community import people
from bot.messages import Card
from storage import communities, invitations, members
from storage.jobs import NewJob, enqueue
from storage.tables import Member


def announce(session: Session, member: Member, *, others: tuple[str, ...] = ()) -> None:
    """Have the postman announce the new member wherever the community announces joins.

    Written with the join itself, so that a chat that is down now hears of it later, once.
    """
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
            for link in communities.links(session, member.community_id)
            if link.announce_channel
        ],
    )


def compose(session: Session, member: Member, *, others: tuple[str, ...]) -> Card:
    """Who joined, at which address, invited by which leader, in one sentence."""
    household = members.household(session, member.household_id)
    names = people.listed((member.name, *others))
    redemption = members.redemption_of(session, member.id)
    if redemption is None:
        head = next((m for m in members.of_household(session, household.id) if m.is_head), None)
        by = f", added by {head.name}" if head else ""
        return Card(f"{names} joined the household at {household.address}{by}.")
    row = invitations.get(session, member.community_id, redemption.invitation_id)
    assert row is not None
    leader = communities.leader_name(session, row.leader_id)
    where = "at" if member.is_head else "the household at"
    return Card(f"{names} joined {where} {household.address}, invited by {leader}.")
