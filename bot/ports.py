"""The sockets in the wall: what a chat, a courier and a printer must be able to do.

`Services` is the box of plugged things that `app.py` fills once and every verb takes first.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from starlette.routing import BaseRoute

from bot.door import Door
from bot.messages import Call, Card, Carried, File, Letter, Medium, MenuItem, News, Reply, Wish
from bot.settings import Keys, Settings
from bot.templating import Templates
from storage.database import Storage

Made = TypeVar("Made", covariant=True)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the jobs of one lane may start, over all workers, and how they are retried."""

    per_second: float | None = None  # None: as fast as `at_once` allows
    burst: int = 1  # how many may start together after a pause
    at_once: int = 4  # in one worker
    delays: tuple[float, ...] = (1, 2, 5, 15, 60, 300)  # seconds before each further try
    give_up: timedelta = timedelta(hours=24)
    lease: float = 60  # seconds until another worker takes over the job of a dead one


@dataclass(frozen=True, slots=True)
class Kind(Generic[Made]):
    """How something is set up that is plugged in when its settings are there."""

    read_settings: Callable[[], Any]
    configured: Callable[[Any], bool]  # whether anything of it is set
    problems: Callable[[Any], list[str]]  # what is missing, in words; empty when complete
    make: Callable[[Any], Made]


class Courier(Protocol):
    """Carries letters by one medium. Network only: it never touches storage."""

    medium: Medium
    pace: Pace  # of the lane of all its letters, which is called like the medium

    async def carry(self, letter: Letter) -> Carried:
        """Try once to carry the letter. Never raises for what a server or network does."""

    async def find(self, letter: Letter) -> Carried | None:
        """Was an earlier, unconfirmed try of this letter taken? None: cannot be told, carry again.

        Gives `unclear` while it is too early to tell, `accepted` when found, `retry` when the
        provider certainly does not have it.
        """

    settle: float  # seconds after an unconfirmed try before `find` can tell
    wakes: bool  # its letters make a telephone ring, so they do not leave at night

    async def close(self) -> None:
        """Let go of connections."""


class Hear(Protocol):
    """What a courier does with what it hears of its letters."""

    async def __call__(self, told: Sequence[News | Wish]) -> None:
        """Take note of all of it, of each once. Raises: DatabaseAway; then it should come again."""


@runtime_checkable
class HearsBack(Protocol):
    """A courier that hears what became of its letters: by calls over HTTP, or in a mailbox."""

    def plug(self, hear: Hear, *, address: str) -> None:
        """Get to know who listens, and the public address of `routes`."""

    def routes(self) -> Sequence[BaseRoute]:
        """What it serves on our web server."""

    async def run(self, stop: asyncio.Event) -> None:
        """Look for news until told to stop; one that is called only waits for that."""


@runtime_checkable
class CanBeAsked(Protocol):
    """A courier whose provider tells, when asked, what became of a letter that it took."""

    asking: Pace  # of the lane in which it is asked, apart from that of sending

    async def ask(self, provider_id: str) -> News | None:
        """What is known by now: "sent" while the end is open. None: cannot be told just now."""


@runtime_checkable
class Forgets(Protocol):
    """A courier whose provider keeps the words of a letter, and blanks them when told to."""

    forgets: bool  # whether the operator wants that

    async def forget(self, provider_id: str) -> bool:
        """Have the words blanked, once the end is known. Gives whether that worked."""


@runtime_checkable
class Plays(Protocol):
    """A courier that may be set up for trying out, with numbers that nobody has."""

    in_play: Collection[str]  # those numbers; none when it is in earnest


class Answer(Protocol):
    """What a chat does with a call; handed over so that no chat imports `bot.dispatch`."""

    async def __call__(self, call: Call) -> Reply:
        """What to say back. Never raises."""


