"""Using: which of several communities a leader means when neither a button nor the channel says it.

The choice is kept for each place of a chat until there is another.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.community import actors, binding
from bot.community.errors import Refusal
from bot.messages import Button
from bot.ports import Services
from storage import choices, communities
from storage.communities import Led
from storage.words import plain

_CLOSE = 0.7  # of difflib's likeness: "ok hill" is Oak Hill, "elm hill" is not


class NoSuchCommunity(Refusal):
    """You lead no community like that here. `/use` shows those that you lead."""

    status = 404


class SeveralLike(Refusal):
    """Several of your communities are like that. Which one do you mean?"""

    status = 409
    led: Sequence[Led]

    def __init__(self, led: Sequence[Led]) -> None:
        super().__init__(led=led)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a place of a chat."""

    chat: str
    place: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Leading:
    """What somebody leads in that place, and which of these is in use."""

    led: tuple[Led, ...]
    in_use: Led | None


async def leading(services: Services, person: Person) -> Leading:
    """What somebody leads there."""
    return await services.storage.read(leading_of, person)


def leading_of(session: Session, person: Person) -> Leading:
    """The same, within a transaction."""
    where = {"chat": person.chat, "place": person.place, "user_id": person.user_id}
    led = communities.led(session, **where)
    chosen = choices.chosen(session, **where)
    in_use = [one for one in led if one.community_id == chosen or len(led) == 1]
    return Leading(tuple(led), in_use[0] if in_use else None)


async def use(services: Services, person: Person, typed: str, *, now: datetime) -> Leading:
    """Mean this community from now on, where nothing else decides.

    Takes: typed, its number, its name, or something like it.
    Raises: NoSuchCommunity, SeveralLike.
    """

    def change(session: Session) -> Leading:
        one = _meant(leading_of(session, person).led, typed)
        keep(session, person, one.community_id, now=now)
        return leading_of(session, person)

    return await services.storage.write(change)


def keep(session: Session, person: Person, community_id: int, *, now: datetime) -> None:
    """Have somebody use a community that they lead."""
    choices.choose(
        session,
        chat=person.chat,
        place=person.place,
        user_id=person.user_id,
        community_id=community_id,
        now=now,
    )


def named(led: Sequence[Led], typed: str) -> list[Led]:
    """Those that are called just so."""
    return [one for one in led if plain(one.community) == plain(typed)]


def ways(led: Sequence[Led]) -> tuple[Button, ...]:
    """A button to use each; they mean the same whatever is in use."""
    return tuple(
        Button(
            actors.label(one, led) or one.community,
            binding.mark(f"/use {one.community_id}", one.community_id),
            settles=True,
        )
        for one in led
    )


def _meant(led: Sequence[Led], typed: str) -> Led:
    found = named(led, typed) or _numbered(led, typed) or _like(led, plain(typed))
    if not found:
        raise NoSuchCommunity
    if len(found) > 1:
        raise SeveralLike(found)
    return found[0]


def _numbered(led: Sequence[Led], typed: str) -> list[Led]:
    digits = typed.strip().removeprefix("#")
    number = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 10 else 0
    return [one for one in led if one.community_id == number]


def _like(led: Sequence[Led], wanted: str) -> list[Led]:
    """Those with these letters in their name, else those that are spelt nearly so."""
    if not wanted:
        return []
    parts = [one for one in led if wanted in plain(one.community)]
    names = {plain(one.community) for one in led}
    close = difflib.get_close_matches(wanted, names, n=3, cutoff=_CLOSE)
    return parts or [one for one in led if plain(one.community) in close]
