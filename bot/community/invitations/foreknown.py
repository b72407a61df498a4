"""What we know of somebody before they sign up, so that they need not type it."""

from sqlmodel import Session

from bot.ports import Services
from storage import requests, rosters
from storage.database import brief


async def of(services: Services, invitation_id: int) -> tuple[str, str]:
    """The name and address of who holds the invitation; empty what we do not know.

    Both, when they asked for it themselves; the address alone, when it is of the leaders' roster:
    the invitation may be used by another of that household.
    """
    return await services.storage.read(_known, invitation_id)


@brief
def _known(session: Session, invitation_id: int) -> tuple[str, str]:
    asked = requests.behind(session, invitation_id)
    if asked is not None:
        return asked.name, asked.address
    return "", rosters.address_behind(session, invitation_id)
