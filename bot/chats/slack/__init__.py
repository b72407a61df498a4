"""Slack: commands, buttons, forms and the Home tab in; replies, receipts and files out."""

from bot.chats.slack.chat import SlackChat
from bot.chats.slack.settings import SlackSettings, configured, problems

__all__ = ("SlackChat", "SlackSettings", "configured", "problems")
