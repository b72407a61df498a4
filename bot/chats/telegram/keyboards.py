"""Buttons below a message, within Telegram's limits.

A button's data is the call it says; the first character, always a slash, tells what kind it is, so
that nothing is added to the 64 bytes a call may have.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from telegram import CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup

from bot.messages import Button

SETTLES = "!"  # in place of the slash: pressing it takes the message's buttons away
FORM = "~"  # an answer in a conversation
ELSEWHERE = "@"  # "@-100123:/announce here": the call is about another place

_ELSEWHERE = re.compile(rf"{ELSEWHERE}(-?[0-9]+):(/.+)")  # apps may send any data
_MOST = 100  # buttons of a message
_IN_A_ROW = 8  # buttons
_WIDE = 28  # characters side by side on a phone


@dataclass(frozen=True, slots=True)
class Key:
    """One button: it says data to us, opens a page, or copies something."""

    label: str
    data: str = ""
    url: str = ""
    copy: str = ""  # 256 characters at most


def keys(buttons: Iterable[Button]) -> tuple[Key, ...]:
    """The buttons of a reply or card."""
    return tuple(map(_key_of, buttons))


def _key_of(button: Button) -> Key:
    if not button.url:
        return Key(button.label, _data(button))
    if button.url.startswith("https://"):
        return Key(button.label, url=button.url)
    return Key(f"{button.label}: copy the address", copy=button.url)  # Telegram opens https alone


def unpacked(data: str) -> tuple[str, str]:
    """Which place a button is about, if not where it was pressed, and the call it says."""
    if elsewhere := _ELSEWHERE.fullmatch(data):
        return elsewhere[1], elsewhere[2]
    return "", f"/{data[1:]}"


def _data(button: Button) -> str:
    return SETTLES + button.call[1:] if button.settles else button.call


def markup(shown: Iterable[Key]) -> InlineKeyboardMarkup | None:
    """The keyboard, as few rows as are readable; None without buttons."""
    rows = [[_key(key) for key in row] for row in _rows([*shown][:_MOST])]
    return InlineKeyboardMarkup(rows) if rows else None


def _key(key: Key) -> InlineKeyboardButton:
    label = key.label.strip() or "…"
    if key.url:
        return InlineKeyboardButton(label, url=key.url)
    if key.copy:
        return InlineKeyboardButton(label, copy_text=CopyTextButton(key.copy))
    return InlineKeyboardButton(label, callback_data=key.data)


def _rows(shown: list[Key]) -> Iterator[list[Key]]:
    row: list[Key] = []
    for key in shown:
        width = sum(len(one.label) + 2 for one in (*row, key))
        if row and (width > _WIDE or len(row) == _IN_A_ROW):
            yield row
            row = []
        row.append(key)
    if row:
        yield row
