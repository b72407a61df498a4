"""The methods of Slack's Web API, as documented, on a `Workspace`.

Stricter than the original: a parameter that is not in the tables is an error; a channel is named by
its id; what Slack would cut is refused.
Source: https://docs.slack.dev/reference/methods
"""

import secrets
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from tests.standins import slack_blocks as blocks
from tests.standins.slack_blocks import Json
from tests.standins.slack_params import (
    Params,
    advice,
    blocks_of,
    checked_view,
    decoded,
    is_true,
    metadata_of,
    text_of,
    whole,
)
from tests.standins.slack_payloads import (
    channel_json,
    file_json,
    message_json,
    user_json,
    view_json,
)
from tests.standins.slack_workspace import Refused, StoredFile, Upload, View, Workspace

BOT_TOKEN = "xoxb-stand-in"  # a server that keeps no secrets
APP_TOKEN = "xapp-stand-in"
CLIENT_ID, CLIENT_SECRET = "1.2", "stand-in-client"

_LONGEST_NAME = 255  # characters of a file name


@dataclass(frozen=True, slots=True)
class Method:
    """One method: what it does, what it must and may be given, and who may call it."""

    answer: Callable[[Workspace, Params], Json]
    needs: AbstractSet[str] = frozenset()
    may: AbstractSet[str] = frozenset()
    scope: str = ""  # "{kind}:read" depends on the kind of channel
    token: str = BOT_TOKEN  # "" when it needs none

    def check(self, params: Params) -> None:
        """Raises `Refused` for a parameter that is missing or unknown."""
        missing = sorted(self.needs - params.keys())
        unknown = sorted(params.keys() - self.needs - self.may)
        problems = [f"missing required field: {name}" for name in missing]
        problems += [f"unknown parameter: {name}" for name in unknown]
        if problems:
            raise Refused("invalid_arguments", *problems)


# Messages


def _post_message(here: Workspace, params: Params) -> Json:
    channel = str(params["channel"])
    place = here.place_of_ours(here.direct(channel).id if channel in here.users else channel)
    text, shown = text_of(params), blocks_of(params)
    metadata, thread = metadata_of(params), _thread(here, place.id, params)
    message = here.show(place.id, text, shown, metadata=metadata, thread_ts=thread)
    facts = {"channel": place.id, "ts": message.ts, "message": message_json(here, message)}
    return facts | advice(text)


def _update_message(here: Workspace, params: Params) -> Json:
    place = here.place(params["channel"])
    message = here.message(place.id, params["ts"])
    if message.author != here.bot:
        raise Refused("cant_update_message")
    text, shown, metadata = text_of(params), blocks_of(params), metadata_of(params)
    message.text = text
    if "blocks" in params:  # else they stay
        message.blocks, message.state = blocks.completed(shown), {}
    if "metadata" in params:
        message.metadata = metadata
    message.edits += 1
    facts = {"channel": place.id, "ts": message.ts, "text": text}
    return facts | {"message": message_json(here, message)} | advice(text)


def _post_ephemeral(here: Workspace, params: Params) -> Json:
    place, user = here.place_of_ours(params["channel"]), params["user"]
    if place.direct and user not in place.members:
        raise Refused("user_not_in_channel")
    if user not in here.users:
        raise Refused("user_not_in_channel")
    text, shown, thread = text_of(params), blocks_of(params), _thread(here, place.id, params)
    message = here.show(place.id, text, shown, seen_by=user, thread_ts=thread)
    return {"message_ts": message.ts} | advice(text)


def _history(here: Workspace, params: Params) -> Json:
    place = here.place_of_ours(params["channel"])
    oldest, latest = params.get("oldest", "0"), params.get("latest", "9" * 10)
    inclusive = is_true(params.get("inclusive"))
    found = [
        message
        for message in reversed(here.in_channel(place.id))
        if oldest < message.ts < latest or (inclusive and message.ts in {oldest, latest})
    ]
    start, size = whole(params, "cursor", 0), whole(params, "limit", 100)
    if not 1 <= size <= 999:
        raise Refused("invalid_limit")
    following = str(start + size) if start + size < len(found) else ""
    shown = [message_json(here, message) for message in found[start : start + size]]
    if not is_true(params.get("include_all_metadata")):
        shown = [{k: v for k, v in each.items() if k != "metadata"} for each in shown]
    more = {"has_more": bool(following), "response_metadata": {"next_cursor": following}}
    return {"messages": shown, **more}


