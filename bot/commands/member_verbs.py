"""What leaders do to members and households with `/members`, and take back."""

import re
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from bot.commands import cards
from bot.commands.base import Said, again, number
from bot.community import names
from bot.community.actors import Actor
from bot.community.errors import Refusal
from bot.community.members import member_cards, membership, moving, undoing
from bot.community.members.changing import Done
from bot.community.members.moving import AddressTaken, WhichHead
from bot.messages import Button, Field, Form, Reply
from bot.ports import Services

_MERGE = re.compile(r"(?i)^(?:into\s+)?(.*?)(?:\s+head\s+#?(\d{1,9}))?$")


class _AtOnce(Protocol):
    """A verb that needs to know a member only."""

    def __call__(
        self, services: Services, actor: Actor, number: int, *, now: datetime
    ) -> Awaitable[Done]: ...


class _Told(Protocol):
    """A verb that needs to be told something more."""

    def __call__(
        self, services: Services, actor: Actor, number: int, told: str, /, *, now: datetime
    ) -> Awaitable[Done]: ...


@dataclass(frozen=True, slots=True)
class _Asking:
    """What is asked for when only the number was said."""

    verb: _Told
    title: str  # what is done with "Ana Ruiz" or "12 Elm Street"
    field: Field
    of_household: bool = False
    shows: bool = False  # what it is called now


async def _merge(
    services: Services, actor: Actor, wanted: int, told: str, /, *, now: datetime
) -> Done:
    said = _MERGE.match(names.one_line(told))
    assert said is not None  # it matches every line
    head = int(said[2]) if said[2] else None
    return await moving.merge(services, actor, wanted, said[1], head=head, now=now)


_TO = Field("to", "New address", hint="or the number of a household: #17")
_AT_ONCE: dict[str, _AtOnce] = {
    "head": membership.make_head,
    "suspend": membership.suspend,
    "back": membership.let_back,
}
_ASKING = {
    "move": _Asking(moving.move, "Move {}", _TO),
    "also": _Asking(moving.also, "{} also lives at", replace(_TO, label="Other address")),
    "rename": _Asking(membership.rename, "Rename {}", Field("name", "Name"), shows=True),
    "address": _Asking(
        moving.correct, "Correct the address", Field("address", "Address"), True, True
    ),
    "merge": _Asking(
        _merge,
        "Merge {} into another household",
        Field("into", "Into which", hint="its number or its address"),
        True,
    ),
}
_OF = {"household": "household", "address": "household", "merge": "household", "undo": "change"}
_CHANGES = 5  # shown to be taken back
VERBS = frozenset({"member", "household", "remove", "undo", *_AT_ONCE, *_ASKING})


async def act(
    services: Services, actor: Actor, word: str, rest: str, said: Said, *, now: datetime
) -> Reply:
    """Do what one of `VERBS` says. Raises: Misused, and what the verb refuses."""
    first, told = (*rest.split(maxsplit=1), "", "")[:2]
    if word == "undo" and not first:
        return await _changes(services, actor, now=now)
    wanted = number(first, _OF.get(word, "member"))
    if word == "household":
        return await cards.household(services, actor, wanted)
    if word == "undo":
        done = await undoing.take_back(services, actor, wanted, now=now)
        return Reply(f"Taken back, and all is as it was before this: {done}")
    if word == "remove":
        return await _remove(services, actor, wanted, told, now=now)
    if word in _AT_ONCE:
        return _done(await _AT_ONCE[word](services, actor, wanted, now=now))
    if word in _ASKING:
        return await _told(services, actor, word, wanted, told, said, now=now)
    return await cards.member(services, actor, wanted)


async def _changes(services: Services, actor: Actor, *, now: datetime) -> Reply:
    rows = await undoing.recent(services, actor, limit=_CHANGES, now=now)
    if not rows:
        return Reply("Nothing was changed within a day that could be taken back.")
    lines = ["What can be taken back, the newest first:"]
    lines += [f"#{row.id} {row.words}" for row in rows]
    buttons = (Button(f"Take back #{row.id}", f"/members undo {row.id}") for row in rows)
    return Reply("\n".join(lines), tuple(buttons))


async def _remove(
    services: Services, actor: Actor, wanted: int, told: str, *, now: datetime
) -> Reply:
    if told.lower() == "yes":
        return _done(await membership.remove(services, actor, wanted, now=now))
    card = await member_cards.of_member(services, actor, wanted)
    row = card.people[0].member
    return Reply(
        f"Remove {row.name}, {card.household.address}? They leave their groups, and cannot sign "
        "in any more. For a day it can be taken back.",
        (
            Button(f"Remove {row.name}"[:40], f"/members remove {wanted} yes", "danger", True),
            Button("Keep", f"/members member {wanted}"),
        ),
    )


async def _told(
    services: Services,
    actor: Actor,
    word: str,
    wanted: int,
    told: str,
    said: Said,
    *,
    now: datetime,
) -> Reply:
    asking = _ASKING[word]
    told = told or said.fields.get(asking.field.name, "")
    if not told.strip() and not said.fields:
        return Reply("", form=await _form(services, actor, word, wanted))
    try:
        return _done(await asking.verb(services, actor, wanted, told, now=now))
    except WhichHead as which:
        return _which(which, wanted)
    except AddressTaken as taken:
        merge = Button(f"Merge into #{taken.taken}", f"/members merge {wanted} {taken.taken}")
        return Reply(taken.words, (merge,))
    except Refusal as refusal:
        if not said.fields:
            raise
        form = await _form(services, actor, word, wanted)
        return again(form, said.fields, {asking.field.name: refusal.words})


async def _form(services: Services, actor: Actor, word: str, wanted: int) -> Form:
    """Asks for what was not said. Raises: NoMember, NoHousehold."""
    asking = _ASKING[word]
    if asking.of_household:
        card = await member_cards.of_household(services, actor, wanted)
        name = card.household.address
    else:
        card = await member_cards.of_member(services, actor, wanted)
        name = card.people[0].member.name
    field = replace(asking.field, value=name) if asking.shows else asking.field
    return Form(asking.title.format(name), f"/members {word} {wanted}", (field,), submit="Save")


def _which(which: WhichHead, wanted: int) -> Reply:
    call = f"/members merge {wanted} {which.into} head"
    return Reply(
        which.words, tuple(Button(name[:40], f"{call} {one}") for one, name in which.heads)
    )


def _done(done: Done) -> Reply:
    return Reply(
        " ".join(filter(None, (done.words, done.left_to_do))),
        (
            Button("Take back", f"/members undo {done.undo_id}"),
            Button("Household", f"/members household {done.household_id}"),
        ),
    )
