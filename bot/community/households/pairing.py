"""Pairing: how a chat comes to know which member somebody is.

Who came in by their own way in is known already. Everybody else has a key made on their household
page and says it in the chat: `7KQM-4TXP`, good once and for a quarter of an hour. It derives from
the member and the moment, so the page can show it again, and the table holds only a keyed hash.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

from sqlmodel import Session

from bot.community import codes, households
from bot.community.codes import ALPHABET
from bot.community.errors import Refusal
from bot.community.households import note
from bot.ports import ChatDown, Opens, Services
from bot.settings import Keys
from storage import attempts, chat_members, communities, members
from storage.chat_members import Membership
from storage.tables import ChatMember, Member, Pairing

GOOD_FOR = timedelta(minutes=15)
_TRIES_OF_ONE = 5  # an hour, right ones too; eight symbols are 40 bits
_WRONG_OF_ALL = 200  # an hour: with all neighbours at it, a chance of one in 10^9
_PATIENCE = 3.0  # seconds that a page waits for a chat's own link


class WrongKey(Refusal):
    """That key is wrong, used or too old. Your household page makes a new one; it is good for 15
    minutes."""

    status = 403


class TooManyKeys(Refusal):
    """Too many keys were tried. Please wait {minutes} minutes before the next."""

    status = 429


@dataclass(frozen=True, slots=True)
class Place:
    """A chat in which a member can make themselves known."""

    name: str  # "Slack"
    said: str  # what they say there: "/household key 7KQM-4TXP"
    url: str  # leads there and says it; empty: the chat has no such links


@dataclass(frozen=True, slots=True)
class Known:
    """A chat in which a member is known."""

    chat: str  # "slack"
    name: str  # "Slack"
    since: datetime


@dataclass(frozen=True, slots=True)
class Key:
    """A member's key, and where it can be said."""

    key: str  # "7KQM-4TXP"; empty: none is good now
    places: tuple[Place, ...]
    known: tuple[Known, ...]


# On the household page


async def offer(services: Services, member_id: int, *, now: datetime) -> None:
    """Make the member a new key; an earlier one is worthless from now on.

    Raises: NotAMember, Suspended.
    """

    def change(session: Session) -> None:
        member = households.present(session, member_id)
        until = now + GOOD_FOR
        key = _key(services.keys, member.id, until)
        pairing = Pairing(
            member_id=member.id,
            community_id=member.community_id,
            key_hash=_hashed(services.keys, key),
            until=until,
        )
        chat_members.offer(session, pairing)

    await services.storage.write(change)


async def offered(services: Services, member_id: int, *, now: datetime) -> Key:
    """The member's key while it is good, where to say it, and where they are known already.

    Raises: NotAMember, Suspended. Touches: storage, and chats that have links of their own.
    """

    def query(session: Session) -> tuple[str, list[str], tuple[Known, ...]]:
        member = households.present(session, member_id)
        row = chat_members.offered(session, member.id)
        key = _key(services.keys, member.id, row.until) if row and row.until > now else ""
        links = chat_members.chats_of(session, member.community_id)
        return key, links, _known(chat_members.of_member(session, member.id))

    key, chats, known = await services.storage.read(query)
    named = [name for name in chats if name in services.chats]
    places = [await _place(services, name, key) for name in named] if key else []
    return Key(f"{key[:4]}-{key[4:]}" if key else "", tuple(places), known)


def _known(rows: Sequence[ChatMember]) -> tuple[Known, ...]:
    by_chat = groupby(sorted(rows, key=attrgetter("chat", "at")), key=attrgetter("chat"))
    return tuple(Known(chat, chat.capitalize(), next(same).at) for chat, same in by_chat)


