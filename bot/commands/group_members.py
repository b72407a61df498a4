"""What `/groups` says of members: who is put into a group, and who is taken out of it."""

from collections.abc import Sequence
from datetime import datetime

from bot.commands.base import Misused, Said, again
from bot.community import groups
from bot.community.actors import Actor
from bot.community.errors import Refusal
from bot.community.groups import Moved
from bot.community.people import listed
from bot.community.which_group import NoSuchGroup
from bot.community.whom import SeveralMeant
from bot.messages import Button, Field, Form, Reply
from bot.ports import Services
from storage.people import Person

_NAMED = 10  # members by name in one sentence
_LABEL = 40  # characters of a button: more is cut off on a telephone
_LONGEST_CALL = 56  # bytes that a button's call may have
_COLON = "Put a colon between the group and whom: `/groups {verb} Pool committee: Ana Ruiz`."
_WHO = Field("who", "Who", hint="Numbers, names or households: “17, Ana Ruiz, household 5”")
_ASKS = {"add": "Who shall be in {group}?", "remove": "Who shall leave {group}?"}
_TITLES = {"add": "Add members", "remove": "Take members out"}
_SUBMIT = {"add": "Add", "remove": "Take out"}


async def move(
    services: Services, actor: Actor, said: Said, verb: str, typed: str, *, now: datetime
) -> Reply:
    """`/groups add Pool committee: Ana Ruiz`, or remove; without whom, a form asks."""
    wanted, colon, who = typed.partition(":")
    if not wanted.strip():
        raise Misused(_COLON.format(verb=verb))
    if colon:
        return await _moved(services, actor, verb, wanted, who, now=now)
    try:
        group = (await groups.look(services, actor, wanted)).group
    except NoSuchGroup as refusal:
        raise Misused(f"{refusal.words} {_COLON.format(verb=verb)}") from refusal
    form = Form(_TITLES[verb], f"/groups {verb} {group.id}", (_WHO,), submit=_SUBMIT[verb])
    if not said.fields:
        return Reply(_ASKS[verb].format(group=group.name), form=form)
    try:
        who = said.fields.get("who", "")
        return await _moved(services, actor, verb, str(group.id), who, now=now)
    except Refusal as refusal:
        return again(form, said.fields, {"who": refusal.words})


async def _moved(
    services: Services, actor: Actor, verb: str, wanted: str, who: str, *, now: datetime
) -> Reply:
    do = groups.add if verb == "add" else groups.remove
    try:
        return _told(verb, await do(services, actor, wanted, who=who, now=now))
    except SeveralMeant as several:
        if "," in who:
            raise
        these = [
            Button(short(f"{one.name}, {one.address}"), f"/groups {verb} {wanted}: {one.id}")
            for one in several.people
        ]
        fit = [button for button in these if len(button.call.encode()) <= _LONGEST_CALL]
        return Reply(several.words, tuple(fit))


def _told(verb: str, moved: Moved) -> Reply:
    group = moved.group
    lines = []
    if moved.people:
        now_in = "now in" if verb == "add" else "no longer in"
        lines.append(f"{_names(moved.people)} {_are(moved.people)} {now_in} {group.name}.")
    if moved.already:
        lines.append(f"{_names(moved.already)} {_are(moved.already)} in {group.name} already.")
    back = f"/groups {'remove' if verb == 'add' else 'add'} {group.id}: "
    back += ",".join(str(one.id) for one in moved.people)
    buttons = [Button("Take back", back, settles=True)] if moved.people else []
    if len(back.encode()) > _LONGEST_CALL:
        buttons = []
    return Reply("\n".join(lines), (*buttons, show(group.id, group.name)))


def _names(people: Sequence[Person]) -> str:
    names = [one.name for one in people]
    more = len(names) - _NAMED
    return listed([*names[:_NAMED], f"{more} more"] if more > 0 else names)


def _are(people: Sequence[Person]) -> str:
    return "is" if len(people) == 1 else "are"


def show(group_id: int, name: str) -> Button:
    """The button that shows the group."""
    return Button(f"Show {short(name)}", f"/groups {group_id}")


def short(words: str) -> str:
    """The words as they fit on a button."""
    return words if len(words) <= _LABEL else f"{words[: _LABEL - 1]}…"
