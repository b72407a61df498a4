"""`/groups`: committees, buildings and teams among the members."""

import re
from datetime import datetime

from bot.commands import group_members
from bot.commands.base import Command, Misused, Said, again, plural
from bot.commands.group_members import short, show
from bot.community import csvs, groups
from bot.community.actors import Actor
from bot.community.errors import Refusal
from bot.community.groups import Look, Shelf
from bot.community.which_group import LONGEST, NoSuchGroup
from bot.messages import Button, Field, Form, Reply, Usage
from bot.ports import Services
from storage.people import Person

_PAGED = re.compile(r"(?i)^(.*?)\s*\bpage (\d{1,6})$")
_TO = re.compile(r"(?i)\s+to\s+")
_NAME = Field("name", "Name", hint=f"Up to {LONGEST} characters: “Pool committee”")


async def handle(services: Services, actor: Actor, said: Said, *, now: datetime) -> Reply:
    """List the groups, show one, or change one."""
    word, rest = said.split()
    rest = rest.strip()
    match word:
        case "" | "page":
            page = int(rest) if rest.isdecimal() and len(rest) < 7 else 1
            return _shelf(await groups.shelf(services, actor, number=page))
        case "create":
            return await _create(services, actor, said, rest, now=now)
        case "rename":
            return await _rename(services, actor, said, rest, now=now)
        case "add" | "remove":
            return await group_members.move(services, actor, said, word, rest, now=now)
        case "delete":
            return await _delete(services, actor, rest, now=now)
        case "export":
            return await _export(services, actor, rest)
    typed, page = said.rest.strip(), 1
    if paged := _PAGED.match(typed):
        typed, page = paged[1], int(paged[2])
    return _look(await groups.look(services, actor, typed, number=page))


# Looking


def _shelf(shelf: Shelf) -> Reply:
    create = Button("Create a group", "/groups create", "plain" if shelf.total else "primary")
    if not shelf.total:
        return Reply("There are no groups yet: no committee, building or team.", (create,))
    where = f", page {shelf.number} of {shelf.pages}" if shelf.pages > 1 else ""
    lines = [f"{plural(shelf.total, 'group')}{where}:"]
    lines += [f"#{row.id} {row.name}: {plural(count, 'member')}" for row, count in shelf.rows]
    shown = [Button(short(row.name), f"/groups {row.id}") for row, _ in shelf.rows]
    pages = _pages("/groups", shelf.number, shelf.pages)
    return Reply("\n".join(lines), (*shown, *pages, create))


def _look(look: Look) -> Reply:
    group, call = look.group, f"/groups {look.group.id}"
    where = f", page {look.number} of {look.pages}" if look.pages > 1 else ""
    lines = [f"#{group.id} {group.name}, {plural(look.total, 'member')}{where}:"]
    lines += [_line(one) for one in look.people]
    add = Button("Add members", f"/groups add {group.id}", "plain" if look.total else "primary")
    buttons = [*_pages(call, look.number, look.pages), add]
    if look.total:
        buttons.append(Button("Take members out", f"/groups remove {group.id}"))
        buttons.append(Button("Export", f"/groups export {group.id}"))
    buttons.append(Button("Rename", f"/groups rename {group.id}"))
    buttons.append(Button("Delete", f"/groups delete {group.id}", "danger"))
    text = "\n".join(lines) if look.total else f"#{group.id} {group.name} has no members yet."
    return Reply(text, tuple(buttons))


def _line(one: Person) -> str:
    suspended = " (suspended)" if one.suspended_at else ""
    return f"#{one.id} {one.name}, {one.address}{suspended}"


def _pages(call: str, number: int, pages: int) -> list[Button]:
    wanted = (("Back", number - 1), ("More", number + 1))
    return [Button(label, f"{call} page {to}") for label, to in wanted if 1 <= to <= pages]


