"""What Telegram remembers: people, chats, messages, files, invite links, menus.

Nothing here speaks HTTP. Message ids count up in each chat by itself, so an id without its chat
says nothing; a group that becomes a supergroup gets a new id, and the old one only points to it.
"""

import itertools
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
Status = Literal["creator", "administrator", "member", "left", "kicked"]

BOT_ID = 8_000_000_001
ANONYMOUS_ID = 1_087_968_824  # who every hidden administrator of every group is
TOKEN = f"{BOT_ID}:stand-in-of-a-server-without-secrets"
INSIDE: frozenset[str] = frozenset({"creator", "administrator", "member"})
_CODES = {  # what a description begins with -> Telegram's error code
    "Unauthorized": 401,
    "Forbidden": 403,
    "Not Found": 404,
    "Conflict": 409,
    "Request Entity Too Large": 413,
    "Too Many Requests": 429,
    "Internal Server Error": 500,
}
BEGINNINGS = (*_CODES, "Bad Request")  # of all descriptions


class Refused(Exception):
    """Telegram does not do it."""

    def __init__(self, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.description = description  # "Bad Request: chat not found"
        self.parameters = parameters  # retry_after, migrate_to_chat_id
        self.code = _CODES.get(description.partition(":")[0], 400)


@dataclass(slots=True, eq=False)
class User:
    id: int
    name: str  # "Ana Ruiz"
    username: str = ""
    language: str = ""  # IETF tag of the app: "es"
    is_bot: bool = False
    started: bool = False  # has spoken to the bot in private
    blocked: bool = False
    deactivated: bool = False
    reachable_until: float = 0.0  # monotonic; a request to join lets the bot write first

    @property
    def reachable(self) -> bool:
        """Whether the bot knows them well enough to write."""
        return self.started or time.monotonic() < self.reachable_until


@dataclass(slots=True, eq=False)
class Chat:
    id: int
    kind: Literal["private", "group", "supergroup"]
    title: str = ""
    user: User | None = None  # whose private chat it is
    members: dict[int, Status] = field(default_factory=dict)  # by user id, also of the past
    migrated_to: int | None = None
    migrated_from: int | None = None
    topics: set[int] = field(default_factory=set)  # of a forum

    @property
    def private(self) -> bool:
        return self.kind == "private"


@dataclass(frozen=True, slots=True)
class StoredFile:
    id: str
    name: str
    content: bytes
    media_type: str
    width: int = 0  # pixels, of a photo
    height: int = 0


@dataclass(slots=True, eq=False)
class Message:
    chat: Chat
    id: int
    author: User
    text: str  # as shown; of a file its caption
    entities: list[Json]
    markup: Json = field(default_factory=dict)  # inline_keyboard, force_reply, keyboard ...
    document: StoredFile | None = None
    photo: StoredFile | None = None
    album: str = ""  # messages of one media group share it
    thread: int | None = None
    reply_to: "Message | None" = None
    silent: bool = False
    protected: bool = False
    preview: Json = field(default_factory=dict)  # link_preview_options
    for_group: bool = False  # by a hidden administrator
    service: Json = field(default_factory=dict)  # what happened, when nobody wrote it
    date: int = field(default_factory=lambda: int(time.time()))
    edits: int = 0
    edited: bool = False  # the text, not only the buttons: people see "edited"

    @property
    def keyboard(self) -> list[list[Json]]:
        """The rows of buttons below the message."""
        rows: list[list[Json]] = self.markup.get("inline_keyboard", [])
        return rows

    @property
    def labels(self) -> list[list[str]]:
        """The words on the buttons, row by row."""
        return [[button["text"] for button in row] for row in self.keyboard]

    def parts(self, kind: str) -> list[str]:
        """The words that are "bold", "code", a "text_link", a "mention" ..., in order."""
        raw = self.text.encode("utf-16-le")
        spans = [(e["offset"], e["length"]) for e in self.entities if e["type"] == kind]
        return [raw[2 * at : 2 * (at + length)].decode("utf-16-le") for at, length in spans]


@dataclass(slots=True, eq=False)
class InviteLink:
    url: str
    chat: Chat
    name: str = ""
    expire_date: int | None = None  # seconds of the epoch
    member_limit: int | None = None
    creates_join_request: bool = False
    used: int = 0
    revoked: bool = False


@dataclass(slots=True)
class Query:
    """Somebody pressed a button, and their app waits for an answer."""

    user: User
    until: float  # monotonic
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Toast:
    """What somebody is shown after pressing a button; no words only end the waiting."""

    user: User
    text: str
    alert: bool


class World:
    """What is remembered."""

    def __init__(self, *, query_lifetime: float) -> None:
        self.bot = User(BOT_ID, "Porchlight", "PorchlightBot", is_bot=True)
        self.anonymous = User(ANONYMOUS_ID, "Group", "GroupAnonymousBot", is_bot=True)
        self.users = {user.id: user for user in (self.bot, self.anonymous)}
        self.chats: dict[int, Chat] = {}
        self.messages: list[Message] = []
        self.deleted: list[Message] = []
        self.files: dict[str, StoredFile] = {}  # by id
        self.links: dict[str, InviteLink] = {}  # by url
        self.requests: dict[tuple[int, int], InviteLink] = {}  # (chat, user): who asks to join
        self.queries: dict[str, Query] = {}
        self.toasts: list[Toast] = []
        self.actions: list[tuple[Chat, str]] = []  # "typing"
        self.commands: dict[tuple[str, str], dict[str, str]] = {}  # (scope, language): name: words
        self.texts: dict[tuple[str, str], str] = {}  # ("description", language): words
        self.menu_buttons: dict[int | None, Json] = {}  # by chat; None: of all
        self.logged_out = False
        self.born = time.monotonic()
        self.tell: Callable[[str, Json], None] = lambda kind, content: None  # set by the line
        self.query_lifetime = query_lifetime  # seconds
        self._ids = itertools.count(1)
        self._message_ids: dict[int, int] = {}

    # People and places

    def add_user(self, name: str, *, username: str = "", language: str = "") -> User:
        """Somebody is on Telegram."""
        user = User(700_000_000 + next(self._ids), name, username, language)
        self.users[user.id] = user
        self.chats[user.id] = Chat(user.id, "private", user=user)
        return user

    def add_group(
        self,
        title: str,
        *,
        members: list[User] | None = None,
        bot_is_member: bool = True,
        bot_is_admin: bool = False,
        supergroup: bool = True,
    ) -> Chat:
        """A group, made by the first of its members."""
        people = members or []
        chat = Chat(self.new_chat_id(supergroup=supergroup), "group", title)
        chat.kind = "supergroup" if supergroup else "group"
        chat.members = {user.id: "member" for user in people}
        chat.members |= {user.id: "creator" for user in people[:1]}
        if bot_is_member:
            chat.members[self.bot.id] = "administrator" if bot_is_admin else "member"
        self.chats[chat.id] = chat
        return chat

    def add_topic(self, chat: Chat) -> int:
        """A new topic of a forum. Gives its `message_thread_id`."""
        topic = self.next_message_id(chat)
        chat.topics.add(topic)
        return topic

    def private(self, user: User) -> Chat:
        """The chat of a person with the bot."""
        return self.chats[user.id]

    def place(self, chat_id: int) -> Chat:
        """A chat that the bot knows. Raises `Refused`."""
        chat = self.chats.get(chat_id)
        if chat is None or (chat.user is None and self.bot.id not in chat.members):
            raise Refused("Bad Request: chat not found")
        if chat.user and not chat.user.reachable:
            raise Refused("Bad Request: chat not found")
        if chat.migrated_to is not None:
            raise Refused(
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=chat.migrated_to,
            )
        if not chat.private and chat.members[self.bot.id] not in INSIDE:
            raise Refused(_outside(chat, chat.members[self.bot.id]))
        return chat

    def place_to_speak(self, chat_id: int) -> Chat:
        """A chat where the bot may write. Raises `Refused`."""
        user = self.users.get(chat_id)
        if user and user.deactivated:
            raise Refused("Forbidden: user is deactivated")
        if user and user.blocked:
            raise Refused("Forbidden: bot was blocked by the user")
        if user and user.is_bot:
            raise Refused("Forbidden: bot can't send messages to bots")
        if user and not user.reachable:
            raise Refused("Forbidden: bot can't initiate conversation with a user")
        return self.place(chat_id)

    def administered(self, chat_id: int, otherwise: str) -> Chat:
        """A group where the bot is an administrator. Raises `Refused` with the words."""
        chat = self.place(chat_id)
        if chat.members.get(self.bot.id) != "administrator":
            raise Refused(otherwise)
        return chat

    # Messages

    def show(
        self, chat: Chat, author: User, text: str, entities: list[Json], **facts: Any
    ) -> Message:
        """A new message."""
        message = Message(chat, self.next_message_id(chat), author, text, entities, **facts)
        self.messages.append(message)
        return message

    def message(self, chat: Chat, message_id: int) -> Message | None:
        """One message, when it is there."""
        for message in self.messages:
            if message.chat is chat and message.id == message_id:
                return message
        return None

    def in_chat(self, chat: Chat | User) -> list[Message]:
        """All messages of a chat, or of somebody's chat with the bot, oldest first."""
        place = self.private(chat) if isinstance(chat, User) else chat
        return [message for message in self.messages if message.chat is place]

    def said(self, chat: Chat | User) -> list[Message]:
        """What the bot has written there, as it looks now."""
        return [message for message in self.in_chat(chat) if message.author is self.bot]

    def keep(self, name: str, content: bytes, media_type: str, **facts: int) -> StoredFile:
        """A file on Telegram's servers."""
        file = StoredFile(f"BQAC{secrets.token_urlsafe(24)}", name, content, media_type, **facts)
        self.files[file.id] = file
        return file

    # Names

    def new_chat_id(self, *, supergroup: bool) -> int:
        """An id of the kind that is no 32 bit number, or of an ordinary group's kind."""
        return -(1_002_000_000_000 if supergroup else 4_000_000_000) - next(self._ids)

    def next_message_id(self, chat: Chat) -> int:
        """The next message of this chat."""
        self._message_ids[chat.id] = self._message_ids.get(chat.id, 0) + 1
        return self._message_ids[chat.id]


def _outside(chat: Chat, status: str) -> str:
    kind = "group" if chat.kind == "group" else "supergroup"
    if status == "kicked" or kind == "group":
        return f"Forbidden: bot was kicked from the {kind} chat"
    return f"Forbidden: bot is not a member of the {kind} chat"
