"""The claim code: by it whoever started Porchlight becomes the first leader in a chat.

It is printed at the start and typed in the chat. It derives from the key, the chat and the hour,
so nothing is stored, and it is worthless as soon as somebody leads from that chat.
"""

import hashlib
import hmac
from datetime import datetime

from sqlmodel import Session

from bot.community import codes, names
from bot.community.codes import ALPHABET
from bot.community.errors import Refusal
from bot.messages import Call
from bot.ports import Services
from bot.settings import Keys
from storage import attempts, audits, communities
from storage.tables import ChatLink, Community

_WINDOW = 3600  # seconds; a code is good in its window and the next: for an hour at least
_TRIES_OF_ONE = 5  # an hour; eight symbols are 40 bits
_TRIES_OF_ALL = 20


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
    """What to print at the start: a line for each chat from which nobody leads yet."""
    lines = []
    for name, chat in services.chats.items():
        if code := await claim_code(services, name, now=now):
            said = chat.spell(f"`/leaders claim {code}`").strip("`")
            lines.append(
                f"To lead from {name.capitalize()}, say there:  {said}  "
                "(good for an hour; start again for a new one)"
            )
    return lines


async def claim_code(services: Services, chat: str, *, now: datetime) -> str | None:
    """The code that makes its bearer a leader there: `7KQM-4TXP`. None when somebody is already."""

    def is_led(session: Session) -> bool:
        first = communities.first(session)
        return bool(communities.leaders(session, first.id, chats=[chat]))

    if await services.storage.read(is_led):
        return None
    code = _code(services.keys, chat, _window(now))
    return f"{code[:4]}-{code[4:]}"


async def claim(services: Services, call: Call, typed: str, *, now: datetime) -> Community:
    """Make the speaker the first leader of the first community in their chat.

    Takes: typed, the code in any case, with or without its dash.
    Raises: BadWords, ClaimedAlready, TooManyClaims, WrongClaim.
    """
    name = names.name(call.speaker_name, what="display name")
    is_right = _is_right(services.keys, call.chat, typed, now=now)

    def change(session: Session) -> Community | Refusal:
        community = communities.lock(session, communities.first(session).id)
        refusal = _taken(session, services, call, community) or _too_many(session, call, now=now)
        if refusal or not is_right:
            return refusal or WrongClaim()
        _let_lead(session, call, community.id, name, now=now)
        return community

    outcome = await services.storage.write(change)
    if isinstance(outcome, Refusal):
        raise outcome  # only now: raised within, it would undo the counting
    return outcome


def _taken(
    session: Session, services: Services, call: Call, community: Community
) -> ClaimedAlready | None:
    """Why nobody can claim the community from here."""
    if not communities.leaders(session, community.id, chats=[call.chat]):
        return None
    rows = communities.leaders(session, community.id, chats=services.chats)
    leaders = ", ".join(row.name for row in rows) or "somebody in another chat"
    return ClaimedAlready(community=community.name, leaders=leaders)


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
    audits.note(
        session,
        community_id,
        actor=f"leader:{row.id}",
        action="leader.claimed",
        subject=f"leader:{row.id}",
        now=now,
    )


def _is_right(keys: Keys, chat: str, typed: str, *, now: datetime) -> bool:
    symbols = codes.symbols(typed).encode()
    window = _window(now)
    good = (_code(keys, chat, each).encode() for each in (window, window - 1))
    return any(hmac.compare_digest(symbols, code) for code in good)


def _window(now: datetime) -> int:
    return int(now.timestamp()) // _WINDOW


def _code(keys: Keys, chat: str, window: int) -> str:
    digest = hmac.digest(keys.links, f"claim:{chat}:{window}".encode(), hashlib.sha256)
    bits = int.from_bytes(digest[:5], "big")  # 40: five for each of eight symbols
    return "".join(ALPHABET[bits >> shift & 31] for shift in range(35, -5, -5))
