"""What whoever sets Slack up is given: the manifest to paste there, and what to do with it.

It works before anything is set up, since the tokens exist only once Slack knows the app.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import ValidationError

from bot.chats.slack.installs import INSTALL
from bot.chats.slack.manifest import EVENTS_PATH, Names, manifest, manifest_text
from bot.chats.slack.settings import SlackSettings
from bot.messages import MenuItem
from bot.settings import Misconfigured, Settings

By = Literal["socket", "http"]  # Porchlight calls Slack, or Slack calls Porchlight


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """What to paste, and the words that go with it."""

    manifest: str  # JSON
    words: tuple[str, ...]  # what was chosen and why, then what to do; a line each


def first_steps(
    menu: Sequence[MenuItem],
    settings: Settings,
    *,
    names: Names,
    root: str | None = None,
    by: By | None = None,
) -> FirstSteps:
    """The manifest for these settings and what to do with it.

    Takes: root, the one command of the umbrella spelling; None: what SLACK_COMMAND says; by, who
    calls whom; None: what the settings ask for.
    Raises: Misconfigured, when the command is none, or Slack could not reach us.
    """
    slack = _settings(root)
    way, reason = (by, "as you asked") if by else _choose(settings, slack)
    made = manifest(
        menu,
        names=names,
        root=slack.slack_command,
        address=settings.address,
        socket_mode=way == "socket",
        by_oauth=slack.by_oauth,
    )
    chosen = f"{_WAYS[way].format(url=f'{settings.address}{EVENTS_PATH}')}, {reason}."
    steps = _steps(settings, slack, way=way, names=names)
    numbered = (f"{number}. {step}" for number, step in enumerate(steps, 1))
    return FirstSteps(manifest_text(made), (chosen, *numbered))


_WAYS = {
    "socket": "This is for Socket Mode, where Porchlight calls Slack",
    "http": "This is for HTTP, where Slack calls {url}",
}


def _settings(root: str | None) -> SlackSettings:
    try:
        return SlackSettings() if root is None else SlackSettings(slack_command=root)
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)
        words = (problem["msg"].removeprefix("Value error, ") for problem in problems)
        raise Misconfigured(*(f"{each}." for each in words)) from None


def _choose(settings: Settings, slack: SlackSettings) -> tuple[By, str]:
    if slack.by_socket:
        return "socket", "because SLACK_APP_TOKEN is set"
    if not settings.secure and not slack.by_oauth:  # by OAuth the manifest insists on an address
        return "socket", "because PUBLIC_URL is no https address that Slack could call"
    return "http", "because PUBLIC_URL is an https address (`--by socket` for Socket Mode)"


def _steps(settings: Settings, slack: SlackSettings, *, way: By, names: Names) -> Iterator[str]:
    said = "/" if names == "native" else f"/{slack.slack_command} "
    yield (
        "At https://api.slack.com/apps: Create New App, From a manifest; paste the JSON. If the "
        "app is there already, paste it under App Manifest instead."
    )
    if names == "native":
        yield "If Slack refuses a name, such as its own /invite, do it again with --names umbrella."
    elif slack.slack_command != SlackSettings.model_fields["slack_command"].default:
        yield f"The command has another name: in .env, SLACK_COMMAND={slack.slack_command}."
    yield from _tokens(settings, slack, way)
    yield f"Start Porchlight. It prints a code; say in Slack:  {said}leaders claim CODE"


def _tokens(settings: Settings, slack: SlackSettings, way: By) -> Iterator[str]:
    """Where in the app's settings each secret is, and what it is called in `.env`."""
    if slack.by_oauth:
        yield (
            "Basic Information, App Credentials: in .env, SLACK_CLIENT_ID, SLACK_CLIENT_SECRET and "
            "SLACK_SIGNING_SECRET."
        )
        yield f"Workspaces install the app at {settings.address}{INSTALL}"
    else:
        yield "Install App: the Bot User OAuth Token is, in .env, SLACK_BOT_TOKEN."
    if way == "socket":
        yield (
            "Basic Information, App-Level Tokens: generate one with the scope connections:write; "
            "it is, in .env, SLACK_APP_TOKEN."
        )
    elif not slack.by_oauth:
        yield "Basic Information, App Credentials: the Signing Secret is SLACK_SIGNING_SECRET."
