"""Slack's limits of length, of number and above all of time: three seconds for everything."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot import dispatch
from bot.chats.slack.hearing import Hearing
from bot.chats.slack.speaking import Speaker
from bot.chats.slack.turns import Turns
from bot.community import sign_ups
from bot.messages import Call, Field, Form, Reply
from bot.ports import Answer
from storage.tables import Invitation, Leader
from tests.chats.serving import PATIENCE
from tests.chats.slack.conftest import Open, Scene
from tests.community.scene import all_of, code_of, redeem

ROWS = 100
LONGEST_NAME = "Ömer " * 15 + "Zitta"  # 80 characters
LONGEST_ADDRESS = ("Very Long Avenue " * 8)[:119]
LONGEST_MAIL = f"{'r' * 50}.{{0}}@{'very-long-host.' * 7}example.org"
SLOW = 2.5  # seconds: more than a form waits for, less than Slack does


@pytest.fixture
async def crowded(open_slack: Open) -> AsyncIterator[Scene]:
    """A hundred invitations and a dozen households, all with the longest names."""
    async with open_slack() as scene:
        pasted = "\n".join(LONGEST_MAIL.format(number) for number in range(ROWS))
        await scene.slack.command(scene.ana, scene.porch, "/invite")
        await scene.view("Invite members")
        await scene.slack.submit(scene.ana, {"to": pasted[:3000]})
        await scene.view("Invite")
        await scene.say(f"/invite email {pasted}")
        await scene.slack.press(scene.ana, scene.said, f"Send {ROWS}")
        await scene.slack.until(scene.own, seconds=PATIENCE)
        for number, invitation in enumerate((await all_of(scene.house.services, Invitation))[:12]):
            await _joined(scene, invitation, number)
        yield scene


async def _joined(scene: Scene, invitation: Invitation, number: int) -> None:
    services = scene.house.services
    form = sign_ups.parse(
        name=f"{LONGEST_NAME[:77]}{number:02}",
        address=f"{LONGEST_ADDRESS[:117]}{number:02}",
        contact=f"r{number}@example.net",
        others=[f"{LONGEST_NAME[:75]}{number:02}{mate:02}" for mate in range(5)],
        region="US",
        limit=12,
    )
    await redeem(services, code_of(services, invitation), form, now=datetime.now(UTC))


def refusals(scene: Scene) -> list[tuple[str, str]]:
    """What Slack did not take."""
    return [(call.method, call.error) for call in scene.slack.calls if call.error]


async def test_whatever_is_asked_of_a_crowd_fits(crowded: Scene) -> None:
    assert "100 invitations" in crowded.own()[0].text
    for label in "abcdefgh":
        await crowded.say(f"/passes 1 {label * 40}")
    await crowded.say(f"/community name {'Wide Elm ' * 6}Row")
    await crowded.say(f"/community welcome {'Welcome, dear neighbours! ' * 9}")
    for command in ("/invites", "/invites page 5", "/invites open", "/invites joined",
                    "/invites 1", "/invites 50", "/members", "/members page 2", "/members ömer",
                    "/community", "/leaders", "/announce here", "/help", "/help invite",
                    "/passes again 1", f"/invite email {'x' * 2900}@example.org",
                    f"/members {'x' * 2900}", f"/{'x' * 30} {'y' * 2900}"):  # fmt: skip
        assert await crowded.say(command)
    await crowded.slack.command(crowded.ana, crowded.porch, "/passes")
    await crowded.view("Print access passes")
    await crowded.slack.command(crowded.ana, crowded.porch, "/community", "edit")
    await crowded.view("Your community")
    await crowded.slack.open_home(crowded.ana)
    await crowded.slack.until(lambda: crowded.slack.homes, seconds=PATIENCE)
    assert refusals(crowded) == []


async def test_many_leaders_with_the_longest_names_fit(by_http: Scene) -> None:
    for number in range(30):
        other = by_http.slack.add_user(f"{LONGEST_NAME[:77]}{number:02}")
        assert "is now a leader" in await by_http.say(f"/leaders add <@{other}|x>")
    await by_http.say("/leaders")
    await by_http.say("/community")
    await by_http.say("/members", user=by_http.ben)
    for who in (by_http.ana, by_http.ben):
        await by_http.slack.open_home(who)
        await by_http.slack.until(partial(by_http.slack.homes.get, who), seconds=PATIENCE)
    assert len(await all_of(by_http.house.services, Leader)) == 31
    assert refusals(by_http) == []


# Time


@asynccontextmanager
async def hearing(scene: Scene, answer: Answer) -> AsyncIterator[Any]:
    """A second ear at the same Slack, with an answer of the test's own. Gives its stand-in."""
    slack = scene.slack
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])

    async def clients(team: str) -> AsyncWebClient:
        return client

    app = AsyncApp(client=client, token=slack.bot_token)
    speaker = Speaker(clients, lambda words: words)
    turns = Turns(scene.house.services.door)
    Hearing(scene.house.services, answer, speaker, turns, "porchlight").attach(app)
    # Any: bolt left its ways to connect and to close untyped.
    handler: Any = AsyncSocketModeHandler(app, slack.app_token, web_client=client)
    await handler.connect_async()
    try:
        yield slack
    finally:
        await handler.close_async()