async def _place(services: Services, name: str, key: str) -> Place:
    chat = services.chats[name]
    said = chat.spell(f"`/household key {key[:4]}-{key[4:]}`").strip("`")
    url = ""
    if isinstance(chat, Opens):
        try:
            async with asyncio.timeout(_PATIENCE):
                url = await chat.link_that_says(f"home-{key}")
        except (ChatDown, TimeoutError):
            url = ""  # the words alone do as well
    return Place(name.capitalize(), said, url)


async def part(services: Services, member_id: int, *, chat: str, now: datetime) -> None:
    """Let a chat know the member no more, as they ask on their page.

    Raises: NotAMember, Suspended.
    """

    def change(session: Session) -> None:
        member = households.present(session, member_id)
        if chat_members.part_member(session, member.id, chat=chat):
            note(session, member, "member.parted", member.id, now=now)

    await services.storage.write(change)


# In the chat


async def pair(
    services: Services, typed: str, *, chat: str, place: str, user_id: str, now: datetime
) -> Membership:
    """Know this user of the chat as the member whose key they say.

    Takes: typed, the key in any case, with or without its dash. Raises: WrongKey, TooManyKeys.
    """
    key_hash = _hashed(services.keys, codes.symbols(typed))

    def change(session: Session) -> Membership | Refusal:
        if attempts.count(session, [one := f"pair:{chat}:{user_id}"], now=now)[one] > _TRIES_OF_ONE:
            return _too_many(now)
        member_id = chat_members.take(session, key_hash, now=now)
        member = None if member_id is None else members.get(session, member_id)
        if member is None or not _is_at_home(session, member, chat, place):
            tries = attempts.count(session, ["pair:all"], now=now)["pair:all"]
            return _too_many(now) if tries > _WRONG_OF_ALL else WrongKey()
        where = {"chat": chat, "place": place, "user_id": user_id}
        known = ChatMember(**where, member_id=member.id, community_id=member.community_id, at=now)
        chat_members.pair(session, known)
        note(session, member, "member.paired", member.id, now=now)
        found = chat_members.of_speaker(session, **where)
        return next(one for one in found if one.member_id == member.id)

    outcome = await services.storage.write(change)
    if isinstance(outcome, Refusal):
        raise outcome  # only now: raised within, it would undo the counting
    return outcome


def _is_at_home(session: Session, member: Member, chat: str, place: str) -> bool:
    """Whether the member's community is at home there: a key said elsewhere is lost."""
    return communities.link_of(session, member.community_id, chat=chat, place=place) is not None


def _too_many(now: datetime) -> TooManyKeys:
    return TooManyKeys(minutes=-(-attempts.hour_ends_in(now) // 60))


async def speaking(services: Services, *, chat: str, place: str, user_id: str) -> list[Membership]:
    """As which members somebody is known there."""
    return await services.storage.read(
        chat_members.of_speaker, chat=chat, place=place, user_id=user_id
    )


async def forget(services: Services, *, chat: str, place: str, user_id: str, now: datetime) -> bool:
    """Know this user of the chat no more, as they ask there. Gives whether they were known."""

    def change(session: Session) -> bool:
        parted = chat_members.part_speaker(session, chat=chat, place=place, user_id=user_id)
        for member_id in parted:
            if (member := members.get(session, member_id)) is not None:
                note(session, member, "member.parted", member.id, now=now)
        return bool(parted)

    return await services.storage.write(change)


def _key(keys: Keys, member_id: int, until: datetime) -> str:
    """Eight symbols, 40 bits, that nobody without our key can tell beforehand."""
    moment = int(until.timestamp() * 1_000_000)
    digest = hmac.digest(keys.links, b"pairing:%d:%d" % (member_id, moment), hashlib.sha256)
    bits = int.from_bytes(digest[:5], "big")
    return "".join(ALPHABET[bits >> shift & 31] for shift in range(35, -5, -5))


def _hashed(keys: Keys, key: str) -> bytes:
    return hmac.digest(keys.pepper, b"pairing:" + key.encode(), hashlib.sha256)[:16]
