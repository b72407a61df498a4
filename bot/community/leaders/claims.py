"""The claim code: by it whoever started Porchlight becomes a community's first leader in a chat.

It is printed at the start and typed in the chat. It derives from the key, the community, the chat
and the hour, so nothing is stored, and it is worthless as soon as somebody leads that community
from that chat.
"""

import hashlib
import hmac
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlmodel import Session

from bot.community import codes, names, using
from bot.community.actors import Actor
from bot.community.codes import ALPHABET
from bot.community.errors import Refusal
from bot.community.using import Person
from bot.messages import Call
from bot.ports import Services
from bot.settings import Keys
from storage import attempts, audits, communities
from storage.tables import ChatLink, Community

_WINDOW = 3600  # seconds; a code is good in its window and the next: for an hour at least
_TRIES_OF_ONE = 5  # an hour; eight symbols are 40 bits
_TRIES_OF_ALL = 20
_PRINTED = 10  # communities at the start; more would hide what else is said


class WrongClaim(Refusal):
    """That code is wrong or too old. It is printed where Porchlight was started, and is good for
    an hour; start Porchlight again for a new one."""

    status = 403


class ClaimedAlready(Refusal):
    """{community} is led already, by {leaders}. Ask one of them to say `/leaders add` and your
    name."""

    status = 409


class TooManyClaims(Refusal):
    """Too many codes were tried. Please wait {minutes} minutes before the next."""

    status = 429


async def claims(services: Services, *, now: datetime) -> list[str]:
    """What to print at the start: a line for each chat from which nobody leads yet.

    That is of the first community; of the others, of those that nobody leads anywhere.
    """
    found = await services.storage.read(_unled, services.chats)
    several = await services.storage.read(communities.count) > 1
    lines = [
        _line(services, chat, community, named=several, now=now)
        for community, chats in found[:_PRINTED]
        for chat in chats
    ]
    if more := len(found) - _PRINTED:
        lines += [f"Nobody leads {more} more: porchlight communities"] if more > 0 else []
    return lines


def lines_for(services: Services, community: Community, *, now: datetime) -> list[str]:
    """How to become its first leader, a line for each chat."""
    return [_line(services, chat, community, named=True, now=now) for chat in services.chats]


def _line(
    services: Services, chat: str, community: Community, *, named: bool, now: datetime
) -> str:
    code = _shown(services.keys, community.id, chat, now=now)
    said = services.chats[chat].spell(f"`/leaders claim {code}`").strip("`")
    whom = f"To lead {community.name}" if named else "To lead"
    return (
        f"{whom} from {chat.capitalize()}, say there:  {said}  "
        "(good for an hour; start again for a new one)"
    )


def _unled(session: Session, chats: Collection[str]) -> list[tuple[Community, list[str]]]:
    """The communities to be claimed, with the chats to claim them from."""
    led = communities.led_from(session, chats)
    first, *others = communities.every(session)
    missing = [chat for chat in chats if chat not in led.get(first.id, ())]
    waiting = [(other, list(chats)) for other in others if other.id not in led]
    return [*([(first, missing)] if missing else []), *waiting]


async def claim_code(
    services: Services, chat: str, *, community_id: int | None = None, now: datetime
) -> str | None:
    """The code that makes its bearer a leader there: `7KQM-4TXP`. None when somebody is already.

    Takes: community_id, of the community; none: the first.
    """

    def whose(session: Session) -> int | None:
        wanted = community_id or communities.first(session).id
        return None if communities.leaders(session, wanted, chats=[chat]) else wanted

    wanted = await services.storage.read(whose)
    return None if wanted is None else _shown(services.keys, wanted, chat, now=now)


