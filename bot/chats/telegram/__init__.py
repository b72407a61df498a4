"""Telegram: commands, buttons and conversations in; replies, receipts and files out."""

from bot.chats.telegram.settings import TelegramSettings, configured, problems
from bot.ports import Chat

__all__ = ("TelegramSettings", "configured", "make", "problems")


def make(settings: TelegramSettings) -> Chat:
    """The chat; its libraries are loaded only where it is set up, as they take 0.3 s."""
    from bot.chats.telegram.chat import TelegramChat

    return TelegramChat(settings)
