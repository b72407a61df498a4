"""Blocks and views that are just beyond what Slack allows, and what it says to each."""

from tests.standins.slack_apps import actions, button, field, menu, modal, section, words
from tests.standins.slack_blocks import Json

BAD_BLOCKS: list[tuple[list[Json], str]] = [
    ([section("x")] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    ([section("x" * 3001)], "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    ([section("")], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    ([{"type": "header", "text": words("x", "mrkdwn")}], "must be one of plain_text"),
    ([{"type": "header", "text": words("x" * 151)}], "must be less than 151 characters"),
    ([actions(button("x" * 76, "a"))], "must be less than 76 characters"),
    ([actions(button("x", "a" * 256))], "must be less than 256 characters"),
    ([actions(button("x", "a", value="x" * 2001))], "must be less than 2001 characters"),
    ([actions(button("x", "a", style="loud"))], "must be one of primary, danger"),
    ([actions(button("x", "a"), button("y", "a"))], "action_id `a` already exists"),
    ([actions(*(button("x", f"{n}") for n in range(26)))], "no more than 25 items allowed"),
    ([actions()], "no fewer than 1 items required"),
    ([section("x", block_id="b"), section("y", block_id="b")], "block_id `b` already exists"),
    ([section("x", colour="red")], "invalid additional property: colour"),
    ([section("x", accessory=menu("a" * 151))], "must be less than 76 characters"),
    ([section("x", accessory=menu("a", "a"))], "options must have different values"),
    (
        [section("x", accessory=menu("a", initial_option={"text": words("B"), "value": "b"}))],
        "initial_option must be exactly one of the options",
    ),
    ([{"type": "context", "elements": [words("x")] * 11}], "no more than 10 items allowed"),
    ([{"type": "carousel"}], "unsupported type: carousel"),
]
BAD_VIEWS: dict[str, tuple[Json, str]] = {
    "title": (
        modal(title=words("x" * 25)),
        "must be less than 25 characters [json-pointer:/view/title/text]",
    ),
    "metadata": (modal(private_metadata="x" * 3001), "must be less than 3001 characters"),
    "blocks": (modal(*[section("x")] * 101), "no more than 100 items allowed"),
    "label": (modal(field("x" * 2001, block_id="b")), "must be less than 2001 characters"),
    "home": ({"type": "home", "blocks": []}, "unsupported type: home"),
    "submit": (modal(field("Name"), without="submit"), "must define `submit`"),
}
