"""Somebody in their chat with the bot in Telegram; a form is a conversation there."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Self

from bot.app import House
from bot.chats.telegram import forms
from bot.chats.telegram.forms import Talk
from storage import talks
from tests.chats.contract.people import Handed, quiet, receipts, until
from tests.chats.telegram.conftest import Scene
from tests.standins.telegram_world import Chat, Message, User


@dataclass(slots=True)
class InTelegram:
    """Ana, who leads, or somebody else in the same group."""

    scene: Scene
    house: House
    user: User
    chat: str = "telegram"
    last: Message | None = None  # the newest answer

    @property
    def place(self) -> str:
        return str(self.scene.telegram.bot.id)

    @property
    def user_id(self) -> str:
        return str(self.user.id)

    @property
    def name(self) -> str:
        return self.user.name

    async def say(self, text: str) -> str:
        return await self._after(lambda: self.scene.telegram.say(self.user, self.user, text))

    async def say_in_channel(self, text: str) -> str:
        porch = self.scene.porch
        return await self._after(lambda: self.scene.telegram.say(self.user, porch, text), porch)

    async def say_about(self, text: str, person: Self) -> str:
        """Here a command is about whom it answers, in the group; its answer comes in private."""
        telegram, porch = self.scene.telegram, self.scene.porch
        theirs = await telegram.say(person.user, porch, "Good evening!")
        return await self._after(lambda: telegram.say(self.user, porch, text, reply_to=theirs))

    async def press(self, label: str) -> str:
        async def found() -> list[Message]:
            return [m for m in self._said() if any(label in row for row in m.labels)]

        [*_, message] = await until(found)
        return await self._after(lambda: self.scene.telegram.press(self.user, message, label))

    async def fill(self, **fields: str | Handed) -> str:
        talk: Talk | None = await until(self._talk)
        left = dict(fields)
        while True:
            assert talk is not None
            asked = talk
            answer = await self._answer_question(asked, left.pop(asked.field.name, None))
            talk = await self._talk()
            if talk is None or talk.key != asked.key or talk.step == asked.step:
                assert not left, f"nobody asked for {[*left]}"
                return answer

    async def _answer_question(self, talk: Talk, given: str | Handed | None) -> str:
        field = talk.field
        if isinstance(given, Handed):
            return await self.drop(given)
        if field.kind == "choice":
            value = field.value if given is None else given
            label = next(words for known, words in field.options if known == value)
            return await self.press(f"✓ {label}" if value == field.value else label)
        if given:
            return await self.say(given)
        labels = [key.label for key in forms.question(talk)[1]]
        wanted = ("Skip", "Leave it empty") if given == "" or not field.value else ("Keep",)
        return await self.press(next(label for label in labels if label.startswith(wanted)))

    async def _talk(self) -> Talk | None:
        row = await self.house.services.storage.read(talks.get, "telegram", self.user_id)
        return Talk(row.key, forms.from_row(row.form), row.filled, row.step) if row else None

    async def drop(self, file: Handed, words: str = "") -> str:
        return await self._after(
            lambda: self.scene.telegram.send_file(
                self.user, self.user, file.name, file.content, caption=words
            )
        )

    async def buttons(self) -> list[str]:
        assert self.last is not None
        return [label for row in self.last.labels for label in row]

    async def shown(self) -> list[str]:
        return [message.text for message in self._said()]

    async def announced(self) -> list[str]:
        return [message.text for message in self.scene.said(self.scene.porch)]

    async def files(self) -> list[Handed]:
        kept = [m.document or m.photo for m in self._said()]
        return [Handed(file.name, file.content) for file in kept if file]

    async def another(self, name: str) -> "InTelegram":
        user = self.scene.telegram.add_user(name, username=name.lower().replace(" ", ""))
        self.scene.porch.members[user.id] = "member"
        person = InTelegram(self.scene, self.house, user)
        await person._after(lambda: self.scene.telegram.start(user))
        return person

    # What they see

    def _said(self, where: Chat | None = None) -> list[Message]:
        return self.scene.said(where or self.user)

    async def _after(self, act: Callable[[], Awaitable[object]], where: Chat | None = None) -> str:
        """Do something once the bot is still, and read the first that it then answers.

        A receipt may come before the answer, as when passes take long to draw; so what the post
        wrote is passed over, once it has taken note of it.
        """
        await quiet(self.house)
        before = len(self._said(where))
        await act()

        async def answers() -> list[Message]:
            if not any(message.text for message in self._said(where)[before:]):
                return []
            cards = await receipts(self.house)
            new = [message for message in self._said(where)[before:] if message.text]
            return [one for one in new if _id(one) not in cards and not self._is_below(one)]

        [self.last, *_] = await until(answers)
        return self.last.text

    def _is_below(self, message: Message) -> bool:
        """Whether it was said below a receipt."""
        answered = message.reply_to
        return answered is not None and answered.author is self.scene.telegram.bot


def _id(message: Message) -> str:
    return f"{message.chat.id}:{message.id}"
