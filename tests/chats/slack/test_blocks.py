"""Slack takes whatever we show, forms follow their choices, and no name is ever markup."""

from typing import Any, Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.chats.slack.blocks import PRESSED, SETTLES, filled, message, modal, said
from bot.messages import Button, Field, Form
from storage.database import Storage
from tests.commands.test_replies import JOURNEY
from tests.community import scene
from tests.standins.slack_blocks import message_problems, too_long, view_problems

Json = dict[str, Any]

INVITE = Form(
    "Invite members",
    "/invite",
    (
        Field(
            "way",
            "How",
            "choice",
            value="email",
            options=(("email", "By e-mail"), ("text", "By text message"), ("pass", "On paper")),
        ),
        Field("to", "Addresses", "lines", hint="Any shape", shown_for=("way", "email")),
        Field("to", "Mobile numbers", "lines", shown_for=("way", "text")),
        Field("count", "How many passes", "number", value="4", shown_for=("way", "pass")),
        Field("label", "Label", shown_for=("way", "pass"), required=False),
    ),
    intro="One person per household is enough.",
)

words = st.one_of(
    st.text(max_size=50),
    st.text(alphabet="ab\n &<`/*", max_size=2000).map(lambda text: text * 9),
    st.text(alphabet="\n x", max_size=40).map(lambda text: text * 400),
)
KINDS: tuple[Literal["line", "lines", "choice", "number"], ...] = (
    "line", "lines", "choice", "number",
)  # fmt: skip
names = st.text(alphabet="abcdefghij", min_size=1, max_size=20)
buttons = st.lists(
    st.builds(
        Button,
        label=st.text(max_size=120),
        call=st.text(max_size=64),
        style=st.sampled_from(["plain", "primary", "danger"]),
        settles=st.booleans(),
    ),
    max_size=60,
)


@st.composite
def forms(draw: st.DrawFn) -> Form:
    """Any form whose fields have names of their own."""
    fields = []
    for name in draw(st.lists(names, unique=True, max_size=6)):
        kind = draw(st.sampled_from(KINDS))
        values = draw(st.lists(names, unique=True, min_size=1, max_size=30))
        fields.append(
            Field(
                name,
                draw(words),
                kind,
                value=draw(st.one_of(st.text(max_size=20), st.sampled_from(values), words)),
                hint=draw(words),
                options=tuple((v, draw(st.text(max_size=100))) for v in values),
                required=draw(st.booleans()),
            )
        )
    title, submit = draw(st.text(max_size=50)), draw(st.text(max_size=50))
    return Form(title, "/x", tuple(fields), submit=submit, intro=draw(words))


# Messages


@given(words, buttons)
@example("", [])
@example("x" * 20_000, [Button("x" * 80, "/x", "danger")] * 60)
@example("&<" * 3000, [])
def test_slack_takes_every_message(text: str, below: list[Button]) -> None:
    shown = message(text, below)
    assert problems(shown["blocks"]) == []
    assert not too_long(shown["blocks"])
    assert 0 < len(shown["text"]) <= 3000
    ids = [element["action_id"] for element in pressable(shown["blocks"])]
    assert len(set(ids)) == len(ids) == min(len(below), 50)
    assert all(PRESSED.fullmatch(each) for each in ids)


def test_a_button_that_opens_a_page_says_no_call() -> None:
    page = "https://join.example.org/s/1/x"
    shown = message("Ready.", [Button("Open", "", url=page), Button("Void", "/invites void 1")])
    assert problems(shown["blocks"]) == []
    opens, says = pressable(shown["blocks"])
    assert opens["url"] == page
    assert "value" not in opens
    assert not PRESSED.fullmatch(opens["action_id"])
    assert says["value"] == "/invites void 1"


@given(st.text(max_size=8000))
def test_no_word_is_lost_or_changed(text: str) -> None:
    """But for the blanks that would stand alone at a border, and the ticks around commands."""
    shown = "".join(spoken(message(text, [])["blocks"]))
    expected = "".join(text.split()) or "…"
    assert "".join(shown.split()).replace("`", "") == expected.replace("`", "")


def test_a_long_list_is_cut_between_lines() -> None:
    lines = [f"{number} ana{number}@example.org is invited already" for number in range(200)]
    shown = spoken(message("\n".join(lines), [])["blocks"])
    assert len(shown) > 1
    assert [line for block in shown for line in block.split("\n")] == lines


