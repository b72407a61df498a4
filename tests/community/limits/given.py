"""A house with limits, and what they come to."""

import dataclasses
from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from bot.ports import Services
from bot.settings import Settings
from storage.tables import Community, Delivery, Quota
from tests.community import scene
from tests.settings import settings_of


def people(count: int, name: str = "n") -> str:
    """So many addresses, to be pasted."""
    return "\n".join(f"{name}{number}@example.org" for number in range(count))


def limited(services: Services, **chosen: Any) -> Services:
    """The house with the limits that everybody has, but for these."""
    unhurried = {"quiet_hours": "off", "limit_resend_hours": 0}
    settings = settings_of(Settings, public_url=scene.ADDRESS, **unhurried | chosen)
    return dataclasses.replace(services, settings=settings)


async def move(services: Services, **to: str) -> None:
    """Let Maple Court be elsewhere."""

    def change(session: Session) -> None:
        community = session.get_one(Community, 1)
        for name, value in to.items():
            setattr(community, name, value)

    await services.storage.write(change)


async def waiting(services: Services) -> list[Delivery]:
    """The letters that have a reason to wait."""
    return [row for row in await scene.all_of(services, Delivery) if row.words]


async def goes_at(services: Services) -> list[datetime]:
    """When the letters may go, in order of asking."""
    return [row.run_at for row in await scene.jobs(services, "deliver")]


async def quota(services: Services) -> dict[tuple[str, date], int]:
    """What is allotted to which day."""
    rows = await scene.all_of(services, Quota)
    return {(row.source, row.day): row.count for row in rows if row.count}
