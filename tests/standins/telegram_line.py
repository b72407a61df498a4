"""How updates reach a bot: it asks for them and waits, or they are posted to its webhook.

An update stays until it is confirmed: by the offset of a later `getUpdates`, or by a 2xx of the
webhook. Stricter than the original: the webhook is told one thing at a time, and again at once
while it fails. Left out: answering a webhook with a method.
Source: https://core.telegram.org/bots/api#getting-updates
"""

import asyncio
import itertools
import re
import time
from collections.abc import Mapping
from typing import Any

import aiohttp

from tests.standins.telegram_world import Json, Refused, World

UPDATES = {
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "inline_query",
    "chosen_inline_result",
    "callback_query",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "message_reaction",
    "message_reaction_count",
    "poll",
    "poll_answer",
    "shipping_query",
    "pre_checkout_query",
    "business_connection",
    "business_message",
    "chat_boost",
    "deleted_business_messages",
    "edited_business_message",
    "guest_message",
    "managed_bot",
    "purchased_paid_media",
    "removed_chat_boost",
}
UNASKED = UPDATES - {"chat_member", "message_reaction", "message_reaction_count"}

_POLL = 50  # seconds that Telegram waits at most
_AGAIN = 0.05, 1.0  # seconds until a failed webhook is tried again: first, and at most
_PATIENCE = 5.0  # seconds for a webhook to answer
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete "
    "the webhook first"
)
_TERMINATED = (
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is "
    "running"
)


class UpdateLine:
    """The line to one bot."""

    def __init__(self, here: World) -> None:
        self.pending: list[Json] = []  # what is not confirmed yet
        self.sent: list[Json] = []  # every update, in order
        self.webhook_url = ""
        self.webhook_secret = ""
        self.allowed = UNASKED
        self.trouble = ""  # why the webhook could not be told the last time
        self._trouble_at = 0
        self._repeats: list[Json] = []
        self._news = asyncio.Event()
        self._poller: asyncio.Event | None = None  # set to end the poll that is waiting
        self._posting: asyncio.Task[None] | None = None
        self._ids = itertools.count(100_000_001)
        here.tell = self.tell

    def tell(self, kind: str, content: Json) -> None:
        """Something for the bot to know, when it has asked for this kind."""
        assert kind in UPDATES
        if kind in self.allowed:
            update = {"update_id": next(self._ids), kind: content}
            self.sent.append(update)
            self.pending.append(update)
            self._news.set()

    def repeat(self) -> None:
        """Give the next poll the last update once more, though it was confirmed."""
        self._repeats.append(self.sent[-1])
        self._news.set()

    async def close(self) -> None:
        """Tell nobody anything any more."""
        await self._stop_posting()
        if self._poller:
            self._poller.set()

    # Polling

    async def poll(self, params: Mapping[str, Any]) -> list[Json]:
        """What is new; waits for it when asked to. Raises `Refused` with a conflict."""
        if self.webhook_url:
            raise Refused(_WEBHOOK_ACTIVE)
        self._choose(params)
        if self._poller:
            self._poller.set()
        self._confirm(params.get("offset", 0))
        ended = self._poller = asyncio.Event()
        try:
            await self._wait(ended, min(params.get("timeout", 0), _POLL))
        finally:
            if self._poller is ended:
                self._poller = None
        if ended.is_set():
            raise Refused(_WEBHOOK_ACTIVE if self.webhook_url else _TERMINATED)
        told = [*self._repeats, *self.pending][: min(params.get("limit", 100), 100)]
        self._repeats.clear()
        return told

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            self.pending = self.pending[offset:]
        else:
            self.pending = [each for each in self.pending if each["update_id"] >= offset]

    async def _wait(self, ended: asyncio.Event, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not (self.pending or self._repeats or ended.is_set()):
            if (left := until - time.monotonic()) <= 0:
                return
            self._news.clear()
            signs = [asyncio.ensure_future(sign.wait()) for sign in (self._news, ended)]
            try:
                await asyncio.wait(signs, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for sign in signs:
                    sign.cancel()

    def _choose(self, params: Mapping[str, Any]) -> None:
        """Which updates the bot wants from now on; not said is as before."""
        if "allowed_updates" not in params:
            return
        asked = set(params["allowed_updates"])
        if asked - UPDATES:
            raise Refused(f"Bad Request: unknown update type {sorted(asked - UPDATES)[0]}")
        self.allowed = asked or UNASKED

    # Webhook

    async def set_webhook(self, params: Mapping[str, Any]) -> bool:
        """Post updates from now on. An empty address ends that."""
        url, secret = params.get("url", ""), params.get("secret_token", "")
        if url and not url.startswith(("https://", "http://127.0.0.1:")):  # loopback has no TLS
            raise Refused("Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if secret and not _SECRET.fullmatch(secret):
            raise Refused("Bad Request: secret token contains unallowed characters")
        if not 1 <= params.get("max_connections", 40) <= 100:
            raise Refused("Bad Request: max_connections must be between 1 and 100")
        self._choose(params)
        await self._stop_posting()
        self._drop(params)
        self.webhook_url, self.webhook_secret, self.trouble = url, secret, ""
        if url:
            if self._poller:
                self._poller.set()
            self._posting = asyncio.create_task(self._post_all())
        return True

    async def delete_webhook(self, params: Mapping[str, Any]) -> bool:
        """Post no more; the bot will ask."""
        return await self.set_webhook({"url": "", **params})

    def webhook_info(self) -> Json:
        """How the webhook is doing."""
        info: Json = {
            "url": self.webhook_url,
            "has_custom_certificate": False,
            "pending_update_count": len(self.pending),
        }
        if self.webhook_url:
            info |= {"max_connections": 40, "ip_address": "127.0.0.1"}
        if self.trouble:
            info |= {"last_error_message": self.trouble, "last_error_date": self._trouble_at}
        if self.allowed != UNASKED:
            info["allowed_updates"] = sorted(self.allowed)
        return info

    async def post(self, update: Json, *, secret: str | None = None) -> int:
        """Post one update, with the secret that was agreed or another. Gives the status."""
        agreed = self.webhook_secret if secret is None else secret
        headers = {"X-Telegram-Bot-Api-Secret-Token": agreed} if agreed else {}
        patience = aiohttp.ClientTimeout(total=_PATIENCE)
        async with (
            aiohttp.ClientSession(timeout=patience) as session,
            session.post(self.webhook_url, json=update, headers=headers) as answer,
        ):
            return answer.status

    def _drop(self, params: Mapping[str, Any]) -> None:
        if params.get("drop_pending_updates"):
            self.pending.clear()

    async def _stop_posting(self) -> None:
        if self._posting:
            self._posting.cancel()
            await asyncio.wait({self._posting})
            self._posting = None

    async def _post_all(self) -> None:
        first, most = _AGAIN
        pause = first
        while True:
            if not self.pending:
                self._news.clear()
                await self._news.wait()
            if await self._taken(self.pending[0]):
                del self.pending[0]
                pause = first
            else:
                await asyncio.sleep(pause)
                pause = min(2 * pause, most)

    async def _taken(self, update: Json) -> bool:
        try:
            status = await self.post(update)
        except (aiohttp.ClientError, TimeoutError):
            self.trouble = "Connection refused"
        else:
            if 200 <= status < 300:
                return True
            self.trouble = f"Wrong response from the webhook: {status}"
        self._trouble_at = int(time.time())
        return False
