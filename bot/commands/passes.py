"""`/passes`: access passes on paper, with QR codes."""

from dataclasses import replace
from datetime import datetime

from bot.commands import into
from bot.commands.base import Command, Misused, Said, again, number, plural
from bot.commands.into import Ends
from bot.community import labels, names, passes
from bot.community.actors import Actor
from bot.community.errors import Refusal
from bot.community.rosters import exports
from bot.community.which_group import NoSuchGroup, SeveralGroups
from bot.messages import Button, Field, Form, Reply, Usage
from bot.ports import Services
from storage.tables import Batch


async def handle(services: Services, actor: Actor, said: Said, *, now: datetime) -> Reply:
    """Print passes, or look after those that were printed."""
    word, rest = said.split()
    match word:
        case "":
            if said.fields:
                return await _from_form(services, actor, said, now=now)
            return await _list(services, actor)
        case "again":
            batch_id = number(rest.strip(), "batch")
            printed = await passes.print_again(services, actor, batch_id)
            return Reply(f"Here is batch {batch_id} again.", files=(printed.file,))
        case "handed-out":
            card = await passes.hand_out(services, actor, number(rest.strip(), "batch"), now=now)
            return Reply(card.text, card.buttons)
        case "void":
            return await _void(services, actor, rest, now=now)
        case "export":
            file = await exports.batches(services, actor, now=now)
            return Reply("Here are all batches, as they stand now.", files=(file,))
        case _:
            ends = await into.without(services, actor, said.rest)
            return await print_passes(services, actor, ends, now=now)


async def _from_form(services: Services, actor: Actor, said: Said, *, now: datetime) -> Reply:
    words = f"{said.fields.get('count', '')} {said.fields.get('label', '')}"
    try:
        groups = await into.chosen(services, actor, said.fields.get("group", ""))
        return await print_passes(services, actor, Ends(words, groups=groups), now=now)
    except (NoSuchGroup, SeveralGroups) as refusal:
        field, why = "group", refusal.words
    except Refusal as refusal:
        field, why = "count", refusal.words
    return again(await _form(services, actor), said.fields, {field: why})


async def _form(services: Services, actor: Actor) -> Form:
    return replace(_FORM, fields=(*_FORM.fields, *await into.field(services, actor)))


async def print_passes(services: Services, actor: Actor, said: Ends, *, now: datetime) -> Reply:
    """Print so many passes, with a label if there are words after the number."""
    count, _, label = said.words.strip().partition(" ")
    if not count.isdecimal() or len(count) > 9:
        raise Misused(f"How many passes? Say `/passes 40`; {passes.LIMIT} at most at a time.")
    printed = await passes.mint(
        services, actor, count=int(count), label=label, group_ids=said.group_ids, now=now
    )
    named = f" “{names.one_line(label)}”" if label.strip() else ""
    return Reply(
        f"Here {'is' if printed.count == 1 else 'are'} "
        f"{plural(printed.count, 'access pass', 'access passes')}{named}, batch "
        f"{printed.batch_id}. Print on paper of your size at 100 %, cut along the marks, and give "
        f"one to each household. Each code works once.{into.told(said.names)}",
        files=(printed.file,),
    )


async def _void(services: Services, actor: Actor, rest: str, *, now: datetime) -> Reply:
    word, _, sure = rest.strip().partition(" ")
    batch_id = number(word, "batch")
    if sure.strip() == "yes":
        count = await passes.void(services, actor, batch_id, now=now)
        return Reply(f"{plural(count, 'pass', 'passes')} of batch {batch_id} no longer work.")
    return Reply(
        f"Void all passes of batch {batch_id} that were not used yet? Their codes stop working.",
        (
            Button("Void them", f"/passes void {batch_id} yes", "danger", settles=True),
            Button("Keep them", "/passes", settles=True),
        ),
    )


async def _list(services: Services, actor: Actor) -> Reply:
    rows = await passes.newest(services, actor)
    lines = [_line(batch, used) for batch, used in rows]
    text = "\n".join(["The latest batches:", *lines]) if rows else "No passes were printed yet."
    buttons = tuple(
        Button(f"Print batch {batch.id} again", f"/passes again {batch.id}")
        for batch, _ in rows[:5]
    )
    return Reply(text, buttons, form=await _form(services, actor))


def _line(batch: Batch, used: int) -> str:
    named = f" “{batch.label}”" if batch.label else ""
    handed = ", handed out" if batch.handed_out_at else ""
    return (
        f"Batch {batch.id}{named}: {plural(batch.pass_count, 'pass', 'passes')} printed on "
        f"{labels.day(batch.created_at)}{handed}, {used} joined."
    )


_FORM = Form(
    "Print access passes",
    "/passes",
    (
        Field("count", "How many", "number", value="4", hint=f"1 to {passes.LIMIT}"),
        Field("label", "Label", hint="For your own list: “Elm Street”", required=False),
    ),
    submit="Print",
)
PASSES = Command(
    name="passes",
    summary="Print access passes with QR codes",
    usages=(
        Usage("/passes 40", "makes a PDF of 40 passes; 100 at most at a time"),
        Usage("/passes 40 Elm Street", "the same, with a label for your own list"),
        Usage("/passes 40 Elm Street in group Board", "whoever uses one arrives in that group"),
        Usage("/passes", "lists the batches, to print, hand out or void them"),
        Usage("/passes export", "gives you all batches as a CSV file"),
    ),
    run=handle,
)
