"""Shelf 1: chat platforms, one place each. To add one, write it and add one entry to `CHATS`.

A chat makes a `Call` of what a leader says and shows the `Reply`; it posts and edits messages when
the postman asks. `bot.app` plugs in those that are set up, else the playground, which needs no
setting up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.chats import slack, telegram
from bot.ports import Chat


@dataclass(frozen=True, slots=True)
class ChatKind:
    """How a chat is set up."""

    name: str
    read_settings: Callable[[], Any]
    configured: Callable[[Any], bool]  # whether anything of it is set
    problems: Callable[[Any], list[str]]  # what is missing, in words; empty when complete
    make: Callable[[Any], Chat]


CHATS: tuple[ChatKind, ...] = (
    ChatKind("slack", slack.SlackSettings, slack.configured, slack.problems, slack.make),
    ChatKind(
        "telegram",
        telegram.TelegramSettings,
        telegram.configured,
        telegram.problems,
        telegram.make,
    ),
)