async def _export(services: Services, actor: Actor, typed: str) -> Reply:
    if not typed:
        raise Misused("Which group? Say `/groups export Pool committee`.")
    group, people = await groups.everybody(services, actor, typed)
    header = ("Number", "Name", "Address", "Suspended")
    rows = [
        (str(one.id), one.name, one.address, "yes" if one.suspended_at else "") for one in people
    ]
    file = csvs.file(f"group-{group.id}.csv", header, rows)
    return Reply(f"{group.name}, with {plural(len(people), 'member')}.", files=(file,))


# Groups themselves


async def _create(
    services: Services, actor: Actor, said: Said, typed: str, *, now: datetime
) -> Reply:
    form = Form("Create a group", "/groups create", (_NAME,), submit="Create")
    name = typed or said.fields.get("name", "")
    if not name.strip() and not said.fields:
        return Reply("What shall the group be called?", form=form)
    try:
        group = await groups.create(services, actor, name, now=now)
    except Refusal as refusal:
        if typed:
            raise
        return again(form, said.fields, {"name": refusal.words})
    add = Button("Add members", f"/groups add {group.id}", "primary")
    return Reply(
        f"There is a group {group.name} now, with nobody in it. Invite people into it with "
        f"`/invite email ana@example.org in group {group.name}`.",
        (add,),
    )


async def _rename(
    services: Services, actor: Actor, said: Said, typed: str, *, now: datetime
) -> Reply:
    if not typed:
        raise Misused("Which group? Say `/groups rename Pool committee to Swimmers`.")
    missing = None
    for split in reversed([*_TO.finditer(typed)]):  # a name may have a "to" in it, too
        wanted, name = typed[: split.start()], typed[split.end() :]
        try:
            return await _renamed(services, actor, wanted, name, now=now)
        except NoSuchGroup as refusal:
            missing = missing or refusal
    if missing:
        raise missing
    return await _rename_in_form(services, actor, said, typed, now=now)


async def _rename_in_form(
    services: Services, actor: Actor, said: Said, typed: str, *, now: datetime
) -> Reply:
    group = (await groups.look(services, actor, typed)).group
    form = Form("Rename the group", f"/groups rename {group.id}", (_NAME,), submit="Rename")
    if not said.fields:
        return Reply(f"What shall {group.name} be called?", form=form)
    try:
        name = said.fields.get("name", "")
        return await _renamed(services, actor, str(group.id), name, now=now)
    except Refusal as refusal:
        return again(form, said.fields, {"name": refusal.words})


async def _renamed(
    services: Services, actor: Actor, typed: str, name: str, *, now: datetime
) -> Reply:
    before, group = await groups.rename(services, actor, typed, name=name, now=now)
    return Reply(f"{before} is called {group.name} now.", (show(group.id, group.name),))


async def _delete(services: Services, actor: Actor, typed: str, *, now: datetime) -> Reply:
    if not typed:
        raise Misused("Which group? Say `/groups delete Pool committee`.")
    wanted, _, sure = typed.rpartition(" ")
    if sure == "yes" and wanted.isdecimal():
        name = await groups.delete(services, actor, wanted, now=now)
        return Reply(f"The group {name} is deleted. Its members stay members.")
    look = await groups.look(services, actor, typed)
    group = look.group
    return Reply(
        f"Delete the group {group.name}, with {plural(look.total, 'member')} in it? They stay "
        "members, but nobody remembers who was in it: this cannot be taken back.",
        (
            Button("Delete it", f"/groups delete {group.id} yes", "danger", settles=True),
            Button("Keep it", f"/groups {group.id}", settles=True),
        ),
    )


GROUPS = Command(
    name="groups",
    summary="Keep committees, buildings and teams among the members",
    usages=(
        Usage("/groups", "lists the groups, ten a page"),
        Usage("/groups create Pool committee", "makes a group"),
        Usage("/groups Pool committee", "shows who is in it, to change, export or delete it"),
        Usage(
            "/groups add Pool committee: Ana Ruiz", "puts members in: names, numbers, households"
        ),
        Usage("/groups remove Pool committee: 17", "takes a member out of it"),
        Usage("/groups rename Pool committee to Swimmers", "gives it another name"),
    ),
    run=handle,
)
