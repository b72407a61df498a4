"""Asking for a form's answers one by one, and keeping the place through a restart."""

from dataclasses import dataclass
from datetime import UTC, datetime

from bot.chats.telegram import forms
from bot.chats.telegram.calls import NAME
from bot.chats.telegram.forms import Said, Talk
from bot.chats.telegram.speaking import Speaker
from bot.messages import Form
from bot.ports import Services
from storage import talks


@dataclass(frozen=True, slots=True)
class Talking:
    """The conversations of one bot."""

    services: Services
    speaker: Speaker

    async def begin(self, user: str, form: Form, above: str) -> None:
        """Ask the form's first question."""
        talk = forms.begin(form)
        await self._keep(user, talk)
        said = "" if above == talk.field.error else above  # the question says it, too
        words = "\n".join(filter(None, (said, form.intro, "/cancel stops.")))
        await self._ask(user, talk, above=words.replace("/cancel", "`/cancel`"))

    async def now(self, user: str) -> Talk | None:
        """What somebody is being asked, if anything."""
        row = await self.services.storage.read(talks.get, NAME, user)
        if row is None:
            return None
        return Talk(row.key, forms.from_row(row.form), row.filled, row.step)

    async def end(self, user: str) -> bool:
        """Ask nothing any more. Gives whether anything was asked."""
        return await self.services.storage.write(talks.end, NAME, user)

    async def go_on(self, user: str, said: Said) -> dict[str, str] | None:
        """Ask the next question; at the end give the answers to all."""
        if said.is_over:
            await self.end(user)
            return dict(said.talk.filled)
        if not said.why:
            await self._keep(user, said.talk)
        await self._ask(user, said.talk, why=said.why)
        return None

    async def _ask(self, user: str, talk: Talk, *, above: str = "", why: str = "") -> None:
        text, shown = forms.question(talk, why=why)
        await self.speaker.say(user, f"{above}\n\n{text}" if above else text, shown)

    async def _keep(self, user: str, talk: Talk) -> None:
        await self.services.storage.write(
            talks.put,
            NAME,
            user,
            key=talk.key,
            form=forms.to_row(talk.form),
            filled=dict(talk.filled),
            step=talk.step,
            now=datetime.now(UTC),
        )
