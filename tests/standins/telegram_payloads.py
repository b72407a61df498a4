"""How Telegram writes what it knows: users, chats, messages, members, links.

Source: https://core.telegram.org/bots/api#available-types
"""

import hashlib
import time
from typing import Any

from tests.standins.telegram_world import Chat, InviteLink, Json, Message, StoredFile, User, World

_RIGHTS = (  # of an administrator; a bot that is one may do all but name others
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_pin_messages",
    "can_manage_topics",
)


def user_json(user: User) -> Json:
    """A user."""
    first, _, last = user.name.partition(" ")
    facts = {"last_name": last, "username": user.username, "language_code": user.language}
    return _known({"id": user.id, "is_bot": user.is_bot, "first_name": first}, **facts)


def me_json(bot: User) -> Json:
    """The bot, as it is told about itself."""
    return user_json(bot) | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def chat_json(chat: Chat) -> Json:
    """A chat."""
    if chat.user is None:
        return _known(
            {"id": chat.id, "type": chat.kind, "title": chat.title}, is_forum=bool(chat.topics)
        )
    person = user_json(chat.user)
    names = {name: person.get(name) for name in ("first_name", "last_name", "username")}
    return _known({"id": chat.id, "type": chat.kind}, **names)


def full_chat_json(chat: Chat) -> Json:
    """A chat, as `getChat` tells it."""
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription")
    return chat_json(chat) | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys((*gifts, "gifts_from_channels"), False),
    }


def message_json(message: Message, *, deep: bool = True) -> Json:
    """A message, with what it replies to."""
    written = "caption" if message.document or message.photo else "text"
    inline = {"inline_keyboard": message.keyboard} if message.keyboard else None
    reply = message_json(message.reply_to, deep=False) if deep and message.reply_to else None
    base = {"message_id": message.id, "date": message.date, "chat": chat_json(message.chat)}
    words = {written: message.text, f"{written}_entities".removeprefix("text_"): message.entities}
    return _known(
        base | {"from": user_json(message.author)} | message.service,
        **(words if message.text else {}),
        document=_document_json(message.document) if message.document else None,
        photo=[_photo_json(message.photo)] if message.photo else None,
        reply_markup=inline,
        reply_to_message=reply,
        sender_chat=chat_json(message.chat) if message.for_group else None,
        message_thread_id=message.thread,
        is_topic_message=message.thread is not None,
        media_group_id=message.album,
        has_protected_content=message.protected,
        link_preview_options=message.preview,
        edit_date=int(time.time()) if message.edited else None,
    )


def file_json(file: StoredFile) -> Json:
    """A file that can be fetched."""
    return _file(file) | {"file_path": f"documents/{file.id}"}


def member_json(user: User, status: str) -> Json:
    """Somebody's place in a group."""
    known: Json = {"status": status, "user": user_json(user)}
    if status == "creator":
        return known | {"is_anonymous": False}
    if status == "administrator":
        return (
            known | {"can_be_edited": False, "is_anonymous": False} | dict.fromkeys(_RIGHTS, True)
        )
    return known | ({"until_date": 0} if status == "kicked" else {})


def changed_json(chat: Chat, by: User, user: User, old: str, new: str, **facts: Any) -> Json:
    """Somebody's place in a chat became another."""
    return {
        "chat": chat_json(chat),
        "from": user_json(by),
        "date": facts.pop("date"),
        "old_chat_member": member_json(user, old),
        "new_chat_member": member_json(user, new),
        **facts,
    }


def link_json(here: World, link: InviteLink) -> Json:
    """An invite link of the bot's."""
    pending = sum(1 for asked in here.requests.values() if asked is link)
    return _known(
        {
            "invite_link": link.url,
            "creator": user_json(here.bot),
            "creates_join_request": link.creates_join_request,
            "is_primary": False,
            "is_revoked": link.revoked,
        },
        name=link.name,
        expire_date=link.expire_date,
        member_limit=link.member_limit,
        pending_join_request_count=pending if link.creates_join_request else None,
    )


def _document_json(file: StoredFile) -> Json:
    return _file(file) | {"file_name": file.name, "mime_type": file.media_type}


def _photo_json(file: StoredFile) -> Json:
    return _file(file) | {"width": file.width, "height": file.height}


def _file(file: StoredFile) -> Json:
    unique = hashlib.sha256(file.id.encode()).hexdigest()[:16]
    return {"file_id": file.id, "file_unique_id": unique, "file_size": len(file.content)}


def _known(base: Json, **more: Any) -> Json:
    return base | {name: value for name, value in more.items() if value}
