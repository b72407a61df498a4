"""Letters that answer join requests, and what time decides where no leader did.

They name nobody, and repeat nothing that was typed into the form: strangers may have typed it all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.community import brands, contacts, letters, receipts, sending, tokens
from bot.community.brands import Brand
from bot.community.errors import Refusal
from bot.ports import Services
from storage import communities, deliveries, quotas, requests, suppressions
from storage.tables import Community, JoinRequest

PURPOSE = "asked"  # what the link in these letters is signed for
REMIND_AFTER = timedelta(days=14)  # leaders read once more that somebody waits
CLOSE_AFTER = timedelta(days=30)
_KEEP_CLOSED = timedelta(days=2)  # for the letter that says so to leave
_KEEP_DECIDED = timedelta(days=90)  # as with invitations
_AT_ONCE = 1000  # closed in one sweep; the others follow on the next day


class NoSuchAnswer(Refusal):
    """This link is incomplete. Please open it again from the message."""

    status = 404


@dataclass(frozen=True, slots=True)
class Answer:
    """What whoever asked reads behind the link of a letter."""

    brand: Brand
    theirs: str  # BCP 47, the language in which they asked
    decision: str  # approved, declined or closed; empty while nobody has decided
    reason: str
    slug: str
    can_ask: bool  # once more


async def look(services: Services, token: str) -> Answer:
    """What became of the request that the token names. Raises: NoSuchAnswer."""
    number = tokens.read(services.keys, PURPOSE, token)

    def query(session: Session) -> Answer:
        row = session.get(JoinRequest, number) if number is not None else None
        if row is None:
            raise NoSuchAnswer
        community = communities.get(session, row.community_id)
        return Answer(
            brand=brands.of(community),
            theirs=row.language,
            decision=row.decision,
            reason=row.reason,
            slug=community.slug,
            can_ask=community.may_ask and row.decision in {"declined", "closed"},
        )

    return await services.storage.read(query)


def write(
    session: Session,
    services: Services,
    row: JoinRequest,
    event: str,
    *,
    reason: str = "",
    after: timedelta = timedelta(0),
    now: datetime,
) -> None:
    """Have a letter tell whoever asked, if one can go there.

    Takes: event, request_declined or request_closed; after, how long it waits.
    """
    assert row.contact is not None
    if row.medium not in services.couriers:
        return
    if suppressions.among(session, [row.contact_key], now=now):
        return
    community = communities.get(session, row.community_id)
    if row.medium == "text" and not _may_text(session, services, community, now=now):
        return
    letter = letters.write(
        services,
        contacts.known(row.medium, row.contact),
        event=event,
        community_id=community.id,
        facts=letters.facts_of(
            community, address=services.settings.address, language=row.language, reason=reason
        ),
        now=now,
    )
    letter.join_request_id, letter.dated_at = row.id, now + after
    deliveries.add_all(session, [letter])
    sending.carry(session, [letter])


def _may_text(session: Session, services: Services, community: Community, *, now: datetime) -> bool:
    """Take one of the community's texts of the day: strangers may have typed the number."""
    day = now.astimezone(ZoneInfo(community.timezone)).date()
    most, source = services.settings.limit_community_texts, f"community:{community.id}:text"
    if not most or quotas.add(session, source, day, 1) <= most:
        return True
    quotas.add(session, source, day, -1)
    return False


def close_old(session: Session, services: Services, *, now: datetime) -> Sequence[JoinRequest]:
    """Close what nobody answered, say so to whoever asked, and forget how to reach them."""
    closed = []
    for row in requests.unanswered(session, before=now - CLOSE_AFTER, limit=_AT_ONCE):
        if requests.decide(session, row, "closed", now=now):
            write(session, services, row, "request_closed", now=now)
            row.contact, row.name, row.address, row.words = None, "", "", ""
            receipts.follow(session, requests.cards(session, row.id))
            closed.append(row)
    return closed


def forget(session: Session, *, now: datetime) -> None:
    """Erase what was typed into requests that ended a while ago."""
    requests.erase(session, closed_before=now - _KEEP_CLOSED, decided_before=now - _KEEP_DECIDED)
