"""Members as leaders see them: by household, a page at a time."""

from dataclasses import dataclass

from sqlmodel import Session

from bot.community.actors import Actor
from bot.ports import Services
from storage import members
from storage.tables import Household, Member

PAGE = 10


@dataclass(frozen=True, slots=True)
class Roll:
    """One page of households, each with its members, the head first."""

    households: tuple[tuple[Household, tuple[Member, ...]], ...]
    search: str
    number: int  # from 1
    pages: int
    household_count: int  # that match
    member_count: int  # of the whole community


async def roll(services: Services, actor: Actor, *, search: str = "", number: int = 1) -> Roll:
    """Households by address, those where a name or the address contains the search."""

    def query(session: Session) -> Roll:
        community_id = actor.community_id
        total = members.household_count(session, community_id, search=search)
        pages = max(1, -(-total // PAGE))
        shown = min(max(1, number), pages)
        rows = members.households(
            session, community_id, search=search, limit=PAGE, offset=(shown - 1) * PAGE
        )
        people = members.members_of(session, [row.id for row in rows])
        grouped = tuple(
            (row, tuple(mate for mate in people if mate.household_id == row.id)) for row in rows
        )
        count = members.member_count(session, community_id)
        return Roll(grouped, search, shown, pages, total, count)

    return await services.storage.read(query)
