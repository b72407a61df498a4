"""Notices: what a head of household or a leader is told because something happened."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.community import contacts, letters, sending
from bot.community.contacts import Contact
from bot.ports import Services
from storage import communities, deliveries, members, receipts, suppressions
from storage.jobs import NewJob, enqueue
from storage.tables import Invitation, Member


def joined_a_household(
    session: Session,
    services: Services,
    row: Invitation,
    newcomer: Member,
    housemates: Sequence[Member],
    *,
    now: datetime,
) -> None:
    """Somebody with a code joined an address that has members: tell its head and the leader."""
    head = next((mate for mate in housemates if mate.is_head), housemates[0])
    _say_who_joined(session, services, head, newcomer, by_link=False, now=now)
    address = members.household(session, newcomer.household_id).address
    words = (
        f"{newcomer.name} joined the household of {head.name} at {address}. "
        "If that is not right, please ask them."
    )
    tell_leader(session, row, words, key=f"notice:household:{newcomer.id}")


def joined_by_link(
    session: Session, services: Services, head: Member, newcomer: Member, *, now: datetime
) -> None:
    """Somebody joined by the link that the head of household shared: tell the head."""
    _say_who_joined(session, services, head, newcomer, by_link=True, now=now)


def _say_who_joined(
    session: Session,
    services: Services,
    head: Member,
    newcomer: Member,
    *,
    by_link: bool,
    now: datetime,
) -> None:
    facts = {
        "name": head.name,
        "newcomer": newcomer.name,
        "household": members.household(session, newcomer.household_id).address,
        "by_link": by_link,
    }
    _to_own_contact(session, services, head, "household_joined", facts, now=now)


def left_a_household(
    session: Session,
    services: Services,
    head: Member,
    leaver: Member,
    *,
    inherits: bool,
    mistaken: bool,
    now: datetime,
) -> None:
    """Somebody left: tell whoever is the head now.

    Takes: inherits, whether they are the head since this moment; mistaken, whether the one who
    left says that they are not who was meant.
    """
    facts = {
        "name": head.name,
        "leaver": leaver.name,
        "household": members.household(session, leaver.household_id).address,
        "inherits": inherits,
        "mistaken": mistaken,
    }
    _to_own_contact(session, services, head, "household_left", facts, now=now)


def _to_own_contact(
    session: Session,
    services: Services,
    member: Member,
    event: str,
    facts: dict[str, Any],
    *,
    now: datetime,
) -> None:
    contact = own_contact(session, services, member, now=now)
    if contact is not None:
        write(session, services, member, contact, event, facts, now=now)


def write(
    session: Session,
    services: Services,
    member: Member,
    contact: Contact,
    event: str,
    facts: dict[str, Any],
    *,
    now: datetime,
) -> None:
    """Write a letter about a membership, in the member's language, and have it carried."""
    community = communities.get(session, member.community_id)
    address, language = services.settings.address, member.language
    letter = letters.write(
        services,
        contact,
        event=event,
        community_id=community.id,
        facts=letters.facts_of(community, address=address, language=language, **facts),
        now=now,
        member_id=member.id,
    )
    deliveries.add_all(session, [letter])
    sending.carry(session, [letter])


def own_contact(
    session: Session, services: Services, member: Member, *, now: datetime
) -> Contact | None:
    """How the member can be written to, if at all: their own contact, not opted out.

    Nothing is written to who is suspended.
    """
    if member.suspended_at is not None:
        return None
    for medium, address in (("email", member.email), ("text", member.phone)):
        contact = contacts.known(medium, address) if address else None
        if contact is not None and can_reach(session, services, contact, now=now):
            return contact
    return None


def can_reach(session: Session, services: Services, contact: Contact, *, now: datetime) -> bool:
    """Whether letters go to this contact: its medium is set up, and nobody opted out there."""
    if contact.medium not in services.couriers:
        return False
    return not suppressions.among(session, [contact.key(services.keys)], now=now)


def tell_leader(session: Session, row: Invitation, words: str, *, key: str) -> None:
    """Tell the leader who gave the invitation something, where its receipt is."""
    if row.receipt_id is None:
        return
    receipt = receipts.get(session, row.receipt_id)
    enqueue(
        session,
        [
            NewJob(
                key=key,
                lane=f"chat:{receipt.chat}",
                kind="notice",
                args={"receipt": receipt.id, "words": words},
                community_id=row.community_id,
            )
        ],
    )
