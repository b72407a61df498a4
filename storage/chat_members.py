"""Who in a chat is which member, and the keys by which members make themselves known there."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from storage.database import changed, insert_into, run
from storage.tables import ChatLink, ChatMember, Community, Household, Member, NewContact, Pairing


@dataclass(frozen=True, slots=True)
class Membership:
    """A member who speaks in a chat, and where they belong."""

    member_id: int
    name: str
    language: str  # BCP 47; the community's where theirs is not known
    community_id: int
    community: str
    address: str


def of_speaker(session: Session, *, chat: str, place: str, user_id: str) -> list[Membership]:
    """As which members somebody is known in this place, asked at every call."""
    values = {"the_chat": chat, "the_place": place, "the_user": user_id}
    rows = run(session, _of_speaker(), values)
    return [
        Membership(
            row.id, row.name, row.theirs or row.ours, row.community_id, row.community, row.address
        )
        for row in rows
    ]


@cache
def _of_speaker() -> Any:
    return (
        sa_select(
            col(Member.id),
            col(Member.name),
            col(Member.language).label("theirs"),
            col(Community.language).label("ours"),
            col(Member.community_id),
            col(Community.name).label("community"),
            col(Household.address),
        )
        .select_from(ChatMember)
        .join(Member, col(Member.id) == col(ChatMember.member_id))
        .join(Household, col(Household.id) == col(Member.household_id))
        .join(Community, col(Community.id) == col(Member.community_id))
        .where(
            col(ChatMember.chat) == bindparam("the_chat"),
            col(ChatMember.place) == bindparam("the_place"),
            col(ChatMember.user_id) == bindparam("the_user"),
            col(Member.removed_at).is_(None),
        )
        .order_by(col(Member.id))
    )


def of_member(session: Session, member_id: int) -> list[ChatMember]:
    """Where the member is known, oldest first."""
    query = select(ChatMember).where(ChatMember.member_id == member_id)
    return list(session.exec(query.order_by(col(ChatMember.at), col(ChatMember.chat))))


def chats_of(session: Session, community_id: int) -> list[str]:
    """In which chats the community is at home."""
    query = select(ChatLink.chat).where(ChatLink.community_id == community_id).distinct()
    return list(session.exec(query.order_by(ChatLink.chat)))


def pair(session: Session, known: ChatMember) -> None:
    """From now on this user of the chat is that member. Said twice, it is kept once."""
    statement = insert_into(session, ChatMember).values(**known.model_dump())
    keys = ["chat", "place", "user_id", "member_id"]
    session.execute(statement.on_conflict_do_nothing(index_elements=keys))


def part_speaker(session: Session, *, chat: str, place: str, user_id: str) -> list[int]:
    """Know this user of the chat no more. Gives as which members they were known."""
    where = (
        col(ChatMember.chat) == chat,
        col(ChatMember.place) == place,
        col(ChatMember.user_id) == user_id,
    )
    statement = delete(ChatMember).where(*where).returning(col(ChatMember.member_id))
    return list(session.execute(statement).scalars())


def part_member(session: Session, member_id: int, *, chat: str) -> int:
    """Know the member no more in this chat. Gives as how many users they were known."""
    where = (col(ChatMember.member_id) == member_id, col(ChatMember.chat) == chat)
    return changed(session, delete(ChatMember).where(*where))


def end(session: Session, member_ids: Iterable[int]) -> None:
    """Forget in all chats who these members are, and what they were about to prove.

    For whatever ends a membership, in its transaction.
    """
    ids = list(member_ids)
    for table in (ChatMember, Pairing, NewContact):
        changed(session, delete(table).where(col(table.member_id).in_(ids)))


# Keys


def offer(session: Session, pairing: Pairing) -> None:
    """Keep the member's key; an earlier one of theirs is worthless now."""
    statement = insert_into(session, Pairing).values(**pairing.model_dump())
    newest = {"key_hash": pairing.key_hash, "until": pairing.until}
    session.execute(statement.on_conflict_do_update(index_elements=["member_id"], set_=newest))


def offered(session: Session, member_id: int) -> Pairing | None:
    """The member's key that was not used yet; it may be too old."""
    return session.get(Pairing, member_id)


def take(session: Session, key_hash: bytes, *, now: datetime) -> int | None:
    """Use a key up. Gives the member whose it was; None when nobody's is like that now."""
    statement = delete(Pairing).where(col(Pairing.key_hash) == key_hash, col(Pairing.until) > now)
    found = session.execute(statement.returning(col(Pairing.member_id)))
    return found.scalar_one_or_none()


def forget_keys(session: Session, *, before: datetime) -> None:
    """Delete keys and proofs that nobody can use any more."""
    for table in (Pairing, NewContact):
        changed(session, delete(table).where(col(table.until) < before))
