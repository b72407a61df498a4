"""How Slack reaches us and we reach it, and what is wrong with what was set."""

import re
from typing import Literal
from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings

from bot.settings import CONFIG

_ROOT = re.compile(r"[a-z0-9_-]{1,31}")  # what Slack takes as a command, less its slash
_NONE = SecretStr("")


class SlackSettings(BaseSettings):
    """The app in Slack: by Socket Mode with an app token, else by HTTP with a signing secret."""

    model_config = CONFIG

    slack_bot_token: SecretStr = _NONE  # xoxb-...
    slack_app_token: SecretStr = _NONE  # xapp-..., for Socket Mode
    slack_signing_secret: SecretStr = _NONE
    slack_client_id: str = ""  # with its secret: several workspaces, by OAuth
    slack_client_secret: SecretStr = _NONE
    slack_names: Literal["umbrella", "native"] = "umbrella"  # how we write commands; both are heard
    slack_command: str = "porchlight"  # the one command of the umbrella spelling
    slack_api_url: str = "https://slack.com/api/"

    @field_validator("slack_command")
    @classmethod
    def _command(cls, value: str) -> str:
        if not _ROOT.fullmatch(value.removeprefix("/")):
            raise ValueError("SLACK_COMMAND is one word of small letters, like porchlight")
        return value.removeprefix("/")

    @field_validator("slack_api_url")
    @classmethod
    def _api(cls, value: str) -> str:
        if urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).hostname:
            raise ValueError("SLACK_API_URL must look like https://slack.com/api/")
        return value.rstrip("/") + "/"

    @property
    def by_socket(self) -> bool:
        """Whether we call Slack, so that no public address is needed."""
        return bool(self.slack_app_token.get_secret_value())

    @property
    def by_oauth(self) -> bool:
        """Whether workspaces install the app themselves."""
        return bool(self.slack_client_id)


def configured(settings: SlackSettings) -> bool:
    """Whether the operator means to use Slack: anything but a matter of taste is set."""
    return bool(settings.model_fields_set - {"slack_names", "slack_command", "slack_api_url"})


def problems(settings: SlackSettings) -> list[str]:
    """What is missing or contradictory, in words for the operator; empty when nothing is."""
    bot = settings.slack_bot_token.get_secret_value()
    app = settings.slack_app_token.get_secret_value()
    signing = settings.slack_signing_secret.get_secret_value()
    client_secret = settings.slack_client_secret.get_secret_value()
    doubts = {
        "SLACK_BOT_TOKEN is missing: “Bot User OAuth Token” of your app in Slack.": (
            not bot and not settings.by_oauth
        ),
        "SLACK_BOT_TOKEN begins with xoxb-; this one does not.": (
            bot and not bot.startswith("xoxb-")
        ),
        "SLACK_APP_TOKEN begins with xapp-; this one does not.": (
            app and not app.startswith("xapp-")
        ),
        "SLACK_APP_TOKEN is missing (Socket Mode, no public address needed), or "
        "SLACK_SIGNING_SECRET (HTTP).": not app and not signing,
        "SLACK_CLIENT_SECRET is missing: SLACK_CLIENT_ID needs it.": (
            settings.by_oauth and not client_secret
        ),
        "SLACK_CLIENT_ID is missing: SLACK_CLIENT_SECRET needs it.": (
            client_secret and not settings.by_oauth
        ),
        "SLACK_BOT_TOKEN has no use with SLACK_CLIENT_ID: each workspace brings its own.": (
            bot and settings.by_oauth
        ),
        "SLACK_SIGNING_SECRET is missing: workspaces install the app over HTTP.": (
            settings.by_oauth and not signing
        ),
    }
    return [words for words, found in doubts.items() if found]
