"""Courtesy: how often members may have us write to people who did not ask for it.

A head of household adds whom they like and gives any address; a stranger at it must not be pestered
and nobody's texts be used up. What is over a limit is not written, and whoever asked reads only
that we cannot write there: never whether somebody opted out, or is known elsewhere.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.community import contacts
from bot.community.contacts import BadContact, Contact
from bot.community.households import notices
from bot.ports import Services
from storage import communities, quotas
from storage.tables import Community, Member

_OF_HOUSEHOLD = 12  # letters a day: all of a usual household at one go
_TO_CONTACT = 2  # letters a day, of all households: one may have gone astray


def may_write(
    session: Session, services: Services, asker: Member, contact: Contact, *, now: datetime
) -> bool:
    """Whether one more letter may go to this contact because that member asks for it.

    Touches: storage, which counts it.
    """
    community = communities.get(session, asker.community_id)
    if not notices.can_reach(session, services, contact, now=now):
        return False
    if contact.medium == "text" and not _texts_go_there(services, contact, community):
        return False
    day = now.astimezone(ZoneInfo(community.timezone)).date()
    rules = [
        (f"household:{asker.household_id}", _OF_HOUSEHOLD),
        (f"contact:{contact.key(services.keys).hex()}", _TO_CONTACT),
    ]
    if contact.medium == "text" and (most := services.settings.limit_community_texts):
        rules.append((f"community:{community.id}:text", most))
    return all(quotas.add(session, source, day, 1) <= most for source, most in rules)


def _texts_go_there(services: Services, contact: Contact, community: Community) -> bool:
    """Only where leaders may text, too: a landline hears nothing, and some numbers cost dearly."""
    try:
        contacts.parse_invitee(services, "text", contact.address, region=community.region)
    except BadContact:
        return False
    return True
