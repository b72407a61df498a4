"""Workspaces that install the app by themselves: Slack's OAuth, and where its tokens are kept.

The state that Slack hands back is signed and short-lived, and tied to the browser by a cookie of
the library's, so nothing need be stored for it.
"""

import logging
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore

from bot.chats.slack.manifest import OAUTH_PATH, SCOPES
from bot.chats.slack.settings import SlackSettings
from bot.community import tokens
from bot.ports import Services
from bot.settings import Keys
from storage import installations
from storage.database import Storage

INSTALL = "/slack/install"
BACK = OAUTH_PATH
_CHAT = "slack"
_PURPOSE = "slack install"
_WHILE = timedelta(minutes=10)  # between Slack's page and ours

_log = logging.getLogger("slack")


def flow(settings: SlackSettings, services: Services) -> AsyncOAuthSettings:
    """How a workspace installs the app."""
    return AsyncOAuthSettings(
        client_id=settings.slack_client_id,
        client_secret=settings.slack_client_secret.get_secret_value(),
        scopes=list(SCOPES),
        redirect_uri=f"{services.settings.address}{BACK}",
        install_path=INSTALL,
        redirect_uri_path=BACK,
        installation_store=Installations(services.storage),
        installation_store_bot_only=True,
        state_store=States(services.keys),
        state_expiration_seconds=int(_WHILE.total_seconds()),
        logger=_log,
    )


async def token(storage: Storage, team: str) -> str | None:
    """The token to speak with in a workspace; None when it has not installed the app."""
    found = await storage.read(installations.get, _CHAT, team)
    return found.token if found else None


class Installations(AsyncInstallationStore):
    """Slack's tokens in our database: one bot a workspace."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    @property
    def logger(self) -> logging.Logger:
        """Where the library logs."""
        return _log

    async def async_save(self, installation: Installation) -> None:
        """Keep what a workspace gave us."""
        await self.async_save_bot(installation.to_bot())

    async def async_save_bot(self, bot: Bot) -> None:
        """The same, of the bot alone."""
        await self._storage.write(
            installations.put,
            _CHAT,
            bot.team_id or "",
            token=bot.bot_token,
            bot=f"{bot.bot_id}:{bot.bot_user_id}",
            now=datetime.now(UTC),
        )

    async def async_find_bot(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        is_enterprise_install: bool | None = False,
    ) -> Bot | None:
        """What a workspace gave us, if it did."""
        found = await self._storage.read(installations.get, _CHAT, team_id or "")
        if found is None:
            return None
        bot_id, _, user_id = found.bot.partition(":")
        return Bot(team_id=found.place, bot_token=found.token, bot_id=bot_id, bot_user_id=user_id,
                   bot_scopes=list(SCOPES), installed_at=found.installed_at)  # fmt: skip

    async def async_delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        """The workspace took it back."""
        await self._storage.write(installations.remove, _CHAT, team_id or "")

    async def async_delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        """A person took back a token of their own; we never keep those."""

    async def async_delete_all(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        """The same: there is nothing else."""
        await self.async_delete_bot(enterprise_id=enterprise_id, team_id=team_id)


class States(AsyncOAuthStateStore):
    """Signed moments instead of stored ones."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    @property
    def logger(self) -> logging.Logger:
        """Where the library logs."""
        return _log

    async def async_issue(self, *_: Any, **__: Any) -> str:
        """A state to take to Slack's page."""
        until = datetime.now(UTC) + _WHILE
        return tokens.sign(self._keys, _PURPOSE, secrets.randbits(62), until=until)

    async def async_consume(self, state: str) -> bool:
        """Whether this is one of ours and fresh."""
        return tokens.read(self._keys, _PURPOSE, state, now=datetime.now(UTC)) is not None
