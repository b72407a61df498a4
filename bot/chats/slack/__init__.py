"""Slack: commands, buttons, forms and the Home tab in; replies, receipts and files out."""

from bot.chats.slack.settings import SlackSettings, configured, problems
from bot.ports import Chat

__all__ = ("SlackSettings", "configured", "make", "problems")


def make(settings: SlackSettings) -> Chat:
    """The chat; its libraries are loaded only where it is set up, as they take 0.4 s."""
    from bot.chats.slack.chat import SlackChat

    return SlackChat(settings)
