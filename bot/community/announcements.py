"""Announcements: the sentences in the community's channel that say who joined.

Joins of the same moment are one message, a line each: chats take about one message a second.
"""

from collections.abc import Mapping, Sequence

from sqlmodel import Session

from bot.community import people
from bot.messages import Card
from storage import communities, members
from storage.jobs import NewJob, enqueue
from storage.redemptions import Newcomer
from storage.tables import ChatLink, Member

_TOGETHER = 10  # joins in one message, which then is within the limit of every chat

Arrival = tuple[Member, tuple[str, ...]]  # a new member, with the names of those who came along


def announce(session: Session, arrivals: Sequence[Arrival]) -> None:
    """Have the postman announce new members wherever their communities announce joins.

    Written with the join itself or with what follows it, so that a chat that is down now hears of
    it later, once.
    """
    for community_id in sorted({member.community_id for member, _ in arrivals}):
        mine = [arrival for arrival in arrivals if arrival[0].community_id == community_id]
        for link in communities.announcing(session, community_id):
            handfuls = [mine[at : at + _TOGETHER] for at in range(0, len(mine), _TOGETHER)]
            enqueue(session, [_job(link, handful) for handful in handfuls])


def _job(link: ChatLink, arrivals: Sequence[Arrival]) -> NewJob:
    return NewJob(
        key=f"announce:{arrivals[0][0].id}:{link.id}",
        lane=f"chat:{link.chat}",
        kind="announce",
        args={"link": link.id, "members": [[member.id, others] for member, others in arrivals]},
        community_id=link.community_id,
    )


def compose(
    session: Session, newcomers: Sequence[Newcomer], *, others: Mapping[int, Sequence[str]]
) -> Card:
    """Who joined, at which address, invited by which leader: one sentence for each.

    Takes: others, the names of those who came along, by the newcomer's id.
    """
    return Card("\n".join(_sentence(session, one, others[one.member.id]) for one in newcomers))


def _sentence(session: Session, newcomer: Newcomer, others: Sequence[str]) -> str:
    member = newcomer.member
    names = people.listed((member.name, *others))
    if newcomer.leader is None:
        mates = members.of_household(session, member.household_id)
        head = next((mate for mate in mates if mate.is_head), None)
        by = f", added by {head.name}" if head else ""
        return f"{names} joined the household at {newcomer.address}{by}."
    where = "at" if member.is_head else "the household at"
    return f"{names} joined {where} {newcomer.address}, invited by {newcomer.leader}."
