"""What leaders do in Slack, by Socket Mode and by HTTP alike."""

from datetime import UTC, datetime

import pytest

from bot.community import deliveries
from tests.chats.serving import PATIENCE
from tests.chats.slack.conftest import Open, Scene


async def test_one_letter_and_its_receipt_in_the_leaders_own_messages(scene: Scene) -> None:
    said = await scene.say("/invite email rosa@example.org")
    assert "rosa@example.org" in said
    [receipt] = await scene.slack.until(scene.own, seconds=PATIENCE)
    await scene.slack.until(lambda: "has been sent" in scene.own()[0].text, seconds=PATIENCE)
    assert receipt.channel.startswith("D")
    assert scene.slack.in_channel(scene.porch) == [], "nobody else reads the address"


async def test_the_umbrella_spelling_says_the_same(scene: Scene) -> None:
    said = await scene.say("/porchlight invite email rosa@example.org")
    assert "rosa@example.org" in said
    assert "`/porchlight passes`" in await scene.say("/porchlight"), "alone it helps"


async def test_what_slack_made_of_an_address_is_understood(scene: Scene) -> None:
    said = await scene.say("/invite email <mailto:rosa@example.org|rosa@example.org>")
    assert said.startswith("Inviting rosa@example.org")


async def test_somebody_who_leads_nothing_is_told_who_does(scene: Scene) -> None:
    said = await scene.say("/invite email rosa@example.org", user=scene.ben)
    assert "Ana Ruiz" in said
    assert scene.own(scene.ben) == []


async def test_a_form_becomes_a_preview_and_is_sent_from_it(scene: Scene) -> None:
    await scene.slack.command(scene.ana, scene.porch, "/invite")
    await scene.view("Invite members")
    pasted = "rosa@example.org\nmara@example.org\nnonsense"
    answer = await scene.slack.submit(scene.ana, {"to": pasted})
    assert not answer.trouble, answer
    view = await scene.view("Invite")
    words = str(view.body["blocks"])
    assert "nonsense" in words
    await scene.slack.press(scene.ana, view, "Send 2")
    await scene.slack.until(lambda: "2 invitations" in "".join(m.text for m in scene.own()),
                            seconds=PATIENCE)  # fmt: skip


async def test_a_choice_in_the_form_asks_for_its_fields(scene: Scene) -> None:
    await scene.slack.command(scene.ana, scene.porch, "/invite")
    view = await scene.view("Invite members")
    assert "count" not in {block.get("block_id") for block in view.blocks}
    await scene.slack.press(scene.ana, view, "way", "pass")
    await scene.slack.until(
        lambda: "count" in {block.get("block_id") for block in scene.slack.view(scene.ana).blocks},
        seconds=PATIENCE,
    )


async def test_passes_come_as_a_file_into_the_leaders_own_messages(scene: Scene) -> None:
    await scene.say("/passes 3 Elm Street")
    files = scene.slack.files
    assert [file.channel for file in files] == [scene.slack.direct(scene.ana).id] * len(files)
    assert any(file.name.endswith(".pdf") and file.content[:5] == b"%PDF-" for file in files)


async def test_a_join_is_announced_in_the_channel_that_was_chosen(scene: Scene) -> None:
    said = await scene.say("/announce here")
    assert "announce here" in said


async def test_a_settling_button_takes_its_message_away(scene: Scene) -> None:
    await scene.say("/invite email rosa@gmial.com")
    asked = scene.said
    await scene.slack.press(scene.ana, asked, "Cancel")
    await scene.slack.until(lambda: "Cancelled" in scene.said.text, seconds=PATIENCE)


async def test_the_home_tab_is_for_leaders(scene: Scene) -> None:
    await scene.say("/invite email rosa@example.org")
    await scene.slack.open_home(scene.ana)
    home = await scene.slack.until(lambda: scene.slack.homes.get(scene.ana), seconds=PATIENCE)
    assert "rosa@example.org" in str(home.body)
    await scene.slack.open_home(scene.ben)
    home = await scene.slack.until(lambda: scene.slack.homes.get(scene.ben), seconds=PATIENCE)
    assert "rosa@example.org" not in str(home.body)
    assert "Ana Ruiz" in str(home.body)


@pytest.mark.parametrize("by", ["http", "socket"])
async def test_before_anybody_leads_the_claim_code_is_asked_for(open_slack: Open, by: str) -> None:
    async with open_slack(by=by, led=False) as scene:
        assert "`/porchlight leaders claim" in await scene.say("/invite email rosa@example.org")


async def test_a_join_is_told_in_the_thread_of_the_receipt_where_an_edit_goes_unseen(
    by_http: Scene,
) -> None:
    await by_http.say("/passes 2 Elm Street")
    [receipt] = await by_http.slack.until(by_http.own, seconds=PATIENCE)
    await by_http.join(1)
    told = await by_http.slack.until(
        lambda: [m for m in by_http.own() if m.thread_ts == receipt.ts], seconds=PATIENCE
    )
    assert [message.text for message in told] == ["★ Rosa Delgado joined at Flat 4B."]
    assert "1 joined" in by_http.own()[0].text


async def test_a_mistake_in_a_form_is_said_at_its_field_and_the_form_stays(scene: Scene) -> None:
    await scene.slack.command(scene.ana, scene.porch, "/community", "edit")
    await scene.view("Your community")
    await scene.slack.submit(scene.ana, {"colour": "greenish", "timezone": "Mars"})
    view = await scene.view("Your community")
    assert view.errors == {
        "colour": "Give the colour like #0b4f58.",
        "timezone": "Give the time zone like America/New_York or Europe/Madrid.",
    }
    await scene.slack.submit(scene.ana, {"colour": "#123456", "timezone": "Europe/Madrid"})
    shown = await scene.view("Community")
    assert "#123456" in str(shown.blocks)


async def test_where_the_bot_is_not_it_cannot_announce_and_says_how_to_mend_it(
    scene: Scene,
) -> None:
    garden = scene.slack.add_channel("garden", bot_is_member=False)
    said = await scene.say("/announce here", channel=garden)
    assert said.startswith("I cannot announce here yet. I am not in that channel. Add Porchlight")
    await scene.slack.add_bot(scene.ana, garden)
    await scene.slack.command(scene.ana, garden, "/announce", "here")
    await scene.slack.until(lambda: scene.said.text.startswith("From now on"), seconds=PATIENCE)


async def test_a_letter_that_bounces_later_is_told_in_the_thread_with_the_way_to_mend_it(
    by_http: Scene,
) -> None:
    await by_http.say("/invite email rosa@example.org")
    [receipt] = await by_http.slack.until(by_http.own, seconds=PATIENCE)
    await by_http.slack.until(lambda: "has been sent" in by_http.own()[0].text, seconds=PATIENCE)
    await deliveries.happened(
        by_http.house.services, 1, "bounced", key="bounce:1", now=datetime.now(UTC)
    )
    told = await by_http.slack.until(
        lambda: [m for m in by_http.own() if m.thread_ts == receipt.ts], seconds=PATIENCE
    )
    assert len(told) == 1
    assert told[0].text.startswith("✗ rosa@example.org: ")
    assert "Fix the address" in str(by_http.own()[0].blocks)
