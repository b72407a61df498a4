"""The methods of the Bot API that the stand-in has, and what each must and may be given.

Stricter than the original: a parameter that is not in this table is an error.
"""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.standins import telegram_messages as messages
from tests.standins import telegram_places as places
from tests.standins.telegram_messages import ADDRESS, CAPTIONED, WORDS
from tests.standins.telegram_world import Refused, World

Params = Mapping[str, Any]

_CHAT, _MESSAGE = frozenset({"chat_id"}), frozenset({"chat_id", "message_id"})
_MENU = {"scope", "language_code"}
_WEBHOOK = {"allowed_updates", "drop_pending_updates", "ip_address", "max_connections"}


@dataclass(frozen=True, slots=True)
class Method:
    """One method: what it does, and what it must and may be given."""

    answer: Callable[[World, Params], Any] | None = None  # None: the line's
    needs: AbstractSet[str] = frozenset()
    may: AbstractSet[str] = frozenset()
    writes: bool = False  # counts against the rates

    def check(self, params: Params) -> None:
        """Raises `Refused` for a parameter that is missing or unknown."""
        attached = {
            name
            for name, value in params.items()
            if isinstance(value, web.FileField) and "media" in self.needs
        }
        missing = sorted(self.needs - params.keys())
        unknown = sorted(params.keys() - self.needs - self.may - attached)
        if missing:
            raise Refused(f"Bad Request: parameter {missing[0]} is missing")
        if unknown:
            raise Refused(f"Bad Request: unknown parameter {unknown[0]}")


METHODS: Mapping[str, Method] = {
    "getMe": Method(places.get_me),
    "close": Method(places.close),
    "logOut": Method(places.log_out),
    # updates
    "getUpdates": Method(may={"offset", "limit", "timeout", "allowed_updates"}),
    "setWebhook": Method(needs={"url"}, may={"secret_token", *_WEBHOOK}),
    "deleteWebhook": Method(may={"drop_pending_updates"}),
    "getWebhookInfo": Method(),
    # messages
    "sendMessage": Method(
        messages.send_message,
        needs={*_CHAT, "text"},
        may={*ADDRESS, *WORDS, "reply_markup"},
        writes=True,
    ),
    "sendDocument": Method(
        messages.send_document,
        needs={*_CHAT, "document"},
        may={*ADDRESS, *CAPTIONED, "reply_markup", "disable_content_type_detection"},
        writes=True,
    ),
    "sendPhoto": Method(
        messages.send_photo,
        needs={*_CHAT, "photo"},
        may={*ADDRESS, *CAPTIONED, "reply_markup"},
        writes=True,
    ),
    "sendMediaGroup": Method(
        messages.send_media_group, needs={*_CHAT, "media"}, may=ADDRESS, writes=True
    ),
    "sendChatAction": Method(
        messages.send_chat_action, needs={*_CHAT, "action"}, may={"message_thread_id"}
    ),
    "editMessageText": Method(
        messages.edit_text, needs={*_MESSAGE, "text"}, may={*WORDS, "reply_markup"}, writes=True
    ),
    "editMessageCaption": Method(
        messages.edit_caption, needs=_MESSAGE, may={*CAPTIONED, "reply_markup"}, writes=True
    ),
    "editMessageReplyMarkup": Method(
        messages.edit_markup, needs=_MESSAGE, may={"reply_markup"}, writes=True
    ),
    "deleteMessage": Method(messages.delete_message, needs=_MESSAGE),
    "getFile": Method(messages.get_file, needs={"file_id"}),
    "answerCallbackQuery": Method(
        messages.answer_query,
        needs={"callback_query_id"},
        may={"text", "show_alert", "url", "cache_time"},
    ),
    # menus and words about the bot
    "setMyCommands": Method(places.set_commands, needs={"commands"}, may=_MENU),
    "deleteMyCommands": Method(places.delete_commands, may=_MENU),
    "getMyCommands": Method(places.get_commands, may=_MENU),
    "setMyDescription": Method(places.set_description, may={"description", "language_code"}),
    "setMyShortDescription": Method(
        places.set_short_description, may={"short_description", "language_code"}
    ),
    "setChatMenuButton": Method(places.set_menu_button, may={"chat_id", "menu_button"}),
    # chats
    "getChat": Method(places.get_chat, needs=_CHAT),
    "getChatMember": Method(places.get_member, needs={*_CHAT, "user_id"}),
    "getChatAdministrators": Method(places.get_administrators, needs=_CHAT),
    "leaveChat": Method(places.leave, needs=_CHAT),
    "createChatInviteLink": Method(
        places.create_link,
        needs=_CHAT,
        may={"name", "expire_date", "member_limit", "creates_join_request"},
    ),
    "revokeChatInviteLink": Method(places.revoke_link, needs={*_CHAT, "invite_link"}),
    "approveChatJoinRequest": Method(places.approve, needs={*_CHAT, "user_id"}),
    "declineChatJoinRequest": Method(places.decline, needs={*_CHAT, "user_id"}),
}