@pytest.mark.parametrize("length", range(2999, 3004))
def test_a_line_as_long_as_a_block_stays_whole(length: int) -> None:
    shown = spoken(message("x" * length + "\ny", [])["blocks"])
    assert "".join(shown).replace("\n", "") == "x" * length + "y"
    assert max(map(len, shown)) <= 3000


def test_what_is_too_long_says_so() -> None:
    shown = message("word " * 5000, [])
    assert spoken(shown["blocks"])[-1].endswith("…")
    assert shown["text"].endswith("…")


@pytest.mark.parametrize(
    "name",
    ["<!everyone>", "<@U1>", "<https://evil.example|x>", "*Ana*", "_a_", "~a~", "`a`", "&amp;"],
)
def test_a_name_is_shown_as_it_is_and_never_parsed(name: str) -> None:
    [block] = message(f"{name} joined.", [])["blocks"]
    assert block["text"] == {"type": "plain_text", "text": f"{name} joined.", "emoji": False}


def test_beside_our_own_commands_names_are_not_parsed_either() -> None:
    [block] = message("I do not know *x* <@U1>.\n`/help` shows all, `/invite` asks.", [])["blocks"]
    [section] = block["elements"]
    assert section["elements"] == [
        {"type": "text", "text": "I do not know *x* <@U1>.\n"},
        {"type": "text", "text": "/help", "style": {"code": True}},
        {"type": "text", "text": " shows all, "},
        {"type": "text", "text": "/invite", "style": {"code": True}},
        {"type": "text", "text": " asks."},
    ]


def test_the_fallback_mentions_nobody() -> None:
    assert message("<!channel> & co", [])["text"] == "&lt;!channel&gt; &amp; co"
    assert message("x" * 2997 + "&&", [])["text"] == "x" * 2997 + "…"


def test_a_button_says_its_call() -> None:
    [row] = message("Sent.", [Button("Resend", "/invites resend 17", "primary")])["blocks"][1:]
    assert row["elements"] == [
        {
            "type": "button",
            "text": {"type": "plain_text", "text": "Resend", "emoji": False},
            "action_id": "call:0",
            "value": "/invites resend 17",
            "style": "primary",
        }
    ]


def test_a_button_that_decides_its_message_is_known_by_its_name() -> None:
    below = [Button("Send 3", "/invite send 1", settles=True), Button("Help", "/help")]
    send, help_ = pressable(message("3 entries.", below)["blocks"])
    assert send["action_id"].endswith(SETTLES)
    assert not help_["action_id"].endswith(SETTLES)


def test_a_dangerous_button_asks_first_unless_it_is_the_answer_to_a_question() -> None:
    row = message("Sent.", [Button("Void", "/invites void 1", "danger")])["blocks"][-1]
    assert row["elements"][0]["confirm"]["text"]["text"] == "Void?"
    assert row["elements"][0]["confirm"]["confirm"]["text"] == "Void"
    sure = Button("Void them", "/passes void 1 yes", "danger", settles=True)
    assert "confirm" not in message("Void all?", [sure])["blocks"][-1]["elements"][0]
    assert "confirm" not in message("?", [Button("Resend", "/x")])["blocks"][-1]["elements"][0]


# Modals


@given(st.text(max_size=80), words, buttons)
def test_slack_takes_every_modal_that_says_something(
    title: str, text: str, below: list[Button]
) -> None:
    assert view_faults(said(title, text, below)) == []


@given(forms(), words)
def test_slack_takes_every_form(form: Form, above: str) -> None:
    view = modal(form, metadata="m" * 3000, above=above)
    assert view_faults(view) == []
    assert [block["block_id"] for block in inputs(view)] == [field.name for field in form.fields]


@pytest.mark.parametrize(
    ("way", "asks"),
    [
        ("email", ["Addresses"]),
        ("text", ["Mobile numbers"]),
        ("pass", ["How many passes", "Label"]),
    ],
)
def test_a_choice_decides_what_is_asked(way: str, asks: list[str]) -> None:
    view = modal(INVITE, metadata="", filled={"way": way})
    assert view_faults(view) == []
    assert [block["label"]["text"] for block in inputs(view)] == ["How", *asks]
    choice = inputs(view)[0]
    assert choice["dispatch_action"]
    assert choice["element"]["initial_option"]["value"] == way
    assert not any("dispatch_action" in block for block in inputs(view)[1:])


