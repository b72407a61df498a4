"""Recognising whoever asks to be let in, and is in already or was invited.

What we know is said to the contact alone, by a letter that its owner had the like of before.
"""

from datetime import datetime

from sqlmodel import Session

from bot.community import contacts, households, letters, receipts, sending
from bot.community.deliveries import job_keys
from bot.community.errors import Refusal
from bot.community.limits import patience
from bot.community.limits.patience import TooOften
from bot.ports import Services
from storage import communities, deliveries, invitations, members, requests, suppressions
from storage.jobs import cancel
from storage.tables import Community, Invitation


def is_known(
    session: Session, services: Services, community: Community, key: bytes, *, now: datetime
) -> bool:
    """Whether whoever has this contact needs no leader: they are in, or may come in already.

    Touches: storage; the letter that shows them the way follows.
    """
    people = members.by_contact(session, [key], community_id=community.id)
    people = people or requests.invited_there(session, community.id, key)
    for member in people:
        households.write_link(session, services, member, now=now)
    if people:
        return True
    row = invitations.open_by_contact(session, community.id, [key]).get(key)
    return row is not None and _sent_again(session, services, community, row, now=now)


def _sent_again(
    session: Session, services: Services, community: Community, row: Invitation, *, now: datetime
) -> bool:
    """Send an open invitation again, as patiently as when a leader asks for it.

    Gives: whether they have it, or will; if not, the leaders must know that they ask.
    """
    has_lapsed = row.expires_at is not None and row.expires_at <= now
    if has_lapsed or row.contact is None or row.medium not in services.couriers:
        return False
    if suppressions.among(session, [row.contact_key or b""], now=now):
        return False
    written = deliveries.of_invitation(session, row.id)
    try:
        patience.require(services, community, row, written, now=now)
    except TooOften:
        return False
    except Refusal:
        return True  # it came a moment ago, or is on its way
    row.expires_at = sending.expiry(community, community.code_days, now=now)
    session.flush()
    cancel(session, job_keys(written))
    letter = letters.write(
        services,
        contacts.known(row.medium, row.contact),
        event="invitation",
        community_id=community.id,
        facts=letters.invitation_facts(
            services,
            community,
            row,
            invited_by=communities.leader_name(session, row.leader_id),
        ),
        now=now,
        invitation_id=row.id,
        attempt=len(written) + 1,
    )
    deliveries.add_all(session, [letter])
    sending.carry(session, [letter])
    if row.receipt_id is not None:
        receipts.refresh(session, row.receipt_id)
    return True
