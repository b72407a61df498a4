"""How Slack shows our words: messages and modals as Block Kit, always within its limits.

Slack never parses what people typed: words are plain text, or rich text where our own `/commands`
are set as code, and neither knows markup, mentions or links. So nobody's name can restyle a
message, and nothing needs escaping but the fallback that notifications show.
Source: https://docs.slack.dev/reference/block-kit/blocks
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.chats.slack.words import outgoing
from bot.messages import Button, Field, Form

Json = dict[str, Any]

_MESSAGE = 13_000  # characters in all blocks; msg_blocks_too_long began at 13,297 (bolt-js #2509)
_SECTION = 3000  # characters; also of a fallback and of what fits into an input
_BUTTON = 75
_BUTTON_AND_QUESTION = 200  # characters that a button and its confirmation have at most
_ROW = 25  # elements of an actions block
_BUTTONS = 2 * _ROW  # more would leave no room for words
_TITLE = 24  # of a modal, and of what its buttons say
_LABEL = 2000  # of an input, and its hint
_OPTION = 75
_RADIOS = 10  # more options than that need a menu
_SURE = 30  # on the buttons of a confirmation
_FILES = ["csv", "tsv", "txt", "png", "jpg", "jpeg"]  # that a form takes

_CODE = re.compile(r"`((?:/|https?://)[^`\n]+)`")
_NUMBER = re.compile(r"-?[0-9]{1,15}")

PRESSED = re.compile(r"call:\d+.*")  # the action_id of a button; its value is what it says
PAGE = "page:"  # begins the action_id of a button that opens a page instead
SETTLES = ":settles"  # ends the action_id of a button that decides its message
FORM = "form"  # the callback_id of a form's modal
VALUE = "value"  # the action_id of every input; its block_id is the field's name


def message(text: str, buttons: Sequence[Button]) -> Json:
    """A message with the buttons below it.

    Gives: `text`, the escaped fallback, and `blocks`, as chat.postMessage takes them. Text that
    is too long ends with "…".
    """
    shown = buttons[:_BUTTONS]
    room = _MESSAGE - _BUTTON_AND_QUESTION * len(shown)
    blocks = [*_paragraphs(_cut(text, room)), *_rows(shown)]
    return {"text": _fallback(text), "blocks": blocks}


def said(title: str, text: str, buttons: Sequence[Button] = ()) -> Json:
    """A modal that only says something: a reply to what was done inside a modal."""
    blocks = [*_paragraphs(_cut(text, _MESSAGE)), *_rows(buttons[:_BUTTONS])]
    return {"type": "modal", "title": _plain(title, _TITLE), "close": _plain("Close", _TITLE),
            "blocks": blocks}  # fmt: skip


def modal(
    form: Form, *, metadata: str, filled: Mapping[str, str] | None = None, above: str = ""
) -> Json:
    """A form as a modal, with the fields that its choices ask for just now.

    When a choice that others depend on is changed, Slack sends a block action; call this again
    with what `filled` reads from the view, and update the view.

    Takes: metadata, up to 3,000 characters that come back with the view; filled, what was typed
    so far, by the names of fields, else each field's own value; above, words to say first.
    """
    typed = filled or {}
    values = {field.name: field.value for field in form.fields} | {**typed}
    inputs = [
        _input(form, field, typed.get(field.name, field.value))
        for field in form.fields
        if field.shown_for is None or values.get(field.shown_for[0]) == field.shown_for[1]
    ]
    words = "\n".join(filter(None, (above, form.intro)))
    return {
        "type": "modal",
        "callback_id": FORM,
        "private_metadata": metadata,
        "title": _plain(form.title, _TITLE),
        "submit": _plain(form.submit, _TITLE),
        "close": _plain("Cancel", _TITLE),
        "blocks": [*(_paragraphs(_cut(words, _MESSAGE)) if words else ()), *inputs],
    }


def filled(view: Mapping[str, Any]) -> dict[str, str]:
    """What a submitted or half-filled view holds, by the names of its fields; "" for nothing."""
    values = view.get("state", {}).get("values", {})
    return {name: _typed(inputs[VALUE]) for name, inputs in values.items() if VALUE in inputs}


def files(view: Mapping[str, Any]) -> list[Json]:
    """The files in a submitted view."""
    values = view.get("state", {}).get("values", {})
    return [file for inputs in values.values() for file in _files(inputs.get(VALUE, {}))]


def _files(element: Mapping[str, Any]) -> list[Json]:
    found: list[Json] = element.get("files") or []
    return found


def _typed(element: Mapping[str, Any]) -> str:
    """What is in a field; of files their names."""
    option = element.get("selected_option") or {}
    names = ", ".join(str(file.get("name", "")) for file in _files(element))
    return str(element.get("value") or option.get("value") or names)


# Words


def _paragraphs(text: str) -> Iterator[Json]:
    """The text in as few blocks as it fits into, cut at line ends where there are any."""
    rest = text.strip("\n") if text.strip() else "…"
    while rest:
        line_end = rest.rfind("\n", 0, _SECTION + 1) if len(rest) > _SECTION else -1
        at = line_end if line_end > 0 else _SECTION
        if rest[:at].strip():
            yield _paragraph(rest[:at])
        rest = rest[at:].lstrip("\n")


def _paragraph(words: str) -> Json:
    if not _CODE.search(words):
        return {"type": "section", "text": _plain(words, _SECTION), "expand": True}
    parts: list[Json] = []
    for index, part in enumerate(_CODE.split(words)):  # words and code take turns
        style = {"style": {"code": True}} if index % 2 else {}
        parts += [{"type": "text", "text": part, **style}] if part else []
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": parts}]}


def _plain(text: str, longest: int) -> Json:
    words = _cut(text, longest)
    return {"type": "plain_text", "text": words if words.strip() else "…", "emoji": False}


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _fallback(text: str) -> str:
    escaped = outgoing(text) if text.strip() else "…"
    if len(escaped) <= _SECTION:
        return escaped
    return re.sub(r"&[a-z]*$", "", escaped[: _SECTION - 1]) + "…"  # never half an escape


# Buttons


def _rows(buttons: Sequence[Button]) -> Iterator[Json]:
    elements = [_button(button, index) for index, button in enumerate(buttons)]
    for at in range(0, len(elements), _ROW):
        yield {"type": "actions", "elements": elements[at : at + _ROW]}


def _button(button: Button, index: int) -> Json:
    says = {"action_id": f"call:{index}{SETTLES if button.settles else ''}", "value": button.call}
    opens = {"action_id": f"{PAGE}{index}", "url": button.url}
    shown: Json = {
        "type": "button",
        "text": _plain(button.label, _BUTTON),
        **(opens if button.url else says),
    }
    if button.style != "plain":
        shown["style"] = button.style
    if button.style == "danger" and not button.settles:  # else the message itself asks
        shown["confirm"] = _question(button.label)
    return shown


def _question(label: str) -> Json:
    return {
        "title": _plain("Are you sure?", _BUTTON),
        "text": _plain(f"{_cut(label, _BUTTON)}?", _BUTTON + 1),
        "confirm": _plain(label, _SURE),
        "deny": _plain("Cancel", _SURE),
        "style": "danger",
    }


# Fields


def _input(form: Form, field: Field, value: str) -> Json:
    shown: Json = {
        "type": "input",
        "block_id": field.name,
        "label": _plain(field.label, _LABEL),
        "element": {"action_id": VALUE, **_ELEMENTS[field.kind](field, value)},
        "optional": not field.required,
    }
    if field.hint:
        shown["hint"] = _plain(field.hint, _LABEL)
    if any(other.shown_for and other.shown_for[0] == field.name for other in form.fields):
        shown["dispatch_action"] = True
    return shown


def _line(field: Field, value: str) -> Json:
    element: Json = {"type": "plain_text_input", "max_length": _SECTION}
    if field.kind == "lines":
        element["multiline"] = True
    return element | ({"initial_value": value[:_SECTION]} if value else {})


def _number(_: Field, value: str) -> Json:
    element: Json = {"type": "number_input", "is_decimal_allowed": False}
    return element | ({"initial_value": value} if _NUMBER.fullmatch(value) else {})


def _choice(field: Field, value: str) -> Json:
    offered = {name: _option(name, label) for name, label in field.options}
    kind = "radio_buttons" if len(offered) <= _RADIOS else "static_select"
    element: Json = {"type": kind, "options": [*offered.values()]}
    return element | ({"initial_option": offered[value]} if value in offered else {})


def _option(value: str, label: str) -> Json:
    return {"text": _plain(label, _OPTION), "value": value}


def _file(_field: Field, _value: str) -> Json:
    return {"type": "file_input", "filetypes": _FILES, "max_files": 1}


_ELEMENTS = {
    "line": _line,
    "lines": _line,
    "number": _number,
    "choice": _choice,
    "file": _file,
}
