"""Communities, their chats and their leaders."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, func, select

from storage.database import run
from storage.tables import ChatLink, Community, Leader, Member


def get(session: Session, community_id: int) -> Community:
    """The community. Raises when there is none."""
    return session.get_one(Community, community_id)


def lock(session: Session, community_id: int) -> Community:
    """The community, with nobody else inviting for it until this transaction ends."""
    query = select(Community).where(Community.id == community_id)
    return session.exec(query.with_for_update(key_share=True)).one()  # rows may still refer to it


def first(session: Session) -> Community:
    """The community that was founded first. Raises when there is none."""
    return session.exec(select(Community).order_by(col(Community.id)).limit(1)).one()


def every(session: Session) -> list[Community]:
    """All communities."""
    return list(session.exec(select(Community).order_by(col(Community.id))))


def slugs(session: Session) -> set[str]:
    """The slugs of all communities."""
    return set(session.exec(select(Community.slug)))


def add(session: Session, community: Community) -> Community:
    """Store a new community."""
    session.add(community)
    session.flush()
    return community


def link_of(session: Session, community_id: int, *, chat: str, place: str) -> ChatLink | None:
    """How the community is at home in this place of a chat, if it is."""
    where = (ChatLink.community_id == community_id, ChatLink.chat == chat, ChatLink.place == place)
    return session.exec(select(ChatLink).where(*where)).one_or_none()


def links_in(
    session: Session, *, chat: str, place: str, channel: str | None = None, limit: int
) -> list[ChatLink]:
    """Whose place this is, oldest first; with a channel, whose joins are announced in it."""
    query = select(ChatLink).where(ChatLink.chat == chat, ChatLink.place == place)
    if channel is not None:
        query = query.where(col(ChatLink.announce_channel).in_(around(channel)))
    return list(session.exec(query.order_by(col(ChatLink.id)).limit(limit)))


def around(channel: str) -> list[str]:
    """The channel and what it is a part of, narrowest first: a topic, then its group."""
    whole, slash, _ = channel.rpartition("/")
    return [channel, whole] if slash else [channel]


def announcing_within(session: Session, channel: str, *, chat: str, place: str) -> list[ChatLink]:
    """By whom joins are announced in the channel of this place, or in a part of it."""
    announced = col(ChatLink.announce_channel)
    is_within = (announced == channel) | announced.startswith(f"{channel}/", autoescape=True)
    query = select(ChatLink).where(ChatLink.chat == chat, ChatLink.place == place, is_within)
    return list(session.exec(query.order_by(col(ChatLink.id))))


def announcing(session: Session, community_id: int) -> list[ChatLink]:
    """The places of the community where joins are announced."""
    return list(session.execute(_announcing(), {"the_community": community_id}).scalars())


@cache
def _announcing() -> Any:
    return sa_select(ChatLink).where(
        col(ChatLink.community_id) == bindparam("the_community"),
        col(ChatLink.announce_channel).is_not(None),
    )


@dataclass(frozen=True, slots=True)
class Led:
    """A community that somebody leads from a place of it."""

    community_id: int
    community: str
    leader_id: int
    name: str  # of the leader
    role: str  # owner or leader
    announce_channel: str | None  # in that place


def led(session: Session, *, chat: str, place: str, user_id: str) -> list[Led]:
    """What somebody leads from this place, oldest first; asked at every call."""
    values = {"the_chat": chat, "the_place": place, "the_user": user_id}
    rows: Any = run(session, _led(), values)
    return [Led(*row) for row in rows]


@cache
def _led() -> Any:
    is_at_home = and_(
        col(ChatLink.community_id) == col(Leader.community_id),
        col(ChatLink.chat) == col(Leader.chat),
        col(ChatLink.place) == col(Leader.place),
    )
    return (
        sa_select(  # in the order of `Led`
            col(Community.id),
            col(Community.name),
            col(Leader.id),
            col(Leader.name),
            col(Leader.role),
            col(ChatLink.announce_channel),
        )
        .select_from(Leader)
        .join(ChatLink, is_at_home)
        .join(Community, col(Community.id) == col(Leader.community_id))
        .where(
            col(Leader.chat) == bindparam("the_chat"),
            col(Leader.place) == bindparam("the_place"),
            col(Leader.user_id) == bindparam("the_user"),
            col(Leader.removed_at).is_(None),
        )
        .order_by(col(Community.id))
    )


def leaders(session: Session, community_id: int, *, chats: Iterable[str]) -> list[Leader]:
    """Who leads the community from one of these chats, by number."""
    return list(
        session.exec(
            select(Leader)
            .where(
                Leader.community_id == community_id,
                col(Leader.chat).in_(list(chats)),
                col(Leader.removed_at).is_(None),
            )
            .order_by(col(Leader.id))
        )
    )


def leaders_in(session: Session, *, chat: str, place: str) -> set[str]:
    """Who leads any community from this place, by their ids there."""
    where = (Leader.chat == chat, Leader.place == place, col(Leader.removed_at).is_(None))
    return set(session.exec(select(Leader.user_id).where(*where)))


def led_from(session: Session, chats: Iterable[str]) -> dict[int, set[str]]:
    """From which of these chats each community is led, of those that are."""
    where = (col(Leader.chat).in_(list(chats)), col(Leader.removed_at).is_(None))
    found: dict[int, set[str]] = {}
    for community_id, chat in session.exec(select(Leader.community_id, Leader.chat).where(*where)):
        found.setdefault(community_id, set()).add(chat)
    return found


def leader_counts(session: Session, chats: Iterable[str]) -> dict[int, int]:
    """How many lead each community from these chats, of those that are led."""
    where = (col(Leader.chat).in_(list(chats)), col(Leader.removed_at).is_(None))
    query = select(Leader.community_id, func.count()).where(*where)
    return dict(session.exec(query.group_by(col(Leader.community_id))).all())


def household_counts(session: Session) -> dict[int, int]:
    """How many households each community has, of those that have any."""
    households = func.count(func.distinct(Member.household_id))
    query = select(Member.community_id, households).where(col(Member.removed_at).is_(None))
    return dict(session.exec(query.group_by(col(Member.community_id))).all())


def leader(session: Session, community_id: int, leader_id: int) -> Leader | None:
    """Who leads the community by this number, or did."""
    row = session.get(Leader, leader_id)
    return row if row is not None and row.community_id == community_id else None


def leader_name(session: Session, leader_id: int) -> str:
    """How residents know this leader, who may have stepped down since."""
    return session.get_one(Leader, leader_id).name


def leads_no_more(session: Session, leader_id: int) -> bool:
    """Whether this leader has stepped down, or was removed."""
    return session.get_one(Leader, leader_id).removed_at is not None


def add_leader(
    session: Session,
    community_id: int,
    *,
    chat: str,
    place: str,
    user_id: str,
    name: str,
    role: str = "leader",
    now: datetime,
) -> Leader:
    """Let somebody lead the community; whoever led it before is the same leader again.

    Takes: place, in which this is their user id; role, leader or owner.
    """
    same = (Leader.community_id == community_id, Leader.chat == chat, Leader.user_id == user_id)
    row = session.exec(select(Leader).where(*same)).one_or_none()
    if row is None:
        row = Leader(community_id=community_id, chat=chat, user_id=user_id, name=name, added_at=now)
        session.add(row)
    row.place, row.name, row.role, row.removed_at = place, name, role, None
    session.flush()
    return row


def regions(session: Session) -> list[str]:
    """In which regions communities are."""
    return list(session.exec(select(Community.region).distinct()))


def count(session: Session) -> int:
    """How many communities there are."""
    return session.exec(select(func.count()).select_from(Community)).one()
