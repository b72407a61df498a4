"""Somebody in a Slack workspace, at the stand-in's commands, modals and messages."""

import re
from dataclasses import dataclass
from typing import Any, Self

from bot.app import House
from bot.chats.slack.blocks import SETTLES
from tests.chats.contract.people import PATIENCE, Handed, quiet, receipts, until
from tests.chats.slack.conftest import Scene
from tests.standins.slack_blocks import Json, elements
from tests.standins.slack_payloads import file_json
from tests.standins.slack_workspace import Message, View

_WAIT = "One moment"  # the title of a modal while its answer is worked on


@dataclass(slots=True)
class InSlack:
    """Ana, who leads, or somebody else in her workspace."""

    scene: Scene
    house: House
    user_id: str
    name: str = "Ana Ruiz"
    chat: str = "slack"
    last: Message | View | None = None  # the newest answer
    settled: Message | None = None  # by the button that was pressed: the answer takes its place

    @property
    def place(self) -> str:
        return self.scene.slack.team

    async def say(self, text: str) -> str:
        return await self._say(text, self.scene.slack.direct(self.user_id).id)

    async def say_in_channel(self, text: str) -> str:
        return await self._say(text, self.scene.porch)

    async def say_about(self, text: str, person: Self) -> str:
        return await self.say(f"{text} <@{person.user_id}|{person.name}>")

    async def _say(self, text: str, channel: str) -> str:
        self.settled = None
        command, _, rest = text.partition(" ")
        before = self._seen()
        answer = await self.scene.slack.command(self.user_id, channel, command, rest)
        assert not answer.trouble, answer
        return await self._answer(before)

    async def press(self, label: str) -> str:
        async def found() -> Message | View | None:
            return self._with(label)

        where = await until(found)
        settles = isinstance(where, Message) and _settles(where.blocks, label)
        self.settled = where if settles else None
        before = self._seen()
        await self.scene.slack.press(self.user_id, where, label)
        return await self._answer(before)

    def _with(self, label: str) -> Message | View | None:
        messages = [m for m in self.scene.slack.ephemeral if m.seen_by == self.user_id]
        everything = sorted((*self._own(), *messages), key=lambda message: message.ts)
        shown = [where for where in (*everything, self._view()) if where is not None]
        return next((where for where in reversed(shown) if label in _labels(where.blocks)), None)

    async def fill(self, **fields: str | Handed) -> str:
        typed: dict[str, Any] = {}
        for name, given in fields.items():
            if isinstance(given, Handed):
                brought = self.scene.slack.bring(self.user_id, given.name, given.content)
                typed[name] = [file_json(self.scene.slack, brought)]
            elif not await self._chosen(name, given):
                typed[name] = given
        self.settled = None
        before = self._seen()
        await self.scene.slack.submit(self.user_id, typed)
        return await self._answer(before)

    async def _chosen(self, name: str, value: str) -> bool:
        """Whether this is a choice that other fields depend on; then it is made, and waited for."""
        view = self.scene.slack.view(self.user_id)
        [block] = [b for b in view.blocks if b.get("block_id") == name]
        if not block.get("dispatch_action"):
            return False
        now = view.state[name][block["element"]["action_id"]].get("selected_option") or {}
        if now.get("value") != value:
            seen = view.hash
            await self.scene.slack.press(self.user_id, view, name, value)
            await self.scene.slack.until(lambda: view.hash != seen, seconds=PATIENCE)
        return True

    async def drop(self, file: Handed, words: str = "") -> str:
        await quiet(self.house)
        before = self._own()
        said = words.removeprefix("/")  # where a file is, Slack lets nobody begin with a slash
        answer = await self.scene.slack.drop(self.user_id, file.name, file.content, said)
        assert not answer.trouble, answer

        async def answers() -> list[Message]:
            new = [m for m in self._own() if m not in before and not m.thread_ts]
            cards = await receipts(self.house) if new else set()
            return [m for m in new if f"{m.channel}:{m.ts}" not in cards]

        [message, *_] = await until(answers)
        self.last = message
        return native(message.text)

    async def buttons(self) -> list[str]:
        assert self.last is not None
        return _labels(self.last.blocks)

    async def shown(self) -> list[str]:
        return [native(message.text) for message in self._own() if not message.thread_ts]

    async def announced(self) -> list[str]:
        return [native(m.text) for m in self.scene.slack.in_channel(self.scene.porch)]

    async def files(self) -> list[Handed]:
        own = self.scene.slack.direct(self.user_id).id
        return [Handed(f.name, f.content) for f in self.scene.slack.files if f.channel == own]

    async def another(self, name: str) -> "InSlack":
        return InSlack(self.scene, self.house, self.scene.slack.add_user(name), name)

    # What they see

    def _own(self) -> list[Message]:
        return [m for m in self.scene.own(self.user_id) if m.author == self.scene.slack.bot]

    def _answers(self) -> list[Message]:
        """What they alone see, and the message that they have settled."""
        answers = [m for m in self.scene.answers if m.seen_by == self.user_id]
        settled = self.settled
        return answers if settled is None or settled in answers else [*answers, settled]

    def _view(self) -> View | None:
        stack = self.scene.slack.views.get(self.user_id)
        return stack[-1] if stack else None

    def _seen(self) -> dict[str, str]:
        """Every answer by its id, as it looks now."""
        looks = {message.ts: str(message.blocks) for message in self._answers()}
        if (view := self._view()) is not None and view.title != _WAIT:
            looks[view.id] = f"{view.hash}{view.errors}"
        return looks

    async def _answer(self, before: dict[str, str]) -> str:
        """What is new or other than before."""

        async def found() -> list[str]:
            return [name for name, look in self._seen().items() if before.get(name) != look]

        [*_, name] = await until(found)
        view = self._view()
        if view is not None and view.id == name:
            self.last = view
            return "\n".join(view.errors.values()) or words_of(view.blocks)
        [message] = [m for m in self._answers() if m.ts == name]
        self.last = message
        return native(message.text)


def native(words: str) -> str:
    """Slack's text with commands as they are called, and without its escapes."""
    plain = words.replace("/porchlight ", "/")
    return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def words_of(blocks: list[Json]) -> str:
    """All that is written in a modal."""
    return native("\n".join(re.findall(r"'text': '((?:[^'\\]|\\.)*)'", str(blocks))))


def _settles(blocks: list[Json], label: str) -> bool:
    found = [one for one in elements(blocks) if one.get("text", {}).get("text") == label]
    return str(found[0]["action_id"]).endswith(SETTLES)


def _labels(blocks: list[Json]) -> list[str]:
    return [one["text"]["text"] for one in elements(blocks) if one["type"] == "button"]
