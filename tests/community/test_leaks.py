"""Nothing of another community on the same server is ever said, shown, written, or changed.

Communities that are alike in everything (`twins.py`) are led by the same person. All that a leader
can say is said for one of them, with ids of the others, too, beginning with the usages of all
commands and going on with whatever buttons and forms come of that. A command that is new is among
them by itself, and a table that is new must be filled.
"""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from bot.commands import COMMANDS
from bot.community import binding
from bot.messages import Field, File, Reply
from bot.ports import Services
from tests.community import databases, twins
from tests.community.databases import Filled
from tests.community.twins import APART, ROSTER

FIRST, SECOND, _ = twins.ALL
# These are about all that a person leads, so they name the others, and are not of this promise.
_ABOUT_ALL = {"use"}
# What takes things away is said last, so that all else has something to speak of.
_LAST = re.compile(
    r"remove|clear|void|off|delete|hand-over|decline|merge|undo|yes|cancel|suspend|send|owner|claim"
)
_NUMBER = re.compile(r"(?<![\w+#@:-])#?\d{1,9}(?!\w)")
_SAID_TWICE = 2  # of each pattern, with other numbers
_LONGEST = 56  # bytes of a call without its mark


@dataclass
class Leader:
    """Somebody who speaks for one of them, and notes what is wrong with the answers."""

    services: Services
    community_id: int
    wrong: list[str] = field(default_factory=list)
    said: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    def _without_own_words(self, shown: str) -> str:
        """Without the addresses that they typed before, whose numbers may look like ids."""
        for text, _ in self.said:
            *_, typed = text.split(maxsplit=3)
            if " " in typed:
                shown = shown.replace(typed, "")
        return shown

    async def say(self, text: str, *files: File, **fields: str) -> Reply:
        """Say it for this community, and look at all of the answer."""
        reply = await twins.say(
            self.services, binding.mark(text, self.community_id), *files, **fields
        )
        self.said.append((text, fields))
        if "Something went wrong on our side" in reply.text:
            self.wrong.append(f"{text} {fields}: {reply.text}")
        self.heard.append(f"{at_any_time(text)}: {[at_any_time(one) for one in seen(reply)]}")
        typed = " ".join([text, *fields.values()])
        shown = [self._without_own_words(one) for one in seen(reply)]
        for leak in twins.betrayed(shown, self.community_id, said=typed):
            self.wrong.append(f"{text} {fields}: {leak[:300]}")
        for button in reply.buttons:
            call, mark = binding.read(button.call)
            if mark != self.community_id and not button.url:
                self.wrong.append(f"{text}: the button {button.call} means another")
            if len(call.encode()) > _LONGEST:
                self.wrong.append(f"{text}: the button {call} is too long")
        return reply


def seen(reply: Reply) -> Iterator[str]:
    """All texts of a reply."""
    yield reply.text
    for button in reply.buttons:
        yield from (button.label, binding.read(button.call)[0], button.url)
    if reply.form is not None:
        yield from (reply.form.title, reply.form.intro, binding.read(reply.form.call)[0])
        for one in reply.form.fields:
            yield from (one.label, one.value, one.hint, one.error)
            yield from (f"{value} {label}" for value, label in one.options)
    for file in reply.files:
        yield from (file.name, words_in(file))


def words_in(file: File) -> str:
    """What a person reads in a file; nothing of a picture."""
    if file.media_type == "application/pdf":
        pages = PdfReader(BytesIO(file.content)).pages
        return "\n".join(page.extract_text() for page in pages)
    return "" if file.media_type.startswith("image/") else file.content.decode()


@pytest.fixture(scope="module", params=databases.KINDS)
def filled(request: pytest.FixtureRequest) -> Iterator[Filled]:
    """A database with all of them in it, made once."""
    with databases.filled(request) as made:
        yield made


# All that can be said


async def crawl(leader: Leader, calls: Sequence[str], *, with_others: bool = True) -> None:
    """Say every usage, press every button and fill in every form that comes of it.

    Takes: calls, of buttons that there are already, for the first community; with_others, say it
    with numbers of the others, too.
    """
    mine = [shifted(call, leader.community_id - FIRST) for call in calls]
    begin = [*usages(leader.community_id), *mine]
    waiting = deque[tuple[str, dict[str, str]]]((text, {}) for text in begin)
    last: list[tuple[str, dict[str, str]]] = []
    times: dict[str, int] = {}
    while waiting or last:
        text, fields = waiting.popleft() if waiting else last.pop(0)
        pattern = _NUMBER.sub("#", text) + " ".join(sorted(fields))
        if times.get(pattern, 0) >= _SAID_TWICE or is_about_all(text):
            continue
        if waiting and _LAST.search(text):
            last.append((text, fields))
            continue
        times[pattern] = times.get(pattern, 0) + 1
        for foreign in of_the_other(text, leader.community_id) if with_others else ():
            await leader.say(foreign, *files_for(text), **fields)
        for filled_in in of_the_other_fields(fields, leader.community_id) if with_others else ():
            await leader.say(text, **filled_in)
        reply = await leader.say(text, *files_for(text), **fields)
        waiting += [
            (binding.read(button.call)[0], {}) for button in reply.buttons if not button.url
        ]
        if reply.form is not None:
            call = binding.read(reply.form.call)[0]
            waiting += [(call, filled_in) for filled_in in filled_forms(reply.form.fields)]


