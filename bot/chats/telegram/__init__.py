"""Telegram: commands, buttons and conversations in; replies, receipts and files out."""

from bot.chats.telegram.chat import TelegramChat
from bot.chats.telegram.settings import TelegramSettings, configured, problems

__all__ = ("TelegramChat", "TelegramSettings", "configured", "problems")
