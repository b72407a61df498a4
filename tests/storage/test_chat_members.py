"""Who in a chat is which member: kept once, ended with the membership; a key is good once."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, SQLModel, select

from storage import chat_members
from storage.database import Storage
from storage.tables import ChatMember, Community, Household, Member, NewContact, Pairing

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WHO = {"chat": "slack", "place": "T1", "user_id": "U1"}


@pytest.fixture
async def ana(storage: Storage) -> int:
    """Ana of 12 Elm Street, in Maple Court."""
    return await storage.write(_ana)


def _ana(session: Session) -> int:
    community = Community(name="Maple Court", slug="m", welcome="", language="es", created_at=NOW)
    session.add(community)
    session.flush()
    home = Household(community_id=community.id, address="12 Elm", address_key="e", created_at=NOW)
    session.add(home)
    session.flush()
    ana = Member(community_id=community.id, household_id=home.id, name="Ana", joined_at=NOW)
    session.add(ana)
    session.flush()
    return ana.id


def known_as(member_id: int, **other: str) -> ChatMember:
    """Ana, as the chat knows her."""
    return ChatMember(**{**WHO, **other}, member_id=member_id, community_id=1, at=NOW)


async def test_a_speaker_is_the_member_they_were_paired_with(storage: Storage, ana: int) -> None:
    for _ in range(2):
        await storage.write(chat_members.pair, known_as(ana))
    [found] = await storage.read(chat_members.of_speaker, **WHO)
    assert (found.member_id, found.name, found.address) == (ana, "Ana", "12 Elm")
    assert (found.community, found.language) == ("Maple Court", "es")
    for other in ({"chat": "telegram"}, {"place": "T2"}, {"user_id": "U2"}):
        assert await storage.read(chat_members.of_speaker, **{**WHO, **other}) == []
    assert len(await storage.read(chat_members.of_member, ana)) == 1


async def test_a_removed_member_speaks_as_nobody(storage: Storage, ana: int) -> None:
    await storage.write(chat_members.pair, known_as(ana))

    def remove(session: Session) -> None:
        session.get_one(Member, ana).removed_at = NOW

    await storage.write(remove)
    assert await storage.read(chat_members.of_speaker, **WHO) == []


async def test_parting_ends_what_it_says_and_no_more(storage: Storage, ana: int) -> None:
    for other in ({}, {"user_id": "U2"}, {"chat": "telegram"}):
        await storage.write(chat_members.pair, known_as(ana, **other))
    assert await storage.write(chat_members.part_speaker, **WHO) == [ana]
    assert await storage.write(chat_members.part_speaker, **WHO) == []
    assert await storage.write(chat_members.part_member, ana, chat="slack") == 1
    [left] = await storage.read(chat_members.of_member, ana)
    assert left.chat == "telegram"


async def test_the_end_of_a_membership_is_the_end_everywhere(storage: Storage, ana: int) -> None:
    def prepare(session: Session) -> None:
        chat_members.pair(session, known_as(ana))
        chat_members.offer(session, key_of(ana))
        session.add(NewContact(member_id=ana, community_id=1, medium="email", contact="a@x.org",
                               until=NOW))  # fmt: skip

    await storage.write(prepare)
    await storage.write(chat_members.end, [ana])
    for table in (ChatMember, Pairing, NewContact):
        assert await storage.read(rows, table) == []


def rows(session: Session, table: type[SQLModel]) -> list[SQLModel]:
    """All rows of a table."""
    return list(session.exec(select(table)))


def key_of(member_id: int, key_hash: bytes = b"k" * 16) -> Pairing:
    """A key that is good for a quarter of an hour."""
    until = NOW + timedelta(minutes=15)
    return Pairing(member_id=member_id, community_id=1, key_hash=key_hash, until=until)


async def test_a_key_is_good_once_however_many_try(storage: Storage, ana: int) -> None:
    await storage.write(chat_members.offer, key_of(ana))
    tries = (storage.write(chat_members.take, b"k" * 16, now=NOW) for _ in range(8))
    assert sorted(map(str, await asyncio.gather(*tries))) == [str(ana), *["None"] * 7]


async def test_an_old_or_replaced_key_is_worthless(storage: Storage, ana: int) -> None:
    await storage.write(chat_members.offer, key_of(ana))
    later = NOW + timedelta(minutes=15)
    assert await storage.write(chat_members.take, b"k" * 16, now=later) is None
    await storage.write(chat_members.offer, key_of(ana, b"n" * 16))
    assert await storage.write(chat_members.take, b"k" * 16, now=NOW) is None
    await storage.write(chat_members.forget_keys, before=NOW)
    assert await storage.read(chat_members.offered, ana) is not None
    await storage.write(chat_members.forget_keys, before=later + timedelta(seconds=1))
    assert await storage.read(chat_members.offered, ana) is None
