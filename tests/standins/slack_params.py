"""What comes with a call of the Web API, as JSON or in a form: messages, views, flags, checked."""

import json
from collections.abc import Mapping
from typing import Any

from tests.standins import slack_blocks as blocks
from tests.standins.slack_blocks import Json
from tests.standins.slack_workspace import Refused

_LONGEST_TEXT = 40_000  # characters; Slack would cut the rest
_BEST_TEXT = 4_000  # characters that Slack recommends at most

Params = Mapping[str, Any]


def content(params: Params) -> tuple[str, list[Json]]:
    """The checked text and blocks of a message. Raises `Refused`."""
    return text_of(params), blocks_of(params)


def text_of(params: Params) -> str:
    """The text of a message."""
    text = params.get("text") or ""
    if not isinstance(text, str):
        raise Refused("invalid_arguments", "text must be a string")
    if not text and not params.get("blocks"):
        raise Refused("no_text")
    if len(text) > _LONGEST_TEXT:
        raise Refused("msg_too_long")
    return text


def blocks_of(params: Params) -> list[Json]:
    """The checked blocks of a message."""
    given = decoded(params.get("blocks", []), "invalid_blocks_format")
    if not isinstance(given, list):
        raise Refused("invalid_blocks_format")
    if problems := blocks.message_problems(given):
        raise Refused("invalid_blocks", *problems)
    if blocks.too_long(given):
        raise Refused("msg_blocks_too_long")
    return given


def metadata_of(params: Params) -> Json:
    """The checked metadata of a message."""
    metadata = decoded(params.get("metadata", {}), "invalid_metadata_format")
    if not isinstance(metadata, dict):
        raise Refused("invalid_metadata_format")
    if metadata and not (
        metadata.keys() == {"event_type", "event_payload"}
        and isinstance(metadata["event_type"], str)
        and isinstance(metadata["event_payload"], dict)
    ):
        raise Refused("invalid_metadata_schema")
    return metadata


def advice(text: str) -> Json:
    """What Slack adds to its answer about a long text."""
    if len(text) <= _BEST_TEXT:
        return {}
    warning = "text_over_4000_characters"
    return {"warning": warning, "response_metadata": {"warnings": [warning]}}


def decoded(value: Any, error: str) -> Any:
    """What a form gives as JSON in a string, and JSON as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise Refused(error) from None


def whole(params: Params, name: str, default: int) -> int:
    """A number that came as one or as a string."""
    given = str(params.get(name) or default)
    if not given.isdecimal():
        raise Refused("invalid_arguments", f"{name} must be a whole number")
    return int(given)


def is_true(value: Any) -> bool:
    """Whether a flag is set, in JSON or in a form."""
    return value in {True, "1", "true"}


def checked_view(params: Params, kind: str) -> Json:
    """The view in the parameters. Raises `Refused`."""
    view: Json = decoded(params["view"], "invalid_arguments")
    if problems := blocks.view_problems(view, kind):
        raise Refused("invalid_arguments", *problems)
    if blocks.too_large(view):
        raise Refused("view_too_large")
    return view
