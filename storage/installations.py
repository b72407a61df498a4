"""Workspaces that installed the bot by themselves, and the tokens they gave."""

from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col

from storage.database import brief, changed, insert_into
from storage.tables import ChatInstallation


@brief
def get(session: Session, chat: str, place: str) -> ChatInstallation | None:
    """What the workspace gave."""
    return session.get(ChatInstallation, (chat, place))


def put(session: Session, chat: str, place: str, *, token: str, bot: str, now: datetime) -> None:
    """Keep what the workspace gave, in place of what it gave before."""
    values = {"token": token, "bot": bot, "installed_at": now}
    statement = insert_into(session, ChatInstallation).values(chat=chat, place=place, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["chat", "place"], set_=values))


def remove(session: Session, chat: str, place: str) -> None:
    """The workspace took it back."""
    where = (col(ChatInstallation.chat) == chat, col(ChatInstallation.place) == place)
    changed(session, delete(ChatInstallation).where(*where))
