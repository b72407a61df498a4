"""One conversation, held in every chat: the same words come back and the same things happen."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import pytest

from bot.app import House, open_house
from bot.chats.playground import LEADER, PORCH, Playground
from bot.community import codes, redemptions
from bot.community.redemptions import SignUp
from bot.settings import Settings
from storage import playground as memory
from storage.tables import Invitation
from tests.chats.slack import conftest as in_slack
from tests.chats.slack.conftest import open_slack  # noqa: F401 - pytest finds it by its name
from tests.chats.telegram import conftest as in_telegram
from tests.chats.telegram.conftest import open_telegram, telegram  # noqa: F401 - the same
from tests.community import scene

PATIENCE = 15.0  # seconds; a busy machine is no fault
SECRET = "a secret of the tests alone, 32+ bytes"
_RECEIPT = re.compile(r"[…✓✗★▫–]|\d+ invitations by")  # how a receipt begins
JOINED = "Rosa Delgado joined at Flat 4B, invited by {leader}."


class Leader(Protocol):
    """A leader at their chat."""

    house: House
    name: str
    settled: bool

    async def say(self, text: str) -> str:
        """Say a command and read the answer."""

    async def say_in_channel(self, text: str) -> str:
        """The same, where the community talks."""

    async def press(self, label: str) -> str:
        """Press a button of the newest message that has it, and read the answer."""

    async def invite_by_form(self, addresses: str) -> str:
        """Open the form of `/invite`, put addresses into it, and read the answer."""

    async def shown(self) -> list[str]:
        """What the bot has posted by itself to the leader alone."""

    async def announced(self) -> list[str]:
        """What the bot has posted where the community talks."""

    async def files(self) -> list[bytes]:
        """The PDFs that were handed over."""


@dataclass(slots=True)
class InPlayground:
    """Robin, in the browser's chat."""

    house: House
    chat: Playground
    name: str = "Robin Vale"
    settled: bool = False
    replies: list[dict[str, Any]] = field(default_factory=list)

    async def say(self, text: str, **fields: str) -> str:
        self.replies.append(await self.chat.hear(text, fields, LEADER))
        return str(self.replies[-1]["text"])

    async def say_in_channel(self, text: str) -> str:
        reply = await self.chat.hear(text, {}, PORCH)
        return str(reply["text"])

    async def press(self, label: str) -> str:
        calls = [b["call"] for r in self.replies for b in r["buttons"] if b["label"] == label]
        return await self.say(calls[-1])

    async def invite_by_form(self, addresses: str) -> str:
        await self.say("/invite")
        form = self.replies[-1]["form"]
        assert {one["name"] for one in form["fields"]} == {
            "way",
            "to",
            "count",
            "label",
            "language",
        }
        return await self.say(form["call"], way="email", to=addresses)

    async def shown(self) -> list[str]:
        return await self._posted(LEADER)

    async def announced(self) -> list[str]:
        return await self._posted(PORCH)

    async def _posted(self, channel: str) -> list[str]:
        rows = await self.house.services.storage.read(memory.newest, limit=200)
        return [row.body["text"] for row in rows if row.channel == channel and row.key is not None]

    async def files(self) -> list[bytes]:
        return [file.content for file in self.chat.files.values()]


