"""Join requests as leaders look them up: those that wait, one of them, and whether any may come."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.community import trail
from bot.community.actors import Actor
from bot.community.requests import address_of, deciding, request_cards
from bot.messages import Card
from bot.ports import Services
from storage import communities, requests
from storage.tables import JoinRequest

PAGE = 10


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the requests that wait."""

    rows: tuple[JoinRequest, ...]
    number: int  # from 1
    pages: int
    total: int
    is_open: bool  # whether people may ask
    address: str  # where they do


async def page(services: Services, actor: Actor, *, number: int = 1) -> Page:
    """A page of open requests. A number beyond the last gives the last."""

    def query(session: Session) -> Page:
        community = communities.get(session, actor.community_id)
        total = requests.open_count(session, community.id)
        pages = max(1, -(-total // PAGE))
        shown = min(max(1, number), pages)
        rows = requests.page(session, community.id, limit=PAGE, offset=(shown - 1) * PAGE)
        address = address_of(services, community.slug)
        return Page(tuple(rows), shown, pages, total, community.may_ask, address)

    return await services.storage.read(query)


async def show(services: Services, actor: Actor, number: int) -> Card:
    """The card of one request. Raises: NoSuchRequest."""

    def query(session: Session) -> Card:
        return request_cards.card(session, deciding.request(session, actor, number))

    return await services.storage.read(query)


async def undecided(services: Services, actor: Actor, number: int) -> Card:
    """The card of a request that can be decided. Raises: NoSuchRequest, DecidedAlready."""

    def query(session: Session) -> Card:
        row = deciding.request(session, actor, number)
        if row.decided_at is not None:
            raise deciding.decided(session, row)
        return request_cards.card(session, row)

    return await services.storage.read(query)


async def switch(services: Services, actor: Actor, *, is_open: bool, now: datetime) -> str:
    """Let people without a code ask, or no longer. Gives: where they do."""

    def change(session: Session) -> str:
        community = communities.lock(session, actor.community_id)
        community.may_ask = is_open
        action = "requests.opened" if is_open else "requests.closed"
        trail.note(session, actor, action, f"community:{community.id}", now=now)
        return address_of(services, community.slug)

    return await services.storage.write(change)
