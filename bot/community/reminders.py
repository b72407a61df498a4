"""Reminders: who does not answer is written to again, seldom, and never against their will.

Off until a leader switches them on. Day 3, day 10, and two days before the code expires, counted
from when a leader had it sent, in the community's own days: three in all, and one by text. The code
is the same. Whoever wants none stops them with one press, and the invitation stays good.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.community import brands, contacts, letters, receipts, sending, tokens
from bot.community.letters import last_day
from bot.community.optouts import Stop, UnknownLink
from bot.community.postman import mornings
from bot.community.postman.ledger import Record
from bot.ports import Services
from bot.settings import Keys
from storage import audits, communities, deliveries, members
from storage.lanes import Claimed
from storage.reminders import EVENT, Unanswered, unanswered
from storage.tables import Community, Delivery, Invitation

_AFTER = (timedelta(days=3), timedelta(days=10))
_BEFORE_THE_END = timedelta(days=2)
_REST = timedelta(days=3)  # between any two letters to one person
_MOST = 3
_MOST_BY_TEXT = 1
_A_DAY = 100  # of a community, as many as a leader may send; the others follow on the next day


async def remind(services: Services, job: Claimed) -> Record:
    """Write to those of a community who do not answer, if it is time."""

    def do(session: Session, community: Community, now: datetime) -> None:
        write_all(session, services, community, now=now)

    return mornings.in_turn(job, mornings.REMIND, do)


def write_all(
    session: Session, services: Services, community: Community, *, now: datetime
) -> list[Delivery]:
    """Write today's reminders of a community; the postman carries them."""
    waiting = unanswered(
        session,
        community.id,
        most=_MOST,
        most_by_text=_MOST_BY_TEXT,
        before=now - _REST + timedelta(days=1),  # days are counted, not hours
        now=now,
    )
    zone = ZoneInfo(community.timezone)
    today = now.astimezone(zone).date()
    due = [one for one in waiting if is_due(*_days(one, community, zone), today=today)]
    free = _not_members(session, services, community, due)
    written = [_letter(services, community, one, now=now) for one in islice(free, _A_DAY)]
    deliveries.add_all(session, written)
    sending.carry(session, written)
    return written


def _days(one: Unanswered, community: Community, zone: ZoneInfo) -> tuple[date, date, date]:
    assert one.invitation.expires_at is not None
    last = last_day(one.invitation.expires_at, community.timezone)
    return one.asked_at.astimezone(zone).date(), one.written_at.astimezone(zone).date(), last


def is_due(asked_on: date, written_on: date, ends_on: date, *, today: date) -> bool:
    """Whether somebody is reminded today, being one of those who may be.

    Takes: asked_on, when a leader had it sent; written_on, when the newest letter was written;
    ends_on, the last day on which the code works.
    """
    days = [*(asked_on + after for after in _AFTER), ends_on - _BEFORE_THE_END]
    passed = [day for day in days if asked_on < day <= today]
    return bool(passed) and written_on < max(passed) and written_on + _REST <= today


def _not_members(
    session: Session, services: Services, community: Community, due: Sequence[Unanswered]
) -> Sequence[Unanswered]:
    """Those who have not joined in another way, and whom a courier of ours can reach."""
    keys = {key for one in due if (key := one.invitation.contact_key)}
    joined = members.contacts_among(session, keys, community_id=community.id)
    return [
        one
        for one in due
        if one.invitation.contact_key not in joined and one.invitation.medium in services.couriers
    ]


def _letter(
    services: Services, community: Community, one: Unanswered, *, now: datetime
) -> Delivery:
    row = one.invitation
    return letters.write(
        services,
        contacts.known(row.medium, row.contact or ""),
        event=EVENT,
        community_id=community.id,
        facts=letters.invitation_facts(services, community, row, invited_by=one.invited_by),
        now=now,
        invitation_id=row.id,
        attempt=one.letters + 1,
    )


# Who wants none


async def look(services: Services, token: str) -> Stop:
    """What the link is about; changes nothing. Raises: UnknownLink."""

    def query(session: Session) -> Stop:
        return _standing(session, _invitation(session, services.keys, token))

    return await services.storage.read(query)


async def stop(services: Services, token: str, *, now: datetime) -> Stop:
    """Send no more reminders of this invitation. Raises: UnknownLink."""
    return await _set(services, token, "reminders.stopped", unreminded_at=now, now=now)


async def go_on(services: Services, token: str, *, now: datetime) -> Stop:
    """Send them after all, as whoever is invited asks. Raises: UnknownLink."""
    return await _set(services, token, "reminders.allowed", unreminded_at=None, now=now)


async def _set(
    services: Services, token: str, action: str, *, unreminded_at: datetime | None, now: datetime
) -> Stop:
    def change(session: Session) -> Stop:
        row = _invitation(session, services.keys, token)
        row.unreminded_at = unreminded_at
        session.flush()
        if row.receipt_id is not None:
            receipts.refresh(session, row.receipt_id)
        audits.note(
            session,
            row.community_id,
            actor="resident",
            action=action,
            subject=f"invitation:{row.id}",
            now=now,
        )
        return _standing(session, row)

    return await services.storage.write(change)


def _invitation(session: Session, keys: Keys, token: str) -> Invitation:
    number = tokens.read(keys, EVENT, token)
    row = session.get(Invitation, number) if number is not None else None
    if row is None:
        raise UnknownLink
    return row


def _standing(session: Session, row: Invitation) -> Stop:
    known = row.contact is not None and row.medium in {"email", "text"}
    return Stop(
        brand=brands.of(communities.get(session, row.community_id)),
        theirs=row.language,
        contact_masked=contacts.known(row.medium, row.contact or "").masked if known else "",
        stopped=row.unreminded_at is not None,
    )
