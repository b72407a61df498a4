"""Somebody in the browser's chat: what its page does, by the same calls."""

import base64
import mimetypes
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from bot.app import House, open_house
from bot.chats.playground import LEADER, PLACE, PORCH, SPEAKER, SPEAKER_NAME, Playground
from bot.settings import Settings
from storage import playground as memory
from tests.chats.conftest import client
from tests.chats.contract.people import Handed, until
from tests.community import scene
from tests.settings import settings_of

SECRET = "a secret of the tests alone, 32+ bytes"


@dataclass(slots=True)
class InPlayground:
    """Robin, who leads, or somebody else at the same screen."""

    house: House
    screen: Playground
    name: str = SPEAKER_NAME
    user_id: str = SPEAKER
    chat: str = "playground"
    place: str = PLACE
    last: dict[str, Any] = field(default_factory=dict)  # the newest answer

    async def say(self, text: str) -> str:
        return await self._hear(text, {})

    async def say_in_channel(self, text: str) -> str:
        return await self._hear(text, {}, PORCH)

    async def say_about(self, text: str, person: Self) -> str:
        return await self.say(f"{text} @{person.name}")

    async def press(self, label: str) -> str:
        async def found() -> list[str]:
            shown = [row.body for row in await self._rows() if row.channel == LEADER]
            return [b["call"] for body in shown for b in body.get("buttons", ())
                    if b["label"] == label]  # fmt: skip

        calls = await until(found)
        return await self.say(calls[-1])

    async def fill(self, **fields: str | Handed) -> str:
        form = self.last["form"]
        files = [given for given in fields.values() if isinstance(given, Handed)]
        typed = {k: v.name if isinstance(v, Handed) else v for k, v in fields.items()}
        values = {one["name"]: one["value"] for one in form["fields"]} | typed
        shown = [one for one in form["fields"] if _is_shown(one, values)]
        assert fields.keys() <= {one["name"] for one in shown}, [one["name"] for one in shown]
        empty = [one["name"] for one in shown if one["required"] and not values[one["name"]]]
        assert not empty, f"the page does not send a form without {empty}"
        sent = {one["name"]: values[one["name"]] for one in shown}
        return await self._hear(form["call"], sent, files=files)

    async def drop(self, file: Handed, words: str = "") -> str:
        return await self._hear(words, {}, files=[file])

    async def buttons(self) -> list[str]:
        return [button["label"] for button in self.last["buttons"]]

    async def shown(self) -> list[str]:
        return await self._cards(LEADER)

    async def announced(self) -> list[str]:
        return await self._cards(PORCH)

    async def files(self) -> list[Handed]:
        return [Handed(file.name, file.content) for file in self.screen.files.values()]

    async def another(self, name: str) -> "InPlayground":
        first = name.split()[0]
        return InPlayground(self.house, self.screen, first, first.lower())

    async def _hear(
        self,
        text: str,
        fields: dict[str, str],
        channel: str = LEADER,
        files: Sequence[Handed] = (),
    ) -> str:
        """Post it as the page does, and read the reply."""
        brought = [_posted(file) for file in files]
        said = {"text": text, "fields": fields, "channel": channel, "files": brought}
        async with client(self.house) as page:
            answer = await page.post("/playground/calls", json=said | {"as": self.name})
        assert answer.status_code == 200, answer.text
        self.last = answer.json()["reply"]
        form = self.last["form"] or {"fields": []}
        asked = [one["label"] for one in form["fields"]]
        return "\n".join([self.last["text"], *asked])

    async def _cards(self, channel: str) -> list[str]:
        rows = [row for row in await self._rows() if row.channel == channel]
        return [row.body["text"] for row in rows if row.key is not None]

    async def _rows(self) -> list[Any]:
        return await self.house.services.storage.read(memory.newest, limit=200)


def _posted(file: Handed) -> dict[str, str]:
    media_type = mimetypes.guess_type(file.name)[0] or ""
    content = base64.b64encode(file.content).decode()
    return {"name": file.name, "type": media_type, "content": content}


def _is_shown(one: dict[str, Any], values: dict[str, str]) -> bool:
    condition = one["shown_for"]
    return condition is None or values.get(condition["field"]) == condition["value"]


@asynccontextmanager
async def opened(database_url: str) -> AsyncIterator[InPlayground]:
    """The house that `make run` opens, with the post at work."""
    settings = settings_of(Settings, database_url=database_url, secret_key=SECRET)
    async with open_house(settings) as house, scene.at_work(house.services):
        [screen] = house.chats
        assert isinstance(screen, Playground)
        yield InPlayground(house, screen)
