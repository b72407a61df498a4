"""Every command can be typed in every chat and is explained wherever a leader may look."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.messages import Usage
from tests.house.source import ROOT

# The strictest rule of each platform for the name, without its slash.
LEGAL = {
    "slack": r"[a-z0-9_-]{1,31}",  # https://docs.slack.dev/interactivity/implementing-slash-commands
    "telegram": r"[a-z][a-z0-9_]{0,31}",  # https://core.telegram.org/bots/api#botcommand
}
LONGEST_SUMMARY = 256  # characters of a line in Telegram's menu


def summaries() -> dict[str, str]:
    """Each command's name and summary."""
    from bot.commands import COMMANDS  # a broken command must not keep other rules from running

    found = {command.name: command.summary for command in COMMANDS}
    assert len(found) == len(COMMANDS), "two commands share a name"
    assert {"invite", "passes"} <= found.keys()
    return found


def usages() -> list[tuple[str, Usage]]:
    """Every way to say a command, with the command's name."""
    from bot.commands import COMMANDS

    found = [(command.name, usage) for command in COMMANDS for usage in command.usages]
    assert {name for name, _ in found} == summaries().keys(), "a command has no usage"
    return found


@pytest.mark.parametrize("chat", LEGAL)
def test_names_are_legal_in_every_chat(chat: str) -> None:
    assert [name for name in summaries() if not re.fullmatch(LEGAL[chat], name)] == []


def test_a_summary_is_a_line_of_a_menu() -> None:
    fits = re.compile(rf"[^\n]{{3,{LONGEST_SUMMARY}}}(?<!\.)")
    assert {n: words for n, words in summaries().items() if not fits.fullmatch(words)} == {}


def test_a_usage_says_its_own_command() -> None:
    assert [usage for name, usage in usages() if usage.words.split()[0] != f"/{name}"] == []


def test_a_meaning_is_a_sentence_without_its_full_stop() -> None:
    assert [use for _, use in usages() if not re.fullmatch(r".{3,}(?<!\w\.)", use.meaning)] == []


async def test_help_explains_every_usage() -> None:
    from bot.commands import COMMANDS
    from bot.commands.base import Said

    moment = datetime(2026, 11, 22, tzinfo=UTC)
    ask = {command.name: command for command in COMMANDS}["help"].run
    nothing: Any = None  # help asks nothing of the house
    everything = await ask(nothing, nothing, Said(""), now=moment)
    for name, summary in summaries().items():
        assert f"/{name}" in everything.text
        assert summary in everything.text
    for name, usage in usages():
        one = await ask(nothing, nothing, Said(name), now=moment)
        assert usage.words in one.text
        assert usage.meaning in one.text


def test_the_readme_explains_every_usage() -> None:
    readme = (ROOT / "README.md").read_text().replace("\\|", "|")  # a table escapes its bars
    assert [
        use for _, use in usages() if use.words not in readme or use.meaning not in readme
    ] == []


def test_a_command_has_a_file_of_its_own() -> None:
    shelf = ROOT / "bot" / "commands"
    assert [name for name in summaries() if not (shelf / f"{name}.py").exists()] == []
