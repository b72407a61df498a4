"""Shelf 2: what leaders can say. To add a command, write one file and add one entry here.

Help, the playground's completion, chat menus and README's table are made from `COMMANDS`.
"""

from bot.commands.announce import ANNOUNCE
from bot.commands.base import Command
from bot.commands.billing import BILLING
from bot.commands.community import COMMUNITY
from bot.commands.coverage import COVERAGE
from bot.commands.groups import GROUPS
from bot.commands.help import help_for
from bot.commands.household import HOUSEHOLD
from bot.commands.invite import INVITE
from bot.commands.invites import INVITES
from bot.commands.leaders import LEADERS
from bot.commands.members import MEMBERS
from bot.commands.passes import PASSES
from bot.commands.requests import REQUESTS
from bot.commands.roster import ROSTER
from bot.commands.use import USE

_SPOKEN: tuple[Command, ...] = (
    INVITE,
    PASSES,
    INVITES,
    REQUESTS,
    MEMBERS,
    GROUPS,
    ROSTER,
    COVERAGE,
    COMMUNITY,
    ANNOUNCE,
    LEADERS,
    HOUSEHOLD,
    BILLING,
    USE,
)
COMMANDS: tuple[Command, ...] = (*_SPOKEN, help_for(_SPOKEN))
