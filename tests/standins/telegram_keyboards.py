"""What may be below a message: inline keyboards, and the other markups of a new message.

Stricter than the original: a field that is not in the tables is an error, and so is a ninth button
in a row. Left out: web apps, logins, inline mode, games and payments.
Source: https://core.telegram.org/bots/api#inlinekeyboardmarkup
"""

from typing import Any
from urllib.parse import urlsplit

from tests.standins.telegram_world import Json, Refused

BUTTONS, ROW = 100, 8  # at most, in all and in a row; PTB's constants name the same
DATA = 64  # bytes of callback_data
COPIED = 256  # characters of copy_text
_STYLES = {"danger", "success", "primary"}
_ACTIONS = {"callback_data", "url", "copy_text"}
_LINKS = {"http", "https", "tg"}
_OTHERS = {  # markups of new messages that are no inline keyboards -> their fields
    "force_reply": {"force_reply", "input_field_placeholder", "selective"},
    "remove_keyboard": {"remove_keyboard", "selective"},
    "keyboard": {
        "keyboard",
        "is_persistent",
        "resize_keyboard",
        "one_time_keyboard",
        "input_field_placeholder",
        "selective",
    },
}


def checked(markup: Json, *, inline: bool = False) -> Json:
    """The markup, when Telegram takes it; `inline`: nothing else is possible here."""
    if "inline_keyboard" in markup:
        _check_inline(markup)
        rows = [row for row in markup["inline_keyboard"] if row]
        return {"inline_keyboard": rows} if rows else {}
    kind = next((name for name in _OTHERS if name in markup), "")
    if markup and (inline or not kind or markup.keys() - _OTHERS[kind]):
        raise Refused("Bad Request: object expected as reply markup")
    if len(markup.get("input_field_placeholder", "")) > 64:  # characters
        raise Refused("Bad Request: input field placeholder is too long")
    return markup


def leads_somewhere(url: str) -> bool:
    """Whether Telegram takes it for a link; it knows no `localhost`."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return " " not in url and parts.scheme in _LINKS and ("." in host or parts.scheme == "tg")


def _check_inline(markup: Json) -> None:
    rows = markup["inline_keyboard"]
    if markup.keys() != {"inline_keyboard"} or not isinstance(rows, list):
        raise Refused("Bad Request: object expected as reply markup")
    if sum(len(row) for row in rows) > BUTTONS or any(len(row) > ROW for row in rows):
        raise Refused("Bad Request: reply markup is too long")
    for row in rows:
        for button in row:
            _check_button(button)


def _check_button(button: Json) -> None:
    unknown = button.keys() - _ACTIONS - {"text", "style"}
    actions = button.keys() & _ACTIONS
    if unknown:
        raise _cannot(f"unknown field {sorted(unknown)[0]}")
    if not str(button.get("text", "")).strip():
        raise _cannot('Field "text" must be non-empty')
    if not actions:
        raise _cannot("Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise _cannot("Exactly one optional field must be used")
    if button.get("style", "primary") not in _STYLES:
        raise _cannot("invalid button style specified")
    _check_action(button)


def _check_action(button: Json) -> None:
    if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= DATA:
        raise Refused("Bad Request: BUTTON_DATA_INVALID")
    if "url" in button:
        _check_url(button["url"])
    if "copy_text" in button:
        copied: Any = button["copy_text"]
        if copied.keys() != {"text"} or not 1 <= len(copied["text"]) <= COPIED:
            raise Refused("Bad Request: BUTTON_COPY_TEXT_INVALID")


def _check_url(url: str) -> None:
    if not leads_somewhere(url):
        raise Refused(f"Bad Request: inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def _cannot(why: str) -> Refused:
    return Refused(f"Bad Request: can't parse inline keyboard button: {why}")
