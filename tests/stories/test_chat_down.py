"""A chat that cannot be reached keeps nobody waiting, and hears later, once, who has joined."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest
from starlette.routing import BaseRoute

from bot.app import House, open_house
from bot.messages import Card, MenuItem
from bot.ports import Answer, Chat, ChatDown, Services
from bot.settings import Settings
from tests.web.visitor import Visitor

ADDRESS = "http://127.0.0.1:8080"
_PATIENCE = 20.0  # seconds; the chat's lane tries again after 0.5, 1 and 2


class Unreliable:
    """A chat whose line breaks: before what we say is shown, or just after."""

    def __init__(self, chat: Chat, *, shows: bool) -> None:
        self.name, self.pace, self.edits_unseen = chat.name, chat.pace, chat.edits_unseen
        self._chat, self._shows = chat, shows
        self.is_down = False
        self.failed = asyncio.Event()  # something was said in vain

    def plug(self, services: Services, answer: Answer, menu: Sequence[MenuItem]) -> None:
        """Get to know the house."""
        self._chat.plug(services, answer, menu)

    def spell(self, words: str) -> str:
        """As the chat does."""
        return self._chat.spell(words)

    def own_channel(self, place: str, user_id: str) -> str:
        """As the chat does."""
        return self._chat.own_channel(place, user_id)

    def routes(self) -> Sequence[BaseRoute]:
        """What the chat serves."""
        return self._chat.routes()

    async def run(self, stop: asyncio.Event) -> None:
        """Listen as the chat does."""
        await self._chat.run(stop)

    async def close(self) -> None:
        """Let go as the chat does."""
        await self._chat.close()

    async def post(self, channel: str, card: Card, *, key: str) -> str:
        """Show a message, if the line holds."""
        if not self.is_down or self._shows:
            message = await self._chat.post(channel, card, key=key)
        self._break()
        return message

    async def edit(self, channel: str, message: str, card: Card) -> None:
        """Change a message, if the line holds."""
        if not self.is_down or self._shows:
            await self._chat.edit(channel, message, card)
        self._break()

    async def say_below(self, channel: str, message: str, card: Card, *, key: str) -> None:
        """Say something below a message, if the line holds."""
        if not self.is_down or self._shows:
            await self._chat.say_below(channel, message, card, key=key)
        self._break()

    def _break(self) -> None:
        if self.is_down:
            self.failed.set()
            raise ChatDown


@pytest.mark.parametrize("shows", [False, True], ids=["before it shows", "after it showed"])
async def test_a_broken_line_delays_no_newcomer_and_the_channel_hears_once(*, shows: bool) -> None:
    async with open_house(Settings()) as house, asyncio.timeout(_PATIENCE):
        chat = Unreliable(house.chats[0], shows=shows)
        async with _working(replace(house, services=replace(house.services, chats=_one(chat)))):
            visitor = Visitor(house.app, source="127.0.0.1", address=ADDRESS)
            form = await visitor.open(await _invited(visitor.client, "ana@example.org"))
            chat.is_down = True
            welcome = await visitor.submit(form, name="Ana Ruiz", address="12 Elm Street")
            assert "Welcome, Ana Ruiz!" in welcome.text

            await chat.failed.wait()
            chat.is_down = False
            while " joined at " not in await _said(visitor.client, "leader"):
                await asyncio.sleep(0.05)
            while "Ana Ruiz" not in await _said(visitor.client, "announcements"):
                await asyncio.sleep(0.05)
        words = "Ana Ruiz joined at 12 Elm Street, invited by Robin Vale."
        assert (await _said(visitor.client, "announcements")).count(words) == 1


def _one(chat: Chat) -> dict[str, Chat]:
    return {chat.name: chat}


@asynccontextmanager
async def _working(house: House) -> AsyncIterator[None]:
    """Have a postman at work; in the end let it finish what it has begun."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(house.postman().run(stop))
        yield
        stop.set()


async def _invited(client: httpx.AsyncClient, address: str) -> str:
    """Invite somebody. Gives the path of the link in their letter."""
    answer = await client.post("/playground/calls", json={"text": f"/invite email {address}"})
    assert answer.is_success, answer.text
    while not (letters := (await client.get("/playground/letters")).json()):
        await asyncio.sleep(0.05)
    return str(letters[0]["link"]).removeprefix(ADDRESS)


async def _said(client: httpx.AsyncClient, channel: str) -> str:
    """Everything the bot has said there."""
    messages = (await client.get("/playground/messages")).json()
    ours = [m["text"] for m in messages if (m["channel"], m["author"]) == (channel, "bot")]
    return "\n".join(ours)