def _thread(here: Workspace, channel: str, params: Params) -> str:
    thread = str(params.get("thread_ts", ""))
    if thread and here.message(channel, thread).thread_ts:
        raise Refused("cannot_reply_to_message", "a reply's ts is no thread")
    return thread


# Places and people


def _open_conversation(here: Workspace, params: Params) -> Json:
    if "channel" in params:
        place = here.place(params["channel"])
    elif "users" not in params:
        raise Refused("users_list_not_supplied")
    elif "," in params["users"]:
        raise Refused("invalid_arguments", "groups of several people are not kept here")
    else:
        place = here.direct(params["users"])
    full = channel_json(here, place)
    return {"channel": full if is_true(params.get("return_im")) else {"id": place.id}}


def _conversation(here: Workspace, params: Params) -> Json:
    return {"channel": channel_json(here, here.place(params["channel"]))}


def _user(here: Workspace, params: Params) -> Json:
    if params["user"] not in here.users:
        raise Refused("user_not_found")
    return {"user": user_json(here, here.users[params["user"]])}


def _who(here: Workspace, params: Params) -> Json:
    return {
        "url": f"{here.url}/",
        "team": here.team_name,
        "user": here.users[here.bot].handle,
        "team_id": here.team,
        "user_id": here.bot,
        "bot_id": here.bot_id,
        "is_enterprise_install": False,
    }


# Modals and Homes


def _check_external(here: Workspace, body: Json, but: View | None = None) -> None:
    name = body.get("external_id")
    if name and any(v.body.get("external_id") == name for v in _all_views(here) if v is not but):
        raise Refused("duplicate_external_id")


def _all_views(here: Workspace) -> list[View]:
    return [view for stack in here.views.values() for view in stack] + list(here.homes.values())


def _open_view(here: Workspace, params: Params) -> Json:
    body = checked_view(params, "modal")
    _check_external(here, body)
    user = here.use_trigger(params["trigger_id"])
    here.views[user] = []  # a new modal takes the place of what was open
    return {"view": view_json(here, here.open_view(user, body))}


def _push_view(here: Workspace, params: Params) -> Json:
    body = checked_view(params, "modal")
    _check_external(here, body)
    user = here.use_trigger(params["trigger_id"])
    if not here.views.get(user):
        raise Refused("not_found")
    return {"view": view_json(here, here.open_view(user, body))}


def _update_view(here: Workspace, params: Params) -> Json:
    asked = params.get("view_id"), params.get("external_id")
    for view in _all_views(here):
        if view.id == asked[0] or (asked[1] and view.body.get("external_id") == asked[1]):
            break
    else:
        raise Refused("not_found")
    body = checked_view(params, view.body["type"])
    _check_external(here, body, but=view)
    if params.get("hash") not in {None, view.hash}:
        raise Refused("hash_conflict")
    here.change(view, body)
    return {"view": view_json(here, view)}


def _publish_view(here: Workspace, params: Params) -> Json:
    body = checked_view(params, "home")
    kept = here.homes.get(params["user_id"])
    _check_external(here, body, but=kept)
    if params["user_id"] not in here.users:
        raise Refused("invalid_arguments", "invalid `user_id`")
    if kept and params.get("hash") not in {None, kept.hash}:
        raise Refused("hash_conflict")
    return {"view": view_json(here, here.publish(params["user_id"], body))}


# Files


def _upload_url(here: Workspace, params: Params) -> Json:
    name, size = str(params["filename"]), whole(params, "length", 0)
    if not 1 <= len(name) <= _LONGEST_NAME or "/" in name or size < 1:
        raise Refused("invalid_arguments", "invalid `filename` or `length`")
    file = here.new_id("F")
    here.uploads[file] = Upload(name, size, alt=str(params.get("alt_txt", "")))
    return {"upload_url": f"{here.url}/upload/v1/{file}", "file_id": file}


