"""Which of several communities a leader has in use, in a place of a chat."""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy import select as sa_select
from sqlmodel import Session, col

from storage.database import insert_into, run
from storage.tables import ChatChoice


def chosen(session: Session, *, chat: str, place: str, user_id: str) -> int | None:
    """The community that was chosen last, whether or not it is led still."""
    values = {"the_chat": chat, "the_place": place, "the_user": user_id}
    found: int | None = run(session, _chosen(), values).scalar_one_or_none()
    return found


@cache
def _chosen() -> Any:
    return sa_select(col(ChatChoice.community_id)).where(
        col(ChatChoice.chat) == bindparam("the_chat"),
        col(ChatChoice.place) == bindparam("the_place"),
        col(ChatChoice.user_id) == bindparam("the_user"),
    )


def choose(
    session: Session, *, chat: str, place: str, user_id: str, community_id: int, now: datetime
) -> None:
    """Keep the choice until there is another."""
    values = {"community_id": community_id, "at": now}
    session.execute(
        insert_into(session, ChatChoice)
        .values(chat=chat, place=place, user_id=user_id, **values)
        .on_conflict_do_update(index_elements=["chat", "place", "user_id"], set_=values)
    )