@dataclass(slots=True)
class InSlack:
    """Ana, in her workspace."""

    scene: in_slack.Scene
    house: House
    name: str = "Ana Ruiz"
    settled: bool = False

    async def say(self, text: str) -> str:
        return _native(await self.scene.say(text))

    async def say_in_channel(self, text: str) -> str:
        return _native(await self.scene.say(text, channel=self.scene.porch))

    async def press(self, label: str) -> str:
        slack, ana = self.scene.slack, self.scene.ana
        stack = slack.views.get(ana)
        if stack and label in str(stack[-1].blocks):
            seen = str(stack[-1].blocks)
            await slack.press(ana, stack[-1], label)
            await slack.until(lambda: str(slack.view(ana).blocks) != seen, seconds=PATIENCE)
            return _words(slack.view(ana).blocks)
        messages = [*self.scene.own(), *slack.ephemeral]
        message = next(m for m in reversed(messages) if f"'{label}'" in str(m.blocks))
        read = [m.text for m in slack.ephemeral]  # an answer may take its question's place
        await slack.press(ana, message, label)
        await slack.until(lambda: [m.text for m in slack.ephemeral] != read, seconds=PATIENCE)
        return _native(self.scene.said.text)

    async def invite_by_form(self, addresses: str) -> str:
        slack, ana = self.scene.slack, self.scene.ana
        await slack.command(ana, self.scene.porch, "/invite")
        await self.scene.view("Invite members")
        await slack.submit(ana, {"to": addresses})
        return _words((await self.scene.view("Invite")).blocks)

    async def shown(self) -> list[str]:
        return [message.text for message in self.scene.own() if not message.thread_ts]

    async def announced(self) -> list[str]:
        return [m.text for m in self.scene.slack.in_channel(self.scene.porch)]

    async def files(self) -> list[bytes]:
        return [f.content for f in self.scene.slack.files if f.name.endswith(".pdf")]


@dataclass(slots=True)
class InTelegram:
    """Ana, in her chat with the bot."""

    scene: in_telegram.Scene
    house: House
    name: str = "Ana Ruiz"
    receipts: set[str] = field(default_factory=set)  # that were read already
    settled: bool = False  # no more receipts are due: what looks like one is an answer

    async def say(self, text: str) -> str:
        before = len(self.scene.said())
        await self.scene.telegram.say(self.scene.ana, self.scene.ana, text)
        return await self._answer(before)

    async def say_in_channel(self, text: str) -> str:
        return await self.scene.say(text, chat=self.scene.porch)

    async def press(self, label: str) -> str:
        before = len(self.scene.said())
        await self.scene.telegram.press(self.scene.ana, self.scene.with_button(label), label)
        return await self._answer(before)

    async def _answer(self, before: int) -> str:
        """The message that answers; receipts come in between, whenever they are due."""

        def new() -> list[str]:
            texts = [message.text for message in self.scene.said()[before:] if message.text]
            return [text for text in texts if text not in self.receipts]

        found: list[str] = await self.scene.telegram.until(new, seconds=PATIENCE)
        while _RECEIPT.match(found[0]) and not self.settled:
            self.receipts.add(found[0])
            found = await self.scene.telegram.until(new, seconds=PATIENCE)
        return found[0]

    async def invite_by_form(self, addresses: str) -> str:
        await self.say("/invite")
        await self.press("✓ By e-mail")
        await self.say(addresses)
        return await self.press("✓ The community's")

    async def shown(self) -> list[str]:
        return [message.text for message in self.scene.said()]

    async def announced(self) -> list[str]:
        return [message.text for message in self.scene.said(self.scene.porch)]

    async def files(self) -> list[bytes]:
        return [m.document.content for m in self.scene.said() if m.document]


def _native(words: str) -> str:
    """Slack's text with commands as they are called, and without its escapes."""
    plain = words.replace("/porchlight ", "/")
    return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _words(blocks: list[dict[str, Any]]) -> str:
    """All that is written in a modal."""
    return _native("\n".join(re.findall(r"'text': '((?:[^'\\]|\\.)*)'", str(blocks))))


Opening = Callable[[], AbstractAsyncContextManager[Leader]]


@pytest.fixture(params=["playground", "slack", "telegram"])
def opening(request: pytest.FixtureRequest) -> Opening:
    """Each chat in turn."""
    found: Opening = request.getfixturevalue(f"leader_in_{request.param}")
    return found


@pytest.fixture
async def leader(opening: Opening) -> AsyncIterator[Leader]:
    """Somebody who leads Maple Court."""
    async with opening() as found:
        yield found


