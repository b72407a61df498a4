"""Slack takes the manifest, and it asks for no more than is used.

The rules are those of Slack's published manifest schema (version 1, 2026), written down here
again: `LENGTHS` for texts and lists, `KNOWN` for the properties of each part, beyond which the
schema allows none.
Source: https://github.com/slackapi/manifest-schema
"""

import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from bot.chats.slack.manifest import EVENTS_PATH, SCOPES, Names, manifest, manifest_text
from bot.commands import COMMANDS
from bot.messages import MenuItem, Usage
from bot.settings import Misconfigured

MENU = tuple(MenuItem(command.name, command.summary, command.usages) for command in COMMANDS)
HOME = "https://join.example.org"
NAMES = get_args(Names)

LENGTHS = {  # (shortest, longest), by the end of the path
    "display_information.name": (1, 35),
    "display_information.description": (1, 140),
    "display_information.background_color": (4, 7),
    "bot_user.display_name": (1, 80),
    "features.slash_commands": (1, 50),
    "slash_commands.command": (2, 32),
    "slash_commands.description": (1, 2000),
    "slash_commands.usage_hint": (1, 1000),
    "slash_commands.url": (9, 3000),
    "oauth_config.redirect_urls": (1, 1000),
    "scopes.bot": (1, 255),
    "event_subscriptions.bot_events": (1, 100),
    "event_subscriptions.request_url": (9, 3500),
    "interactivity.request_url": (9, 3500),
}
KNOWN = {
    "": {"_metadata", "display_information", "features", "oauth_config", "settings"},
    "_metadata": {"major_version", "minor_version"},
    "display_information": {"name", "description", "background_color", "long_description"},
    "features": {"app_home", "bot_user", "slash_commands"},
    "app_home": {"home_tab_enabled", "messages_tab_enabled", "messages_tab_read_only_enabled"},
    "bot_user": {"display_name", "always_online"},
    "slash_commands": {"command", "description", "usage_hint", "url", "should_escape"},
    "oauth_config": {"scopes", "redirect_urls"},
    "scopes": {"bot"},
    "settings": {
        "event_subscriptions",
        "interactivity",
        "org_deploy_enabled",
        "socket_mode_enabled",
        "token_rotation_enabled",
    },
    "event_subscriptions": {"request_url", "bot_events"},
    "interactivity": {"is_enabled", "request_url"},
}
SHAPES = {
    "slash_commands.command": re.compile(r"/[a-z0-9_-]{1,31}"),
    "display_information.background_color": re.compile(r"#[0-9a-fA-F]{6}"),
    "slash_commands.url": re.compile(r"https://\S+"),
    "event_subscriptions.request_url": re.compile(r"https://\S+"),
    "interactivity.request_url": re.compile(r"https://\S+"),
}


def made(names: Names = "native", menu: tuple[MenuItem, ...] = MENU, **how: Any) -> dict[str, Any]:
    """The manifest of an app that Slack reaches by HTTP, unless said otherwise."""
    usual: dict[str, Any] = {"address": HOME, "socket_mode": False}
    return manifest(menu, names=names, **usual | how)


def parts(value: Any, path: tuple[str, ...] = ("", "")) -> Iterator[tuple[str, str, Any]]:
    """Everything in the manifest: (its name with its parent's, its own name, itself)."""
    yield ".".join(path[-2:]), path[-1], value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from parts(inner, (*path, name))
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, dict):
                for name, deeper in inner.items():
                    yield from parts(deeper, (*path, name))


def faults(app: dict[str, Any]) -> list[str]:
    """What Slack would refuse of a manifest."""
    found = []
    for path, name, value in parts(app):
        shortest, longest = LENGTHS.get(path, (0, 10**6))
        if isinstance(value, str | list) and not shortest <= len(value) <= longest:
            found.append(f"{path} is {len(value)} long")
        if isinstance(value, str) and path in SHAPES and not SHAPES[path].fullmatch(value):
            found.append(f"{path} looks wrong: {value}")
        inside = value if isinstance(value, list) else [value]
        found += [
            f"{path} has {sorted(each.keys() - KNOWN.get(name, set()))}"
            for each in inside
            if isinstance(each, dict) and not each.keys() <= KNOWN.get(name, set())
        ]
    return found


