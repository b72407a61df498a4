"""`/members`: who is in, by household."""

import re
from datetime import datetime

from bot.commands.base import Command, Said, plural
from bot.community import labels, members, names
from bot.community.actors import Actor
from bot.community.members import Roll
from bot.messages import Button, Reply, Usage
from bot.ports import Services
from storage.tables import Household, Member

_PAGED = re.compile(r"(?i)^(.*?)\s*\bpage (\d{1,6})$")


async def handle(services: Services, actor: Actor, said: Said, *, now: datetime) -> Reply:
    """List the households that match what was said."""
    search, page = names.one_line(said.rest), 1
    if paged := _PAGED.match(search):
        search, page = paged[1], int(paged[2])
    return _reply(await members.roll(services, actor, search=search, number=page))


def _reply(roll: Roll) -> Reply:
    if not roll.household_count:
        if roll.search:
            return Reply(f"No household or member is like “{roll.search}”.")
        return Reply("Nobody has joined yet.", (Button("Invite members", "/invite", "primary"),))
    matching = f" like “{roll.search}”" if roll.search else ""
    where = f", page {roll.number} of {roll.pages}" if roll.pages > 1 else ""
    total = "" if roll.search else f" with {plural(roll.member_count, 'member')}"
    head = f"{plural(roll.household_count, 'household')}{matching}{total}{where}:"
    lines = [_line(household, people) for household, people in roll.households]
    return Reply("\n".join([head, *lines]), _pages(roll))


def _line(household: Household, people: tuple[Member, ...]) -> str:
    names_ = ", ".join(f"{mate.name} (head)" if mate.is_head else mate.name for mate in people)
    return f"{household.address}: {names_}, since {labels.day(household.created_at)}"


def _pages(roll: Roll) -> tuple[Button, ...]:
    buttons = []
    search = f"{roll.search} " if roll.search else ""
    for label, number in (("Back", roll.number - 1), ("More", roll.number + 1)):
        call = f"/members {search}page {number}"
        if 1 <= number <= roll.pages and len(call.encode()) <= 64:
            buttons.append(Button(label, call))
    return tuple(buttons)


MEMBERS = Command(
    name="members",
    summary="See who has joined, by household",
    usages=(
        Usage("/members", "lists the households, ten a page"),
        Usage("/members elm", "lists those where a name or the address is like that"),
    ),
    run=handle,
)
