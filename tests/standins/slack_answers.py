"""What an app's answers do: those at a response URL, and those in an acknowledgement.

Source: https://docs.slack.dev/interactivity/handling-user-interaction and
https://docs.slack.dev/surfaces/modals
"""

import time
from typing import Any

from tests.standins.slack_blocks import Json, completed
from tests.standins.slack_line import Acknowledged
from tests.standins.slack_params import checked_view, content
from tests.standins.slack_workspace import Message, Refused, ResponseUrl, View, Workspace

_MESSAGE = {
    "text", "blocks", "response_type", "thread_ts", "metadata", "unfurl_links", "unfurl_media",
    "mrkdwn", "parse", "link_names",
}  # fmt: skip
_ORIGINAL = {"replace_original", "delete_original"}


def answer_at(here: Workspace, name: str, given: Json) -> None:
    """Do what an app asks for at a response URL.

    Raises: Refused with `used_url` after five answers, `expired_url` after half an hour.
    """
    url = here.response_urls.get(name)
    if url is None or time.monotonic() > url.until:
        raise Refused("expired_url")
    if url.left <= 0:
        raise Refused("used_url")
    _check_names(given, _MESSAGE | _ORIGINAL)
    if any(given.get(name) for name in _ORIGINAL):
        _change_original(here, url, given)
    else:
        _show(here, url.user, url.channel, given)
    url.left -= 1


def acknowledged_command(here: Workspace, form: Json, answer: Acknowledged) -> str:
    """Show what an app said in its acknowledgement of a command. Gives the trouble, if any."""
    given = answer.payload or ({"text": answer.words} if answer.words else {})
    try:
        _check_names(given, _MESSAGE)
        if given:
            _show(here, form["user_id"], form["channel_id"], given)
    except Refused as refusal:
        return refusal.error
    return answer.trouble


def acknowledged_submission(here: Workspace, view: View, given: Json | None) -> str:
    """Do to a modal what the acknowledgement of its submission says. Gives the trouble, if any."""
    stack = here.views[view.user]
    match (given or {}).get("response_action"):
        case None:
            stack.remove(view)
            return "unexpected answer" if given else ""
        case "clear":
            stack.clear()
            return ""
        case "errors":
            return _show_errors(view, (given or {}).get("errors"))
        case "update" | "push" as action:
            return _show_next(here, view, given or {}, push=action == "push")
        case other:
            return f"unknown response_action {other}"


def _show_errors(view: View, errors: Any) -> str:
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if not errors or not errors.keys() <= inputs or not all(errors.values()):
        return "errors must be of input blocks of the view"
    view.errors = dict(errors)
    return ""


def _show_next(here: Workspace, view: View, given: Json, *, push: bool) -> str:
    try:
        body = checked_view(given, "modal")
        if push:
            here.open_view(view.user, body)
        else:
            here.change(view, body)
    except Refused as refusal:
        return " ".join([refusal.error, *refusal.problems])
    except KeyError:
        return "the view is missing"
    return ""


def _show(here: Workspace, user: str, channel: str, given: Json) -> Message:
    text, blocks = content(given)
    kind = given.get("response_type", "ephemeral")
    if kind not in {"ephemeral", "in_channel"}:
        raise Refused("invalid_arguments", f"unknown response_type: {kind}")
    seen_by = user if kind == "ephemeral" else ""
    thread = given.get("thread_ts", "")
    return here.show(channel, text, blocks, seen_by=seen_by, thread_ts=thread)


def _change_original(here: Workspace, url: ResponseUrl, given: Json) -> None:
    original = url.original
    kept = here.ephemeral if original and original.seen_by else here.messages
    if original is None or original not in kept:
        raise Refused("message_not_found")
    if given.get("delete_original"):
        kept.remove(original)
        return
    original.text, blocks = content(given)
    original.blocks, original.state = completed(blocks), {}
    original.edits += 1


def _check_names(given: Json, known: set[str]) -> None:
    if unknown := sorted(given.keys() - known):
        raise Refused("invalid_payload", f"unknown: {', '.join(unknown)}")
