"""What can be done at any chat, by anybody: the one language in which the contract is tested.

Each chat has its own way of doing it (`in_playground.py`, `in_slack.py`, `in_telegram.py`), by real
requests and real buttons, and reads what a person there would see.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol, Self

from bot.app import House
from storage import communities
from storage.tables import Receipt
from tests.community import scene

PATIENCE = 15.0  # seconds; a busy machine is no fault
COMMUNITY = 1  # the id of the one that the house has


class Handed(NamedTuple):
    """A file, as somebody drops it or gets it."""

    name: str
    content: bytes


class Person(Protocol):
    """Somebody at their chat, alone with the bot unless it is said otherwise."""

    house: House
    chat: str  # which platform

    @property
    def place(self) -> str:
        """Which workspace or chat there."""

    @property
    def user_id(self) -> str:
        """How the platform knows them."""

    @property
    def name(self) -> str:
        """How people know them."""

    async def say(self, text: str) -> str:
        """Say a command and read the answer; of a form that opens, all that is written in it."""

    async def say_in_channel(self, text: str) -> str:
        """The same, where the community talks."""

    async def say_about(self, text: str, person: Self) -> str:
        """Say a command about somebody, by the chat's own way of naming people."""

    async def press(self, label: str) -> str:
        """Press a button of the newest answer or card that has it, and read the answer.

        Waits for such a button.
        """

    async def fill(self, **fields: str | Handed) -> str:
        """Fill in the form that is open and send it, and read the answer.

        Takes: what to fill in, by the names of fields; of a choice, its value. Other fields stay
        as they are.
        """

    async def drop(self, file: Handed, words: str = "") -> str:
        """Drop a file into the chat, with or without words, and read the answer."""

    async def buttons(self) -> list[str]:
        """The labels below the newest answer."""

    async def shown(self) -> list[str]:
        """What the bot wrote to them by itself, oldest first; it may be edited meanwhile.

        In Telegram answers are among it: there nothing tells them apart.
        """

    async def announced(self) -> list[str]:
        """What the bot has posted where the community talks."""

    async def files(self) -> list[Handed]:
        """The files that they were given, oldest first."""

    async def another(self, name: str) -> Self:
        """Somebody else in the same place, who can speak to the bot and leads nothing."""


async def made_leader(person: Person, community_id: int = COMMUNITY) -> None:
    """Have somebody lead the community, too."""

    def change(session: Any) -> None:
        communities.add_leader(
            session,
            community_id,
            chat=person.chat,
            place=person.place,
            user_id=person.user_id,
            name=person.name,
            now=datetime.now(UTC),
        )

    await person.house.services.storage.write(change)


async def until(look: Callable[[], Awaitable[Any]]) -> Any:
    """Wait until something is there, and give it."""
    async with asyncio.timeout(PATIENCE):
        while not (found := await look()):
            await asyncio.sleep(0.02)
    return found


async def read(look: Callable[[], Awaitable[list[str]]], words: str) -> str:
    """Wait until these words can be read there, and give the newest text that has them."""

    async def found() -> list[str]:
        return [text for text in await look() if words in text]

    texts: list[str] = await until(found)
    return texts[-1]


async def quiet(house: House) -> None:
    """Wait until the post has nothing left to do, so that what comes next is an answer."""

    async def done() -> bool:
        return not await house.services.storage.read(scene.due)

    await until(done)


async def receipts(house: House) -> set[str | None]:
    """The messages that the post has written and may edit, once it is still."""
    await quiet(house)
    return {row.message for row in await scene.all_of(house.services, Receipt)}


def coded(words: str) -> str:
    """The words with commands marked as such, in chats that mark them otherwise too."""
    return re.sub(r"(?<!`)(/[a-z]+)\?", r"`\1`?", words)
