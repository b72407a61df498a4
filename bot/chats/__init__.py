"""Shelf 1: chat platforms, one place each. To add one, write it and add one entry to `CHATS`.

A chat makes a `Call` of what a leader says and shows the `Reply`; it posts and edits messages when
the postman asks. `bot.app` plugs in those that are set up, else the playground, which needs no
setting up. What they share about files that come and go is in `dropped.py` and `handed.py`.
"""

from bot.chats import slack, telegram
from bot.ports import Chat, Kind

CHATS: tuple[Kind[Chat], ...] = (
    Kind(slack.SlackSettings, slack.configured, slack.problems, slack.make),
    Kind(telegram.TelegramSettings, telegram.configured, telegram.problems, telegram.make),
)
