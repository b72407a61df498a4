"""What somebody said in Slack, as a call: who, where, and whom they named."""

import re
from collections.abc import Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.chats.slack.speaking import TROUBLES
from bot.messages import Call

NAME = "slack"

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)>")
_NAMELESS = {"directmessage", "privategroup"}  # what Slack calls a place whose name it hides
_SIGNED = (["/leaders", "claim"], ["/leaders", "add"])  # calls by which somebody's name is kept
Json = Mapping[str, Any]


async def made(
    client: AsyncWebClient, body: Json, text: str, *, channel: str, user: str, name: str = ""
) -> Call:
    """What somebody said in a channel; answers go to them alone.

    Takes: channel, its id, or a whole `T0123/C0456` that a view remembered; empty: their own.
    """
    team = body.get("team_id") or body["team"]["id"]
    named = sorted(set(_MENTION.findall(text)))
    people = {one: await _name_of(client, one) for one in named}
    own_name = await _name_of(client, user) if text.split()[:2] in _SIGNED else ""
    return Call(
        chat=NAME,
        place=team,
        channel=channel if "/" in channel else f"{team}/{channel or user}",
        channel_name=_channel_name(body),
        private=f"{team}/{user}",
        speaker=user,
        speaker_name=own_name or name or user,
        text=text,
        people={one: found for one, found in people.items() if found},
    )


def plain(team: str, user: str) -> Call:
    """A call by somebody who only looks."""
    own = f"{team}/{user}"
    return Call(chat=NAME, place=team, channel=own, private=own, speaker=user, speaker_name=user,
                text="/members")  # fmt: skip


def _channel_name(body: Json) -> str:
    """How people know the channel; Slack hides the names of private ones."""
    name = body.get("channel_name") or (body.get("channel") or {}).get("name", "")
    if name in _NAMELESS:
        return "a private channel"
    return f"#{name}" if name else ""


async def _name_of(client: AsyncWebClient, user: str) -> str:
    """How somebody is called; empty when Slack does not say."""
    try:
        found = await client.users_info(user=user)
    except TROUBLES:
        return ""
    profile = found["user"].get("profile", {})
    return str(profile.get("real_name") or found["user"].get("real_name") or "")
