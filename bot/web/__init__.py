"""Pages for people who are not in the chat: sign-up, household, opting out, and health; and one for
leaders on their phones, who send invitations by hand.

Every page works without a script, on a small phone, for somebody of eighty. All of them are behind
`bot.web.guard`; to add a page, write a room and add it to `_ROOMS`.
"""

from starlette.routing import BaseRoute, Mount, Router

from bot.ports import Services
from bot.web import (
    by_hand,
    health,
    homecoming,
    household,
    joining,
    logos,
    own,
    replies,
    requests,
    signup,
    stopping,
)
from bot.web.guard import PATIENCE, Clock, guarded, utc_now

_ROOMS = (
    signup,
    requests,
    household,
    homecoming,
    own,
    joining,
    replies,
    stopping,
    by_hand,
    health,
)


def routes(
    services: Services, *, clock: Clock = utc_now, patience: float = PATIENCE
) -> list[BaseRoute]:
    """All rooms behind the guard.

    Gives: routes to put last, because whatever no other route answers ends at a page of ours that
    says so.
    """
    router = Router(
        [route for room in _ROOMS for route in room.rooms(services)], redirect_slashes=False
    )
    return [
        *logos.routes(services),
        Mount("/", guarded(router, services, clock=clock, patience=patience)),
    ]
