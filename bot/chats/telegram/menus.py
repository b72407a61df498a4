"""Telegram's menu of commands: one for leaders, one for everybody, one for groups.

What is in a menu is a help to find it and no right: rights are checked at every call.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from telegram import (
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
)
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.chats.telegram.calls import NAME
from bot.messages import MenuItem
from bot.ports import Services
from storage import communities
from storage.database import DatabaseAway

_DESCRIPTION = 256  # characters
_FOR_ALL = {"household", "help"}
_IN_GROUPS = {"announce", "help"}
_OWN = (
    BotCommand("settings", "See and change the community"),
    BotCommand("cancel", "Stop what is being asked"),
)

log = structlog.get_logger()


@dataclass(slots=True)
class Menus:
    """The menus of one bot."""

    services: Services
    bot: ExtBot[int]
    bot_id: str
    menu: Sequence[MenuItem]
    _shown_to: set[str] = field(default_factory=set)  # leaders, by id

    async def show(self) -> None:
        """Show everybody their menu."""
        await self._set(self._only(_FOR_ALL), BotCommandScopeAllPrivateChats())
        await self._set(self._only(_IN_GROUPS), BotCommandScopeAllGroupChats())
        await self._show_leaders()

    async def follow(self, text: str) -> None:
        """Who leads may have changed with this call."""
        if text.startswith("/leaders"):
            try:
                await self._show_leaders()
            except DatabaseAway:
                log.warning("telegram.menu_not_followed")

    async def _show_leaders(self) -> None:
        leading = await self._leaders()
        for user in sorted(leading - self._shown_to):
            if await self._set([*self._only(None), *_OWN], BotCommandScopeChat(int(user))):
                self._shown_to.add(user)
        for user in sorted(self._shown_to - leading):
            if await self._set([], BotCommandScopeChat(int(user))):
                self._shown_to.discard(user)

    async def _leaders(self) -> set[str]:
        return await self.services.storage.read(
            communities.leaders_in, chat=NAME, place=self.bot_id
        )

    def _only(self, names: set[str] | None) -> list[BotCommand]:
        return [
            BotCommand(item.name, item.summary[:_DESCRIPTION])
            for item in self.menu
            if names is None or item.name in names
        ]

    async def _set(self, commands: list[BotCommand], scope: BotCommandScope) -> bool:
        """Whether it worked: not before a leader has started the bot."""
        try:
            if commands:
                return await self.bot.set_my_commands(commands, scope)
            return await self.bot.delete_my_commands(scope)
        except TelegramError as error:
            log.info("telegram.no_menu", scope=scope.type, error=type(error).__name__)
            return False
