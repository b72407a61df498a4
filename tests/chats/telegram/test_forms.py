"""Forms are filled in by a conversation: question by question, through a restart, or not at all."""

from dataclasses import replace

import pytest

from bot.chats.telegram import forms
from bot.chats.telegram.files import Told
from bot.messages import Field, Form
from tests.chats.serving import PATIENCE
from tests.chats.telegram.conftest import Open, Scene

WAYS = Field("way", "How", "choice", "email", options=(("email", "By e-mail"), ("pass", "Paper")))
FORM = Form(
    "Invite",
    "/invite",
    (
        WAYS,
        Field("to", "Addresses", "lines", shown_for=("way", "email")),
        Field("count", "How many", "number", "4", shown_for=("way", "pass")),
        Field("label", "Label", shown_for=("way", "pass"), required=False),
    ),
)


async def test_an_invitation_is_guided_from_the_way_to_the_preview(scene: Scene) -> None:
    said = await scene.say("/invite")
    assert "How?" in said
    assert "/cancel" in said
    assert "Addresses?" in await scene.press("✓ By e-mail")
    assert "Language?" in await scene.say("rosa@example.org, mara@example.org\nnonsense")
    said = await scene.press("✓ The community's")
    assert "Nothing is sent until you press Send." in said
    await scene.press("Send 2")
    await scene.sees("2 invitations by e-mail")


@pytest.mark.parametrize("by", ["polling", "webhook"])
async def test_a_restart_in_the_middle_loses_nothing_and_repeats_nothing(
    open_telegram: Open, by: str
) -> None:
    async with open_telegram(by=by) as scene:
        await scene.say("/invite")
        await scene.press("On paper")
        await scene.sees("How many passes?")
    scene.telegram.line.webhook_url = ""
    scene.telegram.line.tell("message", _meanwhile(scene, "3"))
    async with open_telegram(by=by) as scene:
        assert scene.telegram.line.webhook_url or by == "polling"
        await scene.sees("Label?")
        await scene.press("Skip")
        await scene.sees("3 access passes")
        assert "Batch 1:" in await scene.say("/passes")
        asked = [message for message in scene.said() if "How many passes?" in message.text]
        assert len(asked) == 1


def _meanwhile(scene: Scene, text: str) -> dict[str, object]:
    """What Ana writes while the bot is away."""
    last = scene.telegram.line.sent[-1]
    message = last.get("message") or last["callback_query"]["message"]
    person = (last.get("message") or last["callback_query"])["from"]
    kept = {"message_id": 9_000, "date": message["date"], "chat": message["chat"]}
    return kept | {"from": person, "text": text}


async def test_cancel_ends_it_and_leaves_nothing_behind(polled: Scene) -> None:
    await polled.say("/invite")
    assert await polled.say("/cancel") == "Cancelled."
    assert await polled.say("/cancel") == "There is nothing to cancel."
    assert "/passes" in await polled.say("rosa@example.org"), "nobody is asked any more"


async def test_the_button_cancels_as_well(polled: Scene) -> None:
    await polled.say("/invite")
    asked = polled.with_button("Cancel")
    assert await polled.press("Cancel") == "Cancelled."
    assert asked.keyboard == []


async def test_a_command_goes_before_a_question(polled: Scene) -> None:
    await polled.say("/invite")
    assert "There are no invitations." in await polled.say("/invites")
    assert await polled.say("/cancel") == "There is nothing to cancel."


async def test_a_button_of_an_earlier_question_answers_nothing(polled: Scene) -> None:
    await polled.say("/invite")
    first = polled.with_button("By text message")
    await polled.say("On paper")
    before = len(polled.said())
    await polled.telegram.press(polled.ana, first, "By text message")
    await polled.telegram.until(lambda: polled.telegram.toasts, seconds=PATIENCE)
    assert polled.telegram.toasts[-1].text == "That question is over."
    assert len(polled.said()) == before


async def test_what_is_no_number_is_asked_for_again(polled: Scene) -> None:
    await polled.say("/invite")
    await polled.press("On paper")
    assert "Please write a number." in await polled.say("many")
    assert "Label?" in await polled.say("3")


