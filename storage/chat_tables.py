"""Tables of the chats: what platforms told us, and what one of them would remember by itself."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, LargeBinary
from sqlmodel import Field, SQLModel

from storage.columns import id_column as _id
from storage.columns import maybe_moment as _maybe_at
from storage.columns import moment as _at
from storage.columns import of as _of
from storage.types import UTCDateTime


class Heard(SQLModel, table=True):
    """What a platform told us already: it repeats itself when we are slow to acknowledge."""

    key: str = Field(primary_key=True)  # "slack:" and the platform's own id of what happened
    at: datetime = Field(sa_type=UTCDateTime, index=True)


class ChatInstallation(SQLModel, table=True):
    """A workspace that installed the bot by itself, and the token it gave."""

    __tablename__ = "chat_installation"

    chat: str = Field(primary_key=True)  # "slack"
    place: str = Field(primary_key=True)  # the workspace
    token: str  # a secret: whoever has it speaks as the bot there
    bot: str  # the platform's id of the bot there
    installed_at: datetime = _at()


class ChatPerson(SQLModel, table=True):
    """In which language somebody is spoken to in a chat, member or not."""

    __tablename__ = "chat_person"

    chat: str = Field(primary_key=True)  # "telegram"
    user_id: str = Field(primary_key=True)
    language: str  # BCP 47
    seen_at: datetime = Field(sa_type=UTCDateTime, index=True)


class ChatChoice(SQLModel, table=True):
    """Which of several communities somebody who leads them means when they do not say."""

    __tablename__ = "chat_choice"

    chat: str = Field(primary_key=True)
    place: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)
    community_id: int = _of("community")
    at: datetime = _at()


class ChatMember(SQLModel, table=True):
    """Who in a chat is which member; one person may be a member in several households."""

    __tablename__ = "chat_member"

    chat: str = Field(primary_key=True)
    place: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)
    member_id: int = Field(foreign_key="member.id", primary_key=True, index=True)
    community_id: int = _of("community")
    at: datetime = _at()


class Pairing(SQLModel, table=True):
    """A key on a member's own page, good once, by which they make themselves known in a chat."""

    member_id: int = Field(foreign_key="member.id", primary_key=True)
    community_id: int = _of("community")
    key_hash: bytes = Field(sa_type=LargeBinary, unique=True)  # keyed
    until: datetime = _at()


class Talk(SQLModel, table=True):
    """What somebody is being asked, question by question, in a chat that has no forms."""

    chat: str = Field(primary_key=True)  # "telegram"
    speaker: str = Field(primary_key=True)  # the platform's id of who is asked
    key: str  # of this talk alone: buttons of an earlier one are told apart
    form: dict[str, Any] = Field(sa_type=JSON)
    filled: dict[str, str] = Field(default_factory=dict, sa_type=JSON)  # answers so far
    step: int  # which field is asked for, from 0
    at: datetime = Field(sa_type=UTCDateTime, index=True)  # of the latest answer


class PlaygroundMessage(SQLModel, table=True):
    """What the playground's chat shows. The playground stands in for a platform's own memory."""

    __tablename__ = "playground_message"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int = _id()
    channel: str
    author: str  # leader or bot
    body: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    key: str | None = Field(default=None, unique=True)
    at: datetime = _at()
    edited_at: datetime | None = _maybe_at()
