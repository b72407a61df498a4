"""Own: what a member sees and changes of themselves, whoever the head of their household is."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.community import brands, contacts, households, names
from bot.community.brands import Brand
from bot.community.errors import BadFields
from bot.community.households import note
from bot.community.names import BadWords
from bot.languages import Sentence
from bot.ports import Services
from storage import communities, groups, household_words
from storage.database import brief
from storage.tables import Member, NewContact


@dataclass(frozen=True, slots=True)
class Own:
    """A member, as they see themselves."""

    member_id: int
    name: str
    contact_masked: str
    asked_masked: str  # their new contact, not yet proved; empty: none waits
    is_hidden: bool
    is_head: bool
    groups: tuple[str, ...]  # by name
    brand: Brand
    theirs: str  # BCP 47, of the member; empty: not known


async def look(services: Services, member_id: int, *, now: datetime) -> Own:
    """What the member's own page shows. Raises: NotAMember, Suspended."""
    return await services.storage.read(_look, member_id, now=now)


@brief
def _look(session: Session, member_id: int, *, now: datetime) -> Own:
    member = households.present(session, member_id)
    community = communities.get(session, member.community_id)
    contact, new = contacts.of_member(member), session.get(NewContact, member.id)
    asked = contacts.known(new.medium, new.contact) if new and new.until > now else None
    return Own(
        member_id=member.id,
        name=member.name,
        contact_masked=contact.masked if contact else "",
        asked_masked=asked.masked if asked else "",
        is_hidden=member.is_hidden,
        is_head=member.is_head,
        groups=groups.names_of(session, [member.id]).get(member.id, ()),
        brand=brands.of(community),
        theirs=member.language,
    )


async def rename(services: Services, member_id: int, name: str, *, now: datetime) -> str:
    """Change the member's own name. Gives it as it is kept.

    Raises: NotAMember, Suspended, BadFields for name.
    """
    try:
        parsed = names.name(name)
    except BadWords as bad:
        raise BadFields({"name": bad.why}) from None

    def change(session: Session) -> str:
        member = households.present(session, member_id)
        if member.name != parsed:
            member.name = parsed
            household_words.reindex(session, [member.household_id])
            note(session, member, "member.renamed", member.id, now=now)
        return parsed

    return await services.storage.write(change)


async def hide(services: Services, member_id: int, *, hidden: bool, now: datetime) -> None:
    """Hide the member's contact from housemates, or show it; leaders see it in any case.

    Raises: NotAMember, Suspended.
    """

    def change(session: Session) -> None:
        member = households.present(session, member_id)
        if member.is_hidden != hidden:
            member.is_hidden = hidden
            note(session, member, "member.hidden" if hidden else "member.shown", member.id, now=now)

    await services.storage.write(change)


async def speak(services: Services, member_id: int, tag: str, *, now: datetime) -> None:
    """Choose the language in which the member is written to.

    Takes: tag, BCP 47. Raises: NotAMember, Suspended, BadFields for language.
    """
    if tag not in services.templates.languages:
        raise BadFields({"language": Sentence("Please choose one of these languages.")})

    def change(session: Session) -> None:
        member: Member = households.present(session, member_id)
        member.language = tag
        note(session, member, "member.language_chosen", member.id, now=now)

    await services.storage.write(change)
