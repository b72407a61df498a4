"""The playground: a chat in the browser, for trying everything with nothing set up.

It speaks to this computer only, is off as soon as a real chat or a public address is set up, and
shows beside the chat what the outbox carried. Its messages are kept in the database, so that any
worker can post and nothing is lost by a restart. Its JSON API is described in README.
"""

from collections.abc import Sequence

from starlette.routing import BaseRoute

from bot.chats.playground import pages
from bot.chats.playground.chat import (
    LEADER,
    PLACE,
    PORCH,
    PORCH_NAME,
    SPEAKER,
    SPEAKER_NAME,
    PlaygroundChat,
)

__all__ = ["LEADER", "PLACE", "PORCH", "PORCH_NAME", "SPEAKER", "SPEAKER_NAME", "Playground"]


class Playground(PlaygroundChat):
    """The playground, with its pages."""

    def routes(self) -> Sequence[BaseRoute]:
        """The page and its API, behind a guard that lets only this computer in."""
        return pages.routes(self)
