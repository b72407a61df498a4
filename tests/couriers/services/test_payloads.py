"""Payloads: whatever is asked for may be missing, or be of another shape."""

from typing import Any

import pytest

from bot.couriers.email.services import payloads


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"a": [{"b": "words"}]}, "words"),
        ({"a": [{"b": 7}]}, "7"),
        ({"a": [{"b": True}]}, ""),
        ({"a": [{"b": 1.5}]}, ""),
        ({"a": [{"b": ["words"]}]}, ""),
        ({"a": [{"b": None}]}, ""),
        ({"a": []}, ""),
        ({"a": {"0": {"b": "words"}}}, ""),
        ({"a": "words"}, ""),
        (["a"], ""),
        (None, ""),
    ],
)
def test_a_text_is_found_or_there_is_none(said: Any, found: str) -> None:
    assert payloads.text(said, "a", 0, "b") == found


def test_only_what_may_be_a_tag_is_one() -> None:
    for tag in ("9k-x3f9k2m4qa", "9K-X3F9K2M4QA"):
        assert payloads.tag({"tag": tag}, "tag") == tag
    for other in (
        "",
        "9k",
        "9k-x3f9k2m4q",
        "9k-x3f9k2m4qa\n",
        "9k-x3f9k2m4q\ud800",
        "ß-x3f9k2m4qa",
    ):
        assert payloads.tag({"tag": other}, "tag") == ""
