"""In which language people are spoken to in a chat, members or not."""

from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col

from storage.database import brief, changed, insert_into
from storage.tables import ChatPerson


@brief
def met(session: Session, chat: str, user_id: str, *, language: str, now: datetime) -> None:
    """Remember which language somebody's app has now."""
    values = {"language": language, "seen_at": now}
    session.execute(
        insert_into(session, ChatPerson)
        .values(chat=chat, user_id=user_id, **values)
        .on_conflict_do_update(index_elements=["chat", "user_id"], set_=values)
    )


@brief
def language_of(session: Session, chat: str, user_id: str) -> str:
    """The language (BCP 47) that was remembered; empty when none was."""
    row = session.get(ChatPerson, (chat, user_id))
    return row.language if row is not None else ""


def forget(session: Session, *, before: datetime) -> None:
    """Forget who has not been met for long."""
    changed(session, delete(ChatPerson).where(col(ChatPerson.seen_at) < before))
