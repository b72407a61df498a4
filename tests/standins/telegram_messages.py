"""The methods that write, edit and delete messages.

Source: https://core.telegram.org/bots/api#available-methods
"""

import io
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from PIL import Image, UnidentifiedImageError

from tests.standins import telegram_html as html
from tests.standins import telegram_keyboards as keyboards
from tests.standins.telegram_hearing import TEXT
from tests.standins.telegram_payloads import file_json, message_json, user_json
from tests.standins.telegram_world import Chat, Json, Message, Refused, StoredFile, Toast, World

Params = Mapping[str, Any]

CAPTION = 1024  # characters at most, after the entities are parsed
_UPLOAD, _DOWNLOAD, _PHOTO = 50 * 10**6, 20 * 10**6, 10 * 10**6  # bytes at most
_DELETABLE = 48 * 3600  # seconds for which the bot's own messages can be deleted
_ACTIONS = {"typing", "upload_document", "upload_photo", "find_location", "choose_sticker"}
_PREVIEW = {
    "is_disabled",
    "url",
    "prefer_small_media",
    "prefer_large_media",
    "show_above_text",
}
_REPLY = {"message_id", "chat_id", "allow_sending_without_reply"}

ADDRESS = {"message_thread_id", "disable_notification", "protect_content", "reply_parameters"}
WORDS = {"parse_mode", "entities", "link_preview_options"}
CAPTIONED = {"caption", "parse_mode", "caption_entities"}


@dataclass(slots=True)
class _Media:
    """One file of a message, with its words."""

    document: StoredFile | None = None
    photo: StoredFile | None = None
    text: str = ""
    entities: list[Json] = field(default_factory=list)


# Writing


def send_message(here: World, params: Params) -> Json:
    chat = here.place_to_speak(params["chat_id"])
    text, entities = _words(here, params, "text", TEXT, "message is too long")
    if not text:
        raise Refused("Bad Request: message text is empty")
    facts = _address(here, chat, params) | {"preview": _preview(params)}
    markup = keyboards.checked(params.get("reply_markup", {}))
    return message_json(here.show(chat, here.bot, text, entities, markup=markup, **facts))


def send_document(here: World, params: Params) -> Json:
    return _send_file(here, params, _Media(document=_document(here, params.get("document"))))


def send_photo(here: World, params: Params) -> Json:
    return _send_file(here, params, _Media(photo=_photo(here, params.get("photo"))))


def _send_file(here: World, params: Params, media: _Media) -> Json:
    chat = here.place_to_speak(params["chat_id"])
    media.text, media.entities = _caption(here, params)
    markup = keyboards.checked(params.get("reply_markup", {}))
    facts = _address(here, chat, params) | {"markup": markup}
    return message_json(_show(here, chat, media, facts))


def send_media_group(here: World, params: Params) -> list[Json]:
    chat = here.place_to_speak(params["chat_id"])
    if not 2 <= len(params["media"]) <= 10:
        raise Refused("Bad Request: invalid number of album items specified")
    pieces = [_piece(here, piece, params) for piece in params["media"]]
    if len({piece.document is None for piece in pieces}) > 1:
        raise Refused("Bad Request: documents can be grouped with documents only")
    facts = _address(here, chat, params) | {"album": secrets.token_hex(8)}
    return [message_json(_show(here, chat, piece, facts)) for piece in pieces]


def send_chat_action(here: World, params: Params) -> bool:
    chat = here.place_to_speak(params["chat_id"])
    if params["action"] not in _ACTIONS:
        raise Refused("Bad Request: wrong parameter action in request")
    here.actions.append((chat, params["action"]))
    return True


def _show(here: World, chat: Chat, media: _Media, facts: Json) -> Message:
    files = {"document": media.document, "photo": media.photo}
    return here.show(chat, here.bot, media.text, media.entities, **files, **facts)


# Editing and deleting


def edit_text(here: World, params: Params) -> Json:
    message = _ours(here, params)
    if message.document or message.photo:
        raise Refused("Bad Request: there is no text in the message to edit")
    text, entities = _words(here, params, "text", TEXT, "message is too long")
    if not text:
        raise Refused("Bad Request: message text is empty")
    return _edited(message, params, text=text, entities=entities, preview=_preview(params))


def edit_caption(here: World, params: Params) -> Json:
    message = _ours(here, params)
    if not (message.document or message.photo):
        raise Refused("Bad Request: there is no caption in the message to edit")
    text, entities = _caption(here, params)
    return _edited(message, params, text=text, entities=entities)


def edit_markup(here: World, params: Params) -> Json:
    return _edited(_ours(here, params), params)


def delete_message(here: World, params: Params) -> bool:
    chat = here.place(params["chat_id"])
    message = here.message(chat, params["message_id"])
    if message is None:
        raise Refused("Bad Request: message to delete not found")
    ours = message.author is here.bot or chat.private
    admin = chat.members.get(here.bot.id) == "administrator"
    if not (ours or admin) or time.time() - message.date > _DELETABLE:
        raise Refused("Bad Request: message can't be deleted")
    here.messages.remove(message)
    here.deleted.append(message)
    return True


def _ours(here: World, params: Params) -> Message:
    chat = here.place_to_speak(params["chat_id"])
    message = here.message(chat, params["message_id"])
    if message is None:
        raise Refused("Bad Request: message to edit not found")
    if message.author is not here.bot or (message.markup and not message.keyboard):
        raise Refused("Bad Request: message can't be edited")
    return message


def _edited(message: Message, params: Params, **facts: Any) -> Json:
    facts["markup"] = keyboards.checked(params.get("reply_markup", {}), inline=True)
    if all(getattr(message, name) == value for name, value in facts.items()):
        raise Refused(
            "Bad Request: message is not modified: specified new message content and reply markup "
            "are exactly the same as a current content and reply markup of the message"
        )
    for name, value in facts.items():
        setattr(message, name, value)
    message.edits += 1
    message.edited |= "text" in facts
    return message_json(message)