def test_a_form_starts_with_what_its_fields_say() -> None:
    view = modal(INVITE, metadata="m", above="Whom would you like to invite?")
    assert (view["title"]["text"], view["submit"]["text"]) == ("Invite members", "Send")
    assert (view["callback_id"], view["private_metadata"]) == ("form", "m")
    assert view["blocks"][0]["text"]["text"] == (
        "Whom would you like to invite?\nOne person per household is enough."
    )
    way, to = inputs(view)
    assert way["element"]["type"] == "radio_buttons"
    assert to["hint"]["text"] == "Any shape"
    assert to["element"] == {
        "action_id": "value",
        "type": "plain_text_input",
        "multiline": True,
        "max_length": 3000,
    }


def test_what_was_typed_is_kept_and_what_was_cleared_stays_empty() -> None:
    passes = modal(INVITE, metadata="", filled={"way": "pass", "label": "Elm"})
    count, label = inputs(passes)[1:]
    assert count["element"]["initial_value"] == "4"
    assert label["element"]["initial_value"] == "Elm"
    assert label["optional"]
    assert not count["optional"]
    cleared = inputs(modal(INVITE, metadata="", filled={"way": "pass", "count": ""}))[1]
    assert "initial_value" not in cleared["element"]


def test_many_options_are_a_menu() -> None:
    field = Field("to", "Where", "choice", options=tuple((f"{n}", f"No {n}") for n in range(11)))
    [block] = modal(Form("Move", "/move", (field,)), metadata="")["blocks"]
    assert block["element"]["type"] == "static_select"


def test_a_submitted_form_is_read_by_the_names_of_its_fields() -> None:
    state = {
        "way": {"value": {"type": "radio_buttons", "selected_option": {"value": "pass"}}},
        "count": {"value": {"type": "number_input", "value": "40"}},
        "label": {"value": {"type": "plain_text_input", "value": None}},
        "paper": {"value": {"type": "static_select", "selected_option": None}},
        "other": {"somebody": {"type": "plain_text_input", "value": "not ours"}},
    }
    view = {"state": {"values": state}}
    assert filled(view) == {"way": "pass", "count": "40", "label": "", "paper": ""}
    assert filled({"state": {"values": {}}}) == filled({}) == {}


# Everything the house says


async def test_slack_takes_everything_that_a_leader_hears(sqlite_url: str) -> None:
    """Messages whole, with no button left out, and forms with all that they ask for."""
    storage = Storage.open(sqlite_url)
    services = await scene.plugged(storage)
    for words_ in JOURNEY:
        reply = await scene.say(services, words_)
        shown = message(reply.text, reply.buttons)["blocks"]
        assert problems(shown) == [], words_
        assert len(pressable(shown)) == len(reply.buttons)
        assert not "".join(spoken(shown)).endswith("…")
        if reply.form is not None:
            view = modal(reply.form, metadata="", above=reply.text)
            assert view_faults(view) == [], words_
            assert view["title"]["text"] == reply.form.title
    await storage.close()


# How the tests look at blocks


def inputs(view: Json) -> list[Json]:
    """The input blocks of a view."""
    return [block for block in view["blocks"] if block["type"] == "input"]


def pressable(blocks: list[Json]) -> list[Json]:
    """The buttons in blocks."""
    return [each for block in blocks if block["type"] == "actions" for each in block["elements"]]


def spoken(blocks: list[Json]) -> list[str]:
    """The words of each block that has any."""
    rich = {id(b): b["elements"][0]["elements"] for b in blocks if b["type"] == "rich_text"}
    return [
        "".join(part["text"] for part in rich[id(block)])
        if id(block) in rich
        else block["text"]["text"]
        for block in blocks
        if block["type"] in {"section", "rich_text"}
    ]


def problems(blocks: list[Json]) -> list[str]:
    """What Slack would refuse. Rich text has no documented limits: ours keeps a section's."""
    rich = [block for block in blocks if block["type"] == "rich_text"]
    others = [block for block in blocks if block["type"] != "rich_text"]
    return [
        *message_problems(others),
        *(f"too long: {words[:20]}" for words in spoken(rich) if not 0 < len(words) <= 3000),
        *(["too many blocks"] if len(blocks) > 50 else []),
    ]


def view_faults(view: Json) -> list[str]:
    """What Slack would refuse of a modal."""
    rich = [block for block in view["blocks"] if block["type"] == "rich_text"]
    others = [block for block in view["blocks"] if block["type"] != "rich_text"]
    return [*view_problems({**view, "blocks": others}, "modal"), *problems(rich)]
