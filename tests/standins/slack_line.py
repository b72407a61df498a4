"""How what people do reaches an app: signed requests over HTTP, or envelopes over Socket Mode.

As soon as an app has opened a Socket Mode connection everything goes that way. An envelope that was
not acknowledged when its connection broke is sent again over the next one.
Source: https://docs.slack.dev/authentication/verifying-requests-from-slack and
https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode
from uuid import uuid4

import aiohttp
from aiohttp import web

from tests.standins.slack_blocks import Json
from tests.standins.slack_workspace import Workspace

SIGNING_SECRET = "stand-in-signing-secret"  # a server that keeps no secrets
Kind = Literal["slash_commands", "interactive", "events_api"]

_CONNECTIONS = 10  # at once
_HOLD = 30.0  # seconds for which an envelope waits for the next connection


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What an app answered at once, and how long that took."""

    status: int = 0  # HTTP's; 200 over Socket Mode; 0 when there was no answer
    payload: Json | None = None  # JSON in the answer
    words: str = ""  # an answer that is not JSON
    seconds: float = 0.0
    trouble: str = ""  # what the person is shown: "operation_timeout", "dispatch_failed" ...


@dataclass(slots=True)
class _Envelope:
    content: Json
    answer: asyncio.Future[Json]
    connection: web.WebSocketResponse | None = None
    sent_at: float = 0.0  # monotonic


