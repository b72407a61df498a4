"""Minting: invitations get their access codes, or are good again, and lead into groups."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from bot.community import codes, receipts, sending
from bot.community.actors import Actor
from bot.community.contacts import Contact
from bot.ports import Services
from storage import arriving, communities, groups, invitations
from storage.tables import Invitation


def renew_or_mint(
    session: Session,
    services: Services,
    actor: Actor,
    free: Sequence[Contact],
    lapsed: dict[bytes, Invitation],
    receipt_id: int,
    *,
    now: datetime,
) -> list[Invitation]:
    """Invitations for these contacts, shown on this receipt: lapsed ones are good again.

    Takes: lapsed, by the key of the contact.
    """
    community = communities.get(session, actor.community_id)
    until = sending.expiry(community, community.code_days, now=now)
    fresh = []
    renewed = []
    for contact in free:
        key = contact.key(services.keys)
        if old := lapsed.get(key):
            if old.receipt_id is not None:
                receipts.refresh(session, old.receipt_id)
            old.expires_at, old.receipt_id, old.leader_id = until, receipt_id, actor.leader_id
            old.contact = contact.address  # may have been erased since
            renewed.append(old)
            continue
        fresh.append(
            Invitation(
                community_id=community.id,
                leader_id=actor.leader_id,
                receipt_id=receipt_id,
                medium=contact.medium,
                contact=contact.address,
                contact_key=key,
                created_at=now,
                expires_at=until,
            )
        )
    mint(session, services, fresh)
    return renewed + fresh


def mint(session: Session, services: Services, rows: Sequence[Invitation]) -> list[str]:
    """Store new invitations and give each its access code; the codes are returned, in order."""
    invitations.add_all(session, rows)  # the code derives from the id, which the database gives
    minted = []
    for row in rows:
        code, row.generation = codes.mint(services.keys, row.id)
        row.code_hash = codes.fingerprint(services.keys, code)
        minted.append(code)
    session.flush()
    return minted


def lead_into(
    session: Session, rows: Sequence[Invitation], group_ids: Sequence[int]
) -> tuple[str, ...]:
    """Have whoever uses these invitations arrive in these groups, and in no others.

    Gives: the names of those that are still there.
    """
    community_id = rows[0].community_id
    into = groups.kept(session, community_id, group_ids) if group_ids else []
    ids = [row.id for row in rows]
    arriving.lead_into(session, community_id, ids, [group.id for group in into])
    return tuple(group.name for group in into)
