"""The methods about the bot itself, its menus, chats, members and invite links.

Source: https://core.telegram.org/bots/api#available-methods
"""

import re
import secrets
import time
from collections.abc import Mapping
from typing import Any

from tests.standins.telegram_hearing import write
from tests.standins.telegram_payloads import (
    changed_json,
    full_chat_json,
    link_json,
    me_json,
    member_json,
    user_json,
)
from tests.standins.telegram_world import INSIDE, Chat, InviteLink, Json, Refused, User, World

Params = Mapping[str, Any]

_NAME = re.compile(r"[a-z0-9_]{1,32}")
_COMMANDS, _DESCRIPTION = 100, 256  # commands in a menu, characters of a description
_LINK_NAME = 32  # characters
_MANAGED = "Bad Request: not enough rights to manage chat invite link"
_SCOPES = {
    "default": set[str](),
    "all_private_chats": set[str](),
    "all_group_chats": set[str](),
    "all_chat_administrators": set[str](),
    "chat": {"chat_id"},
    "chat_administrators": {"chat_id"},
    "chat_member": {"chat_id", "user_id"},
}
_SETTLED = 600  # seconds after its start in which a bot cannot be closed


# The bot itself


def get_me(here: World, params: Params) -> Json:
    return me_json(here.bot)


def close(here: World, params: Params) -> bool:
    left = int(here.born + _SETTLED - time.monotonic())
    if left > 0:
        raise Refused(f"Too Many Requests: retry after {left}", retry_after=left)
    return True


def log_out(here: World, params: Params) -> bool:
    here.logged_out = True
    return True


def set_description(here: World, params: Params) -> bool:
    return _set_text(here, params, "description", 512)


def set_short_description(here: World, params: Params) -> bool:
    return _set_text(here, params, "short_description", 120)


def _set_text(here: World, params: Params, name: str, longest: int) -> bool:
    text = params.get(name, "")
    if len(text) > longest:
        raise Refused(f"Bad Request: bot {name.replace('_', ' ')} is too long")
    here.texts[name, _language(params)] = text
    return True


def set_menu_button(here: World, params: Params) -> bool:
    chat_id = params.get("chat_id")
    if chat_id is not None and not here.place(chat_id).private:
        raise Refused("Bad Request: chat must be private")
    button = params.get("menu_button", {"type": "default"})
    if button not in ({"type": "default"}, {"type": "commands"}):
        raise Refused("Bad Request: can't parse menu button")
    here.menu_buttons[chat_id] = button
    return True


# Menus


