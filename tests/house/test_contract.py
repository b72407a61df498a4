"""Every command is said in every chat, by a person in the tests of the contract."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.commands import COMMANDS

CONTRACT = Path(__file__).parents[1] / "chats" / "contract"
SAYING = {"say", "say_in_channel", "say_about", "drop"}


def said(source: str) -> Iterator[str]:
    """The first words of all that persons say there."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in SAYING:
            yield from (first for one in node.args for first in beginning(one))


def beginning(argument: ast.expr) -> Iterator[str]:
    """The first word of a text, also of one with values in it."""
    text = argument.values[0] if isinstance(argument, ast.JoinedStr) else argument
    if isinstance(text, ast.Constant) and isinstance(text.value, str):
        yield from text.value.split()[:1]


@pytest.mark.parametrize("name", [command.name for command in COMMANDS])
def test_every_command_is_said_in_every_chat(name: str) -> None:
    sources = [path.read_text() for path in CONTRACT.glob("test_*.py")]
    assert f"/{name}" in {word for source in sources for word in said(source)}


def test_what_nobody_says_would_be_noticed() -> None:
    source = 'async def test(leader):\n    await leader.say(f"/roster {1}")\n    print("/groups")\n'
    assert [*said(source)] == ["/roster"]


def test_a_contract_names_no_chat() -> None:
    """What holds in one chat only is tested in that chat's own folder."""
    for path in CONTRACT.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            imported = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            assert "slack" not in imported, path.name
            assert "telegram" not in imported, path.name
