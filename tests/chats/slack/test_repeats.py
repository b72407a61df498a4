"""However often Slack says it, and however fast people press: it is done once."""

import asyncio
from typing import Any

from storage.tables import Batch, Delivery, Invitation
from tests.chats.serving import PATIENCE
from tests.chats.slack.conftest import Scene
from tests.community.scene import all_of
from tests.standins import slack_payloads as payloads
from tests.standins.slack_hands import act
from tests.standins.slack_workspace import View

REPETITIONS: list[dict[str, Any]] = [{"retry_num": 1}, {"retry_num": 0}, {"retry_num": 3}]


async def counted(scene: Scene, table: type[Any]) -> int:
    """How many rows there are."""
    return len(await all_of(scene.house.services, table))


def printed(scene: Scene) -> int:
    """How many PDFs Ana has."""
    return sum(file.name.endswith(".pdf") for file in scene.slack.files)


async def settled(scene: Scene) -> None:
    """Wait until nothing is said any more for half a second."""
    before = -1
    while before != len(scene.slack.calls):
        before = len(scene.slack.calls)
        await asyncio.sleep(0.5)


async def test_a_command_that_comes_again_is_done_and_answered_once(by_http: Scene) -> None:
    await by_http.say("/invite email rosa@example.org")
    for how in REPETITIONS:
        answer = await by_http.slack.repeat(**how)
        assert answer.status == 200, "else Slack would repeat it further"
    await by_http.slack.until(by_http.own, seconds=PATIENCE)
    await settled(by_http)
    assert await counted(by_http, Invitation) == await counted(by_http, Delivery) == 1
    assert len(by_http.own()) == 1
    assert len(by_http.slack.ephemeral) == 2, "the claim, and the answer"


async def test_the_same_trigger_with_other_words_is_still_the_same_command(by_http: Scene) -> None:
    await by_http.say("/passes 2")
    kind, form = by_http.slack.line.sent[-1]
    await by_http.slack.deliver(kind, form | {"text": "3"})
    await settled(by_http)
    assert await counted(by_http, Batch) == 1


async def test_the_same_command_at_the_same_moment_is_done_once(by_http: Scene) -> None:
    form = payloads.command_form(by_http.slack, by_http.ana, by_http.porch, "/passes", "2")
    await asyncio.gather(*(by_http.slack.deliver("slash_commands", form) for _ in range(5)))
    await by_http.slack.until(lambda: printed(by_http), seconds=PATIENCE)
    await settled(by_http)
    assert await counted(by_http, Batch) == 1
    assert printed(by_http) == 1


async def test_a_press_that_comes_again_is_done_once(by_http: Scene) -> None:
    await by_http.say("/invite email rosa@example.org")
    await by_http.slack.until(lambda: by_http.own() and by_http.own()[0].edits, seconds=PATIENCE)
    await by_http.slack.press(by_http.ana, by_http.own()[0], "Resend")
    for how in REPETITIONS:
        await by_http.slack.repeat(**how)
    await settled(by_http)
    assert await counted(by_http, Delivery) == 2, "the letter, and one more"


async def test_two_presses_of_send_at_the_same_moment_invite_once(scene: Scene) -> None:
    view = await previewed(scene)
    await asyncio.gather(*(scene.slack.press(scene.ana, view, "Send 2") for _ in range(3)))
    await scene.slack.until(scene.own, seconds=PATIENCE)
    await settled(scene)
    assert await counted(scene, Invitation) == 2
    assert len(scene.own()) == 1


async def previewed(scene: Scene) -> View:
    """Two addresses are pasted into the form; nothing is sent yet."""
    await scene.slack.command(scene.ana, scene.porch, "/invite")
    await scene.view("Invite members")
    await scene.slack.submit(scene.ana, {"to": "rosa@example.org\nmara@example.org"})
    return await scene.view("Invite")


async def test_send_pressed_and_then_said_invites_once(by_http: Scene) -> None:
    view = await previewed(by_http)
    await by_http.slack.press(by_http.ana, view, "Send 2")
    await by_http.slack.until(by_http.own, seconds=PATIENCE)
    [said] = [
        element["value"]
        for block in view.blocks
        if block["type"] == "actions"
        for element in block["elements"]
        if element["text"]["text"] == "Send 2"
    ] or ["/invite send 1"]
    await by_http.say(said)
    await settled(by_http)
    assert await counted(by_http, Invitation) == 2