def slowly(scene: Scene, seconds: float) -> Answer:
    """The house's own answer to a form, after a while."""

    async def answer(call: Call) -> Reply:
        if call.fields:
            await asyncio.sleep(seconds)
        return await dispatch.answer(scene.house.services, call)

    return answer


async def test_a_form_that_takes_long_says_one_moment_and_then_the_answer(by_http: Scene) -> None:
    async with hearing(by_http, slowly(by_http, SLOW)) as slack:
        await slack.command(by_http.ana, by_http.porch, "/passes")
        await by_http.view("Print access passes")
        answer = await slack.submit(by_http.ana, {"count": "2"})
        assert not answer.trouble
        assert answer.seconds < SLOW
        assert slack.view(by_http.ana).title == "One moment"
        view = await by_http.view("Passes")
        assert "2 access passes" in str(view.blocks)
    assert refusals(by_http) == []


async def test_a_form_that_was_closed_before_the_answer_has_it_in_the_messages(
    by_http: Scene,
) -> None:
    async with hearing(by_http, slowly(by_http, SLOW)) as slack:
        await slack.command(by_http.ana, by_http.porch, "/passes")
        await by_http.view("Print access passes")
        await slack.submit(by_http.ana, {"count": "2"})
        await slack.close(by_http.ana)
        await slack.until(
            lambda: any("Here are 2 access passes" in one.text for one in by_http.own()),
            seconds=PATIENCE,
        )


async def test_what_is_wrong_is_said_at_its_field(by_http: Scene) -> None:
    form = Form("Two fields", "/two", (Field("one", "One"), Field("two", "Two")))
    wrong = replace(form.fields[0], error="One is not one.")

    async def answer(call: Call) -> Reply:
        if call.fields.get("one") == "1":
            return Reply("Well done.")
        fields = (wrong, form.fields[1]) if call.fields else form.fields
        return Reply("Please.", form=replace(form, fields=fields))

    async with hearing(by_http, answer) as slack:
        await slack.command(by_http.ana, by_http.porch, "/two")
        view = await by_http.view("Two fields")
        await slack.submit(by_http.ana, {"one": "2", "two": "kept"})
        assert view.errors == {"one": "One is not one."}
        assert view.state["two"]["value"]["value"] == "kept"
        await slack.submit(by_http.ana, {"one": "1"})
        assert "Well done." in str((await by_http.view("Two")).blocks)


async def test_a_form_whose_mistake_took_long_to_find_can_be_sent_again(by_http: Scene) -> None:
    async with hearing(by_http, slowly(by_http, SLOW)) as slack:
        await slack.command(by_http.ana, by_http.porch, "/community", "edit")
        await by_http.view("Your community")
        for colour, title in (("mauve", "Your community"), ("#112233", "Community")):
            await slack.submit(by_http.ana, {"colour": colour})
            assert slack.view(by_http.ana).title == "One moment"
            view = await by_http.view(title)
        assert "#112233" in str(view.blocks)


@pytest.mark.parametrize("command", ["/invite", "/community edit", "/passes"])
async def test_a_form_that_comes_too_late_is_offered_by_a_button(
    by_http: Scene, command: str
) -> None:
    by_http.slack.fault("views.open", "expired_trigger_id", times=1)
    assert "press again" in await by_http.say(command)
    await by_http.slack.press(by_http.ana, by_http.said, "Open the form")
    await by_http.slack.until(lambda: by_http.slack.views.get(by_http.ana), seconds=PATIENCE)


async def test_a_form_that_comes_too_late_after_a_long_command_is_offered_too(
    by_http: Scene,
) -> None:
    by_http.slack.fault("views.open", "drop_before", times=1)
    assert "press again" in await by_http.say(f"/community edit {'please ' * 400}")
    assert refusals(by_http) == [("views.open", "drop_before")]


async def test_everything_is_acknowledged_within_a_second(by_http: Scene) -> None:
    """Slack gives three; the test's computer may be busy."""
    for command in ("/invite email rosa@example.org", "/passes 20", "/members", "/community"):
        name, _, text = command.partition(" ")
        answer = await by_http.slack.command(by_http.ana, by_http.porch, name, text)
        assert answer.seconds < 1
        assert (answer.payload, answer.words) == (None, ""), "nothing is shown to all"
