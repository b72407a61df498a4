"""Lists of invitations: a page of those that a leader asks to see."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.community.actors import Actor
from bot.ports import Services
from storage import invitations
from storage.invitations import Standing
from storage.listing import State as State
from storage.listing import Wanted as Wanted
from storage.listing import matching

PAGE = 10
ALL = Wanted()


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list of invitations."""

    standings: tuple[Standing, ...]
    wanted: Wanted
    number: int  # from 1
    pages: int
    total: int


async def page(
    services: Services, actor: Actor, wanted: Wanted = ALL, *, number: int = 1, now: datetime
) -> Page:
    """A page of invitations, newest first. A number beyond the last gives the last."""

    def query(session: Session) -> Page:
        where = matching(wanted, now=now)
        total = invitations.count(session, actor.community_id, *where)
        pages = max(1, -(-total // PAGE))
        shown = min(max(1, number), pages)
        rows = invitations.standings(
            session, actor.community_id, *where, limit=PAGE, offset=(shown - 1) * PAGE
        )
        return Page(tuple(rows), wanted, shown, pages, total)

    return await services.storage.read(query)
