"""A form as a conversation: one question at a time, in words and buttons.

Nothing here speaks to anybody. A talk is a form, what was answered so far and which field is asked
for; every function takes one and gives the next.
"""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from bot.chats.telegram.files import Told
from bot.chats.telegram.keyboards import FORM, Key
from bot.messages import Field, Form

_SHOWN = 300  # characters of a value that is kept on request
_ON_BUTTON = 30  # the same, on the button that keeps it
_SEND_IT = "Send it as a file: the paper clip, then File."


@dataclass(frozen=True, slots=True)
class Talk:
    """Where a conversation stands."""

    key: str  # of this conversation alone
    form: Form
    filled: Mapping[str, str]
    step: int  # the field asked for, from 0

    @property
    def field(self) -> Field:
        """What is asked for."""
        return self.form.fields[self.step]


@dataclass(frozen=True, slots=True)
class Said:
    """What comes of an answer: the next question, or the end with all fields."""

    talk: Talk
    is_over: bool = False
    why: str = ""  # the answer cannot be used, for this reason


def begin(form: Form) -> Talk:
    """Ask the first question, or the first that was answered wrongly; a file is asked for anew."""
    wrong = next((i for i, field in enumerate(form.fields) if field.error), 0)
    wrong = next((i for i, field in enumerate(form.fields[:wrong]) if field.kind == "file"), wrong)
    before = {field.name: field.value for field in form.fields[:wrong]}
    return Talk(secrets.token_hex(3), form, before, wrong)


def question(talk: Talk, *, why: str = "") -> tuple[str, tuple[Key, ...]]:
    """The question to ask now, with its buttons."""
    field = talk.field
    left = [index for index in _visible(talk.form, talk.filled) if index >= talk.step]
    how = _SEND_IT if field.kind == "file" else ""
    lines = [why or field.error, f"{field.label}?", field.hint, how, _known(field)]
    return "\n".join(filter(None, lines)), (*_choices(talk), *_ways_on(talk, left))


def _value(field: Field) -> str:
    """What can be kept: of a file there is only the name."""
    return "" if field.kind == "file" else field.value


def _known(field: Field) -> str:
    value = _value(field)
    if not value or field.kind == "choice":
        return ""
    shown = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
    return f"Now:\n{shown}" if "\n" in shown else f"Now: {shown}"


def _choices(talk: Talk) -> tuple[Key, ...]:
    if talk.field.kind != "choice":
        return ()
    return tuple(
        Key(f"✓ {label}" if value == talk.field.value else label, _data(talk, f"o{index}"))
        for index, (value, label) in enumerate(talk.field.options)
    )


def _ways_on(talk: Talk, left: list[int]) -> tuple[Key, ...]:
    """Buttons that answer without a word."""
    field, fields = talk.field, talk.form.fields
    found = []
    if _value(field) and field.kind != "choice":
        short = " ".join(field.value.split())
        found.append(
            Key(f"Keep “{short}”" if len(short) <= _ON_BUTTON else "Keep", _data(talk, "keep"))
        )
    if not field.required:
        found.append(Key("Leave it empty" if _value(field) else "Skip", _data(talk, "skip")))
    if len(left) > 1 and all(_value(fields[i]) or not fields[i].required for i in left):
        found.append(Key(f"{talk.form.submit}, as it is", _data(talk, "rest")))
    return (*found, Key("Cancel", _data(talk, "stop")))


def _data(talk: Talk, answer: str) -> str:
    return f"{FORM}{talk.key}:{talk.step}:{answer}"


def typed(talk: Talk, text: str) -> Said:
    """Take what somebody wrote."""
    field, words = talk.field, text.strip()
    if field.kind == "file":
        return Said(talk, why="Please send a file.")
    if field.kind == "choice":
        for value, label in field.options:
            if words.casefold() in {value.casefold(), label.casefold()}:
                return _filled(talk, value)
        return Said(talk, why="Please press one of the buttons.")
    if field.kind == "number" and not (words.isdecimal() and len(words) < 10):
        return Said(talk, why="Please write a number.")
    if not words:
        return Said(talk, why="Please write an answer.")
    return _filled(talk, words)


def brought(talk: Talk, file: Told) -> Said:
    """Take a file that somebody sent."""
    return _filled(talk, file.written())


def files_of(form: Form, filled: Mapping[str, str]) -> dict[str, Told]:
    """The files among the answers, by the names of their fields."""
    names = [field.name for field in form.fields if field.kind == "file"]
    return {name: Told.read(filled[name]) for name in names if filled.get(name)}


def pressed(talk: Talk, data: str) -> Said | None:
    """Take a button's answer; None when the button is not of this question."""
    field, mine = talk.field, _data(talk, "")
    if not data.startswith(mine):
        return None
    answer = data.removeprefix(mine)
    if answer == "keep":
        return _filled(talk, _value(field))
    if answer == "skip" and not field.required:
        return _filled(talk, "")
    if answer == "rest":
        return _as_it_is(talk)
    if answer[:1] == "o" and answer[1:].isdecimal() and int(answer[1:]) < len(field.options):
        return _filled(talk, field.options[int(answer[1:])][0])
    return None


def is_stop(talk: Talk, data: str) -> bool:
    """Whether a button of this question ends the conversation."""
    return data == _data(talk, "stop")


def _filled(talk: Talk, value: str) -> Said:
    filled = {**talk.filled, talk.field.name: value}
    after = [index for index in _visible(talk.form, filled) if index > talk.step]
    return Said(replace(talk, filled=filled, step=after[0] if after else talk.step), not after)


def _as_it_is(talk: Talk) -> Said:
    said = _filled(talk, _value(talk.field))
    while not said.is_over:
        said = _filled(said.talk, _value(said.talk.field))
    return said


def _visible(form: Form, filled: Mapping[str, str]) -> list[int]:
    """The fields that are asked for, given what was chosen."""
    values = {field.name: field.value for field in form.fields} | dict(filled)
    return [
        index
        for index, field in enumerate(form.fields)
        if field.shown_for is None or values.get(field.shown_for[0]) == field.shown_for[1]
    ]


# As it is kept


def to_row(form: Form) -> dict[str, Any]:
    """The form as JSON."""
    return asdict(form)


def from_row(row: Mapping[str, Any]) -> Form:
    """The form that was kept as JSON, where tuples are lists."""
    fields = (
        {**field, "options": tuple((value, label) for value, label in field["options"]),
         "shown_for": tuple(field["shown_for"]) if field["shown_for"] else None}
        for field in row["fields"]
    )  # fmt: skip
    return Form(**{**row, "fields": tuple(Field(**field) for field in fields)})
