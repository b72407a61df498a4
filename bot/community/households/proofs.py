"""Proofs: a contact that somebody has shown to be theirs, and all memberships that it opens.

Whoever follows a link from a letter can read what is sent to its contact. Only that opens all
memberships with this contact: a contact that somebody merely typed when they joined opens nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.community import letters, tokens
from bot.community.errors import Refusal
from bot.community.households import SESSION
from bot.ports import Services
from bot.settings import Keys
from storage import communities, deliveries, members
from storage.tables import Delivery, Member

_KEY_SIZE = 16  # bytes


class LinkExpired(Refusal):
    """This link has expired. Ask for a new one; it comes within a minute."""

    status = 410


@dataclass(frozen=True, slots=True)
class Followed:
    """Whom a link from a letter leads home."""

    member_id: int
    contact_key: bytes  # of the contact that is proved by it
    not_me: str  # token to say that the letter meant somebody else; empty: they asked for it


@dataclass(frozen=True, slots=True)
class Membership:
    """One of the memberships that a contact opens."""

    member_id: int
    name: str
    address: str
    community: str


async def follow(services: Services, token: str, *, now: datetime) -> Followed:
    """Whom this link was sent to, as long as the contact is theirs. Changes nothing.

    Raises: LinkExpired.
    """
    delivery_id = tokens.read(services.keys, letters.HOME, token, now=now)
    if delivery_id is None:
        raise LinkExpired

    def query(session: Session) -> Followed:
        letter = deliveries.get(session, delivery_id)
        member = members.get(session, letter.member_id or 0) if letter else None
        if letter is None or member is None or not _is_theirs(letter, member):
            raise LinkExpired
        was_added = letter.event == "household_added"
        not_me = letters.not_me(services.keys, letter) if was_added else ""
        return Followed(member.id, letter.contact_key, not_me)

    return await services.storage.read(query)


def _is_theirs(letter: Delivery, member: Member) -> bool:
    return letter.contact_key in {member.email_key, member.phone_key}


def proof(keys: Keys, contact_key: bytes, *, now: datetime) -> str:
    """The signed value of the cookie that says which contact this device's owner has proved."""
    return tokens.sign(keys, "proof", int.from_bytes(contact_key, "big"), until=now + SESSION)


def proved(keys: Keys, cookie: str, *, now: datetime) -> bytes | None:
    """The key of that contact; None when the cookie is forged or too old."""
    number = tokens.read(keys, "proof", cookie, now=now)
    return None if number is None else number.to_bytes(_KEY_SIZE, "big")


async def memberships(
    services: Services, contact_key: bytes | None, *, now: datetime
) -> tuple[Membership, ...]:
    """All memberships with a proved contact, in every community; none without a proof."""
    if contact_key is None:
        return ()

    def query(session: Session) -> tuple[Membership, ...]:
        found = members.by_contact(session, [contact_key])
        return tuple(_membership(session, member) for member in found)

    return await services.storage.read(query)


def _membership(session: Session, member: Member) -> Membership:
    home = members.household(session, member.household_id)
    community = communities.get(session, member.community_id)
    return Membership(member.id, member.name, home.address, community.name)
