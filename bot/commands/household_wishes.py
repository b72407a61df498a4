"""What a member asks for in chat, one function for each word of `/household`."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from bot.commands import household_words
from bot.commands.base import Said, again
from bot.commands.household_words import Tongue
from bot.community import households
from bot.community.errors import BadFields
from bot.community.households import housemates, leaving, new_contacts, own, own_data, sharing
from bot.messages import Button, Reply
from bot.ports import Services
from storage.chat_members import Membership

_LONGEST = 500  # characters of a name and a contact; longer input is not looked at
# A name, then what can only be an address or a number.
_SOMEBODY = re.compile(r"(?P<name>[^@+\d]*?)\s*(?P<contact>\S+@\S+|[+(\d][\d\s().+-]*)?")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a member asks for."""

    services: Services
    mine: Membership
    tongue: Tongue
    rest: str  # what was said after the word
    said: Said
    now: datetime


async def _home(asked: Asked) -> Reply:
    services, member_id, now = asked.services, asked.mine.member_id, asked.now
    home = await households.home(services, member_id, now=now)
    return household_words.shown(asked.tongue, home, await own.look(services, member_id, now=now))


async def _add(asked: Asked) -> Reply:
    return await _filled_in(asked, "add", _read_somebody, _add_them)


async def _add_them(asked: Asked, fields: dict[str, str]) -> Reply:
    member_id, now = asked.mine.member_id, asked.now
    added = await housemates.add(asked.services, member_id, **fields, now=now)
    return Reply(asked.tongue.say("added", name=added.name, told=added.told), _back(asked))


def _read_somebody(typed: str) -> dict[str, str]:
    found = _SOMEBODY.fullmatch(typed.strip()) if len(typed) <= _LONGEST else None
    if found is None:
        return {"name": typed, "contact": ""}  # the door says what is wrong with it
    return {"name": found["name"], "contact": found["contact"] or ""}


async def _name(asked: Asked) -> Reply:
    return await _filled_in(asked, "name", lambda typed: {"name": typed}, _rename)


async def _rename(asked: Asked, fields: dict[str, str]) -> Reply:
    member_id, now = asked.mine.member_id, asked.now
    name = await own.rename(asked.services, member_id, fields["name"], now=now)
    return Reply(asked.tongue.say("renamed", name=name), _back(asked))


async def _contact(asked: Asked) -> Reply:
    return await _filled_in(asked, "contact", lambda typed: {"contact": typed}, _ask_contact)


async def _ask_contact(asked: Asked, fields: dict[str, str]) -> Reply:
    member_id, now = asked.mine.member_id, asked.now
    contact = await new_contacts.ask(asked.services, member_id, fields["contact"], now=now)
    return Reply(asked.tongue.say("asked", contact=contact), _back(asked))


async def _filled_in(
    asked: Asked,
    word: str,
    read: Callable[[str], dict[str, str]],
    do: Callable[[Asked, dict[str, str]], Awaitable[Reply]],
) -> Reply:
    """Do what was said or filled in; with neither, or with mistakes in it, show the form."""
    form = household_words.form(asked.tongue, asked.mine.member_id, word)
    fields = {field.name: asked.said.fields.get(field.name, "") for field in form.fields}
    if not asked.said.fields:
        if not asked.rest.strip():
            home = await households.home(asked.services, asked.mine.member_id, now=asked.now)
            if word == "add" and not home.viewer_is_head:
                raise households.NotHead
            return Reply("", form=form)
        return await do(asked, read(asked.rest))
    try:
        return await do(asked, fields)
    except BadFields as refusal:
        return again(form, fields, asked.tongue.mistakes(refusal))


async def _hide(asked: Asked) -> Reply:
    await own.hide(asked.services, asked.mine.member_id, hidden=True, now=asked.now)
    return Reply(asked.tongue.say("hidden"), (_button(asked, "show"), *_back(asked)))


async def _show(asked: Asked) -> Reply:
    await own.hide(asked.services, asked.mine.member_id, hidden=False, now=asked.now)
    return Reply(asked.tongue.say("shown"), (_button(asked, "hide"), *_back(asked)))


async def _data(asked: Asked) -> Reply:
    file = await own_data.file(asked.services, asked.mine.member_id, now=asked.now)
    return Reply(asked.tongue.say("data"), files=(file,))


async def _link(asked: Asked) -> Reply:
    services, member_id, now = asked.services, asked.mine.member_id, asked.now
    token = await sharing.share(services, member_id, now=now)
    shared = await sharing.shared(services, member_id, token, now=now)
    return Reply(asked.tongue.say("link", url=shared.url, until=shared.until))


async def _leave(asked: Asked) -> Reply:
    services, one, tongue = asked.services, asked.mine, asked.tongue
    if asked.rest.strip().lower() != "yes":
        me = await leaving.ask(services, one.member_id, now=asked.now)
        words = tongue.say("leave", community=one.community, is_head=me.is_head)
        yes = tongue.button(one.member_id, "leave yes", "yes_leave", style="danger", settles=True)
        stay = tongue.button(one.member_id, "", "stay", settles=True)
        return Reply(words, (yes, _button(asked, "data"), stay))
    await leaving.leave(services, one.member_id, now=asked.now)
    return Reply(tongue.say("left", community=one.community))


def _button(asked: Asked, word: str) -> Button:
    return asked.tongue.button(asked.mine.member_id, word)


def _back(asked: Asked) -> tuple[Button, ...]:
    return (asked.tongue.button(asked.mine.member_id, "", "home"),)


WORDS: dict[str, Callable[[Asked], Awaitable[Reply]]] = {
    "": _home,
    "add": _add,
    "name": _name,
    "contact": _contact,
    "hide": _hide,
    "show": _show,
    "data": _data,
    "link": _link,
    "leave": _leave,
}
