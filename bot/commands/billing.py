"""`/billing`: registered households, now and by month."""

from datetime import datetime

from bot.commands.base import Command, Misused, Said, plural
from bot.community import billing
from bot.community.actors import Actor
from bot.community.billing import Bill, Month
from bot.messages import Button, Reply, Usage
from bot.ports import Services

_SHOWN = 12  # months; all of them are in the file


async def handle(services: Services, actor: Actor, said: Said, *, now: datetime) -> Reply:
    """Count the households, or hand out the table of all months."""
    match said.rest.strip().lower():
        case "":
            return _reply(await billing.bill(services, actor, now=now))
        case "export":
            file = await billing.export(services, actor, now=now)
            return Reply("Here are all months, as a table for spreadsheets.", files=(file,))
        case _:
            raise Misused("I can count the registered households, and export them by month.")


def _reply(bill: Bill) -> Reply:
    now, months = bill.now, bill.months[:_SHOWN]
    lines = [
        f"{plural(now.households, 'registered household')} in {bill.community}, "
        f"with {plural(now.members, 'member')}. Invitations and codes are free.",
        "A household counts in each month in which it had a member:",
        *map(_line, months),
    ]
    if len(bill.months) > _SHOWN:
        lines.append("Earlier months are in the table.")
    return Reply("\n".join(lines), (Button("Export", "/billing export"),))


def _line(month: Month) -> str:
    counted = f"{plural(month.households, 'household')}, {plural(month.members, 'member')}"
    return f"{month.first:%B %Y}: {counted}" + ("" if month.is_closed else ", so far")


BILLING = Command(
    name="billing",
    summary="See how many households are registered, by month",
    usages=(
        Usage("/billing", "counts the registered households, now and by month"),
        Usage("/billing export", "makes a table of all months, for spreadsheets"),
    ),
    run=handle,
)
