"""What a command is, and the few words all commands share."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from bot.community.actors import Actor, Stranger
from bot.community.errors import Refusal
from bot.messages import Call, File, Form, Reply, Usage
from bot.ports import Services


@dataclass(frozen=True, slots=True)
class Said:
    """What was said after the command's name."""

    rest: str  # as typed, line breaks kept
    fields: Mapping[str, str] = field(default_factory=dict)  # of a form
    people: Mapping[str, str] = field(default_factory=dict)  # who is mentioned: id -> name
    files: tuple[File, ...] = ()

    def split(self) -> tuple[str, str]:
        """The first word in lower case, and what follows it."""
        first, *rest = self.rest.strip().split(maxsplit=1)[:2] or [""]
        return first.lower(), rest[0] if rest else ""


class Run(Protocol):
    """Do what the leader asks."""

    def __call__(
        self, services: Services, actor: Actor, said: Said, *, now: datetime
    ) -> Awaitable[Reply]: ...


class Greet(Protocol):
    """Answer somebody who leads nothing here; the refusal says why, and may be raised."""

    def __call__(
        self, services: Services, call: Call, said: Said, refusal: Stranger, *, now: datetime
    ) -> Awaitable[Reply]: ...


@dataclass(frozen=True, slots=True)
class Command:
    """One command. Help, menus and completion are made of these."""

    name: str  # lower-case letters: legal on every chat
    summary: str  # one sentence without a full stop
    usages: tuple[Usage, ...]
    run: Run
    stranger: Greet | None = None  # none: they are refused
    for_members: bool = False  # whether members say it, leaders or not


class Misused(Refusal):
    """{why}"""

    status = 422
    why: str

    def __init__(self, why: str) -> None:
        super().__init__(why=why)


def again(form: Form, filled: Mapping[str, str], mistakes: Mapping[str, str]) -> Reply:
    """The form once more, as it was filled in, with what is wrong at each of its fields."""
    fields = tuple(
        replace(one, value=filled.get(one.name, one.value), error=mistakes.get(one.name, ""))
        for one in form.fields
    )
    words = "\n".join(mistakes.values())
    if len(mistakes) > 1:
        words = "Nothing was changed yet:\n" + "\n".join(f"• {m}" for m in mistakes.values())
    return Reply(words, form=replace(form, fields=fields))


def number(word: str, what: str) -> int:
    """The number in "17" or "#17". Raises: Misused."""
    digits = word.removeprefix("#")
    if not digits.isdecimal() or len(digits) > 9:
        raise Misused(f"Which {what}? Give its number.")
    return int(digits)


def usages(command: Command) -> str:
    """How to say the command, a line each."""
    return "\n".join(f"`{usage.words}` – {usage.meaning}" for usage in command.usages)


def plural(count: int, one: str, many: str = "") -> str:
    """1 household, 2 households."""
    return f"{count} {one if count == 1 else many or one + 's'}"
