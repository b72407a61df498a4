"""Opt-outs: a resident says no more, for ever and everywhere, and may take it back."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.community import brands, contacts, tokens
from bot.community import deliveries as events
from bot.community.brands import Brand
from bot.community.errors import Refusal
from bot.ports import Services
from bot.settings import Keys
from storage import communities, deliveries, suppressions
from storage.database import clock
from storage.tables import Delivery

_REASON = "opted_out"
_OF_INVITATION = "decline"  # what the link on a sign-up page is signed for


class UnknownLink(Refusal):
    """This link is incomplete. Please open it again from the message, or answer STOP to a text."""

    status = 404


@dataclass(frozen=True, slots=True)
class Stop:
    """Whom a link that stops letters, or reminders, is about; and how things stand."""

    brand: Brand
    theirs: str  # BCP 47, of the reader; empty: not known
    contact_masked: str
    stopped: bool  # there will be no more


def of_invitation(keys: Keys, invitation_id: int) -> str:
    """The token for whom an invitation went to, for pages that know no letter."""
    return tokens.sign(keys, _OF_INVITATION, invitation_id)


async def look(services: Services, token: str) -> Stop:
    """What the link is about; changes nothing. Raises: UnknownLink."""

    def query(session: Session) -> Stop:
        row = _delivery(session, services.keys, token)
        return _standing(session, row, now=clock(session))

    return await services.storage.read(query)


async def opt_out(services: Services, token: str, *, now: datetime) -> Stop:
    """Write to this contact no more, in no community. Raises: UnknownLink."""

    def change(session: Session) -> Stop:
        row = _delivery(session, services.keys, token)
        suppressions.add(
            session, row.community_id, row.contact_key, reason=_REASON, until=None, now=now
        )
        letters = {letter.id: letter for letter in deliveries.open_to(session, row.contact_key)}
        for letter in (letters | {row.id: row}).values():  # the newest is what leaders look at
            events.note(session, letter, "opted_out", key=f"optout:{letter.id}", now=now)
        return _standing(session, row, now=now)

    return await services.storage.write(change)


async def undo(services: Services, token: str, *, now: datetime) -> Stop:
    """Let the contact be written to again, as its owner asks. Raises: UnknownLink."""

    def change(session: Session) -> Stop:
        row = _delivery(session, services.keys, token)
        suppressions.lift(session, row.contact_key, reason=_REASON, now=now)
        return _standing(session, row, now=now)

    return await services.storage.write(change)


def _delivery(session: Session, keys: Keys, token: str) -> Delivery:
    if (delivery_id := tokens.read(keys, "optout", token)) is not None:
        row = deliveries.get(session, delivery_id)
    else:
        invitation_id = tokens.read(keys, _OF_INVITATION, token)
        row = _newest(session, invitation_id) if invitation_id is not None else None
    if row is None:
        raise UnknownLink
    return row


def _newest(session: Session, invitation_id: int) -> Delivery | None:
    letters = deliveries.of_invitation(session, invitation_id)
    return letters[-1] if letters else None


def _standing(session: Session, row: Delivery, *, now: datetime) -> Stop:
    session.flush()
    suppressed = suppressions.among(session, [row.contact_key], now=now)
    return Stop(
        brand=brands.of(communities.get(session, row.community_id)),
        theirs=row.facts["language"],
        contact_masked=contacts.known(row.medium, row.contact).masked if row.contact else "",
        stopped=_REASON in suppressed.values(),
    )
