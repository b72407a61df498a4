"""Members' own links into the channels where joins are announced."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, or_, update
from sqlmodel import Session, col, select

from storage import chat_members
from storage.database import brief, changed, insert_into
from storage.tables import ChatLink, ChatMember, Member, WayIn


@brief
def of(session: Session, member_id: int) -> list[WayIn]:
    """The member's links."""
    query = select(WayIn).where(WayIn.member_id == member_id).order_by(col(WayIn.chat_link_id))
    return list(session.exec(query))


@brief
def wanting(session: Session, member_id: int, *, chats: Sequence[str]) -> list[ChatLink]:
    """Where joins are announced in these chats and the member has no link yet."""
    has = select(WayIn.chat_link_id).where(WayIn.member_id == member_id)
    return list(
        session.exec(
            select(ChatLink)
            .join(Member, col(Member.community_id) == col(ChatLink.community_id))
            .where(
                Member.id == member_id,
                col(Member.removed_at).is_(None),
                col(Member.suspended_at).is_(None),
                col(ChatLink.chat).in_(chats),
                col(ChatLink.announce_channel).is_not(None),
                col(ChatLink.id).not_in(has),
            )
        )
    )


def keep(session: Session, way: WayIn) -> bool:
    """Keep the link, unless the member got another a moment ago.

    Gives: whether they may still come in; whoever ends that now waits, and then finds the link.
    """
    is_in = (col(Member.removed_at).is_(None), col(Member.suspended_at).is_(None))
    query = select(Member.id).where(Member.id == way.member_id, *is_in)
    if session.exec(query.with_for_update(read=True)).first() is None:
        return False
    values = way.model_dump()
    session.execute(
        insert_into(session, WayIn)
        .values(**values)
        .on_conflict_do_nothing(index_elements=["member_id", "chat_link_id"])
    )
    return True


def take_unused(session: Session, member_ids: Collection[int]) -> list[tuple[WayIn, str]]:
    """Forget the links of these members by which nobody came in. Gives each with its chat."""
    where = (col(WayIn.member_id).in_(list(member_ids)), col(WayIn.user_id).is_(None))
    query = select(WayIn, ChatLink.chat).join(ChatLink, col(ChatLink.id) == col(WayIn.chat_link_id))
    found = [(way, chat) for way, chat in session.exec(query.where(*where))]
    for way, _ in found:
        session.expunge(way)
    changed(session, delete(WayIn).where(*where))
    return found


def came_into(session: Session, member_ids: Collection[int]) -> list[str]:
    """Titles of the channels that these members came into by links of their own."""
    where = (col(WayIn.member_id).in_(list(member_ids)), col(WayIn.user_id).is_not(None))
    return list(session.exec(select(WayIn.title).where(*where).distinct().order_by(WayIn.title)))


@brief
def used(session: Session, url: str, user_id: str, *, now: datetime) -> bool:
    """Note who came in by a link, and is that member from now on.

    Gives whether it was one of ours, not used before.
    """
    where = (col(WayIn.url) == url, col(WayIn.user_id).is_(None))
    if not changed(session, update(WayIn).where(*where).values(user_id=user_id)):
        return False
    query = select(WayIn, ChatLink).join(ChatLink, col(ChatLink.id) == col(WayIn.chat_link_id))
    way, link = session.exec(query.where(WayIn.url == url)).one()
    known = ChatMember(
        chat=link.chat,
        place=link.place,
        user_id=user_id,
        member_id=way.member_id,
        community_id=way.community_id,
        at=now,
    )
    chat_members.pair(session, known)
    return True


@brief
def is_known(session: Session, *, chat: str, place: str, channel: str, user_id: str) -> bool:
    """Whether somebody once came into the channel by a member's link, who is a member still."""
    announced = col(ChatLink.announce_channel)
    query = (
        select(WayIn.member_id)
        .join(ChatLink, col(ChatLink.id) == col(WayIn.chat_link_id))
        .join(Member, col(Member.id) == col(WayIn.member_id))
        .where(
            ChatLink.chat == chat,
            ChatLink.place == place,
            or_(announced == channel, announced.startswith(f"{channel}/")),
            WayIn.user_id == user_id,
            col(Member.removed_at).is_(None),
            col(Member.suspended_at).is_(None),
        )
    )
    return session.exec(query.limit(1)).first() is not None
