"""How a person finds and works what an app shows: by the words on it, or by its id."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.standins.slack_blocks import STATEFUL, Json, elements, options
from tests.standins.slack_workspace import View, initial_state


class CannotSend(Exception):
    """Slack keeps the modal open by itself: a field is not filled in as it must be."""


def act(blocks: list[Json], state: Json, name: str, value: str | list[str] | None) -> Json:
    """Press the button, or choose in the menu, of that label or action_id.

    Takes: the values or words of what is chosen; None for a button.
    Gives: the action as Slack tells it. Touches: the state, for what stays chosen.
    """
    block, element = _found(blocks, name)
    if block["type"] == "input" and not block.get("dispatch_action"):
        raise LookupError(f"{name!r} tells nobody: its block has no dispatch_action")
    about = {"type": element["type"], "action_id": element["action_id"]}
    about["block_id"] = block["block_id"]
    if element["type"] == "button":
        return about | {k: element[k] for k in ("text", "value", "style") if k in element}
    chosen = _valued(element, value)
    if element["type"] in STATEFUL:
        merged = initial_state(blocks) | state
        merged.setdefault(block["block_id"], {})[element["action_id"]] = chosen
        state |= merged
    return about | chosen


def fill(view: View, values: Mapping[str, Any]) -> None:
    """Fill in fields of a modal, by the labels or ids of their blocks.

    Takes: of a choice its value or words, of a field for files what Slack says of them.
    Raises: CannotSend when something needed is empty or cannot be what it is to be.
    """
    for name, value in values.items():
        block, element = _found([b for b in view.blocks if b["type"] == "input"], name)
        view.state[block["block_id"]][element["action_id"]] = _valued(element, value)
    for block in view.blocks:
        if block["type"] == "input":
            _check_filled(block, view.state[block["block_id"]][block["element"]["action_id"]])


def _found(blocks: list[Json], name: str) -> tuple[Json, Json]:
    pairs = [(block, element) for block in blocks for element in elements([block])]
    found = [pair for pair in pairs if name in _names(*pair)]
    if len(found) != 1:
        known = sorted({each for pair in pairs for each in _names(*pair)})
        raise LookupError(f"{len(found)} of {name!r} here; there is {known}")
    return found[0]


def _names(block: Json, element: Json) -> Iterator[str]:
    yield element["action_id"]
    for part in (element.get("text"), element.get("placeholder")):
        if part:
            yield part["text"]
    if block["type"] == "input":
        yield from (block["block_id"], block["label"]["text"])


def _valued(element: Json, value: Any) -> Json:
    kind = element["type"]
    if kind in {"static_select", "radio_buttons", "overflow"}:
        return {"type": kind, "selected_option": _option(element, value)}
    if kind in {"multi_static_select", "checkboxes"}:
        return {"type": kind, "selected_options": [_option(element, each) for each in value]}
    if kind == "file_input":
        return {"type": kind, "files": value}
    return {"type": kind, "value": value or None}


def _option(element: Json, value: str | None) -> Json:
    for option in options(element):
        if value in {option["value"], option["text"]["text"]}:
            return option
    offered = [option["text"]["text"] for option in options(element)]
    raise LookupError(f"{value!r} is none of {offered}")


def _check_filled(block: Json, given: Json) -> None:
    label, element = block["label"]["text"], block["element"]
    filled = ("value", "selected_option", "selected_options", "files")
    value = next((given[name] for name in filled if given.get(name)), None)
    if given["type"] == "file_input":
        _check_files(label, element, value or [])
    if not value and not block.get("optional"):
        raise CannotSend(f"{label}: please complete this required field")
    if isinstance(value, str):
        _check_typed(label, element, value)


def _check_files(label: str, element: Json, files: list[Json]) -> None:
    if len(files) > element.get("max_files", 10):
        raise CannotSend(f"{label}: takes {element['max_files']} files at most")
    for file in files:
        ending = file["name"].rpartition(".")[2].lower()
        if ending not in element.get("filetypes", [ending]):
            raise CannotSend(f"{label}: takes no .{ending}")


def _check_typed(label: str, element: Json, value: str) -> None:
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if not least <= len(value) <= most:
        raise CannotSend(f"{label}: must have {least} to {most} characters")
    if not element.get("multiline") and "\n" in value:
        raise CannotSend(f"{label}: has one line")
    if element["type"] == "email_text_input" and "@" not in value:
        raise CannotSend(f"{label}: must be an e-mail address")
    if element["type"] == "number_input":
        _check_number(label, element, value)


def _check_number(label: str, element: Json, value: str) -> None:
    try:
        number = float(value)
    except ValueError:
        raise CannotSend(f"{label}: must be a number") from None
    least, most = float(element.get("min_value", "-inf")), float(element.get("max_value", "inf"))
    whole = element["is_decimal_allowed"] or number.is_integer()
    if not (least <= number <= most and whole):
        raise CannotSend(f"{label}: must be a number from {least} to {most}")
