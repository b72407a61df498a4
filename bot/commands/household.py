"""`/household`: what members say, leaders or not: their household, and what is their own.

Everybody is answered as the member they are known as in this chat, in their own language. Buttons
hold the member's number, which counts only when it is one of the speaker's own.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from bot.commands import household_words
from bot.commands.base import Command, Misused, Said, again
from bot.commands.household_words import Tongue
from bot.community import (
    households,
    housemates,
    leaving,
    new_contacts,
    own,
    own_data,
    pairing,
    sharing,
)
from bot.community.actors import Actor, Stranger
from bot.community.errors import BadFields, Refusal
from bot.messages import Button, Call, Reply, Usage
from bot.ports import Services
from storage.chat_members import Membership

_NUMBER = re.compile(r"#?(\d{1,9})(?:\s+|$)")
# A name, then what can only be an address or a number.
_SOMEBODY = re.compile(r"(?P<name>[^@+\d]*?)\s*(?P<contact>\S+@\S+|[+(\d][\d\s().+-]*)?")


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks, as their chat knows them."""

    chat: str
    place: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a member asks for."""

    services: Services
    mine: Membership
    tongue: Tongue
    rest: str  # what was said after the word
    said: Said
    now: datetime


async def handle(services: Services, actor: Actor, said: Said, *, now: datetime) -> Reply:
    """Answer a leader as the member they are."""
    speaker = Speaker(actor.chat, actor.place, actor.user_id)
    return await _answer(services, speaker, said, now=now)


async def greet(
    services: Services, call: Call, said: Said, refusal: Stranger, *, now: datetime
) -> Reply:
    """Answer a member who leads nothing here."""
    speaker = Speaker(call.chat, call.place, call.speaker)
    return await _answer(services, speaker, said, now=now)


async def _answer(services: Services, speaker: Speaker, said: Said, *, now: datetime) -> Reply:
    mine = await known_as(services, speaker)
    tongue = Tongue(services, mine[0].language if mine else "")
    try:
        return await _do(services, speaker, mine, tongue, said, now=now)
    except Misused:
        raise  # what can be said is said the same in every language
    except Refusal as refusal:
        return Reply(tongue.refused(refusal))


async def known_as(services: Services, speaker: Speaker) -> list[Membership]:
    """As which members somebody is known."""
    where = {"chat": speaker.chat, "place": speaker.place, "user_id": speaker.user_id}
    return await pairing.speaking(services, **where)


async def _do(
    services: Services,
    speaker: Speaker,
    mine: list[Membership],
    tongue: Tongue,
    said: Said,
    *,
    now: datetime,
) -> Reply:
    number, words = _numbered(said.rest)
    word, rest = Said(words).split()
    if word == "key":
        return await _pair(services, speaker, rest, now=now)
    if not mine:
        return Reply(tongue.say("unknown"))
    if word == "forget":
        return await _forget(services, speaker, tongue, rest, now=now)
    chosen = [one for one in mine if number in {None, one.member_id}]
    if not chosen:
        return Reply(tongue.say("no_such"))
    if word not in _WORDS:
        raise Misused("I can show your household, and change what is yours.")
    if len(chosen) > 1:
        return household_words.which(tongue, chosen, word)
    [one] = chosen
    asked = Asked(services, one, Tongue(services, one.language), rest, said, now)
    return await _WORDS[word](asked)


def _numbered(text: str) -> tuple[int | None, str]:
    """The number of a membership, if the words begin with one, and the other words."""
    found = _NUMBER.match(text.strip())
    return (int(found[1]), text.strip()[found.end() :]) if found else (None, text)


# Who somebody is here


async def _pair(services: Services, speaker: Speaker, typed: str, *, now: datetime) -> Reply:
    if not typed.strip():
        raise Misused("Which key? Your household page makes one.")
    where = {"chat": speaker.chat, "place": speaker.place, "user_id": speaker.user_id}
    one = await pairing.pair(services, typed, **where, now=now)
    tongue = Tongue(services, one.language)
    words = tongue.say("paired", name=one.name, community=one.community)
    return Reply(words, (tongue.button(one.member_id, "", "home"),))


async def _forget(
    services: Services, speaker: Speaker, tongue: Tongue, rest: str, *, now: datetime
) -> Reply:
    if rest.strip().lower() != "me":
        raise Misused("Whom? I can forget who you are here.")
    where = {"chat": speaker.chat, "place": speaker.place, "user_id": speaker.user_id}
    await pairing.forget(services, **where, now=now)
    return Reply(tongue.say("parted"))


# What members ask for


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
    found = _SOMEBODY.fullmatch(typed.strip())
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
            await households.home(asked.services, asked.mine.member_id, now=asked.now)
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
        me = await own.look(services, one.member_id, now=asked.now)
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


_WORDS: dict[str, Callable[[Asked], Awaitable[Reply]]] = {
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

HOUSEHOLD = Command(
    name="household",
    summary="See and change your own household, as a member",
    usages=(
        Usage("/household", "shows your household, your groups and what others see of you"),
        Usage("/household key 7KQM-4TXP", "tells me who you are, by a key of your household page"),
        Usage("/household add Luis luis@example.org", "adds somebody who lives with you"),
        Usage("/household link", "makes a link by which those who live with you add themselves"),
        Usage("/household name Ana Ruiz", "changes your own name"),
        Usage("/household contact new@example.org", "changes your contact, once you open a link"),
        Usage("/household hide", "hides your contact from your household; `show` shows it again"),
        Usage("/household data", "gives you everything we keep about you, as a file"),
        Usage("/household leave", "ends your membership, after a question"),
        Usage("/household forget me", "makes me forget who you are in this chat"),
    ),
    run=handle,
    stranger=greet,
)