async def test_a_community_is_edited_with_what_is_known_kept(polled: Scene) -> None:
    said = await polled.say("/community edit")
    assert "Now: Maple Court" in said
    await polled.say("Elm Court")
    said = await polled.press("Save, as it is")
    assert "Elm Court" in said
    assert "Welcome words: We look after each other" in said


async def test_a_mistake_in_the_end_is_told_and_asked_again(polled: Scene) -> None:
    await polled.say("/community edit")
    for label in ("Keep “Maple Court”", "Keep", "Keep"):
        await polled.press(label)
    await polled.sees("Colour?")
    await polled.say("no colour at all")
    said = await polled.press("Save, as it is")
    assert "Give the colour like" in said


# Without Telegram


def test_the_questions_follow_what_was_chosen() -> None:
    talk = forms.begin(FORM)
    paper = forms.typed(talk, "paper")
    assert paper.talk.field.name == "count"
    label = forms.typed(paper.talk, "7")
    assert label.talk.field.name == "label"
    over = forms.pressed(label.talk, label_of(label.talk, "Skip"))
    assert over is not None
    assert over.is_over
    assert over.talk.filled == {"way": "pass", "count": "7", "label": ""}


def test_what_is_kept_is_what_comes_back() -> None:
    assert forms.from_row(forms.to_row(FORM)) == FORM


def test_the_field_that_was_wrong_is_asked_first() -> None:
    wrong = Form("x", "/x", (Field("a", "A", value="1"), Field("b", "B", error="Not like that.")))
    talk = forms.begin(wrong)
    assert (talk.field.name, talk.filled) == ("b", {"a": "1"})
    assert forms.question(talk)[0].startswith("Not like that.")


def label_of(talk: forms.Talk, label: str) -> str:
    """What a button of the question says."""
    return next(key.data for key in forms.question(talk)[1] if key.label == label)


@pytest.mark.parametrize("data", ["~000000:0:o0", "~{key}:1:o0", "~{key}:0:o9", "~{key}:0:skip"])
def test_a_forged_answer_is_none(data: str) -> None:
    talk = forms.begin(FORM)
    assert forms.pressed(talk, data.format(key=talk.key)) is None


# Files

BRING = Form(
    "Import",
    "/roster import",
    (
        Field("note", "Note", value="from the office"),
        Field("file", "CSV file", "file", "old.csv"),
        Field("picture", "Picture", "file", required=False),
        Field("label", "Label", required=False),
    ),
)
KEPT = Told("BQAC1", "people.csv", "text/csv", 21)


def labels(talk: forms.Talk) -> list[str]:
    return [key.label for key in forms.question(talk)[1]]


def test_a_file_is_asked_for_and_never_kept_from_before() -> None:
    talk = forms.begin(BRING)
    assert labels(talk) == ["Keep “from the office”", "Cancel"], "a file cannot be left as it is"
    asked = forms.typed(talk, "a note").talk
    text, _ = forms.question(asked)
    assert "CSV file?" in text
    assert "Send it as a file" in text
    assert "old.csv" not in text
    assert labels(asked) == ["Cancel"]
    assert forms.typed(asked, "people.csv").why == "Please send a file."


def test_a_file_is_remembered_to_the_end_and_may_be_left_out() -> None:
    asked = forms.typed(forms.begin(BRING), "a note").talk
    brought = forms.brought(asked, KEPT)
    assert brought.talk.field.name == "picture"
    assert "Skip" in labels(brought.talk)
    ended = forms.typed(forms.typed(forms.begin(BRING), "a note").talk, "nothing")
    assert not ended.is_over
    rest = forms.pressed(brought.talk, forms.question(brought.talk)[1][1].data)
    assert rest is not None
    assert rest.is_over
    assert forms.files_of(BRING, rest.talk.filled) == {"file": KEPT}


def test_after_a_mistake_the_file_is_asked_for_again() -> None:
    *before, label = BRING.fields
    talk = forms.begin(replace(BRING, fields=(*before, replace(label, error="Too long."))))
    assert talk.field.name == "file"
    assert talk.filled == {"note": "from the office"}