def is_about_all(text: str) -> bool:
    """Whether it speaks of all communities of a person."""
    return text.split()[0].removeprefix("/") in _ABOUT_ALL


def usages(community_id: int) -> Iterator[str]:
    """Every way to say every command, with numbers that the community has."""
    base = community_id - 1
    for command in COMMANDS:
        for usage in command.usages:
            for part in usage.words.split("; "):
                yield part
                for number in (1, 2, 3):
                    yield _NUMBER.sub(str(base + number), part)
        yield f"/{command.name}"


def of_the_other(text: str, community_id: int) -> list[str]:
    """The same about rows of the other community: each number alone, and all."""
    shift = APART if community_id == FIRST else -APART
    numbers = list(_NUMBER.finditer(text))
    found = [text[: one.start()] + moved(one[0], shift) + text[one.end() :] for one in numbers]
    return [*found, shifted(text, shift)] if numbers else []


def shifted(text: str, shift: int) -> str:
    """The same about the twins of all that has a number in it."""
    return _NUMBER.sub(lambda one: moved(one[0], shift), text)


def moved(number: str, shift: int) -> str:
    """The number of the twin."""
    mark = "#" if number.startswith("#") else ""
    return f"{mark}{abs(int(number.removeprefix('#')) + shift)}"


def of_the_other_fields(fields: dict[str, str], community_id: int) -> list[dict[str, str]]:
    """The form as it would be filled in with numbers of the other."""
    shift = APART if community_id == FIRST else -APART
    changed = {name: moved(value, shift) for name, value in fields.items() if value.isdecimal()}
    return [{**fields, **changed}] if changed else []


def filled_forms(fields: Sequence[Field]) -> Iterator[dict[str, str]]:
    """A few ways to fill in a form: as it stands, and with each choice."""
    as_it_is = {one.name: one.value or _TYPED.get(one.kind, "") for one in fields}
    yield as_it_is
    for one in fields:
        for value, _ in one.options:
            yield {**as_it_is, one.name: value}


_TYPED = {"line": "rosa@example.net", "lines": "jo@example.net", "number": "2"}


def files_for(text: str) -> list[File]:
    """What is dropped with the words, where a file is asked for."""
    return [File("list.csv", "text/csv", ROSTER)] if text.startswith("/roster import") else []


@pytest.mark.parametrize("whose", [FIRST, SECOND], ids=["alder", "birch"])
def test_nothing_of_the_other_is_said_shown_or_changed(filled: Filled, whose: int) -> None:
    async def speak(services: Services) -> list[str]:
        others = [one for one in twins.ALL if one != whose]
        before = await services.storage.read(twins.everything, others)
        leader = Leader(services, whose)
        await crawl(leader, filled.calls)
        after = await services.storage.read(twins.everything, others)
        commands = {text.split()[0] for text, _ in leader.said}
        assert commands == {f"/{one.name}" for one in COMMANDS if one.name not in _ABOUT_ALL}
        changed = [name for name, rows in after.items() if rows != before[name]]
        shown = twins.betrayed(await twins.posted(services, whose), whose)
        return [*leader.wrong, *(f"changed: {name}" for name in changed), *shown]

    assert filled.in_a_house(speak) == []


_PASSING = re.compile(r"\d\d:\d\d|less than a minute|\d+ minutes?|/[sj]/\S+|(\w{4}-){2}\w{4}")


def at_any_time(text: str) -> str:
    """The text without what passes, and without what is drawn by lot."""
    return _PASSING.sub("…", text)


# It compares what is read, and all that is only read is asked of both databases in the same words.
@pytest.mark.parametrize("filled", ["sqlite"], indirect=True)
def test_the_answers_are_the_same_as_if_another_never_was(filled: Filled) -> None:
    async def speak(services: Services) -> list[str]:
        leader = Leader(services, FIRST)
        await crawl(leader, filled.calls, with_others=False)
        return leader.heard

    async def speak_without(services: Services) -> list[str]:
        await services.storage.write(twins.forget, SECOND)
        return await speak(services)

    heard = [filled.in_a_house(do) for do in (speak, speak_without)]
    differ = [pair for pair in zip(*heard, strict=False) if pair[0] != pair[1]]
    assert differ == []
    assert len(heard[0]) == len(heard[1]) > 100


NUMBERS = [begin + step for begin in twins.ALL for step in range(11)]


@given(data=st.data())
@settings(max_examples=20)
def test_whatever_is_said_in_whatever_order(filled: Filled, data: st.DataObject) -> None:
    whose = data.draw(st.sampled_from((FIRST, SECOND)))
    known = sorted({text for text in [*usages(FIRST), *filled.calls] if not is_about_all(text)})
    texts = data.draw(st.lists(st.sampled_from(known), min_size=3, max_size=12))
    said = [_NUMBER.sub(lambda _: str(data.draw(st.sampled_from(NUMBERS))), one) for one in texts]

    async def speak(services: Services) -> list[str]:
        others = [one for one in twins.ALL if one != whose]
        before = await services.storage.read(twins.everything, others)
        leader = Leader(services, whose)
        for text in said:
            reply = await leader.say(text, *files_for(text))
            if reply.form is not None:
                for filled_in in list(filled_forms(reply.form.fields))[:2]:
                    await leader.say(binding.read(reply.form.call)[0], **filled_in)
        after = await services.storage.read(twins.everything, others)
        return [*leader.wrong, *(name for name in after if after[name] != before[name])]

    assert filled.in_a_house(speak) == []