@pytest.fixture
def leader_in_playground(sqlite_url: str) -> Opening:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Leader]:
        settings = Settings(_env_file=None, database_url=sqlite_url, secret_key=SECRET)
        async with open_house(settings) as house, scene.at_work(house.services):
            [chat] = house.chats
            assert isinstance(chat, Playground)
            yield InPlayground(house, chat)

    return opened


@pytest.fixture
def leader_in_slack(open_slack: in_slack.Open) -> Opening:  # noqa: F811 - the fixture
    @asynccontextmanager
    async def opened() -> AsyncIterator[Leader]:
        async with open_slack() as found:
            yield InSlack(found, found.house)

    return opened


@pytest.fixture
def leader_in_telegram(open_telegram: in_telegram.Open) -> Opening:  # noqa: F811 - the fixture
    @asynccontextmanager
    async def opened() -> AsyncIterator[Leader]:
        async with open_telegram() as found:
            yield InTelegram(found, found.house)

    return opened


async def test_the_conversation_is_the_same_in_every_chat(leader: Leader) -> None:
    assert "/invite" in await leader.say("/help")
    # One clear address is invited at once, and never twice.
    said = await leader.say("/invite email rosa@example.org")
    assert said == "Inviting rosa@example.org. I keep you posted how it goes."
    assert "Nothing was sent" in await leader.say("/invite email rosa@example.org")
    # A slip is asked about, and a button decides.
    assert "Did you mean mara@gmail.com?" in await leader.say("/invite email mara@gmial.com")
    assert "Inviting mara@gmail.com." in await leader.press("Send to mara@gmail.com")
    # A paste is previewed.
    assert "can be invited" in await leader.invite_by_form("lena@example.org\nli@example.org\n@@")
    assert "Inviting 2 people" in await leader.press("Send 2")
    # What cannot be is said in words.
    assert "How many passes?" in await leader.say("/passes many")
    assert "Did you mean `/invites`?" in _coded(await leader.say("/invitess"))
    # Receipts follow.
    await _until(leader.shown, "rosa@example.org: the e-mail has been sent")
    await _until(leader.shown, "2 of 2 sent")
    # An invitation is looked at, and taken back.
    leader.settled = True
    assert "rosa@example.org" in await leader.say("/invites 1")
    assert "void" in await leader.say("/invites void 1")
    rows = await scene.all_of(leader.house.services, Invitation)
    assert [(row.contact, row.voided_at is not None) for row in rows] == [
        ("rosa@example.org", True),
        ("mara@gmail.com", False),
        ("lena@example.org", False),
        ("li@example.org", False),
    ]


async def test_paper_and_a_join_are_the_same_in_every_chat(leader: Leader) -> None:
    assert "announce here" in await leader.say_in_channel("/announce here")
    assert "2 access passes" in await leader.say("/passes 2 Elm Street")
    await _until(leader.shown, "2 passes printed")
    [pdf] = await leader.files()
    assert pdf.startswith(b"%PDF-")
    services = leader.house.services
    [row, _] = await scene.all_of(services, Invitation)
    form = SignUp("Rosa Delgado", "Flat 4B", "rosa@example.net", "", ())
    code = codes.derive(services.keys, row.id, row.generation)
    await redemptions.redeem(
        services, code, form, source="203.0.113.9", browser="", now=datetime.now(UTC)
    )
    await _until(leader.announced, JOINED.format(leader=leader.name))
    await _until(leader.shown, "1 joined")
    assert "Flat 4B: Rosa Delgado (head)" in await leader.say("/members")


def _coded(words: str) -> str:
    """The words with commands marked as such, in chats that mark them otherwise too."""
    return re.sub(r"(?<!`)(/[a-z]+)\?", r"`\1`?", words)


async def _until(look: Callable[[], Any], words: str) -> None:
    """Wait until something can be read there."""
    async with asyncio.timeout(PATIENCE):
        while not any(words in text for text in await look()):
            await asyncio.sleep(0.02)
