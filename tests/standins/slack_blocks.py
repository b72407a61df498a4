"""What Block Kit allows: messages, modals and Homes, checked against tables of what is documented.

Stricter than the original in two things: a property, block or element that is not in the tables
is an error, and so is what Slack would quietly cut.
Source: https://docs.slack.dev/reference/block-kit and https://docs.slack.dev/surfaces/modals
"""

import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Check = Callable[[Any, str], Iterator[str]]  # (value, JSON pointer) -> what is wrong with it

MESSAGE_TEXT = 13_000  # characters in all blocks together; beyond, Slack says msg_blocks_too_long
VIEW_BYTES = 250_000
STATEFUL = {
    "plain_text_input", "email_text_input", "url_text_input", "number_input", "static_select",
    "multi_static_select", "radio_buttons", "checkboxes", "file_input",
}  # fmt: skip
INTERACTIVE = STATEFUL | {"button", "overflow"}


# Kinds of values


def _problem(words: str, at: str) -> str:
    return f"{words} [json-pointer:{at}]"


def _word(most: int, least: int = 0) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield _problem("must provide a string", at)
        elif len(value) > most:
            yield _problem(f"must be less than {most + 1} characters", at)
        elif len(value) < least:
            yield _problem(f"must be more than {least - 1} characters", at)

    return check


def _one_of(*allowed: Any) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        if value not in allowed:
            yield _problem(f"must be one of {', '.join(map(str, allowed))}", at)

    return check


def _number(least: int, most: int) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            yield _problem(f"must be a number from {least} to {most}", at)

    return check


def _numeric(value: Any, at: str) -> Iterator[str]:
    try:
        float(value)
    except (TypeError, ValueError):
        yield _problem("must be a number in a string", at)
    if not isinstance(value, str):
        yield _problem("must provide a string", at)


def _many(check_item: Check, most: int, least: int = 1) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield _problem("must provide an array", at)
            return
        if len(value) > most:
            yield _problem(f"no more than {most} items allowed", at)
        if len(value) < least:
            yield _problem(f"no fewer than {least} items required", at)
        for index, item in enumerate(value):
            yield from check_item(item, f"{at}/{index}")

    return check


