"""The app manifest: everything that Slack must know about the app, to be pasted in once.

Made from the menu, so that a new command is in it. Slack has an `/invite` of its own, and when two
apps want a name, the one that was installed last gets it: the umbrella spelling, `/porchlight
invite`, needs one name only.
Source: https://docs.slack.dev/reference/app-manifest
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from bot.messages import MenuItem
from bot.settings import Misconfigured

Json = dict[str, Any]
Names = Literal["native", "umbrella"]

EVENTS_PATH = "/slack/events"  # where Slack sends everything when it comes by HTTP
OAUTH_PATH = "/slack/oauth_redirect"  # where a workspace returns to that installs the app

SCOPES: Mapping[str, str] = {
    "commands": "to hear what leaders say after a slash",
    "chat:write": "to answer, to keep receipts up to date, and to announce who joined",
    "im:write": "to open the messages between a leader and Porchlight, where receipts go",
    "files:write": "to hand over the PDF of access passes, exports and pictures",
    "files:read": "to read the table or the logo that a leader drops or puts into a form",
    "im:history": "to hear of such a file in the messages between a leader and Porchlight",
    "users:read": "to sign invitations with a leader's name instead of a user id",
}

_NAME = "Porchlight"
_ABOUT = "Run an invite-only community: invite by e-mail, by text and on paper, see who joined."
_COLOUR = "#0b4f58"
_DESCRIPTION = 2000  # characters of what a command does
_HINT = 1000  # characters of how it goes on
_COMMANDS = 50  # of an app


def manifest(
    menu: Sequence[MenuItem],
    *,
    names: Names,
    root: str = "porchlight",
    address: str | None,
    socket_mode: bool,
    by_oauth: bool = False,
) -> Json:
    """What Slack must know.

    Takes: names, whether each command has its own name in Slack or all stand behind `root`;
    address, the public one without a final slash; socket_mode, whether we call Slack; by_oauth,
    whether workspaces install the app themselves.
    Raises: Misconfigured, when Slack could not reach us, or would not take so many commands.
    """
    if (not socket_mode or by_oauth) and not (address or "").startswith("https://"):
        raise Misconfigured(
            "PUBLIC_URL must be an https address: without Socket Mode, Slack comes to Porchlight."
        )
    if names == "native" and len(menu) > _COMMANDS:
        raise Misconfigured(f"Slack takes {_COMMANDS} commands of an app: use the umbrella names.")
    url = None if socket_mode else f"{address}{EVENTS_PATH}"
    spoken = [_own(item) for item in menu] if names == "native" else [_umbrella(menu, root)]
    return {
        "_metadata": {"major_version": 1, "minor_version": 1},
        "display_information": {
            "name": _NAME,
            "description": _ABOUT,
            "background_color": _COLOUR,
        },
        "features": _features([command | _sent_to(url, "url") for command in spoken]),
        "oauth_config": {
            "scopes": {"bot": list(SCOPES)},
            **({"redirect_urls": [f"{address}{OAUTH_PATH}"]} if by_oauth else {}),
        },
        "settings": _settings(url, by_oauth=by_oauth),
    }


def manifest_text(made: Json) -> str:
    """A manifest as JSON, to be pasted at https://api.slack.com/apps, "From a manifest"."""
    return json.dumps(made, indent=2, ensure_ascii=False)


def _features(commands: list[Json]) -> Json:
    return {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,  # commands are typed there too
        },
        "bot_user": {"display_name": _NAME, "always_online": True},
        "slash_commands": commands,
    }


def _settings(url: str | None, *, by_oauth: bool) -> Json:
    left = ["app_uninstalled", "tokens_revoked"] if by_oauth else []
    return {
        "event_subscriptions": {
            **_sent_to(url, "request_url"),
            "bot_events": ["app_home_opened", "message.im", *left],
        },
        "interactivity": {"is_enabled": True, **_sent_to(url, "request_url")},
        "org_deploy_enabled": False,
        "socket_mode_enabled": url is None,
        "token_rotation_enabled": False,
    }


def _sent_to(url: str | None, name: str) -> Json:
    return {} if url is None else {name: url}


def _own(item: MenuItem) -> Json:
    ways = (usage.words.removeprefix(f"/{item.name}").strip() for usage in item.usages)
    return _command(item.name, item.summary, list(dict.fromkeys(filter(None, ways))))


def _umbrella(menu: Sequence[MenuItem], root: str) -> Json:
    return _command(root, _ABOUT, [item.name for item in menu])


def _command(name: str, about: str, ways: Sequence[str]) -> Json:
    """A command; people and channels in what follows it come to us by their ids."""
    hint = " | ".join(ways)
    return {
        "command": f"/{name}",
        "description": _cut(about, _DESCRIPTION),
        **({"usage_hint": _cut(hint, _HINT)} if hint else {}),
        "should_escape": True,
    }


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