class Chat(Protocol):
    """A chat platform: posts and edits messages. Calls go the other way, through `Answer`."""

    name: str
    pace: Pace
    edits_unseen: bool  # nobody notices an edit, so what matters is said below the message, too

    def spell(self, words: str) -> str:
        """Our words, with the `/commands` between backticks as they are typed in this chat."""

    def own_channel(self, place: str, user_id: str) -> str:
        """The channel in which somebody of that place is alone with us."""

    def plug(self, services: "Services", answer: Answer, menu: Sequence[MenuItem]) -> None:
        """Get to know the house; `menu` is what leaders can say."""

    def routes(self) -> Sequence[BaseRoute]:
        """What the chat serves on our web server."""

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until told to stop; a chat that is called over HTTP only waits for that."""

    async def close(self) -> None:
        """Let go of connections."""

    async def post(self, channel: str, card: Card, *, key: str) -> str:
        """Show a new message, once per `key` where the platform can tell. Gives its id there."""

    async def edit(self, channel: str, message: str, card: Card) -> None:
        """Replace the message's content."""

    async def say_below(self, channel: str, message: str, card: Card, *, key: str) -> None:
        """Say something below a message of ours, in its thread or as an answer to it."""


@runtime_checkable
class TriesOut(Protocol):
    """A chat that can tell beforehand whether it may write in a channel."""

    async def try_out(self, channel: str, *, private: str) -> None:
        """Show the speaker alone that we can write there. Raises: ChatDown, ChatRefused."""


@runtime_checkable
class LetsIn(Protocol):
    """A chat that can let one newcomer into a channel."""

    async def let_in(self, channel: str, *, name: str, until: datetime) -> tuple[str, str] | None:
        """Make a link that is good once, until then. Gives the channel's title, and the link.

        Takes: name, what the platform's own list of links calls it; no person's name.
        None: the channel lets nobody in this way. Raises: ChatDown, ChatRefused.
        """

    async def shut(self, channel: str, link: str) -> None:
        """Make such a link worthless, if it is not already. Raises: ChatDown, ChatRefused."""


@runtime_checkable
class Opens(Protocol):
    """A chat that has links into one's own talk with us."""

    async def link_that_says(self, word: str) -> str:
        """A link that opens the talk and, once its reader agrees, says the word. Raises: ChatDown.

        Takes: word, up to 60 letters, digits and dashes.
        """


class ChatDown(Exception):
    """The chat cannot be reached just now."""

    def __init__(self, retry_after: float | None = None) -> None:
        super().__init__(self.__doc__)
        self.retry_after = retry_after  # seconds the platform asked for


class ChatRefused(Exception):
    """The chat will not show this message, now or later: channel gone, bot removed."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words  # for the leader


class MessageGone(ChatRefused):
    """The message that was to be edited was deleted."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One access pass to be drawn."""

    code: str  # "7KQM4TXP2WNF", twelve symbols without dashes
    link: str  # what the QR code says
    serial: int  # 1-based place in its batch
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the printer needs to draw a batch of passes. All words are plain text."""

    community: str
    welcome: str
    colour: str  # "#0b4f58"
    type_at: str  # the short address to type the code at: "join.example.org/join"
    label: str  # the batch's label or ""
    batch: int
    count: int  # passes of the whole batch, of which these may be a part
    paper: str  # "a4" or "letter"
    language: str  # BCP 47: "en"
    passes: Sequence[Pass]
    logo: bytes | None = None  # PNG


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart. All words are plain text."""

    label: str
    counts: Sequence[int]  # of its parts, in the order of the legend
    told: str  # after it: "12 of 30"


@dataclass(frozen=True, slots=True)
class Chart:
    """What the printer needs to draw how far the streets have come: bars of five parts."""

    name: str  # of the file, without its ending: "coverage-maple-court"
    title: str
    subtitle: str
    colour: str  # "#0b4f58"
    language: str  # BCP 47: "en"
    legend: Sequence[str]
    whole: Bar  # all of them together
    bars: Sequence[Bar]
    alt: str  # the same in words


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn chart."""

    file: File  # PNG
    unknown: Sequence[str]  # letters that no font has; boxes stand for them


class Printer(Protocol):
    """Draws passes and charts."""

    async def print(self, sheet: Sheet) -> File:
        """Draw the sheet as PDF. Raises `CannotPrint` with words for the leader."""

    async def draw(self, chart: Chart) -> Picture:
        """Draw the chart as PNG. Raises `CannotPrint` with words for the leader."""


class CannotPrint(Exception):
    """What was asked for could not be drawn."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that is plugged in. Made in `app.py`, handed to every verb."""

    storage: Storage
    settings: Settings
    keys: Keys
    templates: Templates
    couriers: Mapping[Medium, Courier]  # only the media that are set up
    chats: Mapping[str, Chat]
    printer: Printer
    missing: Mapping[Medium, str] = field(default_factory=dict)  # why a medium is not set up
    door: Door = field(default_factory=Door)
