"""Billing: registered households by month; codes and invitations are free.

A month is the community's own, from midnight to midnight there. When it is over, the daily sweep
writes it down once, and nothing changes it any more; until then it is counted anew. A house that
was off counts the same later, for who lived where when is remembered.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.community import csvs, trail
from bot.community.actors import Actor
from bot.messages import File
from bot.ports import Services
from storage import billing, communities
from storage.billing import Registered
from storage.tables import BillingMonth, Community

HEADER = ("Month", "Households", "Members", "State")


@dataclass(frozen=True, slots=True)
class Month:
    """How many were registered in a month."""

    first: date
    households: int
    members: int
    is_closed: bool  # written down; else counted just now


@dataclass(frozen=True, slots=True)
class Bill:
    """How many are registered, and were."""

    community: str
    now: Registered
    months: tuple[Month, ...]  # the newest first


async def bill(services: Services, actor: Actor, *, now: datetime) -> Bill:
    """The community's households by month. Touches: storage, reading."""

    def query(session: Session) -> Bill:
        return _bill(session, communities.get(session, actor.community_id), now=now)

    return await services.storage.read(query)


async def export(services: Services, actor: Actor, *, now: datetime) -> File:
    """All months as CSV. Touches: storage, the audit trail."""

    def change(session: Session) -> File:
        trail.note(session, actor, "billing.exported", f"community:{actor.community_id}", now=now)
        community = communities.get(session, actor.community_id)
        months = _bill(session, community, now=now).months
        return csvs.file(f"{community.slug}-billing.csv", HEADER, map(_cells, months))

    return await services.storage.write(change)


async def table(services: Services, month: date, *, now: datetime) -> File:
    """All communities in one month as CSV, for whoever runs the house.

    Takes: month, its first day. Touches: storage, reading.
    """

    def query(session: Session) -> list[tuple[str, ...]]:
        return [
            (str(community.id), community.name, *_cells(found))
            for community in communities.every(session)
            if (found := _month(session, community, month, now=now))
        ]

    rows = await services.storage.read(query)
    return csvs.file(f"billing-{month:%Y-%m}.csv", ("Id", "Community", *HEADER), rows)


def close_months(session: Session, *, now: datetime) -> None:
    """Write down all months that are over, of every community."""
    for community in communities.every(session):
        known = billing.closed(session, community.id)
        for first in _months(community, now=now):
            if first not in known and now >= _span(first, community)[1]:
                found = _counted(session, community, first)
                billing.close(session, community.id, first, found, now=now)


def _cells(month: Month) -> tuple[str, ...]:
    state = "closed" if month.is_closed else "so far"
    return f"{month.first:%Y-%m}", str(month.households), str(month.members), state


def _bill(session: Session, community: Community, *, now: datetime) -> Bill:
    known = billing.closed(session, community.id)
    return Bill(
        community=community.name,
        now=billing.registered(session, community.id),
        months=tuple(
            _closed(known[first]) if first in known else _open(session, community, first)
            for first in _months(community, now=now)
        ),
    )


def _month(session: Session, community: Community, first: date, *, now: datetime) -> Month | None:
    """One month of a community; None when it was not founded then, or the month is to come."""
    if row := billing.closed(session, community.id).get(first):
        return _closed(row)
    there_was = first in _months(community, now=now)
    return _open(session, community, first) if there_was else None


def _closed(row: BillingMonth) -> Month:
    return Month(row.month, row.household_count, row.member_count, is_closed=True)


def _open(session: Session, community: Community, first: date) -> Month:
    found = _counted(session, community, first)
    return Month(first, found.households, found.members, is_closed=False)


def _counted(session: Session, community: Community, first: date) -> Registered:
    since, until = _span(first, community)
    return billing.registered_between(session, community.id, since=since, until=until)


def _months(community: Community, *, now: datetime) -> Iterator[date]:
    """The first days of all months from this one back to the community's first."""
    zone = ZoneInfo(community.timezone)
    founded = community.created_at.astimezone(zone).date().replace(day=1)
    first = now.astimezone(zone).date().replace(day=1)
    while first >= founded:
        yield first
        first = (first - timedelta(days=1)).replace(day=1)


def _span(first: date, community: Community) -> tuple[datetime, datetime]:
    """When the month begins and ends there."""
    zone = ZoneInfo(community.timezone)
    next_first = (first + timedelta(days=31)).replace(day=1)
    return datetime.combine(first, time(0), zone), datetime.combine(next_first, time(0), zone)
