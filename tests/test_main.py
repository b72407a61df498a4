"""The command line as an operator types it: each command a process of its own."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest

from bot.chats.slack.manifest import Names
from bot.commands import COMMANDS
from tests.standins.slack import SlackStandIn
from tests.standins.telegram import TelegramStandIn
from tests.stories.program import free_port

ROOT = Path(__file__).parent.parent
PUBLIC = "https://join.example.org"
PATIENCE = 30.0  # seconds to start or to stop; a busy machine takes 4


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


def test_more_communities_are_founded_and_listed(own_folder: Path) -> None:
    founded = porchlight("found", "Oak Hill")
    assert founded.returncode == 0, founded.stderr
    first, line = founded.stdout.splitlines()
    assert first == "Oak Hill is founded: community #2, oak-hill."
    assert re.fullmatch(r"To lead Oak Hill from Playground, say there:  /leaders claim .*", line)
    listed = porchlight("communities").stdout.splitlines()
    assert listed[:2] == [
        "#1 Maple Court: 1 leader, 0 households",
        "#2 Oak Hill: 0 leaders, 0 households",
    ]
    assert listed[2].startswith("To lead Oak Hill from Playground, say there:")


def test_a_name_that_is_none_founds_nothing(own_folder: Path) -> None:
    refused = porchlight("found", "evil.com")
    assert refused.returncode == 2
    assert "cannot have a web address in it" in refused.stderr
    assert porchlight("communities").stdout.count("#") == 1


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


# The newcomer's way in README


def typed_in_slack() -> list[str]:
    """What README has a newcomer type in Slack, step by step, without the slash command."""
    way = (ROOT / "README.md").read_text().partition("## Slack, from nothing")[2]
    return re.findall(r"`/porchlight (.+?)`", way.partition("\n\n")[2].partition("\n## ")[0])


def typed_in_telegram() -> list[str]:
    """What README has a newcomer say to their bot, step by step."""
    way = (ROOT / "README.md").read_text().partition("## Telegram, from BotFather")[2]
    return re.findall(r"`(/[a-z]+ .+?)`", way.partition("\n\n")[2].partition("\n## ")[0])


@asynccontextmanager
async def running(folder: Path, claim: str) -> AsyncIterator[str]:
    """Start Porchlight on this folder's `.env`. Gives the code that it prints, and stops it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"),
        cwd=folder,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    try:
        async with asyncio.timeout(PATIENCE):
            await process.stdout.readuntil(claim.encode())
            code = (await process.stdout.readexactly(9)).decode()
        yield code
    finally:
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            assert await process.wait() == 0


async def test_the_steps_in_the_readme_lead_to_the_first_passes_in_telegram(
    own_folder: Path,
) -> None:
    claim, passes, announce = typed_in_telegram()[:3]
    async with TelegramStandIn() as telegram:
        (own_folder / ".env").write_text(
            f"TELEGRAM_TOKEN={telegram.token}\nTELEGRAM_API_URL={telegram.url}\n"
            f"PORT={free_port()}\n"
        )
        ana = telegram.add_user("Ana Ruiz", username="anaruiz")
        porch = telegram.add_group("Front porch", members=[ana], bot_is_member=False)

        async def hears(said: str, words: str, where: Any = None) -> None:
            await telegram.say(ana, where or ana, said)

            def answered() -> bool:
                return any(words in message.text for message in telegram.said(where or ana))

            await telegram.until(answered, seconds=PATIENCE)

        async with running(own_folder, "/leaders claim ") as code:
            await telegram.start(ana)
            await hears(claim.replace("7KQM-4TXP", code), "you are now a leader")
            await hears(passes, "10 access passes")
            await telegram.add_bot(ana, porch)
            await hears(announce, "announce here", porch)
        [sheet] = [message.document for message in telegram.said(ana) if message.document]
        assert sheet.content.startswith(b"%PDF-")


async def test_the_steps_in_the_readme_lead_to_the_first_passes_in_slack(own_folder: Path) -> None:
    claim, add, announce, passes = typed_in_slack()[:4]
    async with SlackStandIn() as slack:
        (own_folder / ".env").write_text(
            f"SLACK_BOT_TOKEN={slack.bot_token}\nSLACK_APP_TOKEN={slack.app_token}\n"
            f"SLACK_API_URL={slack.api_url}\nPORT={free_port()}\n"
        )
        ana, ben = slack.add_user("Ana Ruiz"), slack.add_user("Ben Okafor")
        channel = slack.add_channel("front-porch")

        async def hears(said: str, *words: str) -> None:
            before = len(slack.ephemeral)
            assert not (await slack.command(ana, channel, "/porchlight", said)).trouble

            def answered() -> bool:
                new = slack.ephemeral[before:]
                return any(all(each in message.text for each in words) for message in new)

            await slack.until(answered, seconds=PATIENCE)

        async with running(own_folder, "/porchlight leaders claim ") as code:
            await slack.until(lambda: slack.line.connections, seconds=PATIENCE)
            await hears(claim.replace("7KQM-4TXP", code), "you are now a leader")
            await hears(add.replace("@someone", f"<@{ben}|ben>"), "Ben Okafor is now a leader")
            await hears(announce, "announce here")
            await hears(passes, "10 access passes")
        [sheet] = [file for file in slack.files if file.name.endswith(".pdf")]
        assert sheet.content.startswith(b"%PDF-")
        assert sheet.channel == slack.direct(ana).id


def test_households_of_a_month_are_printed_for_the_operator(own_folder: Path) -> None:
    month = f"{datetime.now(UTC):%Y-%m}"
    printed = porchlight("billing", month)
    assert printed.stdout.splitlines() == [
        '"Id","Community","Month","Households","Members","State"',
        f'"1","Maple Court","{month}","0","0","so far"',
    ]
    refused = porchlight("billing", "october")
    assert refused.returncode == 2
    assert "'october'" in refused.stderr