class AppLine:
    """The line to one app."""

    def __init__(self, here: Workspace, *, patience: float) -> None:
        self.events_url = ""
        self.unexpected: list[Json] = []  # acknowledgements of nothing, or too late
        self.sent: list[tuple[Kind, Json]] = []
        self._here = here
        self._patience = patience  # seconds until Slack gives up on an answer
        self._connections: dict[web.WebSocketResponse, web.Request] = {}
        self._socket_mode = False
        self._waiting: dict[str, _Envelope] = {}

    @property
    def connections(self) -> int:
        """How many Socket Mode connections are open."""
        return len(self._connections)

    async def deliver(self, kind: Kind, payload: Json, **how: Any) -> Acknowledged:
        """Tell the app, by the way it has chosen. `how` is for `post` alone."""
        self.sent.append((kind, payload))
        if self._socket_mode:
            return await self._by_socket(kind, payload)
        return await self.post(kind, payload, **how)

    # HTTP

    async def post(
        self,
        kind: Kind,
        payload: Json,
        *,
        retry_num: int = 0,
        retry_reason: str = "http_timeout",
        secret: str = SIGNING_SECRET,
        age: float = 0,
        signed: bool = True,
    ) -> Acknowledged:
        """Post to `events_url`, signed with a secret, or not, as of `age` seconds ago."""
        body, headers = _written(kind, payload)
        if signed:
            headers |= _signature(body, secret, int(time.time() - age))
        if retry_num:
            headers |= {"X-Slack-Retry-Num": str(retry_num), "X-Slack-Retry-Reason": retry_reason}
        started = time.monotonic()
        try:
            return await self._posted(body, headers, started)
        except TimeoutError:
            return Acknowledged(seconds=time.monotonic() - started, trouble="operation_timeout")
        except aiohttp.ClientError:
            return Acknowledged(seconds=time.monotonic() - started, trouble="dispatch_failed")

    async def _posted(self, body: bytes, headers: dict[str, str], started: float) -> Acknowledged:
        patience = aiohttp.ClientTimeout(total=self._patience)
        async with (
            aiohttp.ClientSession(timeout=patience) as session,
            session.post(self.events_url, data=body, headers=headers) as answer,
        ):
            words = await answer.text()
            in_json = bool(words) and answer.content_type == "application/json"
            return Acknowledged(
                answer.status,
                json.loads(words) if in_json else None,
                "" if in_json else words,
                time.monotonic() - started,
                "" if answer.status == 200 else "dispatch_failed",
            )

    # Socket Mode

    async def link(self, request: web.Request) -> web.StreamResponse:
        """One connection, for as long as it lasts."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._here.tickets:
            return web.Response(status=404)
        self._here.tickets.remove(ticket)
        connection = web.WebSocketResponse(heartbeat=10)
        await connection.prepare(request)
        if len(self._connections) >= _CONNECTIONS:
            await connection.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await connection.close()
            return connection
        self._connections[connection] = request
        self._socket_mode = True
        try:
            await self._greet(connection)
            await self._listen(connection)
        finally:
            del self._connections[connection]
            await self._pass_on(connection)
        return connection

    async def disconnect(self, reason: str | None) -> None:
        """End all connections: by `refresh_requested`, after a `warning`, or by a cut line (None).

        After a warning the connection stays for the app to leave.
        """
        for connection, request in list(self._connections.items()):
            if reason is None:
                assert request.transport is not None
                request.transport.abort()
                continue
            facts = {"debug_info": {"host": "applink-stand-in"}}
            await connection.send_json({"type": "disconnect", "reason": reason, **facts})
            if reason != "warning":
                await connection.close()

    async def close(self) -> None:
        """Close all connections for good."""
        for connection in list(self._connections):
            await connection.close()

    async def _greet(self, connection: web.WebSocketResponse) -> None:
        hello = {
            "type": "hello",
            "num_connections": len(self._connections),
            "connection_info": {"app_id": self._here.app_id},
            "debug_info": {"host": "applink-stand-in", "approximate_connection_time": 18060},
        }
        await connection.send_json(hello)
        for envelope in [each for each in self._waiting.values() if each.connection is None]:
            await self._send(envelope)

    async def _listen(self, connection: web.WebSocketResponse) -> None:
        async for message in connection:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            answer = json.loads(message.data)
            envelope = self._waiting.pop(answer.get("envelope_id", ""), None)
            if envelope is None:
                self.unexpected.append(answer)
            elif not envelope.answer.done():
                envelope.answer.set_result(answer)

    async def _pass_on(self, broken: web.WebSocketResponse) -> None:
        """Send again what went over a broken connection, now or over the next one."""
        for envelope in list(self._waiting.values()):
            if envelope.connection is broken:
                envelope.connection = None
                await self._send(envelope)

    async def _send(self, envelope: _Envelope) -> None:
        for connection in reversed(list(self._connections)):  # the newest first
            if connection.closed:
                continue
            if envelope.sent_at and envelope.content["type"] == "events_api":
                attempts = envelope.content.get("retry_attempt", 0) + 1
                envelope.content |= {"retry_attempt": attempts, "retry_reason": "timeout"}
            envelope.connection, envelope.sent_at = connection, time.monotonic()
            try:
                await connection.send_json(envelope.content)
            except ConnectionError:
                envelope.connection = None  # it broke in this moment
            else:
                return

    async def _by_socket(self, kind: Kind, payload: Json) -> Acknowledged:
        name = str(uuid4())
        content: Json = {
            "type": kind,
            "envelope_id": name,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        envelope = _Envelope(content, asyncio.get_running_loop().create_future())
        self._waiting[name] = envelope
        await self._send(envelope)
        if not await self._answered(envelope):
            if kind != "events_api":  # an event is kept for the next connection
                del self._waiting[name]
            return Acknowledged(seconds=self._patience, trouble="operation_timeout")
        answer = envelope.answer.result()
        return Acknowledged(200, answer.get("payload"), "", time.monotonic() - envelope.sent_at)

    async def _answered(self, envelope: _Envelope) -> bool:
        """Wait for the answer: patiently while it is sent, longer while nobody is connected."""
        started = time.monotonic()
        while True:
            since = started if envelope.connection is None else envelope.sent_at
            limit = _HOLD if envelope.connection is None else self._patience
            left = since + limit - time.monotonic()
            if envelope.answer.done() or left <= 0:
                return envelope.answer.done()
            await asyncio.wait({envelope.answer}, timeout=min(left, 0.05))


def _written(kind: Kind, payload: Json) -> tuple[bytes, dict[str, str]]:
    if kind == "events_api":
        return json.dumps(payload).encode(), {"Content-Type": "application/json"}
    form = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
    return urlencode(form).encode(), {"Content-Type": "application/x-www-form-urlencoded"}


def _signature(body: bytes, secret: str, at: int) -> dict[str, str]:
    digest = hmac.new(secret.encode(), b"v0:%d:%s" % (at, body), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": f"v0={digest}"}
