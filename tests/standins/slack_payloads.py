"""How Slack writes down what it tells an app: messages, views, commands, actions and events.

Source: https://docs.slack.dev/reference/interaction-payloads and https://docs.slack.dev/reference/events
"""

import time
from typing import Any

from tests.standins.slack_blocks import Json
from tests.standins.slack_workspace import Channel, Message, StoredFile, User, View, Workspace

VERIFICATION_TOKEN = "stand-in-verification"  # deprecated; apps check the signature instead


# Things


def message_json(here: Workspace, message: Message) -> Json:
    """A message as the API and actions show it."""
    by_bot = {"bot_id": here.bot_id, "app_id": here.app_id} if message.author == here.bot else {}
    shown: Json = {
        "type": "message",
        "user": message.author,
        "ts": message.ts,
        "text": message.text,
        "team": here.team,
        "blocks": message.blocks,
        **by_bot,
    }
    if message.files:
        shown |= {"files": [file_json(here, file) for file in message.files]}
    if message.thread_ts:
        shown["thread_ts"] = message.thread_ts
    if message.metadata:
        shown["metadata"] = message.metadata
    if message.edits:
        shown["edited"] = {"user": message.author, "ts": message.ts}
    return shown


def file_json(here: Workspace, file: StoredFile) -> Json:
    """A file as messages, submissions and files.info show it."""
    private = f"{here.url}/files-pri/{here.team}-{file.id}"
    return {
        "id": file.id,
        "name": file.name,
        "title": file.title,
        "mimetype": file.media_type,
        "filetype": file.name.rpartition(".")[2],
        "user": file.owner or here.bot,
        "size": len(file.content),
        "mode": "hosted",
        "is_external": False,
        "file_access": "visible",
        "url_private": f"{private}/{file.name}",
        "url_private_download": f"{private}/download/{file.name}",
    }


def view_json(here: Workspace, view: View) -> Json:
    """A modal or Home as the API and submissions show it."""
    optional = {"private_metadata": "", "callback_id": "", "external_id": "", "title": None}
    asked = {"submit": None, "close": None, "clear_on_close": False, "notify_on_close": False}
    return {
        **optional,
        **asked,
        **view.body,
        "id": view.id,
        "team_id": here.team,
        "app_id": here.app_id,
        "bot_id": here.bot_id,
        "app_installed_team_id": here.team,
        "hash": view.hash,
        "root_view_id": view.root,
        "previous_view_id": view.previous,
        "state": {"values": view.state},
    }


def user_json(here: Workspace, user: User) -> Json:
    """A person as users.info shows them."""
    return {
        "id": user.id,
        "team_id": here.team,
        "name": user.handle,
        "real_name": user.name,
        "deleted": False,
        "is_bot": user.is_bot,
        "tz": "America/New_York",
        "profile": {"real_name": user.name, "display_name": user.name.split(" ")[0]},
    }


def channel_json(here: Workspace, channel: Channel) -> Json:
    """A place as conversations.info shows it."""
    if channel.direct:
        [person] = channel.members - {here.bot}
        return {"id": channel.id, "is_im": True, "user": person, "is_archived": False}
    return {
        "id": channel.id,
        "name": channel.name,
        "is_channel": not channel.private,
        "is_group": channel.private,
        "is_im": False,
        "is_private": channel.private,
        "is_archived": False,
        "is_member": here.bot in channel.members,
    }


# What people do


def command_form(here: Workspace, user: str, channel: str, command: str, text: str) -> Json:
    """A slash command."""
    url = here.new_response_url(user, channel)
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": here.team,
        "team_domain": here.team_name.lower().replace(" ", "-"),
        "channel_id": channel,
        "channel_name": here.channels[channel].name,
        "user_id": user,
        "user_name": here.users[user].handle,
        "command": command,
        "text": text,
        "api_app_id": here.app_id,
        "is_enterprise_install": "false",
        "response_url": f"{here.url}/commands/{url}",
        "trigger_id": here.new_trigger(user),
    }


def message_action(here: Workspace, user: str, message: Message, action: Json) -> Json:
    """Somebody pressed or chose something below a message."""
    hidden = bool(message.seen_by)  # Slack does not send an ephemeral message back
    url = here.new_response_url(user, message.channel, message)
    return {
        **_interaction(here, "block_actions", user),
        "container": {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": message.channel,
            "is_ephemeral": hidden,
        },
        "channel": {"id": message.channel, "name": here.channels[message.channel].name},
        **({} if hidden else {"message": message_json(here, message)}),
        "state": {"values": message.state},
        "response_url": f"{here.url}/actions/{url}",
        "actions": [action],
    }


def view_action(here: Workspace, user: str, view: View, action: Json) -> Json:
    """Somebody pressed or chose something in a modal or a Home."""
    return {
        **_interaction(here, "block_actions", user),
        "container": {"type": "view", "view_id": view.id},
        "view": view_json(here, view),
        "actions": [action],
    }


def submission(here: Workspace, view: View) -> Json:
    """Somebody sent a modal off."""
    asked = _interaction(here, "view_submission", view.user)
    return {**asked, "view": view_json(here, view), "response_urls": []}


def closing(here: Workspace, view: View, *, cleared: bool) -> Json:
    """Somebody closed a modal without sending it; no trigger comes of that."""
    asked = _interaction(here, "view_closed", view.user)
    del asked["trigger_id"]
    return {**asked, "view": view_json(here, view), "is_cleared": cleared}


def event(here: Workspace, kind: str, **facts: Any) -> Json:
    """Something happened in the workspace."""
    bot = {"team_id": here.team, "user_id": here.bot, "is_bot": True}
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": here.team,
        "api_app_id": here.app_id,
        "type": "event_callback",
        "event": {"type": kind, "event_ts": here.stamp(), **facts},
        "event_id": here.new_id("Ev"),
        "event_time": int(time.time()),
        "authorizations": [{"enterprise_id": None, **bot, "is_enterprise_install": False}],
        "is_ext_shared_channel": False,
    }


def _interaction(here: Workspace, kind: str, user: str) -> Json:
    person = here.users[user]
    domain = here.team_name.lower().replace(" ", "-")
    return {
        "type": kind,
        "team": {"id": here.team, "domain": domain},
        "user": {
            "id": user,
            "username": person.handle,
            "name": person.handle,
            "team_id": here.team,
        },
        "api_app_id": here.app_id,
        "token": VERIFICATION_TOKEN,
        "trigger_id": here.new_trigger(user),
        "enterprise": None,
        "is_enterprise_install": False,
    }