@dataclass(frozen=True, slots=True)
class Shape:
    """An object; the name of a property that must be there ends with an exclamation mark."""

    properties: Mapping[str, Check]

    def __call__(self, value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield _problem("must provide an object", at)
            return
        known = {name.rstrip("!"): check for name, check in self.properties.items()}
        needed = {name[:-1] for name in self.properties if name.endswith("!")}
        for name in sorted(needed - value.keys()):
            yield _problem(f"missing required field: {name}", at)
        for name, inner in value.items():
            if name in known:
                yield from known[name](inner, f"{at}/{name}")
            else:
                yield _problem(f"invalid additional property: {name}", at)


@dataclass(frozen=True, slots=True)
class Typed:
    """An object of one of several types."""

    kinds: Mapping[str, Shape]

    def __call__(self, value: Any, at: str) -> Iterator[str]:
        kind = str(value.get("type")) if isinstance(value, dict) else "none"
        if kind in self.kinds:
            yield from self.kinds[kind]({k: v for k, v in value.items() if k != "type"}, at)
        else:
            yield _problem(f"unsupported type: {kind}", f"{at}/type")


# The tables

_flag = _one_of(True, False)
_action = _word(255, 1)


def _plain(most: int) -> Shape:
    kind = _one_of("plain_text")
    return Shape({"type!": kind, "text!": _word(most, 1), "emoji": _flag})


def _text(most: int) -> Typed:
    plain = Shape({"text!": _word(most, 1), "emoji": _flag})
    return Typed(
        {"plain_text": plain, "mrkdwn": Shape({"text!": _word(most, 1), "verbatim": _flag})}
    )


def _option(words: Check) -> Shape:
    return Shape({"text!": words, "value!": _word(150, 1), "description": _plain(75)})


_confirm = Shape(
    {
        "title!": _plain(100),
        "text!": _text(300),
        "confirm!": _plain(30),
        "deny!": _plain(30),
        "style": _one_of("primary", "danger"),
    }
)
_image = {"image_url!": _word(3000, 1), "alt_text!": _word(2000)}
_button = Shape(
    {
        "text!": _plain(75),
        "action_id": _action,
        "value": _word(2000),
        "url": _word(3000, 1),
        "style": _one_of("primary", "danger"),
        "confirm": _confirm,
        "accessibility_label": _word(75),
    }
)
_plain_option, _any_option = _option(_plain(75)), _option(_text(75))
_select: dict[str, Check] = {
    "action_id": _action,
    "placeholder": _plain(150),
    "options": _many(_plain_option, 100),
    "option_groups": _many(
        Shape({"label!": _plain(75), "options!": _many(_plain_option, 100)}), 100
    ),
    "confirm": _confirm,
    "focus_on_load": _flag,
}
_choice: dict[str, Check] = {
    "action_id": _action,
    "options!": _many(_any_option, 10),
    "confirm": _confirm,
    "focus_on_load": _flag,
}
_typing: dict[str, Check] = {
    "action_id": _action,
    "initial_value": _word(3000),
    "placeholder": _plain(150),
    "focus_on_load": _flag,
    "dispatch_action_config": Shape(
        {"trigger_actions_on!": _many(_one_of("on_enter_pressed", "on_character_entered"), 2)}
    ),
}
_choosing = {
    "static_select": Shape({**_select, "initial_option": _plain_option}),
    "radio_buttons": Shape({**_choice, "initial_option": _any_option}),
    "checkboxes": Shape({**_choice, "initial_options": _many(_any_option, 10)}),
    "multi_static_select": Shape(
        {
            **_select,
            "initial_options": _many(_plain_option, 100),
            "max_selected_items": _number(1, 100),
        }
    ),
}
_overflow = Shape({"action_id": _action, "options!": _many(_any_option, 5), "confirm": _confirm})
_pressing = {"button": _button, "overflow": _overflow}
_filling = {
    "plain_text_input": Shape(
        {
            **_typing,
            "multiline": _flag,
            "min_length": _number(0, 3000),
            "max_length": _number(1, 3000),
        }
    ),
    "email_text_input": Shape(_typing),
    "url_text_input": Shape(_typing),
    "number_input": Shape(
        {
            **_typing,
            "is_decimal_allowed!": _flag,
            "initial_value": _numeric,
            "min_value": _numeric,
            "max_value": _numeric,
        }
    ),
    "file_input": Shape(
        {
            "action_id": _action,
            "filetypes": _many(_word(20, 1), 100),
            "max_files": _number(1, 10),
        }
    ),
}


def _block(**properties: Check) -> Shape:
    named = {name.replace("_needed", "!"): check for name, check in properties.items()}
    return Shape({"block_id": _word(255, 1), **named})


_said = Shape({"text!": _word(3000, 1), "style": Shape({"code": _flag, "bold": _flag})})
_rich = Typed({"rich_text_section": Shape({"elements!": _many(Typed({"text": _said}), 1000)})})

_BLOCKS = {
    "section": _block(
        text=_text(3000),
        fields=_many(_text(2000), 10),
        accessory=Typed({**_choosing, **_pressing, "image": Shape(_image)}),
        expand=_flag,
    ),
    "header": _block(text_needed=_plain(150)),
    "divider": _block(),
    "context": _block(
        elements_needed=_many(Typed({**_text(3000).kinds, "image": Shape(_image)}), 10)
    ),
    "actions": _block(elements_needed=_many(Typed({**_choosing, **_pressing}), 25)),
    "input": _block(
        label_needed=_plain(2000),
        element_needed=Typed({**_choosing, **_filling}),
        hint=_plain(2000),
        optional=_flag,
        dispatch_action=_flag,
    ),
    "image": _block(**_image, title=_plain(2000)),
    "rich_text": _block(elements_needed=_many(_rich, 50)),
}
_MARKDOWN = {"markdown": _block(text_needed=_word(12_000, 1))}  # messages only

_message = _many(Typed({**_BLOCKS, **_MARKDOWN}), 50, 0)
_surface: dict[str, Check] = {
    "blocks!": _many(Typed(_BLOCKS), 100, 0),
    "private_metadata": _word(3000),
    "callback_id": _word(255),
    "external_id": _word(255),
}
_VIEWS = {
    "home": Shape(_surface),
    "modal": Shape(
        {
            **_surface,
            "title!": _plain(24),
            "submit": _plain(24),
            "close": _plain(24),
            "clear_on_close": _flag,
            "notify_on_close": _flag,
        }
    ),
}


# What is checked


def message_problems(blocks: Any) -> list[str]:
    """What is wrong with the blocks of a message, in Slack's words."""
    problems = list(_message(blocks, "/blocks"))
    return problems or list(_between(blocks, "/blocks"))


def view_problems(view: Any, kind: str) -> list[str]:
    """What is wrong with a view that is to be of the kind "modal" or "home"."""
    problems = list(Typed({kind: _VIEWS[kind]})(view, "/view"))
    if problems:
        return problems
    inputs = any(block["type"] == "input" for block in view["blocks"])
    if kind == "modal" and inputs and "submit" not in view:
        problems.append(_problem("must define `submit` to use an `input` block", "/view"))
    if sum(1 for element in elements(view["blocks"]) if element.get("focus_on_load")) > 1:
        problems.append(_problem("only one element may have focus_on_load", "/view"))
    return problems + list(_between(view["blocks"], "/view/blocks"))


def too_long(blocks: list[Json]) -> bool:
    """Whether a message has too much text in its blocks."""
    return sum(len(text) for text in _texts(blocks)) > MESSAGE_TEXT


def too_large(view: Json) -> bool:
    """Whether a view passes 250 kB."""
    return len(json.dumps(view).encode()) > VIEW_BYTES


def _between(blocks: list[Json], at: str) -> Iterator[str]:
    """What no property can tell alone."""
    ids = Counter(block["block_id"] for block in blocks if "block_id" in block)
    yield from (
        _problem(f"block_id `{name}` already exists", at) for name, n in ids.items() if n > 1
    )
    for index, block in enumerate(blocks):
        here = f"{at}/{index}"
        if block["type"] == "section" and not ("text" in block or "fields" in block):
            yield _problem("missing required field: text or fields", here)
        inner = list(elements([block]))
        actions = Counter(element["action_id"] for element in inner if "action_id" in element)
        for name, count in actions.items():
            if count > 1:
                yield _problem(f"action_id `{name}` already exists for this block", here)
        for element in inner:
            yield from _in_element(element, here)


def _in_element(element: Json, at: str) -> Iterator[str]:
    if element["type"] in {"static_select", "multi_static_select"} and (
        ("options" in element) == ("option_groups" in element)
    ):
        yield _problem("must have either options or option_groups", at)
        return
    offered = options(element)
    values = Counter(option["value"] for option in offered)
    if element["type"] != "overflow" and any(count > 1 for count in values.values()):
        yield _problem("options must have different values", at)
    first = [element[name] for name in ("initial_option",) if name in element]
    for option in first + element.get("initial_options", []):
        if option not in offered:
            yield _problem("initial_option must be exactly one of the options", at)


# What is in blocks


def elements(blocks: list[Json]) -> Iterator[Json]:
    """Everything in blocks that a person can press, choose or fill in."""
    for block in blocks:
        inside = [block.get("accessory"), block.get("element"), *block.get("elements", [])]
        yield from (each for each in inside if each and each.get("type") in INTERACTIVE)


def options(element: Json) -> list[Json]:
    """What an element offers to choose from."""
    groups: list[Json] = element.get("option_groups", [])
    own: list[Json] = element.get("options", [])
    return own + [option for group in groups for option in group["options"]]


def completed(blocks: list[Json]) -> list[Json]:
    """A copy of blocks with the ids that Slack makes where the app gave none."""
    copy: list[Json] = json.loads(json.dumps(blocks))
    for block in copy:
        block.setdefault("block_id", secrets.token_urlsafe(4))
        for element in elements([block]):
            element.setdefault("action_id", secrets.token_urlsafe(4))
    return copy


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for item in part:
            yield from _texts(item)
    elif isinstance(part, dict):
        if isinstance(part.get("text"), str):
            yield part["text"]
        yield from (text for inner in part.values() for text in _texts(inner))
