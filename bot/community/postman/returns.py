"""Returns: what comes back about letters, from providers and mailboxes, twice and in any order.

A letter is named by its tag, which nobody can guess, so that nobody can report a bounce of a
letter that was not his; what names no letter of ours is noted in the log and forgotten.
"""

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlmodel import Session

from bot.community import contacts, tokens
from bot.community.deliveries import note
from bot.community.postman import asking
from bot.messages import Event, News, Wish
from bot.ports import Services
from storage import deliveries, heard, suppressions
from storage.tables import Delivery

_REASON: Event = "opted_out"

log = structlog.get_logger()


async def hear(services: Services, told: Sequence[News | Wish], *, now: datetime) -> None:
    """Take note of all of it in one transaction, of each once.

    Raises: DatabaseAway. Touches: storage; the receipts follow.
    """
    if told:
        await services.storage.write(_hear, services, told, now=now)


def _hear(
    session: Session, services: Services, told: Sequence[News | Wish], *, now: datetime
) -> None:
    for item in told:
        if isinstance(item, Wish):
            _grant(session, services, item, now=now)
        else:
            _fold(session, services, item, now=now)


def _fold(session: Session, services: Services, news: News, *, now: datetime) -> None:
    delivery = _named(session, services, news)
    if delivery is None:
        log.warning("returns.no_such_letter", medium_event=news.event)
        return
    note(session, delivery, news.event, key=news.key, code=news.code, words=news.words, now=now)
    if news.provider_id and delivery.provider_id is None:  # the answer with its id was lost
        delivery.provider_id = news.provider_id
        asking.ask_later(session, services, [delivery])


def _named(session: Session, services: Services, news: News) -> Delivery | None:
    """The letter that the news is about: a wrong tag is a forgery, whatever else it names."""
    if news.tag:
        delivery_id = tokens.read_tag(services.keys, news.tag)
        return None if delivery_id is None else deliveries.get(session, delivery_id)
    return deliveries.with_message_id(session, news.message_id)


def _grant(session: Session, services: Services, wish: Wish, *, now: datetime) -> None:
    """Do as the resident says: it holds for all communities."""
    if not heard.once(session, f"wish:{wish.key}", now=now):
        return
    key = contacts.key_of(services.keys, wish.medium, wish.address)
    if wish.wish == "start":
        suppressions.lift(session, key, reason=_REASON, now=now)
        return
    suppressions.add(session, None, key, reason=_REASON, until=None, now=now)
    for delivery in deliveries.open_to(session, key):
        note(session, delivery, _REASON, key=f"{delivery.id}:{wish.key}", now=now)