async def form_of_passes(scene: Scene) -> View:
    """The form that prints passes, with 3 filled in."""
    await scene.slack.command(scene.ana, scene.porch, "/invite")
    view = await scene.view("Invite members")
    await scene.slack.press(scene.ana, view, "way", "pass")
    await scene.slack.until(
        lambda: "count" in {block.get("block_id") for block in scene.slack.view(scene.ana).blocks},
        seconds=PATIENCE,
    )
    filled = scene.slack.view(scene.ana)
    filled.state["count"]["value"]["value"] = "3"
    return filled


async def test_a_form_submitted_twice_at_the_same_moment_prints_once(by_http: Scene) -> None:
    view = await form_of_passes(by_http)
    payload = payloads.submission(by_http.slack, view)
    again = payloads.submission(by_http.slack, view)
    assert payload["trigger_id"] != again["trigger_id"], "people press twice, Slack repeats"
    answers = await asyncio.gather(
        *(by_http.slack.deliver("interactive", one) for one in (payload, again, payload))
    )
    assert [answer.status for answer in answers] == [200, 200, 200]
    await by_http.slack.until(lambda: by_http.slack.files, seconds=PATIENCE)
    await settled(by_http)
    [batch] = await all_of(by_http.house.services, Batch)
    assert batch.pass_count == 3
    assert printed(by_http) == 1


async def test_a_form_that_comes_again_later_prints_once(by_http: Scene) -> None:
    payload = payloads.submission(by_http.slack, await form_of_passes(by_http))
    await by_http.slack.deliver("interactive", payload)
    await by_http.slack.until(lambda: by_http.slack.files, seconds=PATIENCE)
    for how in REPETITIONS:
        assert (await by_http.slack.deliver("interactive", payload, **how)).status == 200
    await settled(by_http)
    assert await counted(by_http, Batch) == 1


async def test_a_form_can_be_sent_again_once_it_was_mended(by_http: Scene) -> None:
    await by_http.slack.command(by_http.ana, by_http.porch, "/community", "edit")
    await by_http.view("Your community")
    await by_http.slack.submit(by_http.ana, {"colour": "mauve"})
    await by_http.view("Your community")
    answer = await by_http.slack.submit(by_http.ana, {"colour": "#0b4f58", "name": "Elm Row"})
    assert not answer.trouble
    view = await by_http.view("Community")
    assert "Elm Row" in str(view.blocks)


async def test_a_form_that_is_opened_again_in_the_same_modal_is_heard_again(
    by_http: Scene,
) -> None:
    await by_http.slack.command(by_http.ana, by_http.porch, "/community", "edit")
    for name in ("Elm Row", "Oak Row", "Ash Row"):
        await by_http.view("Your community")
        await by_http.slack.submit(by_http.ana, {"name": name})
        view = await by_http.view("Community")
        assert name in str(view.blocks)
        await by_http.slack.press(by_http.ana, view, "Edit")


async def test_an_old_submission_does_not_undo_a_newer_one(by_http: Scene) -> None:
    await by_http.slack.command(by_http.ana, by_http.porch, "/community", "edit")
    await by_http.view("Your community")
    await by_http.slack.submit(by_http.ana, {"name": "Elm Row"})
    await by_http.view("Community")
    kind, old = by_http.slack.line.sent[-1]
    await by_http.say("/community name Oak Row")
    await by_http.slack.deliver(kind, old)
    assert "Oak Row" in await by_http.say("/community")


async def test_a_settling_button_of_a_hidden_message_acts_once_for_two_presses(
    by_http: Scene,
) -> None:
    await by_http.say("/invite email rosa@gmial.com")
    asked = by_http.said
    action = act(asked.blocks, asked.state, "Send as typed", None)
    action |= {"action_ts": by_http.slack.stamp()}
    pressed = [payloads.message_action(by_http.slack, by_http.ana, asked, action) for _ in range(2)]
    await asyncio.gather(*(by_http.slack.deliver("interactive", each) for each in pressed))
    await by_http.slack.until(by_http.own, seconds=PATIENCE)
    await settled(by_http)
    assert await counted(by_http, Invitation) == 1


async def test_looking_at_home_again_and_again_changes_nothing(by_http: Scene) -> None:
    await by_http.say("/invite email rosa@example.org")
    for _ in range(3):
        await by_http.slack.open_home(by_http.ana)
        await by_http.slack.repeat(retry_num=1)
    await by_http.slack.until(lambda: by_http.slack.homes, seconds=PATIENCE)
    assert await counted(by_http, Invitation) == 1
