"""Notices: what a head of household or a leader is told because something happened."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from bot.community import contacts, letters, sending
from bot.community.contacts import Contact
from bot.ports import Services
from storage import communities, deliveries, members, suppressions
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
    household = members.household(session, newcomer.household_id)
    contact = own_contact(session, services, head, now=now)
    if contact is not None:
        community = communities.get(session, newcomer.community_id)
        letter = letters.write(
            services,
            contact,
            event="household_joined",
            community_id=community.id,
            facts=letters.facts_of(
                community,
                address=services.settings.address,
                language=head.language,
                name=head.name,
                newcomer=newcomer.name,
                household=household.address,
            ),
            now=now,
            member_id=head.id,
        )
        deliveries.add_all(session, [letter])
        sending.carry(session, [letter])
    words = (
        f"{newcomer.name} joined the household of {head.name} at {household.address}. "
        "If that is not right, please ask them."
    )
    tell_leader(session, row, words, key=f"notice:household:{newcomer.id}")


def own_contact(
    session: Session, services: Services, member: Member, *, now: datetime
) -> Contact | None:
    """How the member can be written to, if at all: their own contact, not opted out."""
    for medium, address in (("email", member.email), ("text", member.phone)):
        if address and medium in services.couriers:
            contact = contacts.known(medium, address)
            if not suppressions.among(session, [contact.key(services.keys)], now=now):
                return contact
    return None


def tell_leader(session: Session, row: Invitation, words: str, *, key: str) -> None:
    """Tell the leader who gave the invitation something, where its receipt is."""
    if row.receipt_id is None:
        return
    receipt = deliveries.receipt(session, row.receipt_id)
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