def set_commands(here: World, params: Params) -> bool:
    scope, language = _scope(here, params), _language(params)
    if len(params["commands"]) > _COMMANDS:
        raise Refused("Bad Request: BOT_COMMANDS_TOO_MUCH")
    menu: dict[str, str] = {}
    for each in params["commands"]:
        if each.keys() != {"command", "description"} or not _NAME.fullmatch(each["command"]):
            raise Refused("Bad Request: BOT_COMMAND_INVALID")
        if not 1 <= len(each["description"]) <= _DESCRIPTION:
            raise Refused("Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
        menu[each["command"]] = each["description"]
    here.commands[scope, language] = menu
    return True


def delete_commands(here: World, params: Params) -> bool:
    here.commands.pop((_scope(here, params), _language(params)), None)
    return True


def get_commands(here: World, params: Params) -> list[Json]:
    menu = here.commands.get((_scope(here, params), _language(params)), {})
    return [{"command": name, "description": words} for name, words in menu.items()]


def menu(here: World, user: User, chat: Chat) -> dict[str, str]:
    """What somebody is offered after typing "/" somewhere: the narrowest menu that is set.

    Source: https://core.telegram.org/bots/api#determining-list-of-commands
    """
    scopes = [f"chat:{chat.id}", "all_private_chats"]
    if not chat.private:
        admin = chat.members.get(user.id) in {"administrator", "creator"}
        scopes = [f"chat_member:{chat.id}:{user.id}"]
        scopes += [f"chat_administrators:{chat.id}"] if admin else []
        scopes += [f"chat:{chat.id}"]
        scopes += ["all_chat_administrators"] if admin else []
        scopes += ["all_group_chats"]
    for scope in [*scopes, "default"]:
        for language in (user.language[:2], ""):
            if (scope, language) in here.commands:
                return here.commands[scope, language]
    return {}


def _scope(here: World, params: Params) -> str:
    scope = params.get("scope", {"type": "default"})
    kind = scope.get("type")
    if kind not in _SCOPES or scope.keys() - {"type"} != _SCOPES[kind]:
        raise Refused("Bad Request: can't parse BotCommandScope")
    if "chat_id" in scope:
        chat = here.place(int(scope["chat_id"]))
        if chat.private and kind != "chat":
            raise Refused("Bad Request: can't change commands in private chats this way")
    return ":".join([kind, *(str(scope[name]) for name in sorted(_SCOPES[kind]))])


def _language(params: Params) -> str:
    language = str(params.get("language_code", ""))
    if language and not re.fullmatch("[a-z]{2}", language):
        raise Refused("Bad Request: LANG_CODE_INVALID")
    return language


# Chats and members


def get_chat(here: World, params: Params) -> Json:
    return full_chat_json(here.place(params["chat_id"]))


def get_member(here: World, params: Params) -> Json:
    chat, user = here.place(params["chat_id"]), _user(here, params)
    if chat.private:
        return member_json(user, "member")
    return member_json(user, chat.members.get(user.id, "left"))


def get_administrators(here: World, params: Params) -> list[Json]:
    chat = here.place(params["chat_id"])
    if chat.private:
        raise Refused("Bad Request: there are no administrators in the private chat")
    return [
        member_json(here.users[user_id], status)
        for user_id, status in chat.members.items()
        if status in {"creator", "administrator"} and user_id != here.bot.id
    ]


def leave(here: World, params: Params) -> bool:
    chat = here.place(params["chat_id"])
    if chat.private:
        raise Refused("Bad Request: chat member status can't be changed in private chats")
    change_member(here, chat, here.bot, here.bot, "left")
    return True


def change_member(here: World, chat: Chat, by: User, user: User, status: Any, **facts: Any) -> None:
    """Change somebody's place in a group, and tell the bot what it may know."""
    old = chat.members.get(user.id, "left")
    chat.members[user.id] = status
    content = changed_json(chat, by, user, old, status, date=int(time.time()), **facts)
    if user is here.bot:
        here.tell("my_chat_member", content)
    elif chat.members.get(here.bot.id) == "administrator":
        here.tell("chat_member", content)


def _user(here: World, params: Params) -> User:
    user = here.users.get(params["user_id"])
    if user is None:
        raise Refused("Bad Request: invalid user_id specified")
    return user


# Invite links


def create_link(here: World, params: Params) -> Json:
    chat = here.administered(params["chat_id"], _MANAGED)
    limit, expiry = params.get("member_limit"), params.get("expire_date")
    if len(params.get("name", "")) > _LINK_NAME:
        raise Refused("Bad Request: invite link name is too long")
    if limit is not None and not 1 <= limit <= 99_999:
        raise Refused("Bad Request: invalid member limit specified")
    if expiry is not None and expiry <= time.time():
        raise Refused("Bad Request: EXPIRE_DATE_INVALID")
    asks = params.get("creates_join_request", False)
    if asks and limit is not None:
        raise Refused(
            "Bad Request: member limit can't be specified for links requiring administrator "
            "approval"
        )
    url = f"https://t.me/+{secrets.token_urlsafe(12)}"
    link = InviteLink(url, chat, params.get("name", ""), expiry, limit, asks)
    here.links[link.url] = link
    return link_json(here, link)


def revoke_link(here: World, params: Params) -> Json:
    chat = here.administered(params["chat_id"], _MANAGED)
    link = here.links.get(params["invite_link"])
    if link is None or link.chat is not chat:
        raise Refused("Bad Request: INVITE_HASH_EXPIRED")
    link.revoked = True
    return link_json(here, link)


def approve(here: World, params: Params) -> bool:
    chat, user, link = _asked(here, params)
    admit(here, link, user, via_join_request=True)
    return chat.members[user.id] in INSIDE


def decline(here: World, params: Params) -> bool:
    _asked(here, params)
    return True


def admit(here: World, link: InviteLink, user: User, **facts: Any) -> None:
    """Somebody comes into a group by a link."""
    link.used += 1
    told = {"invite_link": link_json(here, link), **facts}
    change_member(here, link.chat, user, user, "member", **told)
    write(here, link.chat, user, service={"new_chat_members": [user_json(user)]})


def _asked(here: World, params: Params) -> tuple[Chat, User, InviteLink]:
    chat = here.administered(params["chat_id"], "Bad Request: CHAT_ADMIN_REQUIRED")
    user = _user(here, params)
    if chat.members.get(user.id) in INSIDE:
        raise Refused("Bad Request: USER_ALREADY_PARTICIPANT")
    link = here.requests.pop((chat.id, user.id), None)
    if link is None:
        raise Refused("Bad Request: HIDE_REQUESTER_MISSING")
    return chat, user, link
