"""Three communities on one server that are alike in everything but a word of their own.

The first is filled by what its leader says; the others are its copies, row by row, whatever tables
there are. The ids of each begin where a million begins, and every text of its own has its own word.
New rows come after those of the last, so a number below is never taken for one of them.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import JSON, Column, Table, UniqueConstraint, func, insert
from sqlalchemy import delete as delete_from
from sqlalchemy import select as sa_select
from sqlmodel import Session, SQLModel, col, delete, select

from bot import dispatch
from bot.chats.playground import LEADER, PLACE, SPEAKER
from bot.community import codes, contacts, deliveries, letters
from bot.messages import Call, File, Reply
from bot.ports import Services
from bot.settings import Keys
from storage import communities
from storage import playground as memory
from storage.database import dialect_of, table_of
from storage.tables import (
    BillingMonth,
    ChatLink,
    ChatMember,
    Community,
    Delivery,
    Invitation,
    Job,
    JoinRequest,
    Logo,
    NewContact,
    Pairing,
    PlaygroundMessage,
    Stay,
    WayIn,
)
from tests.community import scene
from tests.community.scene import NOW

WORDS = ("Alderzz", "Birchzz", "Cedarzz")  # in everything of the first, the second, the third
APART = 1_000_000
ALL = tuple(1 + number * APART for number in range(len(WORDS)))  # their ids
# Suppressions hold for all communities; a choice is of a person, who has one.
OF_NO_COMMUNITY = {"suppression", "chat_choice"}
ROSTER = b"""Address,Name,Email,Phone
Flat 4B,Rosa Delgado,rosa@example.net,
9 Alderzz Lane,Kim Alderzz,kim-alderzz@example.org,
11 Alderzz Lane,Noa Alderzz,noa-alderzz@example.org,
12 Elm Street,Jo Shared,jo@example.net,
"""
_PEOPLE = (
    ("Rosa Delgado", "Flat 4B", "rosa@example.net", ("Luis Alderzz",)),
    ("Kim Alderzz", "9 Alderzz Lane", "kim-alderzz@example.org", ()),
    ("Ada Alderzz", "12 Elm Street", "ada@example.net", ("Bo Shared",)),
)
_OTHERS = "jo@example.net\nsam-alderzz@example.org\nlee-alderzz@example.org\nmax@example.net"
# Of answers, which are not kept: of previews, of a roster file, of a change.
_PRESSED = [
    "/invite send 4", "/invite cancel 4", "/invites send 5", "/invites cancel 5", "/roster apply 2",
    "/roster cancel 2", "/roster broken 2", "/members undo 1", "/requests reopen 2",
]  # fmt: skip
_FIRST_MONTH = NOW.date().replace(day=1) - timedelta(days=40)


async def say(services: Services, text: str, *files: File, **fields: str) -> Reply:
    """The leader of both says something."""
    call = Call("playground", PLACE, LEADER, SPEAKER, "Robin Vale", text, fields, files=files)
    return await dispatch.answer(services, call)


# The first


async def fill(services: Services) -> list[str]:
    """Make Alderzz Court full of everything. Gives the calls of all buttons that were shown."""
    await services.storage.write(_name_it)
    who = await scene.actor(services)
    for name in ("Alderzz pool", "Board"):
        await say(services, f"/groups create {name}")
    rows = await scene.invite(services, who, "\n".join(email for *_, email, _ in _PEOPLE))
    for row, (name, address, email, others) in zip(rows, _PEOPLE, strict=True):
        form = scene.sign_up(name, address, email=email, others=others)
        await scene.redeem(services, scene.code_of(services, row), form)
    await scene.invite(services, who, _OTHERS)
    await scene.invite(services, who, "+1 201 555 0123", medium="text")
    await say(services, "/invite email ada-alderzz@example.org in group Alderzz pool")
    await say(services, "/passes 2 Alderzz street")
    await say(services, "/roster import", File("alderzz.csv", "text/csv", ROSTER))
    await scene.all_done(services)
    await say(services, "/roster apply 1")
    await scene.all_done(services)
    await say(services, "/roster import", File("alderzz-2.csv", "text/csv", ROSTER + b"x,y"))
    await say(services, "/invite email new-alderzz@example.org new@example.net")
    await say(services, "/invites resend open")
    await say(services, "/members rename 2 Luis Alderzz Vega")
    await say(services, "/groups add Board: Kim Alderzz")
    await say(services, "/groups add Alderzz pool: Rosa Delgado")
    bounced = (await scene.all_of(services, Delivery))[-1]
    await deliveries.happened(services, bounced.id, "bounced", key="alderzz-bounce", now=NOW)
    await services.storage.write(_write_what_nobody_says, services.keys)
    await scene.all_done(services)
    shown = await services.storage.read(_buttons)
    await services.storage.write(_forget_what_was_said)
    return shown + _PRESSED


def _name_it(session: Session) -> None:
    row = communities.get(session, 1)
    row.name, row.slug, row.postal = "Alderzz Court", "alderzz-court", "1 Alderzz Road"
    row.welcome, row.features = "Alderzz looks after you.", ["Alderzz news"]
    row.links = [["Alderzz chat", "https://alderzz.example.org/"]]
    link = session.get_one(ChatLink, 1)
    link.announce_channel, link.announce_name = "alderzz-porch", "#alderzz-porch"
    communities.add_leader(
        session, 1, chat="playground", place=PLACE, user_id="sam-alderzz", name="Sam Alderzz",
        now=NOW,
    )  # fmt: skip


def _write_what_nobody_says(session: Session, keys: Keys) -> None:
    """Rows that come of pages, of chats that are not set up here, and of time."""
    own: dict[str, Any] = {"community_id": 1}
    later = NOW + timedelta(days=5)
    asked: dict[str, Any] = {"address": "7 Alderzz Lane", "medium": "email", "created_at": NOW}
    session.add_all(
        [
            Logo(**own, content=b"PNG", digest="a" * 32, width=2, height=2, at=NOW),
            NewContact(
                **own, member_id=1, medium="email", contact="rosa-alderzz@example.org", until=later
            ),
            Pairing(**own, member_id=1, key_hash=b"alder", until=later),
            Stay(**own, household_id=1, member_id=2, since=NOW - timedelta(days=50), until=NOW),
            BillingMonth(
                **own, month=_FIRST_MONTH, household_count=3, member_count=77, closed_at=NOW
            ),
            ChatMember(
                **own, chat="playground", place=PLACE, user_id="alderzz-rosa", member_id=1, at=NOW
            ),
            WayIn(
                **own, member_id=1, chat_link_id=1, title="Alderzz porch",
                url="https://example.org/alderzz", until=later,
            ),
            JoinRequest(
                **own, **asked, name="Ulla Alderzz", contact="ulla-alderzz@example.org",
                contact_key=_key(keys, "ulla-alderzz@example.org"), words="Hello Alderzz",
            ),
            JoinRequest(
                **own, **asked, name="Tom Alderzz", contact="tom@example.net",
                contact_key=_key(keys, "tom@example.net"), words="", decided_at=NOW,
                decision="declined", leader_id=1, reason="Not of Alderzz",
            ),
            JoinRequest(
                **own, **asked, name="Rosa Alderzz", contact="rosa@example.net",
                contact_key=_key(keys, "rosa@example.net"), words="", decided_at=NOW,
                decision="approved", leader_id=1, reason="",
            ),
        ]
    )  # fmt: skip


def _key(keys: Keys, address: str) -> bytes:
    return contacts.known("email" if "@" in address else "text", address).key(keys)


def _buttons(session: Session) -> list[str]:
    rows = session.exec(select(PlaygroundMessage))
    return [button["call"] for row in rows for button in row.body.get("buttons", ())]


def _forget_what_was_said(session: Session) -> None:
    session.exec(delete(PlaygroundMessage))
    session.exec(delete(Job).where(col(Job.state) == "ready"))


def tables() -> list[Table]:
    """All tables whose rows belong to one community, those first to which others refer."""
    theirs = [
        table
        for table in SQLModel.metadata.sorted_tables
        if "community_id" in table.c and table.name not in OF_NO_COMMUNITY
    ]
    return [table_of(Community), *theirs]


def empty(session: Session) -> list[str]:
    """Which of these tables have no row of the first community."""
    return [table.name for table in tables() if not rows_of(session, table, 1)]


# The others


def multiply(session: Session, keys: Keys) -> None:
    """Copy the first community, row by row, for each of the others."""
    found = {table: rows_of(session, table, 1) for table in tables()}
    for copy in (Copy(number, keys) for number in range(1, len(WORDS))):
        for table, rows in found.items():
            if rows:
                session.execute(insert(table), [copy.row(table, row) for row in rows])
    for row in session.exec(select(Invitation).where(col(Invitation.id) > APART)):
        row.code_hash = codes.fingerprint(keys, codes.derive(keys, row.id, row.generation))
    if dialect_of(session) == "postgresql":
        _count_on(session)


def _count_on(session: Session) -> None:
    """Number new rows from the last of these; SQLite does so by itself."""
    for table in tables():
        if "id" in table.c:
            counter = func.pg_get_serial_sequence(table.name, "id")
            session.execute(sa_select(func.setval(counter, func.max(table.c.id))))


def forget(session: Session, community_id: int) -> None:
    """Be as if one of them had never been."""
    for table in reversed(tables()):
        session.execute(delete_from(table).where(_whose(table) == community_id))


def rows_of(session: Session, table: Table, community_id: int) -> list[dict[str, Any]]:
    """The rows of a community, as they are."""
    query = sa_select(table).where(_whose(table) == community_id).order_by(*table.primary_key)
    return [dict(row._mapping) for row in session.execute(query)]


def _whose(table: Table) -> Column[Any]:
    return table.c["community_id" if "community_id" in table.c else "id"]


@dataclass(frozen=True)
class Copy:
    """How the rows of one of the others differ from those of the first."""

    number: int
    keys: Keys

    def row(self, table: Table, row: dict[str, Any]) -> dict[str, Any]:
        """The same row."""
        copy = {one.name: self._value(table, one, row[one.name]) for one in table.columns}
        for name in ("contact", "email", "phone"):
            if copy.get(name) and f"{name}_key" in copy:
                copy[f"{name}_key"] = _key(self.keys, copy[name])
        return copy

    def _value(self, table: Table, column: Column[Any], value: Any) -> Any:
        if value is None:
            return None
        if column.foreign_keys or column.name == "id":
            return self._id(value)
        if isinstance(column.type, JSON):
            return self._kept(value, deep=table.name in {"job", "draft"})
        if isinstance(value, bytes):
            return self._bytes(value, is_unique=_is_unique(table, column))
        if isinstance(value, str):
            words = self._words(value)
            return f"{self.number}{words}" if _is_unique(table, column) else words
        return value

    def _id(self, value: int) -> int:
        return value + self.number * APART

    def _words(self, value: str) -> str:
        word = WORDS[self.number]
        return value.replace(WORDS[0], word).replace(WORDS[0].lower(), word.lower())

    def _bytes(self, value: bytes, *, is_unique: bool) -> bytes:
        if is_unique:
            return hashlib.sha256(value + bytes([self.number])).digest()
        first, word = WORDS[0].encode(), WORDS[self.number].encode()
        return value.replace(first, word).replace(first.lower(), word.lower())

    def _kept(self, value: Any, *, deep: bool, is_id: bool = False) -> Any:
        """What is kept as JSON."""
        match value:
            case dict():
                return {
                    key: self._kept(inner, deep=deep, is_id=key == "id" or key.endswith("_id"))
                    for key, inner in value.items()
                }
            case list():
                return [self._kept(inner, deep=deep, is_id=is_id) for inner in value]
            case int() if (deep or is_id) and not isinstance(value, bool):
                return self._id(value)
            case str() if deep and value.isdecimal():
                return str(self._id(int(value)))
            case str():
                return self._words(value)
            case _:
                return value


def _is_unique(table: Table, column: Column[Any]) -> bool:
    alone = [set(one.columns) for one in table.constraints if isinstance(one, UniqueConstraint)]
    return bool(column.unique) or {column} in alone


# What was seen, what was changed


async def posted(services: Services, community_id: int) -> list[str]:
    """What the chat, and the residents of the community, are shown of all this."""
    await scene.all_done(services)
    rows = await services.storage.read(memory.newest, limit=10_000)
    shown = [json.dumps(row.body, ensure_ascii=False) for row in rows]
    return [*shown, *await services.storage.read(written, services, community_id)]


def written(session: Session, services: Services, community_id: int) -> list[str]:
    """All letters of the community, as their readers have them."""
    mine = session.exec(select(Delivery).where(Delivery.community_id == community_id))
    found = [letters.words_of(session, services, row) for row in mine if row.contact]
    return [f"{words.subject}\n{words.text}\n{words.html}" for words in found]


def everything(session: Session, community_ids: Iterable[int]) -> dict[str, list[str]]:
    """All rows of communities, to be compared."""
    return {
        f"{table.name} of {community_id}": [
            repr(row) for row in rows_of(session, table, community_id)
        ]
        for community_id in community_ids
        for table in tables()
    }


def betrayed(seen: Iterable[str], community_id: int, *, said: str = "") -> list[str]:
    """What of the others is in what somebody of this one has seen.

    Takes: said, what they typed themselves, which may be repeated to them.
    """
    words = [word.lower() for word, whose in zip(WORDS, ALL, strict=True) if whose != community_id]
    # Numbers of the first are too small to be told from others, those of the last from new ones.
    ids = r"(?<!\d)100\d{4}(?!\d)" if community_id != ALL[1] else r"(?!)"
    return [
        text
        for text in seen
        if any(word in text.lower() for word in words)
        or any(number not in said for number in re.findall(ids, text))
    ]
