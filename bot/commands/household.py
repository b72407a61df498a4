"""`/household`: what members say, leaders or not: their household, and what is their own.

Everybody is answered as the member they are known as in this chat, in their own language. Buttons
hold the member's number, which counts only when it is one of the speaker's own.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from bot.commands import household_words
from bot.commands.base import Command, Misused, Said
from bot.commands.household_wishes import WORDS, Asked
from bot.commands.household_words import Tongue
from bot.community.actors import Actor, Stranger
from bot.community.errors import Refusal
from bot.community.households import pairing
from bot.messages import Call, Reply, Usage
from bot.ports import Services
from storage.chat_members import Membership

_NUMBER = re.compile(r"#?(\d{1,9})(?:\s+|$)")


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks, as their chat knows them."""

    chat: str
    place: str
    user_id: str


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
    if word not in WORDS:
        raise Misused("I can show your household, and change what is yours.")
    if len(chosen) > 1:
        return household_words.which(tongue, chosen, word)
    [one] = chosen
    asked = Asked(services, one, Tongue(services, one.language), rest, said, now)
    return await WORDS[word](asked)


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
    for_members=True,
)
