"""A workspace as Slack keeps it: people, channels, messages, open modals, Homes and files.

Nothing here speaks HTTP. A modal stays in its person's stack until it is closed; a trigger is good
once and for a few seconds; the stamps of messages (`ts`) only ever go up.
"""

import itertools
import mimetypes
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from tests.standins.slack_blocks import Json, completed, elements

MODALS = 3  # one and two pushed upon it


class Refused(Exception):
    """Slack does not do it."""

    def __init__(self, error: str, *problems: str, **facts: Any) -> None:
        super().__init__(error, *problems)
        self.error = error
        self.problems = problems  # "must be less than 76 characters [json-pointer:/blocks/0/...]"
        self.facts = facts


@dataclass(frozen=True, slots=True)
class User:
    id: str
    name: str  # "Ana Ruiz"
    is_bot: bool = False

    @property
    def handle(self) -> str:
        return self.name.lower().replace(" ", ".")


@dataclass(slots=True)
class Channel:
    id: str
    name: str  # "directmessage" when it is one
    members: set[str]  # user ids
    private: bool = False
    archived: bool = False

    @property
    def direct(self) -> bool:
        return self.id.startswith("D")


@dataclass(frozen=True, slots=True)
class StoredFile:
    id: str
    name: str
    content: bytes
    title: str
    channel: str  # "" when it was shared nowhere
    comment: str = ""
    thread_ts: str = ""
    alt: str = ""  # what it shows, in words
    owner: str = ""  # a user id; "" when it is the bot's

    @property
    def media_type(self) -> str:
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"


@dataclass(slots=True)
class Message:
    channel: str
    ts: str
    text: str
    blocks: list[Json]
    author: str  # a user id
    thread_ts: str = ""
    metadata: Json = field(default_factory=dict)
    edits: int = 0
    seen_by: str = ""  # the only one who sees it, when it is ephemeral
    state: Json = field(default_factory=dict)  # what was chosen: {block_id: {action_id: ...}}
    files: list[StoredFile] = field(default_factory=list)  # that people dropped


@dataclass(slots=True)
class View:
    id: str
    user: str
    body: Json  # what the app sent: type, title, blocks, private_metadata ...
    root: str
    previous: str | None
    hash: str
    state: Json = field(default_factory=dict)  # {block_id: {action_id: {"type", "value" ...}}}
    errors: dict[str, str] = field(default_factory=dict)  # shown at the fields: {block_id: words}

    @property
    def blocks(self) -> list[Json]:
        blocks: list[Json] = self.body["blocks"]
        return blocks

    @property
    def title(self) -> str:
        return str(self.body.get("title", {}).get("text", ""))


@dataclass(slots=True)
class Upload:
    """A file that is announced, and may be here, but is not shared."""

    name: str
    size: int
    content: bytes | None = None
    alt: str = ""


@dataclass(slots=True)
class _Trigger:
    user: str
    until: float  # monotonic
    used: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """Where an app may answer what somebody did."""

    user: str
    channel: str
    until: float  # monotonic
    original: Message | None = None  # the message whose button was pressed
    left: int = 5


