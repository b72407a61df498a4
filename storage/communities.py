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
from storage.tables import ChatLink, Community, Leader


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


def add(session: Session, community: Community) -> Community:
    """Store a new community."""
    session.add(community)
    session.flush()
    return community


def link_of(session: Session, *, chat: str, place: str) -> ChatLink | None:
    """Which community this place in a chat belongs to."""
    return session.exec(
        select(ChatLink).where(ChatLink.chat == chat, ChatLink.place == place)
    ).one_or_none()


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
class Speaker:
    """Somebody who speaks in a place of a community."""

    community_id: int
    community: str
    leader_id: int | None  # none: they do not lead it
    name: str | None
    role: str | None  # owner or leader


def speaker(session: Session, *, chat: str, place: str, user_id: str) -> Speaker | None:
    """Who speaks, asked at every call; None when the place belongs to no community."""
    values = {"the_chat": chat, "the_place": place, "the_user": user_id}
    row: Any = run(session, _speaker(), values).one_or_none()
    return None if row is None else Speaker(*row)


@cache
def _speaker() -> Any:
    leads = and_(
        col(Leader.community_id) == col(ChatLink.community_id),
        col(Leader.chat) == col(ChatLink.chat),
        col(Leader.place) == col(ChatLink.place),
        col(Leader.user_id) == bindparam("the_user"),
        col(Leader.removed_at).is_(None),
    )
    return (
        sa_select(  # in the order of `Speaker`
            col(Community.id),
            col(Community.name),
            col(Leader.id),
            col(Leader.name),
            col(Leader.role),
        )
        .select_from(ChatLink)
        .join(Community, col(Community.id) == col(ChatLink.community_id))
        .outerjoin(Leader, leads)
        .where(
            col(ChatLink.chat) == bindparam("the_chat"),
            col(ChatLink.place) == bindparam("the_place"),
        )
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


def leader(session: Session, community_id: int, leader_id: int) -> Leader | None:
    """Who leads the community by this number, or did."""
    row = session.get(Leader, leader_id)
    return row if row is not None and row.community_id == community_id else None


def leader_name(session: Session, leader_id: int) -> str:
    """How residents know this leader, who may have stepped down since."""
    return session.get_one(Leader, leader_id).name


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
