"""Portions: how many of many letters have a place in the days ahead."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from bot.community import limits
from bot.community.actors import Actor
from bot.community.contacts import Contact
from bot.community.limits import LimitReached
from bot.ports import Services
from storage.database import rehearsed
from storage.tables import Community


def fitting(
    session: Session,
    services: Services,
    actor: Actor,
    community: Community,
    to: Sequence[Contact],
    *,
    now: datetime,
) -> int:
    """How many of these letters of one medium, from the first, have a place; nothing is taken."""
    none, all_of_them = 0, len(to)
    middle = all_of_them  # as a rule all fit
    while none < all_of_them:
        if _fit(session, services, actor, community, to[:middle], now=now):
            none = middle
        else:
            all_of_them = middle - 1
        middle = (none + all_of_them + 1) // 2
    return none


def _fit(
    session: Session,
    services: Services,
    actor: Actor,
    community: Community,
    to: Sequence[Contact],
    *,
    now: datetime,
) -> bool:
    try:
        with rehearsed(session):
            limits.allot(session, services, actor, community, to, now=now)
    except LimitReached:
        return False
    return True
