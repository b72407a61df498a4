"""When Slack is slow, busy, away or says no, nothing is lost, and nothing is said twice."""

import asyncio
import time
from datetime import UTC, datetime

import pytest

from storage.tables import Invitation, Job, JobLane
from tests.chats.serving import PATIENCE
from tests.chats.slack.conftest import Scene
from tests.community.rounds import pass_time
from tests.community.scene import all_of, code_of, redeem
from tests.standins.slack_workspace import Message

OUTAGE = 3.0  # seconds
LANE = "chat:slack"
SENT = "has been sent"
JOINED = "Rosa Delgado joined"


async def receipt(scene: Scene, *, seconds: float = PATIENCE) -> Message:
    """The one receipt in Ana's messages, when it says that the letter left."""
    await scene.slack.until(lambda: any(SENT in one.text for one in scene.own()), seconds=seconds)
    [message] = scene.own()
    return message


async def invited(scene: Scene) -> Invitation:
    """Rosa is invited, and the receipt shows it."""
    await scene.say("/invite email rosa@example.org")
    await receipt(scene)
    [invitation] = await all_of(scene.house.services, Invitation)
    return invitation


async def joined(scene: Scene, invitation: Invitation) -> None:
    """Rosa signs up."""
    services = scene.house.services
    await redeem(services, code_of(services, invitation), now=datetime.now(UTC))


def announced(scene: Scene) -> list[str]:
    """What everybody reads in the front porch."""
    return [one.text for one in scene.slack.in_channel(scene.porch) if JOINED in one.text]


def asked(scene: Scene, method: str) -> list[float]:
    """When the method was asked for."""
    return [call.at for call in scene.slack.calls if call.method == method]


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
async def test_when_slack_asks_to_wait_the_lane_rests_and_goes_on(
    by_http: Scene, method: str
) -> None:
    by_http.slack.fault(method, "ratelimited", times=1, retry_after=2)
    await invited(by_http)
    refused, *tried = asked(by_http, method)
    assert len(tried) >= 1
    assert tried[0] - refused >= 1.9, "Slack said two seconds"
    assert len(by_http.own()) == 1


async def test_while_the_lane_rests_nothing_else_is_posted(by_http: Scene) -> None:
    by_http.slack.fault("chat.postMessage", "ratelimited", times=1, retry_after=2)
    await by_http.say("/invite email rosa@example.org")
    await by_http.slack.until(lambda: asked(by_http, "chat.postMessage"), seconds=PATIENCE)
    await by_http.say("/invite email mara@example.org")
    await by_http.slack.until(lambda: len(by_http.own()) == 2, seconds=PATIENCE)
    refused, *tried = asked(by_http, "chat.postMessage")
    assert min(tried) - refused >= 1.9


@pytest.mark.parametrize("kind", ["503", "drop_before", "internal_error"])
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update", "conversations.open"])
async def test_what_was_not_taken_is_said_again_once(
    by_http: Scene, method: str, kind: str
) -> None:
    by_http.slack.fault(method, kind, times=2)
    await invited(by_http)
    assert len(by_http.own()) == 1


async def test_an_edit_whose_answer_was_lost_is_only_repeated(by_http: Scene) -> None:
    by_http.slack.fault("chat.update", "drop_after", times=1)
    await invited(by_http)
    await asyncio.sleep(1.5)
    assert len(by_http.own()) == 1


async def test_a_message_whose_answer_was_lost_is_repeated_and_the_last_one_lives(
    by_http: Scene,
) -> None:
    """Slack cannot tell a repetition, so two are better than none."""
    by_http.slack.fault("chat.postMessage", "drop_after", times=1)
    await by_http.say("/invite email rosa@example.org")
    await by_http.slack.until(lambda: len(by_http.own()) == 2, seconds=PATIENCE)
    await by_http.slack.until(lambda: SENT in by_http.own()[-1].text, seconds=PATIENCE)
    await asyncio.sleep(1.5)
    assert len(by_http.own()) == 2


async def test_after_an_outage_during_an_invite_the_receipt_follows_once(scene: Scene) -> None:
    scene.slack.down = True
    trouble = await scene.slack.command(scene.ana, scene.porch, "/invite", "email rosa@example.org")
    assert not trouble.trouble, "it was acknowledged"
    await asyncio.sleep(OUTAGE)
    assert scene.own() == []
    scene.slack.recover()
    await receipt(scene)
    assert len(await all_of(scene.house.services, Invitation)) == 1


async def test_after_an_outage_during_a_join_all_is_told_once(by_http: Scene) -> None:
    await by_http.say("/announce here")
    invitation = await invited(by_http)
    by_http.slack.down = True
    await joined(by_http, invitation)
    await asyncio.sleep(OUTAGE)
    by_http.slack.recover()
    await by_http.slack.until(lambda: announced(by_http), seconds=PATIENCE)
    await by_http.slack.until(lambda: JOINED in by_http.own()[0].text, seconds=PATIENCE)
    await asyncio.sleep(1.5)
    assert len(announced(by_http)) == 1


