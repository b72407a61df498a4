"""Slack on loopback, as documented, strict, and faulty on demand.

In a test: `async with SlackStandIn() as slack`; give the app `slack.api_url`, `slack.bot_token`,
`slack.signing_secret` and set `slack.events_url`, or let it open a Socket Mode connection with
`slack.app_token`. Then do what people do (`slack.command`, `slack.press`, `slack.submit` ...) and
see what they see (`slack.messages`, `slack.ephemeral`, `slack.view`, `slack.homes`, `slack.files`).

Left out: the rates Slack allows (see `slack.calls`, or ask for "ratelimited"), the `rich_text` of
what people write, and who of the people is in which channel: all are in all of them.
"""

import asyncio
import base64
import html
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.standins import slack_payloads as payloads
from tests.standins.faults import Fault, Faulty, dropped
from tests.standins.serving import HttpStandIn
from tests.standins.slack_answers import (
    acknowledged_command,
    acknowledged_submission,
    answer_at,
)
from tests.standins.slack_api import (
    APP_TOKEN,
    BOT_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    METHODS,
    SCOPES,
    Method,
)
from tests.standins.slack_blocks import Json
from tests.standins.slack_hands import act, fill
from tests.standins.slack_http import content, faulty, parameters, refused
from tests.standins.slack_line import SIGNING_SECRET, Acknowledged, AppLine, Kind
from tests.standins.slack_workspace import Message, Refused, StoredFile, View, Workspace

