"""The operator is given a manifest that suits what is set, and told why and what to do next."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.chats.slack.first_steps import first_steps
from bot.commands import COMMANDS
from bot.messages import MenuItem
from bot.settings import Misconfigured, Settings

MENU = tuple(MenuItem(command.name, command.summary, command.usages) for command in COMMANDS)
PUBLIC = {"PUBLIC_URL": "https://join.example.org"}


def given(values: dict[str, str], **how: Any) -> tuple[dict[str, Any], str]:
    """The manifest and the words, with these values in `.env`."""
    Path(".env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    shown = first_steps(MENU, Settings(), **{"names": "umbrella"} | how)
    return json.loads(shown.manifest), "\n".join(shown.words)


@pytest.mark.parametrize(
    ("values", "by", "is_socket", "reason"),
    [
        ({}, None, True, "PUBLIC_URL is no https address"),
        ({"PUBLIC_URL": "http://join.example.org"}, None, True, "PUBLIC_URL is no https address"),
        ({"SLACK_APP_TOKEN": "xapp-1"}, None, True, "SLACK_APP_TOKEN is set"),
        ({**PUBLIC, "SLACK_APP_TOKEN": "xapp-1"}, None, True, "SLACK_APP_TOKEN is set"),
        (PUBLIC, None, False, "PUBLIC_URL is an https address"),
        (PUBLIC, "socket", True, "as you asked"),
        ({**PUBLIC, "SLACK_APP_TOKEN": "xapp-1"}, "http", False, "as you asked"),
    ],
)
def test_who_calls_whom_follows_from_what_is_set(
    values: dict[str, str], by: str | None, is_socket: bool, reason: str
) -> None:
    made, words = given(values, by=by)
    assert made["settings"]["socket_mode_enabled"] is is_socket
    chosen, *steps = words.splitlines()
    assert ("Socket Mode, where" in chosen) is is_socket
    assert reason in chosen
    assert ("connections:write" in words) is is_socket
    assert ("SLACK_SIGNING_SECRET" in words) is not is_socket
    assert "https://api.slack.com/apps" in steps[0]
    assert steps[-1].endswith("/porchlight leaders claim CODE")


def test_by_http_slack_is_given_the_public_address() -> None:
    made, words = given(PUBLIC)
    [command] = made["features"]["slash_commands"]
    assert command["url"] == "https://join.example.org/slack/events"
    assert command["url"] in words


@pytest.mark.parametrize("values", [{}, {"PUBLIC_URL": "http://join.example.org"}])
def test_slack_is_not_told_to_call_where_it_cannot(values: dict[str, str]) -> None:
    with pytest.raises(Misconfigured, match="PUBLIC_URL must be an https address"):
        given(values, by="http")


def test_native_names_come_with_a_way_out() -> None:
    made, words = given({}, names="native")
    commands = [command["command"] for command in made["features"]["slash_commands"]]
    assert commands == [f"/{item.name}" for item in MENU]
    assert "--names umbrella" in words
    assert words.endswith("  /leaders claim CODE")
    assert "--names" not in given({})[1]


@pytest.mark.parametrize(
    ("values", "root"),
    [({}, "maple"), ({}, "/maple"), ({"SLACK_COMMAND": "maple"}, None),
     ({"SLACK_COMMAND": "elm"}, "maple")],
)  # fmt: skip
def test_the_command_can_have_another_name(values: dict[str, str], root: str | None) -> None:
    made, words = given(values, root=root)
    [command] = made["features"]["slash_commands"]
    assert command["command"] == "/maple"
    assert "SLACK_COMMAND=maple" in words
    assert "/maple leaders claim CODE" in words
    assert "SLACK_COMMAND" not in given({})[1]


@pytest.mark.parametrize("root", ["Maple", "maple court", ""])
def test_a_name_that_slack_would_not_take_is_refused_in_words(root: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        given({}, root=root)
    assert refused.value.problems == (
        "SLACK_COMMAND is one word of small letters, like porchlight.",
    )


def test_where_workspaces_install_the_app_their_way_is_said() -> None:
    made, words = given({**PUBLIC, "SLACK_CLIENT_ID": "1.2"})
    assert made["oauth_config"]["redirect_urls"] == [
        "https://join.example.org/slack/oauth_redirect"
    ]
    assert "https://join.example.org/slack/install" in words
    assert "SLACK_CLIENT_SECRET" in words
    assert "SLACK_BOT_TOKEN" not in words


def test_workspaces_cannot_install_from_nowhere() -> None:
    with pytest.raises(Misconfigured, match="PUBLIC_URL must be an https address"):
        given({"SLACK_CLIENT_ID": "1.2"})