async def test_where_the_bot_is_no_member_the_leader_learns_it_and_can_mend_it(
    by_http: Scene,
) -> None:
    await by_http.say("/announce here")
    invitation = await invited(by_http)
    by_http.slack.channels[by_http.porch].members.discard(by_http.slack.bot)
    await joined(by_http, invitation)
    await by_http.slack.until(lambda: JOINED in by_http.own()[0].text, seconds=PATIENCE)

    async def words() -> str:
        return await by_http.say("/community")

    async with asyncio.timeout(PATIENCE):
        while "I am not in that channel" not in (said := await words()):
            await asyncio.sleep(0.2)
    assert "could not be shown" in said
    by_http.slack.channels[by_http.porch].members.add(by_http.slack.bot)
    await by_http.say("/announce here")
    await by_http.slack.until(lambda: announced(by_http), seconds=PATIENCE)


@pytest.mark.parametrize("error", ["invalid_auth", "token_revoked", "account_inactive"])
async def test_a_token_that_is_refused_rests_the_lane_and_loses_nothing(
    by_http: Scene, error: str, capfd: pytest.CaptureFixture[str]
) -> None:
    services = by_http.house.services
    by_http.slack.fault("chat.postMessage", error)
    await by_http.say("/invite email rosa@example.org")
    await by_http.slack.until(lambda: asked(by_http, "chat.postMessage"), seconds=PATIENCE)
    await asyncio.sleep(0.5)
    [lane] = [row for row in await all_of(services, JobLane) if row.lane == LANE]
    assert (lane.free_at - datetime.now(UTC)).total_seconds() > 200
    [job] = [row for row in await all_of(services, Job) if row.kind == "receipt"]
    assert job.state == "ready"
    logged = "".join(capfd.readouterr())
    assert "slack.refuses_us" in logged
    assert error in logged
    tried = len(asked(by_http, "chat.postMessage"))
    await asyncio.sleep(1.5)
    assert len(asked(by_http, "chat.postMessage")) == tried, "it rests"
    by_http.slack.recover()
    await pass_time(services, seconds=600)
    await receipt(by_http)


STEPS = ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"]


@pytest.mark.parametrize("kind", ["503", "drop_before", "internal_error", "ratelimited"])
@pytest.mark.parametrize("step", STEPS)
async def test_a_file_that_slack_does_not_take_can_be_asked_for_again(
    by_http: Scene, step: str, kind: str
) -> None:
    by_http.slack.fault(step, kind, times=1)
    said = await by_http.say("/passes 2")
    assert "Slack did not take the file just now" in said
    assert "batch 1" in said
    assert by_http.slack.files == []
    again = await by_http.say("/passes again 1")
    assert "In your messages" in again or "in your messages" in again
    assert any(file.name.endswith(".pdf") for file in by_http.slack.files)


async def test_when_slack_cannot_say_who_somebody_is_the_leader_is_told(by_http: Scene) -> None:
    by_http.slack.fault("users.info", "503")
    said = await by_http.say(f"/leaders add <@{by_http.ben}|ben>")
    assert "cannot see who that is" in said
    by_http.slack.recover()
    by_http.slack.fault("users.info", "drop_before", times=4)
    said = await by_http.say(f"/leaders add <@{by_http.ben}|ben>")
    assert "cannot see who that is" in said
    by_http.slack.recover()
    assert "Ben Okafor" in await by_http.say(f"/leaders add <@{by_http.ben}|ben>")


async def test_a_slow_slack_does_not_hold_up_others(by_http: Scene) -> None:
    by_http.slack.fault("chat.postMessage", "slow", times=1, seconds=3)
    await by_http.say("/invite email rosa@example.org")
    started = time.monotonic()
    await by_http.say("/invites")
    assert time.monotonic() - started < 2
    await receipt(by_http)


async def test_a_receipt_that_somebody_deleted_is_posted_anew_when_there_is_news(
    by_http: Scene,
) -> None:
    invitation = await invited(by_http)
    by_http.slack.messages.clear()
    await joined(by_http, invitation)
    await by_http.slack.until(by_http.own, seconds=PATIENCE)
    await asyncio.sleep(1.5)
    [message] = by_http.own()
    assert JOINED in message.text
    assert "could not be shown" not in await by_http.say("/community")


async def test_a_receipt_that_was_posted_anew_is_edited_from_then_on(by_http: Scene) -> None:
    invitation = await invited(by_http)
    by_http.slack.messages.clear()
    await by_http.say(f"/invites void {invitation.id}")
    await by_http.slack.until(by_http.own, seconds=PATIENCE)
    await by_http.say(f"/invites reopen {invitation.id}")
    await by_http.slack.until(lambda: by_http.own()[0].edits, seconds=PATIENCE)
    assert len(by_http.own()) == 1


async def test_a_receipt_that_may_not_be_edited_any_more_is_given_up_in_words(
    by_http: Scene,
) -> None:
    invitation = await invited(by_http)
    by_http.slack.fault("chat.update", "edit_window_closed")
    await by_http.say(f"/invites void {invitation.id}")
    async with asyncio.timeout(PATIENCE):
        while "can no longer be edited" not in await by_http.say("/community"):
            await asyncio.sleep(0.2)