_TRIGGER = 3.0  # seconds in which a modal must be opened
_PATIENCE = 3.0  # seconds in which an app must acknowledge
_RESPONSES = 1800.0  # seconds for which a response URL is good
_LINKED = re.compile(r"https?://\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of the app."""

    method: str  # "chat.postMessage", or "response_url", "upload"
    parameters: Mapping[str, Any]
    error: str  # what it was refused with, or the fault it met; "" when all was well
    at: float  # monotonic


class SlackStandIn(Workspace, Faulty, HttpStandIn):
    """The workspace, its server, and the people in it."""

    def __init__(
        self,
        *,
        trigger_lifetime: float = _TRIGGER,
        response_lifetime: float = _RESPONSES,
        patience: float = _PATIENCE,
    ) -> None:
        super().__init__(trigger_lifetime=trigger_lifetime, response_lifetime=response_lifetime)
        self.bot_token, self.app_token = BOT_TOKEN, APP_TOKEN
        self.client_id, self.client_secret = CLIENT_ID, CLIENT_SECRET
        self.signing_secret = SIGNING_SECRET
        self.scopes = set(SCOPES)  # take some away to see `missing_scope`
        self.subscribed = {"app_home_opened", "app_uninstalled", "message.im"}
        self.installed = True
        self.down = False  # 503 to everything
        self.calls: list[Asked] = []
        self.line = AppLine(self, patience=patience)
        self._faults: list[Fault] = []

    # The server

    @property
    def api_url(self) -> str:
        """The base of the Web API."""
        return f"{self.url}/api/"

    @property
    def events_url(self) -> str:
        """Where the app takes commands, actions and events over HTTP."""
        return self.line.events_url

    @events_url.setter
    def events_url(self, url: str) -> None:
        self.line.events_url = url

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 1024**2)
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_post("/upload/v1/{file}", self._upload)
        app.router.add_get("/files-pri/{file}/{name:.+}", self._download)
        app.router.add_post("/{kind:commands|actions}/{name}", self._response)
        app.router.add_get("/link", self._link)
        return app

    async def _hang_up(self) -> None:
        await self.line.close()

    async def _api(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]

        async def answer(given: Json) -> web.StreamResponse:
            method = self._permitted(request, name, given)
            method.check(given)
            headers = {"X-OAuth-Scopes": ",".join(sorted(self.scopes))}
            return web.json_response({"ok": True, **method.answer(self, given)}, headers=headers)

        return await self._answered(request, name, await parameters(request), answer)

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        async def answer(given: Json) -> web.StreamResponse:
            upload = self.uploads.get(request.match_info["file"])
            if upload is None or len(given["content"]) != upload.size:
                return web.Response(text="Goodbye", status=400)
            upload.content = given["content"]
            return web.Response(text=f"OK - {upload.size}")

        return await self._answered(request, "upload", {"content": await content(request)}, answer)

    async def _download(self, request: web.Request) -> web.StreamResponse:
        """A file, for whoever may read it; others are sent to the page where people log in."""

        async def answer(given: Json) -> web.StreamResponse:
            asked_by = request.headers.get("Authorization", "")
            if asked_by != f"Bearer {BOT_TOKEN}" or "files:read" not in self.scopes:
                return web.Response(status=302, headers={"Location": f"{self.url}/?redir=%2F"})
            file = self.dropped.get(given["file"].partition("-")[2])
            if file is None:
                return web.Response(text="<html>Not found</html>", status=404)
            return web.Response(body=file.content, content_type=file.media_type)

        return await self._answered(request, "download", dict(request.match_info), answer)

    async def _response(self, request: web.Request) -> web.StreamResponse:
        async def answer(given: Json) -> web.StreamResponse:
            answer_at(self, request.match_info["name"], given)
            return web.Response(text="ok")

        return await self._answered(request, "response_url", await request.json(), answer)

    async def _link(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=503) if self.down else await self.line.link(request)

    async def _answered(
        self, request: web.Request, name: str, given: Json, answer: Callable[[Json], Any]
    ) -> web.StreamResponse:
        """Answer, or meet a fault, and keep what was asked."""
        fault = Fault(name, "503", times=1) if self.down else self._due(name)
        shown = {key: value for key, value in given.items() if key != "token"}
        if fault and fault.kind not in {"drop_after", "slow"}:
            self.calls.append(Asked(name, shown, fault.kind, time.monotonic()))
            return faulty(request, fault)
        error = ""
        try:
            answered: web.StreamResponse = await answer(given)
        except Refused as refusal:
            error, answered = refusal.error, refused(refusal, name)
        self.calls.append(Asked(name, shown, error, time.monotonic()))
        if fault and fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        return dropped(request) if fault and fault.kind == "drop_after" else answered

    def _permitted(self, request: web.Request, name: str, given: Json) -> Method:
        """The method, when whoever asks may use it. Raises `Refused`."""
        in_form = given.pop("token", "") if request.content_type != "application/json" else ""
        scheme, _, in_header = request.headers.get("Authorization", "").partition(" ")
        token = in_header if scheme == "Bearer" else in_form
        method = METHODS.get(name)
        if method is None:
            raise Refused("unknown_method", req_method=name)
        if scheme == "Basic":
            login, _, password = base64.b64decode(in_header).decode().partition(":")
            given |= {"client_id": login, "client_secret": password}
        if not method.token:
            return method
        if not token:
            raise Refused("not_authed")
        if token not in {BOT_TOKEN, APP_TOKEN}:
            raise Refused("invalid_auth")
        if not self.installed:
            raise Refused("account_inactive")
        if token != method.token:
            raise Refused("not_allowed_token_type")
        needed = method.scope.format(kind=self.kind(given.get("channel", "")))
        if needed and needed not in self.scopes:
            had = ",".join(sorted(self.scopes))
            raise Refused("missing_scope", needed=needed, provided=had)
        return method

    # Faults

    def can_be_told(self, method: str, kind: str) -> bool:
        """Any error code of Slack's will do, such as "internal_error"; "ratelimited" is a 429."""
        return method in {*METHODS, "upload", "download", "response_url", "*"}

    # What people do

    async def command(self, user: str, channel: str, command: str, text: str = "") -> Acknowledged:
        """Type a slash command, in a channel or in the direct messages with the bot."""
        place = self.direct(user).id if channel == user else channel
        form = payloads.command_form(self, user, place, command, text)
        answer = await self.line.deliver("slash_commands", form)
        return _troubled(answer, acknowledged_command(self, form, answer))

    async def press(
        self,
        user: str,
        where: Message | View,
        name: str,
        value: str | list[str] | None = None,
    ) -> Acknowledged:
        """Press a button, or choose `value` in a menu, by its label or action_id."""
        action = act(where.blocks, where.state, name, value) | {"action_ts": self.stamp()}
        if isinstance(where, View):
            payload = payloads.view_action(self, user, where, action)
        else:
            payload = payloads.message_action(self, user, where, action)
        return await self.line.deliver("interactive", payload)

    async def submit(self, user: str, values: Mapping[str, Any] | None = None) -> Acknowledged:
        """Fill in the modal on top and send it off. The app's answer is done to the modal."""
        view = self.view(user)
        fill(view, values or {})
        view.errors = {}
        answer = await self.line.deliver("interactive", payloads.submission(self, view))
        if answer.trouble or view not in self.views[user]:  # the person is told to try again
            return answer
        return _troubled(answer, acknowledged_submission(self, view, answer.payload))

    async def close(self, user: str) -> Acknowledged:
        """Close the modal on top; the app hears of it when it has asked to."""
        view = self.views[user].pop()
        if view.body.get("clear_on_close"):
            self.views[user].clear()
        if not view.body.get("notify_on_close"):
            return Acknowledged()
        cleared = bool(view.body.get("clear_on_close"))
        return await self.line.deliver("interactive", payloads.closing(self, view, cleared=cleared))

    async def open_home(self, user: str) -> Acknowledged:
        """Look at the app's Home."""
        kept = self.homes.get(user)
        view = {"view": payloads.view_json(self, kept)} if kept else {}
        facts = {"user": user, "channel": self.direct(user).id, "tab": "home", **view}
        return await self.tell("app_home_opened", **facts)

    async def say(self, user: str, channel: str, text: str) -> Acknowledged:
        """Write a message, in a channel or in the direct messages with the bot."""
        place = self.direct(user) if channel in {user, self.bot} else self.channels[channel]
        message = self.show(place.id, _linked(text), [], author=user)
        if self.bot not in place.members:
            return Acknowledged(trouble="not_subscribed")
        kind = "im" if place.direct else "group" if place.private else "channel"
        facts = {"channel": place.id, "user": user, "text": message.text, "ts": message.ts}
        return await self.tell("message", channel_type=kind, **facts)

    def bring(self, user: str, name: str, content: bytes, *, channel: str = "") -> StoredFile:
        """A file of somebody's comes to Slack, to be dropped or put into a form."""
        file = StoredFile(self.new_id("F"), name, content, name, channel, owner=user)
        self.dropped[file.id] = file
        return file

    async def drop(self, user: str, name: str, content: bytes, words: str = "") -> Acknowledged:
        """Drop a file into the direct messages with the bot, perhaps with words."""
        place = self.direct(user).id
        file = self.bring(user, name, content, channel=place)
        message = self.show(place, _linked(words), [], author=user, files=[file])
        facts = {"channel": place, "user": user, "text": message.text, "ts": message.ts}
        told = {"subtype": "file_share", "upload": False, "display_as_bot": False}
        files = [payloads.file_json(self, file)]
        return await self.tell("message", channel_type="im", files=files, **facts, **told)

    async def add_bot(self, user: str, channel: str) -> Acknowledged:
        """Somebody adds the bot to a channel."""
        self.channels[channel].members.add(self.bot)
        facts = {"user": self.bot, "channel": channel, "channel_type": "C", "inviter": user}
        return await self.tell("member_joined_channel", **facts, team=self.team)

    async def remove_bot(self, user: str, channel: str) -> Acknowledged:
        """Somebody removes the bot from a channel."""
        self.channels[channel].members.discard(self.bot)
        return await self.tell("channel_left", channel=channel, actor_id=user)

    async def uninstall(self) -> Acknowledged:
        """A leader takes the app out of the workspace: its token is good for nothing."""
        self.installed = False
        return await self.tell("app_uninstalled")

    def grant(self, user: str) -> str:
        """Somebody allows the app what it asks for. Gives the code for `oauth.v2.access`."""
        code = secrets.token_hex(16)
        self.grants[code] = user
        return code

    # What Slack does

    async def tell(self, kind: str, **facts: Any) -> Acknowledged:
        """Send an event, when the app has subscribed to it."""
        name = f"{kind}.{facts['channel_type']}" if kind == "message" else kind
        if name not in self.subscribed:
            return Acknowledged(trouble="not_subscribed")
        return await self.line.deliver("events_api", payloads.event(self, kind, **facts))

    async def verify_url(self) -> bool:
        """Ask the app for its challenge back, as when its address is entered."""
        challenge = secrets.token_hex(16)
        token = payloads.VERIFICATION_TOKEN
        asked = {"type": "url_verification", "token": token, "challenge": challenge}
        answer = await self.line.post("events_api", asked)
        said = (answer.payload or {}).get("challenge") or answer.words
        return answer.status == 200 and said == challenge

    async def deliver(self, kind: Kind, payload: Json, **how: Any) -> Acknowledged:
        """Post anything over HTTP: `retry_num=1`, `secret="wrong"`, `age=400`, `signed=False`."""
        return await self.line.post(kind, payload, **how)

    async def repeat(self, **how: Any) -> Acknowledged:
        """Post over HTTP once more what was sent last, word for word."""
        kind, payload = self.line.sent[-1]
        return await self.line.post(kind, payload, **({"retry_num": 1} | how))

    async def disconnect(self, reason: str | None = "refresh_requested") -> None:
        """End the Socket Mode connections: "refresh_requested", "warning", or a cut line: None."""
        await self.line.disconnect(reason)

    async def until(self, seen: Callable[[], Any], *, seconds: float = 5) -> Any:
        """Wait until something can be seen, and give it: apps go on after they acknowledge."""
        async with asyncio.timeout(seconds):
            while not (found := seen()):
                await asyncio.sleep(0.01)
        return found


def _troubled(answer: Acknowledged, trouble: str) -> Acknowledged:
    return Acknowledged(answer.status, answer.payload, answer.words, answer.seconds, trouble)


def _linked(text: str) -> str:
    """What Slack makes of what somebody types: & < > escaped, addresses made links."""

    def link(found: re.Match[str]) -> str:
        words = found[0]
        return f"<{words}>" if "://" in words else f"<mailto:{words}|{words}>"

    return _LINKED.sub(link, html.escape(text, quote=False))
