"""The playground as a chat: calls in, replies and cards out."""

import asyncio
import re
import secrets
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from bot.chats import dropped
from bot.community import binding
from bot.messages import Call, Card, File, Medium, MenuItem, Reply
from bot.ports import Answer, Pace, Services
from storage import playground as memory

LEADER = "leader"  # the channel of the leader's own chat
PORCH = "announcements"  # the channel where joins are announced
PLACE = "playground"  # the one workspace there is
SPEAKER = "leader"
SPEAKER_NAME = "Robin Vale"
PORCH_NAME = "#front-porch"
SHOWN = 200  # messages
_FILES_KEPT = 20  # in memory: a file is drawn again on request
_UNSETTLED_KEPT = 500  # calls
_MENTION = re.compile(r"(?<!\S)@([^\W_][\w-]*)(?!\S)")  # a whole word, so never an address


class PlaygroundChat:
    """The chat without its pages."""

    name = "playground"
    pace = Pace(at_once=16, lease=15, delays=(0.5, 1, 2, 5))
    edits_unseen = False

    def __init__(self, outbox: Collection[Medium] = ()) -> None:
        """Takes: outbox, the media whose letters stay here."""
        self._outbox = frozenset(outbox)
        self.files: OrderedDict[str, File] = OrderedDict()
        self._unsettled: OrderedDict[str, tuple[int, dict[str, Any]]] = OrderedDict()
        self.services: Services
        self.menu: Sequence[MenuItem]
        self._answer: Answer

    def spell(self, words: str) -> str:
        """As they are: commands are typed here by their own names."""
        return words

    def own_channel(self, place: str, user_id: str) -> str:
        """Everybody here sits at the same screen."""
        return LEADER

    def plug(self, services: Services, answer: Answer, menu: Sequence[MenuItem]) -> None:
        """Get to know the house."""
        self.services, self._answer, self.menu = services, answer, menu

    def shows(self, medium: str) -> bool:
        """Whether letters of this medium stay here, in the outbox."""
        return medium in self._outbox

    async def run(self, stop: asyncio.Event) -> None:
        """Wait: its page and scripts come over HTTP."""
        await stop.wait()

    async def close(self) -> None:
        """Nothing is open."""

    async def post(self, channel: str, card: Card, *, key: str) -> str:
        """Show a card once per key."""
        body = {"text": card.text, "buttons": [asdict(button) for button in card.buttons]}
        return str(await self._add(channel, "bot", body, key=key))

    async def edit(self, channel: str, message: str, card: Card) -> None:
        """Replace a card's content in place."""
        body = {"text": card.text, "buttons": [asdict(button) for button in card.buttons]}
        await self.services.storage.write(
            memory.edit, int(message), body=body, now=datetime.now(UTC)
        )

    async def say_below(self, channel: str, message: str, card: Card, *, key: str) -> None:
        """Show a card of its own: here all messages are in one column."""
        await self.post(channel, card, key=key)

    async def hear(
        self,
        text: str,
        fields: dict[str, str],
        channel: str,
        *,
        files: Sequence[File] = (),
        by: str = SPEAKER_NAME,
    ) -> dict[str, Any]:
        """Take what somebody said, in the chat's own memory too, and give the reply shown.

        Takes: files, which may stand for words; by, who speaks: the leader, or anybody who can be
        mentioned, in one word.
        """
        heard: dict[str, Any] = {"text": _heard(text, fields, files)}
        if by != SPEAKER_NAME:
            heard["by"] = by
        hearing = asyncio.create_task(self._add(channel, "leader", heard))
        brought = [dropped.held(file) for file in files]
        text = dropped.meant(text, brought) if brought and not fields else text
        call = _call(text, fields, channel, by)
        reply = self._shown(await dropped.answered(self.services, self._answer, call, brought))
        await hearing  # it stands above its answer
        await self._settle(text)
        self._remember(await self._add(channel, "bot", reply), reply)
        return reply

    def _remember(self, message_id: int, reply: dict[str, Any]) -> None:
        """Which calls would settle this message; forgotten by a restart, which harms nothing."""
        calls = [button["call"] for button in reply["buttons"] if button["settles"]]
        for call in [*calls, *([reply["form"]["call"]] if reply["form"] else [])]:
            self._unsettled[call] = (message_id, reply)
            self._unsettled.move_to_end(call)
        while len(self._unsettled) > _UNSETTLED_KEPT:
            self._unsettled.popitem(last=False)

    async def _settle(self, text: str) -> None:
        """Take the buttons off the message whose matter this call decides; shut a sent form."""
        message_id, reply = self._unsettled.pop(text, (0, {}))
        if not message_id:
            return
        decided = any(b["settles"] and b["call"] == text for b in reply["buttons"])
        settled = {**reply, "buttons": [] if decided else reply["buttons"], "form": None}
        await self.services.storage.write(
            memory.edit, message_id, body=settled, now=datetime.now(UTC)
        )

    def _shown(self, reply: Reply) -> dict[str, Any]:
        return {
            "text": reply.text,
            "buttons": [asdict(button) for button in reply.buttons],
            "files": [self._file(file) for file in reply.files],
            "form": _form(reply),
        }

    def _file(self, file: File) -> dict[str, str]:
        """A file as a message shows it; a picture says what is on it."""
        return {"name": file.name, "type": file.media_type, "alt": file.alt,
                "url": self._keep(file)}  # fmt: skip

    def _keep(self, file: File) -> str:
        key = secrets.token_urlsafe(12)
        self.files[key] = file
        while len(self.files) > _FILES_KEPT:
            self.files.popitem(last=False)
        return f"/playground/files/{key}/{quote(file.name, safe='')}"

    async def _add(
        self, channel: str, author: str, body: dict[str, Any], *, key: str | None = None
    ) -> int:
        return await self.services.storage.write(
            memory.add, channel=channel, author=author, body=body, key=key, now=datetime.now(UTC)
        )


def _call(text: str, fields: dict[str, str], channel: str, by: str) -> Call:
    return Call(
        chat=PlaygroundChat.name,
        place=PLACE,
        channel=channel,
        channel_name=PORCH_NAME if channel == PORCH else "your own chat",
        speaker=SPEAKER if by == SPEAKER_NAME else by.lower(),
        speaker_name=by,
        text=_MENTION.sub(lambda mention: f"<@{mention[1].lower()}>", text),
        fields=fields,
        people={name.lower(): name for name in _MENTION.findall(text)},
    )


def _heard(text: str, fields: dict[str, str], files: Sequence[File]) -> str:
    words, _ = binding.read(text)
    filled = [f"{name}: {value}" for name, value in fields.items() if value.strip()]
    names = [f"File: {file.name}" for file in files]
    return "\n".join(filter(None, [words, *filled, *names]))


def _form(reply: Reply) -> dict[str, Any] | None:
    if reply.form is None:
        return None
    form = asdict(reply.form)
    for field in form["fields"]:
        field["options"] = [{"value": value, "label": label} for value, label in field["options"]]
        if field["shown_for"]:
            name, value = field["shown_for"]
            field["shown_for"] = {"field": name, "value": value}
    return form
