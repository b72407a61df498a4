"""Sending: from an invitation to a letter that has its place in the line, and its day."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.community import contacts, letters, limits
from bot.community.actors import Actor
from bot.community.deliveries import job_key
from bot.community.limits import suspicions
from bot.community.limits.slots import Slot, told
from bot.ports import Services
from storage import communities, deliveries
from storage.jobs import NewJob, enqueue, enqueue_again
from storage.tables import Community, Delivery, Invitation


def dispatch(
    session: Session,
    services: Services,
    actor: Actor,
    rows: Sequence[Invitation],
    *,
    now: datetime,
    attempts: dict[int, int] | None = None,
) -> str:
    """Write a delivery for each invitation and the job that carries it, within the limits.

    Takes: rows, whose community is locked. Gives: which of them wait for what, in words.
    Raises: LimitReached.
    """
    community = communities.get(session, actor.community_id)
    slots = _slots(session, services, actor, community, rows, now=now)
    for row in rows:
        if (at := slots[row.id].at) is not None:
            row.expires_at = expiry(community, community.code_days, now=at)
    written = [
        letters.write(
            services,
            contacts.known(row.medium, row.contact or ""),
            event="invitation",
            community_id=row.community_id,
            facts=letters.invitation_facts(services, community, row, invited_by=actor.name),
            now=now,
            invitation_id=row.id,
            attempt=(attempts or {}).get(row.id, 1),
        )
        for row in rows
    ]
    for letter, row in zip(written, rows, strict=True):
        letter.medium = row.medium  # a text may go by hand, and then it is this leader's to send
        letter.facts["leader_id"] = actor.leader_id
        letter.words = slots[row.id].words(community.timezone)
        letter.dated_at = slots[row.id].at or now
    deliveries.add_all(session, written)
    carry(session, written)
    return told(list(slots.values()), zone=community.timezone, now=now)


def _slots(
    session: Session,
    services: Services,
    actor: Actor,
    community: Community,
    rows: Sequence[Invitation],
    *,
    now: datetime,
) -> dict[int, Slot]:
    """When each letter may go, by invitation; what a leader sends by hand cannot wait."""
    slots: dict[int, Slot] = {}
    for medium in dict.fromkeys(row.medium for row in rows):
        alike = [row for row in rows if row.medium == medium]
        to = [contacts.known(medium, row.contact or "") for row in alike]
        ahead = limits.days_ahead(medium)
        given = limits.allot(session, services, actor, community, to, now=now, most_days=ahead)
        slots |= {row.id: slot for row, slot in zip(alike, given, strict=True)}
        if medium == "text":
            suspicions.look(session, actor, community, to, now=now)
    return slots


def carry(session: Session, written: Sequence[Delivery]) -> None:
    """Have the postman carry these letters, but for those that a leader sends by hand."""
    enqueue(session, [_carrying(letter) for letter in written if letter.medium != "hand"])


def carry_after_all(session: Session, letter: Delivery) -> None:
    """Have a letter carried that was taken back; one that has left stays where it is."""
    if letter.rank < deliveries.RANK["sent"] and letter.medium != "hand":
        enqueue_again(session, [_carrying(letter)])


def _carrying(letter: Delivery) -> NewJob:
    return NewJob(
        key=job_key(letter),
        lane=letter.medium,
        kind="deliver",
        args={"delivery": letter.id},
        community_id=letter.community_id,
        run_at=letter.dated_at if letter.dated_at > letter.created_at else None,  # it waits
    )


def expiry(community: Community, days: int, *, now: datetime) -> datetime:
    """The midnight, in the community's time zone, at the end of the last day of so many."""
    zone = ZoneInfo(community.timezone)
    last = now.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(last + timedelta(days=1), time(0), zone)