# Words


def _caption(here: World, params: Params) -> tuple[str, list[Json]]:
    return _words(here, params, "caption", CAPTION, "message caption is too long")


def _words(
    here: World, params: Params, name: str, longest: int, too_long: str
) -> tuple[str, list[Json]]:
    """The text as it is shown, with all entities. Raises `Refused`."""
    source, mode = params.get(name, ""), params.get("parse_mode", "")
    given = params.get("entities" if name == "text" else "caption_entities", [])
    if mode and (mode.lower() != "html" or given):
        raise Refused("Bad Request: unsupported parse_mode")
    text, entities = html.parse(source) if mode else (source, _checked(source, given))
    text, entities = html.trimmed(text, [_known_person(here, each) for each in entities])
    if html.units(text) > longest:
        raise Refused(f"Bad Request: {too_long}")
    return text, html.with_found(text, entities)


def _known_person(here: World, entity: Json) -> Json:
    """The entity; a person is mentioned as Telegram writes them."""
    if "user_id" not in entity:
        return entity
    user = here.users.get(entity["user_id"])
    if user is None:
        raise Refused("Bad Request: can't parse entities: nobody has this user_id")
    facts = {name: value for name, value in entity.items() if name != "user_id"}
    return facts | {"user": user_json(user)}


def _checked(text: str, entities: list[Json]) -> list[Json]:
    end = html.units(text)
    for each in entities:
        if not 0 <= each["offset"] < each["offset"] + each["length"] <= end:
            raise Refused("Bad Request: entity is out of the text")
    return entities


def _preview(params: Params) -> Json:
    preview: Json = params.get("link_preview_options", {})
    if preview.keys() - _PREVIEW:
        raise Refused("Bad Request: can't parse link preview options JSON object")
    return preview


def _address(here: World, chat: Chat, params: Params) -> Json:
    """Where in the chat, in answer to what, and how loudly. Raises `Refused`."""
    thread = params.get("message_thread_id")
    if thread is not None and thread not in chat.topics:
        raise Refused("Bad Request: message thread not found")
    return {
        "thread": thread,
        "reply_to": _replied(here, chat, params.get("reply_parameters", {})),
        "silent": params.get("disable_notification", False),
        "protected": params.get("protect_content", False),
    }


def _replied(here: World, chat: Chat, reply: Json) -> Message | None:
    if reply.keys() - _REPLY or reply.get("chat_id", chat.id) != chat.id:
        raise Refused("Bad Request: can't parse reply parameters JSON object")
    message = here.message(chat, reply["message_id"]) if reply else None
    if reply and message is None and not reply.get("allow_sending_without_reply"):
        raise Refused("Bad Request: message to be replied not found")
    return message


# Files


def get_file(here: World, params: Params) -> Json:
    file = here.files.get(params["file_id"])
    if file is None:
        raise Refused("Bad Request: invalid file_id")
    if len(file.content) > _DOWNLOAD:
        raise Refused("Bad Request: file is too big")
    return file_json(file)


def _piece(here: World, piece: Json, params: Params) -> _Media:
    """One file of an album. Uploads are named by `attach://`."""
    source = piece.get("media", "")
    given = params.get(source.removeprefix("attach://"), source)
    unknown = piece.keys() - CAPTIONED - {"type", "media"}
    if piece.get("type") not in {"document", "photo"} or unknown:
        raise Refused("Bad Request: can't parse InputMedia: unknown type or field")
    text, entities = _caption(here, piece)
    if piece["type"] == "photo":
        return _Media(None, _photo(here, given), text, entities)
    return _Media(_document(here, given), None, text, entities)


def _document(here: World, given: Any) -> StoredFile:
    if not isinstance(given, web.FileField):
        return _known(here, given, "document")
    return here.keep(given.filename, _content(given, _UPLOAD), given.content_type)


def _photo(here: World, given: Any) -> StoredFile:
    if not isinstance(given, web.FileField):
        return _known(here, given, "photo")
    content = _content(given, _PHOTO)
    try:
        width, height = Image.open(io.BytesIO(content)).size
    except UnidentifiedImageError:
        raise Refused("Bad Request: IMAGE_PROCESS_FAILED") from None
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise Refused("Bad Request: PHOTO_INVALID_DIMENSIONS")
    return here.keep(given.filename, content, given.content_type, width=width, height=height)


def _content(given: web.FileField, most: int) -> bytes:
    content = given.file.read()
    if not content:
        raise Refused("Bad Request: file must be non-empty")
    if len(content) > most:
        raise Refused("Request Entity Too Large")
    return content


def _known(here: World, file_id: str | None, kind: str) -> StoredFile:
    if not file_id:
        raise Refused(f"Bad Request: there is no {kind} in the request")
    if file_id not in here.files:
        raise Refused("Bad Request: wrong file identifier/HTTP URL specified")
    return here.files[file_id]


# Answers to buttons


def answer_query(here: World, params: Params) -> bool:
    query = here.queries.get(params["callback_query_id"])
    if query is None or query.answered or time.monotonic() > query.until:
        raise Refused(
            "Bad Request: query is too old and response timeout expired or query ID is invalid"
        )
    if len(params.get("text", "")) > 200:  # characters
        raise Refused("Bad Request: MESSAGE_TOO_LONG")
    if params.get("url"):
        raise Refused("Bad Request: URL_INVALID")  # only games and t.me links to the bot open
    query.answered = True
    here.toasts.append(Toast(query.user, params.get("text", ""), params.get("show_alert", False)))
    return True
