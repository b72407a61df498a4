"""The command line as an operator types it: each command a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from bot.chats.slack.manifest import Names
from bot.commands import COMMANDS

ROOT = Path(__file__).parent.parent
PUBLIC = "https://join.example.org"


def porchlight(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Type a command in an empty folder with nothing set but this."""
    return subprocess.run(
        [sys.executable, "-m", "bot", *words],
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_manifest_is_had_with_nothing_set_up_and_leaves_nothing(own_folder: Path) -> None:
    ended = porchlight("slack-manifest")
    assert ended.returncode == 0, ended.stderr
    made = json.loads(ended.stdout)
    assert [command["command"] for command in made["features"]["slash_commands"]] == ["/porchlight"]
    assert made["settings"]["socket_mode_enabled"]
    assert "https://api.slack.com/apps" in ended.stderr
    assert list(own_folder.iterdir()) == []


def test_the_manifest_is_had_while_the_database_is_away() -> None:
    away = "postgresql://127.0.0.1:1/porchlight"
    assert porchlight("slack-manifest", DATABASE_URL=away).returncode == 0


def test_the_manifest_can_have_every_command_and_the_public_address() -> None:
    ended = porchlight("slack-manifest", "--names", "native", PUBLIC_URL=PUBLIC)
    commands = json.loads(ended.stdout)["features"]["slash_commands"]
    assert [command["command"] for command in commands] == [f"/{each.name}" for each in COMMANDS]
    assert {command["url"] for command in commands} == {f"{PUBLIC}/slack/events"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--by", "http"], "PUBLIC_URL must be an https address"),
        (["--root", "Maple Court"], "SLACK_COMMAND is one word"),
        (["--names", "short"], "--names"),
    ],
)
def test_a_manifest_that_cannot_be_is_refused_in_words(words: list[str], said: str) -> None:
    ended = porchlight("slack-manifest", *words)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr


def test_the_command_line_takes_the_spellings_that_there_are() -> None:
    for names in get_args(Names):
        assert porchlight("slack-manifest", "--names", names).returncode == 0


def test_a_house_that_cannot_open_says_why() -> None:
    ended = porchlight("run", SLACK_BOT_TOKEN="xoxb-1")
    assert ended.returncode == 2
    assert ended.stderr.startswith("Porchlight cannot start:\n  - SLACK_APP_TOKEN is missing")
    assert "xoxb-1" not in ended.stderr
