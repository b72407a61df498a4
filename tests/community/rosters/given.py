"""A roster by hand, for what is counted and sent from it."""

import re

from sqlmodel import Session

from bot.community import contacts, names
from bot.community.actors import Actor
from bot.ports import Services
from storage.tables import RosterEntry
from tests.community.scene import NOW


async def put(services: Services, who: Actor, lines: str) -> list[RosterEntry]:
    """Put these on the roster: `3 Elm Street | Ana Ruiz | ana@ex.org +12015550123 | es`.

    The street is what follows the number; name, contacts and language may be missing.
    """
    entries = [
        _entry(services, who.community_id, line) for line in lines.splitlines() if line.strip()
    ]

    def change(session: Session) -> list[RosterEntry]:
        session.add_all(entries)
        session.flush()
        return entries

    return await services.storage.write(change)


def _entry(services: Services, community_id: int, line: str) -> RosterEntry:
    address, name, reached, language, *_ = [*map(str.strip, line.split("|")), "", "", ""]
    email = next((word for word in reached.split() if "@" in word), None)
    phone = next((word for word in reached.split() if "@" not in word), None)
    return RosterEntry(
        community_id=community_id,
        address=address,
        address_key=names.address_key(address),
        street=re.sub(r"^\d+\w?\s+|,.*$", "", address),
        name=name,
        name_key=names.plain(name),
        email=email,
        email_key=contacts.key_of(services.keys, "email", email) if email else None,
        phone=phone,
        phone_key=contacts.key_of(services.keys, "text", phone) if phone else None,
        language=language,
        created_at=NOW,
        updated_at=NOW,
    )