async def claim(services: Services, call: Call, typed: str, *, now: datetime) -> Community:
    """Make the speaker the first leader of a community in their chat: of that which the code names.

    Takes: typed, the code in any case, with or without its dash.
    Raises: BadWords, ClaimedAlready, TooManyClaims, WrongClaim.
    """
    name = names.name(call.speaker_name, what="display name")

    def change(session: Session) -> Community | Refusal:
        every = communities.every(session)
        named = _named(services.keys, every, call.chat, typed, now=now)
        # Whoever tries anything where a single community is led is told by whom.
        meant = named or (every[0] if len(every) == 1 else None)
        community = meant and communities.lock(session, meant.id)
        taken = community and _taken(session, services, call, community)
        refusal = taken or _too_many(session, call, now=now)
        if refusal or named is None or community is None:
            return refusal or WrongClaim()
        _let_lead(session, call, community.id, name, now=now)
        return community

    outcome = await services.storage.write(change)
    if isinstance(outcome, Refusal):
        raise outcome  # only now: raised within, it would undo the counting
    return outcome


async def claim_one_more(
    services: Services, actor: Actor, typed: str, *, now: datetime
) -> Community:
    """The same for somebody who leads another community already."""
    call = Call(actor.chat, actor.place, actor.channel, actor.user_id, actor.name, text="")
    return await claim(services, call, typed, now=now)


def _taken(
    session: Session, services: Services, call: Call, community: Community
) -> ClaimedAlready | None:
    """Why nobody can claim the community from here."""
    if not communities.leaders(session, community.id, chats=[call.chat]):
        return None
    rows = communities.leaders(session, community.id, chats=services.chats)
    return ClaimedAlready(community=community.name, leaders=", ".join(row.name for row in rows))


def _too_many(session: Session, call: Call, *, now: datetime) -> TooManyClaims | None:
    """Count this try. Whoever has none left does not use up those of all."""
    one, everybody = f"claim:{call.chat}:{call.speaker}", "claim:all"
    is_allowed = (
        attempts.count(session, [one], now=now)[one] <= _TRIES_OF_ONE
        and attempts.count(session, [everybody], now=now)[everybody] <= _TRIES_OF_ALL
    )
    return None if is_allowed else TooManyClaims(minutes=-(-attempts.hour_ends_in(now) // 60))


def _let_lead(session: Session, call: Call, community_id: int, name: str, *, now: datetime) -> None:
    if communities.link_of(session, community_id, chat=call.chat, place=call.place) is None:
        session.add(ChatLink(community_id=community_id, chat=call.chat, place=call.place))
    row = communities.add_leader(
        session,
        community_id,
        chat=call.chat,
        place=call.place,
        user_id=call.speaker,
        name=name,
        role="owner",
        now=now,
    )
    using.keep(session, Person(call.chat, call.place, call.speaker), community_id, now=now)
    audits.note(
        session,
        community_id,
        actor=f"leader:{row.id}",
        action="leader.claimed",
        subject=f"leader:{row.id}",
        now=now,
    )


def _named(
    keys: Keys, every: Sequence[Community], chat: str, typed: str, *, now: datetime
) -> Community | None:
    """The community that the code is of."""
    symbols, window = codes.symbols(typed).encode(), _window(now)
    for community in every:
        good = (_code(keys, community.id, chat, each).encode() for each in (window, window - 1))
        if any(hmac.compare_digest(symbols, code) for code in good):
            return community
    return None


def _shown(keys: Keys, community_id: int, chat: str, *, now: datetime) -> str:
    code = _code(keys, community_id, chat, _window(now))
    return f"{code[:4]}-{code[4:]}"


def _window(now: datetime) -> int:
    return int(now.timestamp()) // _WINDOW


def _code(keys: Keys, community_id: int, chat: str, window: int) -> str:
    about = f"claim:{community_id}:{chat}:{window}"
    digest = hmac.digest(keys.links, about.encode(), hashlib.sha256)
    bits = int.from_bytes(digest[:5], "big")  # 40: five for each of eight symbols
    return "".join(ALPHABET[bits >> shift & 31] for shift in range(35, -5, -5))