def _share_files(here: Workspace, params: Params) -> Json:
    given = decoded(params["files"], "invalid_arguments")
    channel = str(params.get("channel_id", ""))
    if channel and channel not in here.channels:  # also the id of a user
        raise Refused("invalid_channel")
    if channel and here.bot not in here.place(channel).members:
        raise Refused("posting_to_channel_denied")
    thread = _thread(here, channel, params)
    if not given or any(not _arrived(here, file["id"]) for file in given):
        raise Refused("file_not_found")
    for file in given:
        upload = here.uploads.pop(file["id"])
        title, comment = file.get("title", upload.name), params.get("initial_comment", "")
        inside = upload.content or b""
        words = {"comment": comment, "thread_ts": thread, "alt": upload.alt}
        kept = StoredFile(file["id"], upload.name, inside, title, channel, **words)
        here.files.append(kept)
    return {"files": [{"id": file["id"], "title": file.get("title", "")} for file in given]}


def _file(here: Workspace, params: Params) -> Json:
    if params["file"] not in here.dropped:
        raise Refused("file_not_found")
    return {"file": file_json(here, here.dropped[params["file"]])}


def _arrived(here: Workspace, file: str) -> bool:
    return file in here.uploads and here.uploads[file].content is not None


# The app itself


def _open_connection(here: Workspace, params: Params) -> Json:
    ticket = secrets.token_urlsafe(16)
    here.tickets.add(ticket)
    socket = here.url.replace("http://", "ws://", 1)
    return {"url": f"{socket}/link?ticket={ticket}&app_id={here.app_id}"}


def _exchange_code(here: Workspace, params: Params) -> Json:
    if params.get("client_id") != CLIENT_ID:
        raise Refused("invalid_client_id")
    if params.get("client_secret") != CLIENT_SECRET:
        raise Refused("bad_client_secret")
    if params["code"] not in here.grants:
        raise Refused("invalid_code")
    user = here.grants.pop(params["code"])
    return {
        "access_token": BOT_TOKEN,
        "token_type": "bot",
        "scope": ",".join(sorted(SCOPES)),
        "bot_user_id": here.bot,
        "app_id": here.app_id,
        "team": {"id": here.team, "name": here.team_name},
        "enterprise": None,
        "is_enterprise_install": False,
        "authed_user": {"id": user},
    }


def _method(
    answer: Callable[[Workspace, Params], Json],
    needs: str = "",
    may: str = "",
    scope: str = "",
    token: str = BOT_TOKEN,
) -> Method:
    everywhere = {"team_id"}  # Bolt gives it to every method
    return Method(answer, {*needs.split()}, everywhere | {*may.split()}, scope, token)


_WRITING = "text blocks metadata unfurl_links unfurl_media link_names mrkdwn parse"
_READING = "cursor limit oldest latest inclusive include_all_metadata"
METHODS = {
    "auth.test": _method(_who),
    "apps.connections.open": _method(_open_connection, token=APP_TOKEN),
    "chat.postMessage": _method(
        _post_message, "channel", f"{_WRITING} thread_ts reply_broadcast", "chat:write"
    ),
    "chat.update": _method(
        _update_message, "channel ts", "text blocks metadata link_names parse", "chat:write"
    ),
    "chat.postEphemeral": _method(
        _post_ephemeral, "channel user", "text blocks thread_ts link_names parse", "chat:write"
    ),
    "conversations.history": _method(_history, "channel", _READING, "{kind}:history"),
    "conversations.open": _method(
        _open_conversation, "", "users channel return_im prevent_creation", "im:write"
    ),
    "conversations.info": _method(
        _conversation, "channel", "include_locale include_num_members", "{kind}:read"
    ),
    "users.info": _method(_user, "user", "include_locale", "users:read"),
    "views.open": _method(_open_view, "trigger_id view"),
    "views.push": _method(_push_view, "trigger_id view"),
    "views.update": _method(_update_view, "view", "view_id external_id hash"),
    "views.publish": _method(_publish_view, "user_id view", "hash"),
    "files.getUploadURLExternal": _method(
        _upload_url, "filename length", "alt_txt snippet_type", "files:write"
    ),
    "files.completeUploadExternal": _method(
        _share_files, "files", "channel_id initial_comment thread_ts", "files:write"
    ),
    "files.info": _method(_file, "file", "cursor limit count page", "files:read"),
    "oauth.v2.access": _method(
        _exchange_code, "code", "client_id client_secret redirect_uri grant_type", token=""
    ),
}
SCOPES = {"commands"} | {
    method.scope.format(kind=kind)
    for method in METHODS.values()
    for kind in ("channels", "groups", "im")
    if method.scope
}
