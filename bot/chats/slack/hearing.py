"""Hearing in Slack: what people type, press and fill in becomes a `Call`; its `Reply` is shown.

Everything is acknowledged before it is looked at (Slack gives 3 seconds), heard once however often
Slack repeats it, and answered to the speaker alone.
"""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.chats.dropped import answered, meant
from bot.chats.handed import not_taken, taken
from bot.chats.slack import blocks, calls, files, home
from bot.chats.slack.calls import NAME
from bot.chats.slack.speaking import TROUBLES, Speaker, reason
from bot.chats.slack.turns import Turns
from bot.chats.slack.words import incoming
from bot.community import binding
from bot.messages import Button, Call, Card, Form, Reply
from bot.ports import Answer, ChatDown, ChatRefused, Services
from storage import heard
from storage.database import DatabaseAway

_PATIENCE = 2.0  # seconds for an answer before a form is told to wait; Slack's own end after 3
_STANDS = 0.3  # seconds in which Slack has shown an acknowledgement, which must not come last
_LONGEST_ASKED = 200  # characters; a view remembers 3,000 in all, and a paste can be longer
_TOO_LATE = "Slack let the moment pass. Please press again."

log = structlog.get_logger()
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Hearing:
    """The ear of one app."""

    services: Services
    answer: Answer
    speaker: Speaker
    turns: Turns
    root: str  # the one command of the umbrella spelling

    def attach(self, app: AsyncApp) -> None:
        """Listen to everything that the app is told."""
        app.command(re.compile(r".+"))(self.command)
        app.action(re.compile(r"call:.*"))(self.button)
        app.action(re.compile(f"{blocks.PAGE}.*"))(self.opened)
        app.action(blocks.VALUE)(self.choice)
        app.action(home.SEARCH)(self.search)
        app.view(blocks.FORM)(self.form)
        app.event("app_home_opened")(self.home_opened)
        app.event("message")(self.dropped)

    # Commands

    async def command(
        self, ack: AsyncAck, body: Json, respond: AsyncRespond, client: AsyncWebClient
    ) -> None:
        """Somebody said `/invite email ana@example.org`, or `/porchlight invite email ...`."""
        await ack()
        async with self.turns.answering():
            if not await self._first_time(body["trigger_id"]):
                return
            call = await calls.made(
                client, body, self._words(body), channel=body["channel_id"], user=body["user_id"],
                name=body.get("user_name", ""),
            )  # fmt: skip
            reply = await self.answer(call)
        await self._show(call, reply, body, respond, client)

    def _words(self, body: Json) -> str:
        command, text = body["command"], incoming(body.get("text") or "")
        if command.removeprefix("/").lower() == self.root:
            return f"/{text.strip().removeprefix('/') or 'help'}"
        return f"{command} {text}"

    # Buttons

    async def button(
        self, ack: AsyncAck, body: Json, respond: AsyncRespond, client: AsyncWebClient
    ) -> None:
        """Somebody pressed a button of ours, below a message or in a modal."""
        await ack()
        [pressed, *_] = body["actions"]
        view = body.get("view") or {}
        channel = _meta(view).get("channel") or (body.get("channel") or {}).get("id", "")
        async with self.turns.answering():
            if not await self._first_time(body["trigger_id"]):
                return
            call = await calls.made(
                client, body, pressed["value"], channel=channel, user=body["user"]["id"],
                name=body["user"].get("name", ""),
            )  # fmt: skip
            reply = await self.answer(call)
        if view.get("type") == "modal":
            await self._update(client, view["id"], call, reply)
            return
        if view.get("type") == "home":
            await self._open(client, body, call, reply)
            await self._publish(client, call)
            return
        settles = pressed["action_id"].endswith(blocks.SETTLES)
        await self._show(call, reply, body, respond, client, replaces=settles)

    async def opened(self, ack: AsyncAck) -> None:
        """Somebody opened a page of ours; Slack only wants to know that we heard."""
        await ack()

    # Files

    async def dropped(self, body: Json, event: Json, client: AsyncWebClient) -> None:
        """Somebody dropped a file into their messages with the app.

        Slack tells of all that is written there; what has no file is left alone.
        """
        if event.get("channel_type") != "im" or not event.get("files") or "bot_id" in event:
            return
        async with self.turns.answering():
            if not await self._first_time(body["event_id"]):
                return
            if not (lying := await files.lying(client, event["files"])):
                return
            text, user = meant(self._bare(incoming(event.get("text") or "")), lying), event["user"]
            call = await calls.made(client, body, text, channel=user, user=user)
            reply = await answered(self.services, self.answer, call, lying)
        await self._post(call, reply)

    def _bare(self, words: str) -> str:
        """The words without the umbrella; with a file, Slack lets nobody use a command's slash."""
        umbrella, _, rest = words.strip().partition(" ")
        return f"/{rest}" if umbrella.removeprefix("/").lower() == self.root else words

    async def _post(self, call: Call, reply: Reply) -> None:
        """Answer in the speaker's messages, where no modal can be opened by itself."""
        again = (Button("Open the form", _asked(call, reply.form), "primary"),)
        shown = again if reply.form is not None else reply.buttons
        try:
            await self.speaker.post(call.private, Card(await self._text(call, reply), shown))
        except (ChatDown, ChatRefused) as error:
            log.warning("slack.answer_lost", error=str(error))

    # Forms

    async def choice(self, ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        """A choice in a form asks for other fields."""
        await ack()
        view = body["view"]
        meta = _meta(view)
        call = await calls.made(
            client, body, meta["asked"], channel=meta["channel"], user=body["user"]["id"]
        )
        reply = await self.answer(call)
        if reply.form is not None:
            shown = _modal(call, reply.form, reply.text, filled=blocks.filled(view))
            await _quietly(client.views_update(view_id=view["id"], view=shown))

    async def form(self, ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        """A form was sent: answer within it, with the mistakes at their fields."""
        view, meta = body["view"], _meta(body["view"])
        key = f"view:{view['id']}:{view['hash']}"  # what a modal shows next is another form
        if not await self._first_time(key):
            await ack()
            return
        call = await calls.made(
            client, body, meta["call"], channel=meta["channel"], user=body["user"]["id"],
            name=body["user"].get("name", ""),
        )  # fmt: skip
        call = replace(call, fields=blocks.filled(view))
        lying = await files.lying(client, blocks.files(view))
        answering = asyncio.ensure_future(answered(self.services, self.answer, call, lying))
        done, _ = await asyncio.wait({answering}, timeout=_PATIENCE)
        if not done or answering.result().files:  # to hand them over takes time, too
            wait = blocks.said("One moment", "Working on it …")
            await ack(response_action="update", view=wait)
            await asyncio.sleep(_STANDS)
            await self._update(client, view["id"], call, await answering)
            return
        reply = answering.result()
        errors = {field.name: field.error for field in reply.form.fields if field.error} if (
            reply.form) else {}  # fmt: skip
        shown_errors = {name: error for name, error in errors.items() if name in call.fields}
        if reply.form is not None:
            await self._forget(key)  # it may be sent again, corrected
        if shown_errors:
            await ack(response_action="errors", errors=shown_errors)
            return
        await ack(response_action="update", view=await self._view(call, reply))

    # Home

    async def home_opened(self, body: Json, event: Json, client: AsyncWebClient) -> None:
        """Somebody looks at the app's Home tab."""
        if event.get("tab") != "home":
            return
        call = calls.plain(body["team_id"], event["user"])
        await self._publish(client, call)

    async def search(self, ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        """A leader searches the members in the Home tab."""
        await ack()
        call = calls.plain(body["team"]["id"], body["user"]["id"])
        await self._publish(client, call, search=str(body["actions"][0].get("value") or ""))

    async def _publish(self, client: AsyncWebClient, call: Call, *, search: str = "") -> None:
        view = await home.view(self.services, call, search=search, now=datetime.now(UTC))
        await _quietly(client.views_publish(user_id=call.speaker, view=view))

    # Showing

    async def _show(
        self,
        call: Call,
        reply: Reply,
        body: Json,
        respond: AsyncRespond,
        client: AsyncWebClient,
        *,
        replaces: bool = False,
    ) -> None:
        if reply.form is not None:
            await self._open(client, body, call, reply, otherwise=respond)
            return
        text = await self._text(call, reply)
        shown = blocks.message(text, reply.buttons)
        await _said(respond(**shown, response_type="ephemeral", replace_original=replaces,
                            unfurl_links=False, unfurl_media=False))  # fmt: skip

    async def _text(self, call: Call, reply: Reply) -> str:
        """What to say, once its files are handed over where the speaker alone sees them."""
        if not reply.files:
            return self.speaker.spell(reply.text)
        where = taken(reply.files)
        try:
            await self.speaker.hand_over(call.private, reply.files)
        except (ChatDown, ChatRefused) as error:
            log.warning("slack.file_not_taken", error=str(error))
            where = not_taken("Slack", reply.files)
        return self.speaker.spell(f"{reply.text}\n{where}")

    async def _open(
        self,
        client: AsyncWebClient,
        body: Json,
        call: Call,
        reply: Reply,
        *,
        otherwise: AsyncRespond | None = None,
    ) -> None:
        """Open a modal that shows the reply; the moment for that is over after 3 seconds."""
        view = await self._view(call, reply)
        try:
            await client.views_open(trigger_id=body["trigger_id"], view=view)
        except TROUBLES as error:
            log.warning("slack.no_modal", error=reason(error))
            if otherwise is not None:
                again = (Button("Open the form", _asked(call, reply.form), "primary"),)
                shown = blocks.message(_TOO_LATE, again)
                await _said(otherwise(**shown, response_type="ephemeral"))

    async def _update(self, client: AsyncWebClient, view_id: str, call: Call, reply: Reply) -> None:
        """Show the reply in a modal that is open; in the speaker's messages when it was closed."""
        view = await self._view(call, reply)
        if await _quietly(client.views_update(view_id=view_id, view=view)):
            return
        try:
            await self.speaker.post(call.private, Card(reply.text, reply.buttons))
        except (ChatDown, ChatRefused) as error:
            log.warning("slack.answer_lost", error=str(error))

    async def _view(self, call: Call, reply: Reply) -> dict[str, Any]:
        if reply.form is not None:
            return _modal(call, reply.form, reply.text)
        view = blocks.said(_title(call), await self._text(call, reply), reply.buttons)
        return {**view, "private_metadata": json.dumps({"channel": call.channel})}

    # Once

    async def _first_time(self, key: str) -> bool:
        """Whether this is new. Raises nothing: with the database away, the answer says so."""
        try:
            return await self.services.storage.write(
                heard.once, f"{NAME}:{key}", now=datetime.now(UTC)
            )
        except DatabaseAway:
            return True

    async def _forget(self, key: str) -> None:
        await self.services.storage.write(heard.forget_one, f"{NAME}:{key}")


def _modal(
    call: Call, form: Form, above: str, *, filled: Mapping[str, str] | None = None
) -> dict[str, Any]:
    meta = {"call": form.call, "asked": _asked(call, form), "channel": call.channel}
    return blocks.modal(form, metadata=json.dumps(meta), filled=filled, above=above)


def _asked(call: Call, form: Form | None) -> str:
    """What brings the form again, for the community that it is about."""
    text, _ = binding.read(call.text)
    short = text if len(text) <= _LONGEST_ASKED else text.split(maxsplit=1)[0]
    return short if form is None else binding.like(short, form.call)


def _meta(view: Json) -> dict[str, str]:
    """What we wrote into the view; Slack gives it back unchanged."""
    found: dict[str, str] = json.loads(view.get("private_metadata") or "{}")
    return found


def _title(call: Call) -> str:
    word = call.text.split(maxsplit=1)[0].removeprefix("/")
    return word.capitalize() or "Porchlight"


async def _quietly(asking: Any) -> bool:
    """Whether it worked; a view that was closed meanwhile is no trouble."""
    try:
        await asking
    except TROUBLES as error:
        log.info("slack.view", error=reason(error))
        return False
    return True


async def _said(answering: Any) -> None:
    """Wait for an answer at a response URL; the log hears when Slack did not take it."""
    try:
        answer = await answering
    except TROUBLES as error:
        log.warning("slack.answer_lost", error=reason(error))
    else:
        if answer.status_code != 200:
            log.warning("slack.answer_lost", error=f"{answer.status_code} {answer.body[:40]}")