@pytest.mark.parametrize("names", NAMES)
@pytest.mark.parametrize("how", [{"socket_mode": True, "address": None}, {}, {"by_oauth": True}])
def test_slack_takes_the_manifest(names: Names, how: dict[str, Any]) -> None:
    assert faults(made(names, **how)) == []


def test_slack_takes_the_longest_commands() -> None:
    usages = tuple(Usage(f"/longest {number} {'word ' * 20}", "x") for number in range(40))
    menu = (MenuItem("longest", "x" * 3000, usages),)
    for names in NAMES:
        assert faults(made(names, menu)) == []
    [command] = made("native", menu)["features"]["slash_commands"]
    assert command["usage_hint"].endswith("…")


def test_the_checks_notice_what_slack_would_refuse() -> None:
    app = made()
    app["features"]["slash_commands"][0] |= {"usage_hint": "", "command": "invite", "icon": "x"}
    app["display_information"]["name"] = "x" * 36
    app["settings"]["event_subscriptions"]["request_url"] = "http://plain.example"
    app["settings"]["colour"] = "red"
    assert set(faults(app)) == {
        "display_information.name is 36 long",
        "features.slash_commands has ['icon']",
        "slash_commands.command looks wrong: invite",
        "slash_commands.usage_hint is 0 long",
        "event_subscriptions.request_url looks wrong: http://plain.example",
        ".settings has ['colour']",
    }


def test_every_command_is_in_the_native_manifest() -> None:
    commands = made()["features"]["slash_commands"]
    assert [command["command"] for command in commands] == [f"/{item.name}" for item in MENU]
    invite = commands[0]
    assert invite["description"] == MENU[0].summary
    assert invite["usage_hint"].startswith("email ana@example.org | text +1 201 555 0123")
    assert all(command["should_escape"] for command in commands)  # else no mention has an id


def test_the_umbrella_is_one_command_that_lists_the_words() -> None:
    [command] = made("umbrella", root="maple")["features"]["slash_commands"]
    assert command["command"] == "/maple"
    assert command["usage_hint"].split(" | ") == [item.name for item in MENU]


def test_by_http_everything_comes_to_one_address() -> None:
    app = made()
    there = f"{HOME}{EVENTS_PATH}"
    assert {command["url"] for command in app["features"]["slash_commands"]} == {there}
    assert app["settings"]["event_subscriptions"]["request_url"] == there
    assert app["settings"]["interactivity"]["request_url"] == there
    assert not app["settings"]["socket_mode_enabled"]


def test_in_socket_mode_no_address_is_named() -> None:
    app = made(socket_mode=True)
    assert app["settings"]["socket_mode_enabled"]
    assert app["settings"]["interactivity"] == {"is_enabled": True}
    assert "http" not in json.dumps(app)


def test_where_workspaces_install_the_app_it_hears_when_they_leave() -> None:
    app = made(by_oauth=True)
    assert app["oauth_config"]["redirect_urls"] == [f"{HOME}/slack/oauth_redirect"]
    events = app["settings"]["event_subscriptions"]["bot_events"]
    assert events == ["app_home_opened", "message.im", "app_uninstalled", "tokens_revoked"]
    assert "redirect_urls" not in made()["oauth_config"]


def test_the_app_reads_no_conversation_but_those_with_itself() -> None:
    scopes = made()["oauth_config"]["scopes"]
    assert scopes == {"bot": list(SCOPES)}
    assert [scope for scope in SCOPES if "history" in scope or "email" in scope] == ["im:history"]
    assert [why for why in SCOPES.values() if not why.startswith("to ")] == []


@pytest.mark.parametrize("how", [{}, {"socket_mode": True, "by_oauth": True}])
@pytest.mark.parametrize("address", [None, "", "http://127.0.0.1:8080"])
def test_without_a_public_address_slack_cannot_come(
    address: str | None, how: dict[str, Any]
) -> None:
    with pytest.raises(Misconfigured, match="PUBLIC_URL must be an https address"):
        made(**how | {"address": address})


def test_too_many_commands_need_the_umbrella() -> None:
    menu = tuple(MenuItem(f"c{number}", "Does it", ()) for number in range(51))
    with pytest.raises(Misconfigured, match="umbrella"):
        made("native", menu)
    assert faults(made("umbrella", menu)) == []


def test_the_text_is_the_manifest() -> None:
    assert json.loads(manifest_text(made())) == made()