class Workspace:
    """What is remembered."""

    url: str  # of the server that shows it

    def __init__(self, *, trigger_lifetime: float, response_lifetime: float) -> None:
        self.team = "T0MAPLE00"
        self.team_name = "Maple Court"
        self.app_id = "A0PORCH00"
        self.bot_id = "B0PORCH00"
        self.bot = "U0PORCH00"
        self.users = {self.bot: User(self.bot, "porchlight", is_bot=True)}
        self.channels: dict[str, Channel] = {}
        self.messages: list[Message] = []
        self.ephemeral: list[Message] = []
        self.views: dict[str, list[View]] = {}  # by user, the topmost last
        self.homes: dict[str, View] = {}  # by user
        self.files: list[StoredFile] = []  # of the bot's
        self.dropped: dict[str, StoredFile] = {}  # what people have brought, by id
        self.response_urls: dict[str, ResponseUrl] = {}
        self.uploads: dict[str, Upload] = {}  # by file id
        self.tickets: set[str] = set()  # for Socket Mode connections, each good once
        self.grants: dict[str, str] = {}  # OAuth's codes, each good once, and whose they are
        self._triggers: dict[str, _Trigger] = {}
        self._trigger_lifetime = trigger_lifetime  # seconds
        self._response_lifetime = response_lifetime  # seconds
        self._numbers = itertools.count(1)
        self._last_stamp = 0

    # People and places

    def add_user(self, name: str) -> str:
        """Somebody joins the workspace. Gives their id."""
        user = User(self.new_id("U"), name)
        self.users[user.id] = user
        return user.id

    def add_channel(self, name: str, *, bot_is_member: bool = True, private: bool = False) -> str:
        """A channel is made. Gives its id."""
        channel = Channel(self.new_id("C"), name, set(), private)
        if bot_is_member:
            channel.members.add(self.bot)
        self.channels[channel.id] = channel
        return channel.id

    def direct(self, user: str) -> Channel:
        """The direct messages of the bot and a user, begun if need be."""
        for channel in self.channels.values():
            if channel.direct and user in channel.members:
                return channel
        if user not in self.users or user == self.bot:
            raise Refused("user_not_found" if user not in self.users else "cannot_dm_bot")
        channel = Channel(self.new_id("D"), "directmessage", {user, self.bot})
        self.channels[channel.id] = channel
        return channel

    def place(self, channel: str) -> Channel:
        """A channel that the bot can see. Raises `channel_not_found`."""
        found = self.channels.get(channel)
        if found is None or (found.private and self.bot not in found.members):
            raise Refused("channel_not_found")
        return found

    def place_of_ours(self, channel: str) -> Channel:
        """A channel where the bot is a member. Raises `not_in_channel`, `is_archived`."""
        place = self.place(channel)
        if self.bot not in place.members:
            raise Refused("not_in_channel")
        if place.archived:
            raise Refused("is_archived")
        return place

    def kind(self, channel: str) -> str:
        """What scopes call a place: "im", "groups" or "channels"."""
        place = self.channels.get(channel)
        return "im" if channel[:1] == "D" else "groups" if place and place.private else "channels"

    # Messages

    def message(self, channel: str, ts: str) -> Message:
        """One message. Raises `message_not_found`."""
        for message in self.messages:
            if (message.channel, message.ts) == (channel, ts):
                return message
        raise Refused("message_not_found")

    def in_channel(self, channel: str) -> list[Message]:
        """All messages of a channel, or of the direct messages with a user, oldest first."""
        place = self.direct(channel).id if channel in self.users else channel
        return [message for message in self.messages if message.channel == place]

    def show(self, channel: str, text: str, blocks: list[Json], **facts: Any) -> Message:
        """A new message, for everybody there or for `seen_by` alone."""
        author = facts.pop("author", self.bot)
        message = Message(channel, self.stamp(), text, completed(blocks), author, **facts)
        (self.ephemeral if message.seen_by else self.messages).append(message)
        return message

    # Modals and Homes

    def view(self, user: str) -> View:
        """The modal on top of what a user sees."""
        if not self.views.get(user):
            raise LookupError(f"{user} has no modal open")
        return self.views[user][-1]

    def open_view(self, user: str, body: Json) -> View:
        """Put a modal on top of a user's stack. Raises `push_limit_reached`."""
        stack = self.views.setdefault(user, [])
        if len(stack) >= MODALS:
            raise Refused("push_limit_reached")
        view = self._new_view(user, body)
        view.root = stack[0].id if stack else view.id
        view.previous = stack[-1].id if stack else None
        stack.append(view)
        return view

    def publish(self, user: str, body: Json) -> View:
        """Show a user a new Home."""
        kept = self.homes.get(user)
        if kept is None:
            self.homes[user] = self._new_view(user, body)
        else:
            self.change(kept, body)
        return self.homes[user]

    def change(self, view: View, body: Json) -> None:
        """Replace a view's content; what is typed stays where block and action keep their ids."""
        typed = view.state
        view.body = {**body, "blocks": completed(body["blocks"])}
        view.state = initial_state(view.blocks)
        for block_id, actions in view.state.items():
            actions |= {k: v for k, v in typed.get(block_id, {}).items() if k in actions}
        view.errors = {}
        view.hash = self._hash()

    def _new_view(self, user: str, body: Json) -> View:
        name = self.new_id("V")
        body = {**body, "blocks": completed(body["blocks"])}
        state = initial_state(body["blocks"])
        return View(name, user, body, name, None, self._hash(), state)

    # Short-lived rights

    def new_trigger(self, user: str) -> str:
        """The right to open a modal for somebody."""
        name = f"{next(self._numbers)}.{self.team[1:]}.{secrets.token_hex(16)}"
        self._triggers[name] = _Trigger(user, time.monotonic() + self._trigger_lifetime)
        return name

    def use_trigger(self, name: str) -> str:
        """Whose trigger it is. Raises `invalid_`, `expired_` or `exchanged_trigger_id`."""
        trigger = self._triggers.get(name)
        if trigger is None:
            raise Refused("invalid_trigger_id")
        if trigger.used:
            raise Refused("exchanged_trigger_id")
        if time.monotonic() > trigger.until:
            raise Refused("expired_trigger_id")
        trigger.used = True
        return trigger.user

    def new_response_url(self, user: str, channel: str, original: Message | None = None) -> str:
        """The name of a new place to answer at."""
        name = secrets.token_hex(12)
        until = time.monotonic() + self._response_lifetime
        self.response_urls[name] = ResponseUrl(user, channel, until, original)
        return name

    # Names

    def new_id(self, kind: str) -> str:
        """A new id as Slack writes them: C000000012."""
        return f"{kind}{next(self._numbers):09d}"

    def stamp(self) -> str:
        """Now as Slack writes it, later than every stamp before."""
        self._last_stamp = max(self._last_stamp + 1, time.time_ns() // 1000)
        return f"{self._last_stamp // 1_000_000}.{self._last_stamp % 1_000_000:06d}"

    def _hash(self) -> str:
        return f"{int(time.time())}.{secrets.token_hex(4)}"


def initial_state(blocks: list[Json]) -> Json:
    """What is chosen and filled in before anybody does anything, block by block."""
    state: Json = {}
    for block in blocks:
        for element in elements([block]):
            if element["type"] not in {"button", "overflow"}:
                state.setdefault(block["block_id"], {})[element["action_id"]] = _initial(element)
    return state


def _initial(element: Json) -> Json:
    kind = element["type"]
    if kind in {"static_select", "radio_buttons"}:
        return {"type": kind, "selected_option": element.get("initial_option")}
    if kind in {"multi_static_select", "checkboxes"}:
        return {"type": kind, "selected_options": element.get("initial_options", [])}
    if kind == "file_input":
        return {"type": kind, "files": []}
    return {"type": kind, "value": element.get("initial_value")}
