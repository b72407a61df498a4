"""Speaking in Slack: post, edit, hand over a file; and what each of Slack's refusals comes to."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, Protocol

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient

from bot.chats.slack import blocks
from bot.messages import Card, File
from bot.ports import ChatDown, ChatRefused, MessageGone

# Nothing that people wrote becomes a link, a mention or a preview.
PLAIN: dict[str, Any] = {
    "parse": "none",
    "link_names": False,
    "unfurl_links": False,
    "unfurl_media": False,
}

_ALT = 1000  # characters that say what a picture shows
_OPERATOR = 300.0  # seconds a lane rests when only the operator can help
_AWAY = {"internal_error", "fatal_error", "request_timeout", "service_unavailable",
         "team_added_to_org", "accesslimited"}  # fmt: skip
_TOKEN = {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired",
          "missing_scope", "no_permission", "not_allowed_token_type"}  # fmt: skip
_NOT_THERE = (
    "I am not in that channel. Add Porchlight to it (the channel's name at the top, then "
    "Integrations, Add apps), then say `/announce here` in it."
)
_SHUT_OUT = (
    "Slack lets me write in this workspace no more. Install Porchlight there again, then say "
    "`/announce here`."
)
_WORDS = {
    "not_in_channel": _NOT_THERE,
    "channel_not_found": _NOT_THERE,
    "is_archived": "The channel is archived. Say `/announce here` in another one.",
    "restricted_action": "This workspace does not let me write in that channel.",
    "message_not_found": "The message was deleted.",
    "cant_update_message": "The message can no longer be edited.",
    "edit_window_closed": "The message can no longer be edited.",
}

# All that can happen when Slack is asked for something.
TROUBLES = (SlackApiError, SlackRequestError, aiohttp.ClientError, TimeoutError, OSError)

log = structlog.get_logger()


class Clients(Protocol):
    """Gives the client that speaks in a workspace."""

    async def __call__(self, team: str) -> AsyncWebClient:
        """The client. Raises: ChatRefused, when the app is not installed there."""


class Speaker:
    """Says things in channels, which are written `T0123/C0456`; `T0123/U0789` is somebody's own."""

    def __init__(
        self, clients: Clients, spell: Callable[[str], str], *, several: bool = False
    ) -> None:
        """Takes: spell, how commands in our words are typed here; several, are there workspaces
        that must not wait for one whose token is refused.
        """
        self._clients = clients
        self.spell = spell
        self._several = several
        self._own: dict[tuple[str, str], str] = {}  # (team, user) -> their messages with the bot

    async def post(self, channel: str, card: Card, *, thread: str | None = None) -> str:
        """Show a message. Gives `C0456:1700000000.000100`. Raises: ChatDown, ChatRefused."""
        team, place = await self._place(channel)
        client = await self._clients(team)
        shown = blocks.message(self.spell(card.text), card.buttons)
        answer = await self._asked(
            lambda: client.chat_postMessage(channel=place, thread_ts=thread, **shown, **PLAIN)
        )
        return f"{answer['channel']}:{answer['ts']}"

    async def edit(self, channel: str, message: str, card: Card) -> None:
        """Replace a message's content. Raises: ChatDown, ChatRefused."""
        client = await self._clients(channel.partition("/")[0])
        place, _, ts = message.partition(":")
        shown = blocks.message(self.spell(card.text), card.buttons)
        await self._asked(
            lambda: client.chat_update(
                channel=place, ts=ts, parse="none", link_names=False, **shown
            )
        )

    async def try_out(self, channel: str, *, private: str) -> None:
        """Write where only the speaker sees it. Raises: ChatDown, ChatRefused.

        Looking the channel up instead would need a scope more.
        """
        team, place = await self._place(channel)
        client = await self._clients(team)
        user, shown = private.partition("/")[2], blocks.message("I can write here.", ())
        await self._asked(lambda: client.chat_postEphemeral(channel=place, user=user, **shown))

    async def hand_over(self, channel: str, files: Sequence[File]) -> None:
        """Put files into a channel or somebody's own messages. Raises: ChatDown, ChatRefused.

        Without a comment: it is the one thing that Slack would parse, and a label may be in it.
        """
        team, place = await self._place(channel)
        client = await self._clients(team)
        uploads = [upload for file in files for upload in _uploads(file)]
        await self._asked(lambda: client.files_upload_v2(channel=place, file_uploads=uploads))

    async def _place(self, channel: str) -> tuple[str, str]:
        team, _, place = channel.partition("/")
        if place[:1] not in {"U", "W"}:
            return team, place
        if (team, place) not in self._own:
            client = await self._clients(team)
            answer = await self._asked(lambda: client.conversations_open(users=place))
            self._own[team, place] = answer["channel"]["id"]
        return team, self._own[team, place]

    async def _asked(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """What Slack answers. Raises: ChatDown, when it makes sense to try again; ChatRefused."""
        try:
            return await call()
        except SlackApiError as error:
            raise trouble(error, several=self._several) from error
        except TROUBLES as error:
            raise ChatDown from error


def _uploads(file: File) -> Iterator[dict[str, Any]]:
    alt = {"alt_txt": file.alt[:_ALT]} if file.alt else {}
    yield {"filename": file.name, "title": file.name, "content": file.content, **alt}
    if file.picture:
        name = f"{file.name.rpartition('.')[0]} (page 1).png"
        yield {"filename": name, "title": name, "content": file.picture,
               "alt_txt": f"The first page of {file.name}"}  # fmt: skip


def trouble(error: SlackApiError, *, several: bool = False) -> ChatDown | ChatRefused:
    """What an answer of Slack's that is no success comes to."""
    response: Any = error.response
    status = getattr(response, "status_code", 200)
    code = _code(error)
    if status == 429 or code == "ratelimited":
        return ChatDown(retry_after=_seconds(response.headers.get("Retry-After")))
    if code in _TOKEN:
        log.error("slack.refuses_us", error=code)
        return ChatRefused(_SHUT_OUT) if several else ChatDown(retry_after=_OPERATOR)
    if status >= 500 or code in _AWAY or not code:
        return ChatDown()
    refusal = MessageGone if code == "message_not_found" else ChatRefused
    return refusal(_WORDS.get(code, f"Slack refused this message ({code})."))


def reason(error: Exception) -> str:
    """What went wrong, for the log: Slack's own code, or the kind of trouble."""
    code = _code(error) if isinstance(error, SlackApiError) else ""
    return code or type(error).__name__


def _code(error: SlackApiError) -> str:
    data = getattr(error.response, "data", None)  # an answer of the network's own has none
    return str(data.get("error", "")) if isinstance(data, dict) else ""


def _seconds(header: str | None) -> float:
    return float(header) if header and header.isdecimal() else 30.0
