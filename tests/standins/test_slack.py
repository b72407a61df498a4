"""The stand-in for Slack, driven with Slack's own clients: what works, and what goes wrong."""

import asyncio
import json
import time
import warnings
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from tests.standins.slack import SlackStandIn
from tests.standins.slack_apps import (
    actions,
    answering,
    button,
    connected,
    field,
    menu,
    modal,
    refusal,
    section,
    served,
    small_app,
    words,
)
from tests.standins.slack_blocks import Json, message_problems, view_problems
from tests.standins.slack_hands import CannotSend
from tests.standins.slack_limits import BAD_BLOCKS, BAD_VIEWS


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    async with SlackStandIn(trigger_lifetime=0.5, patience=1) as slack:
        yield slack


@pytest.fixture
def client(slack: SlackStandIn) -> AsyncWebClient:
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url)


@pytest.fixture(params=["http", "socket"])
async def app(
    request: pytest.FixtureRequest, slack: SlackStandIn, client: AsyncWebClient
) -> AsyncIterator[AsyncApp]:
    """The small app; the test runs once with each way to reach it."""
    app = small_app(client, slack.signing_secret)
    if request.param == "http":
        async with served(app) as slack.events_url:
            yield app
        return
    async with connected(slack, app):
        yield app


# What an app can do


async def test_a_command_a_button_and_a_form_come_through(
    app: AsyncApp, slack: SlackStandIn
) -> None:
    ana, porch = slack.add_user("Ana Ruiz"), slack.add_channel("porch", bot_is_member=False)
    done = await slack.command(ana, porch, "/invite", "email lena@resident.example")
    assert (done.status, done.trouble) == (200, "")
    [shown] = await slack.until(lambda: slack.ephemeral)
    assert (shown.text, shown.seen_by, shown.channel) == ("Queued.", ana, porch)

    await slack.press(ana, shown, "Add a note")
    await slack.until(lambda: slack.views.get(ana))
    with pytest.raises(CannotSend, match="Note: please complete"):
        await slack.submit(ana)
    await slack.submit(ana, {"Note": "no"})
    assert slack.view(ana).errors == {"note": "Say something kind."}

    assert not (await slack.submit(ana, {"Note": "Welcome!"})).trouble
    assert slack.views[ana] == []
    [message] = await slack.until(lambda: slack.in_channel(ana))
    assert message.text == "email lena@resident.example: Welcome!"


async def test_a_home_and_a_direct_message_come_through(app: AsyncApp, slack: SlackStandIn) -> None:
    ana = slack.add_user("Ana Ruiz")
    await slack.open_home(ana)
    home = await slack.until(lambda: slack.homes.get(ana))
    assert home.blocks[0]["text"]["text"] == "3 households"
    await slack.say(ana, ana, "hello <b> lena@resident.example")
    said = await slack.until(lambda: slack.in_channel(ana)[1:])
    written = "hello &lt;b&gt; <mailto:lena@resident.example|lena@resident.example>"
    assert said[0].text == f"You said {written}"


async def test_a_message_is_posted_edited_and_read_again(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    porch = slack.add_channel("porch")
    facts = {"event_type": "receipt", "event_payload": {"id": 17}}
    posted = await client.chat_postMessage(
        channel=porch, text="Queued", blocks=[section("Queued")], metadata=facts
    )
    await client.chat_update(channel=porch, ts=posted["ts"], text="Joined")
    [message] = slack.messages
    assert (message.text, message.edits, message.metadata) == ("Joined", 1, facts)
    assert message.blocks[0]["text"]["text"] == "Queued"  # kept, as none were given
    await client.chat_update(channel=porch, ts=posted["ts"], text="Joined", blocks=[])
    assert message.blocks == []

    told = await client.conversations_history(channel=porch, include_all_metadata=True)
    assert [(each["ts"], each["metadata"]) for each in told["messages"]] == [(posted["ts"], facts)]
    hidden = await client.conversations_history(channel=porch, oldest=posted["ts"])
    assert hidden["messages"] == []


async def test_a_file_goes_to_a_channel_and_never_to_a_user(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    ana = slack.add_user("Ana Ruiz")
    opened = await client.conversations_open(users=ana)
    place = opened["channel"]["id"]
    sent: Json = {"filename": "passes.pdf", "content": b"%PDF\0", "title": "40 passes"}
    await client.files_upload_v2(**sent, channel=place)
    [file] = slack.files
    assert (file.name, file.content, file.title) == ("passes.pdf", b"%PDF\0", "40 passes")
    assert file.channel == place == slack.direct(ana).id
    assert (await refusal(client.files_upload_v2(**sent, channel=ana)))[
        "error"
    ] == "invalid_channel"

    ticket = await client.files_getUploadURLExternal(filename="passes.pdf", length=9)
    asked = client.files_completeUploadExternal(files=[{"id": ticket["file_id"]}])
    assert (await refusal(asked))["error"] == "file_not_found"
    async with (
        aiohttp.ClientSession() as session,
        session.post(ticket["upload_url"], data=b"short") as answer,
    ):
        assert answer.status == 400


async def test_a_code_is_exchanged_once(slack: SlackStandIn) -> None:
    client = AsyncWebClient(base_url=slack.api_url)
    code = slack.grant(slack.add_user("Ana Ruiz"))
    login = {"client_id": slack.client_id, "client_secret": slack.client_secret}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the client's way to log in
        given = await client.oauth_v2_access(**login, code=code)
        again = await refusal(client.oauth_v2_access(**login, code=code))
        wrong = {**login, "client_secret": "x"}
        stranger = await refusal(client.oauth_v2_access(**wrong, code=code))
    assert (given["access_token"], given["team"]["id"]) == (slack.bot_token, slack.team)
    assert (again["error"], stranger["error"]) == ("invalid_code", "bad_client_secret")


# What is refused


@pytest.mark.parametrize(("blocks", "problem"), BAD_BLOCKS, ids=[each[1] for each in BAD_BLOCKS])
async def test_blocks_beyond_the_limits_are_refused(
    client: AsyncWebClient, slack: SlackStandIn, blocks: list[Json], problem: str
) -> None:
    porch = slack.add_channel("porch")
    answer = await refusal(client.chat_postMessage(channel=porch, text="x", blocks=blocks))
    assert answer["error"] == "invalid_blocks"
    assert any(problem in each for each in answer["errors"])
    assert slack.messages == []


def test_blocks_at_the_limits_are_not_refused() -> None:
    longest = button("x" * 75, "a" * 255, value="x" * 2000, style="danger")
    rest = [{"type": "divider"}] * 46
    header = {"type": "header", "text": words("x" * 150)}
    context = {"type": "context", "elements": [words("x")] * 10}
    assert message_problems([section("x" * 3000), header, context, actions(longest), *rest]) == []
    chosen = menu("a", "b", placeholder=words("x" * 150))
    inputs = [field("Name", hint=words("x" * 2000)), field("Kind", element=chosen)]
    assert view_problems(modal(*inputs, title=words("x" * 24)), "modal") == []


@pytest.mark.parametrize(("view", "problem"), BAD_VIEWS.values(), ids=BAD_VIEWS)
async def test_a_modal_beyond_the_limits_is_refused(
    client: AsyncWebClient, slack: SlackStandIn, view: Json, problem: str
) -> None:
    trigger = slack.new_trigger(slack.add_user("Ana Ruiz"))
    answer = await refusal(client.views_open(trigger_id=trigger, view=view))
    assert answer["error"] == "invalid_arguments"
    assert problem in answer["response_metadata"]["messages"][0]


async def test_a_trigger_is_good_once_and_not_for_long(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    ana = slack.add_user("Ana Ruiz")
    trigger = slack.new_trigger(ana)
    opened = await client.views_open(trigger_id=trigger, view=modal())
    used = await refusal(client.views_open(trigger_id=trigger, view=modal()))
    late = slack.new_trigger(ana)
    await asyncio.sleep(0.6)
    expired = await refusal(client.views_open(trigger_id=late, view=modal()))
    assert (used["error"], expired["error"]) == ("exchanged_trigger_id", "expired_trigger_id")

    await client.views_update(view_id=opened["view"]["id"], view=modal(title=words("Done")))
    assert slack.view(ana).title == "Done"
    assert not (await slack.close(ana)).trouble
    gone = await refusal(client.views_update(view_id=opened["view"]["id"], view=modal()))
    assert gone["error"] == "not_found"


async def test_places_and_messages_that_are_not_ours_are_refused(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    ana = slack.add_user("Ana Ruiz")
    porch, attic = slack.add_channel("porch"), slack.add_channel("attic", bot_is_member=False)
    shed = slack.add_channel("shed")
    slack.channels[shed].archived = True
    cellar = slack.add_channel("cellar", bot_is_member=False, private=True)
    await slack.say(ana, porch, "mine")
    [mine] = slack.messages
    errors = [
        (await refusal(asked))["error"]
        for asked in (
            client.chat_postMessage(channel="C404", text="x"),
            client.chat_postMessage(channel=attic, text="x"),
            client.chat_postMessage(channel=cellar, text="x"),
            client.chat_postMessage(channel=shed, text="x"),
            client.chat_postMessage(channel=porch, text="x" * 40_001),
            client.chat_update(channel=porch, ts=mine.ts, text="x"),
            client.chat_update(channel=porch, ts="1.000001", text="x"),
            client.chat_update(channel=ana, ts=mine.ts, text="x"),
            client.chat_postMessage(channel=porch, text="x", username="Ana"),
            client.users_list(),
        )
    ]
    assert errors == [
        "channel_not_found", "not_in_channel", "channel_not_found", "is_archived", "msg_too_long",
        "cant_update_message", "message_not_found", "channel_not_found", "invalid_arguments",
        "unknown_method",
    ]  # fmt: skip
    assert [call.error for call in slack.calls] == errors


async def test_tokens_and_scopes_are_checked(slack: SlackStandIn, client: AsyncWebClient) -> None:
    slack.scopes.discard("users:read")
    strangers = [AsyncWebClient(token, base_url=slack.api_url) for token in (None, "xoxb-wrong")]
    errors = [(await refusal(each.auth_test()))["error"] for each in strangers]
    assert errors == ["not_authed", "invalid_auth"]
    missing = await refusal(client.users_info(user=slack.bot))
    assert (missing["error"], missing["needed"]) == ("missing_scope", "users:read")
    slack.scopes.discard("im:history")
    place = slack.direct(slack.add_user("Ana Ruiz")).id
    unread = await refusal(client.conversations_history(channel=place))
    assert (unread["error"], unread["needed"]) == ("missing_scope", "im:history")
    wrong = await refusal(client.apps_connections_open(app_token=slack.bot_token))
    assert wrong["error"] == "not_allowed_token_type"
    assert (await client.auth_test())["team_id"] == slack.team


# Requests to the app


async def test_only_slack_can_sign_and_only_now(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    async with served(small_app(client, slack.signing_secret)) as slack.events_url:
        assert await slack.verify_url()
        ana, porch = slack.add_user("Ana Ruiz"), slack.add_channel("porch")
        await slack.command(ana, porch, "/invite", "x")
        forged = await slack.repeat(secret="another")
        old = await slack.repeat(age=400)
        bare = await slack.repeat(signed=False)
        again = await slack.repeat()
    assert [forged.status, old.status, bare.status, again.status] == [401, 401, 401, 200]
    await slack.until(lambda: len(slack.ephemeral) == 2)


async def test_a_repeated_request_is_the_same_and_says_so(slack: SlackStandIn) -> None:
    heard: list[tuple[bytes, str | None]] = []

    async def events(request: web.Request) -> web.Response:
        heard.append((await request.read(), request.headers.get("X-Slack-Retry-Num")))
        return web.Response()

    async with answering(events) as slack.events_url:
        await slack.say(slack.add_user("Ana Ruiz"), slack.bot, "hello")
        await slack.repeat(retry_num=1, retry_reason="http_timeout")
        slack.subscribed.clear()
        assert (await slack.uninstall()).trouble == "not_subscribed"
    (first, none), (second, one) = heard
    assert (first, none, one) == (second, None, "1")


async def test_an_app_that_is_slow_or_away_is_said_so(slack: SlackStandIn) -> None:
    async def slow(_: web.Request) -> web.Response:
        await asyncio.sleep(1.5)
        return web.Response()

    async with answering(slow) as slack.events_url:
        ana, porch = slack.add_user("Ana Ruiz"), slack.add_channel("porch")
        assert (await slack.command(ana, porch, "/invite")).trouble == "operation_timeout"
    assert (await slack.command(ana, porch, "/invite")).trouble == "dispatch_failed"


async def test_a_response_url_takes_five_answers(slack: SlackStandIn) -> None:
    ana, porch = slack.add_user("Ana Ruiz"), slack.add_channel("porch")
    shown = slack.show(porch, "Sure?", [actions(button("Yes", "yes"))], seen_by=ana)
    url = f"{slack.url}/actions/{slack.new_response_url(ana, porch, shown)}"
    asked: list[Json] = [
        {"text": "Yes.", "replace_original": True},
        {"text": "Everybody, look", "response_type": "in_channel"},
        {"text": "", "delete_original": True},
        {"text": "x", "replace_original": True},  # it is gone
        {"text": "one more"},
        {"text": "and another"},
        {"text": "too many"},
    ]
    told = []
    async with aiohttp.ClientSession() as session:
        for each in asked:
            async with session.post(url, json=each) as answer:
                told.append((answer.status, await answer.text()))
            if each["text"] == "Yes.":
                assert (shown.text, shown.blocks, shown.edits) == ("Yes.", [], 1)
    assert [status for status, _ in told] == [200, 200, 200, 400, 200, 200, 404]
    assert json.loads(told[-1][1])["error"] == "used_url"
    assert [each.text for each in slack.messages] == ["Everybody, look"]
    assert [each.text for each in slack.ephemeral] == ["one more", "and another"]


# Modals


async def test_a_submission_can_change_push_and_clear_modals(slack: SlackStandIn) -> None:
    answers = iter(
        [
            {"response_action": "update", "view": modal(field("Name"), field("Note"))},
            {"response_action": "push", "view": modal(title=words("Sure?"))},
            {"response_action": "errors", "errors": {"nowhere": "x"}},
            {"response_action": "clear"},
        ]
    )
    asked: list[Json] = []

    async def events(request: web.Request) -> web.Response:
        form = await request.post()
        asked.append(json.loads(str(form["payload"])))
        return web.json_response(next(answers))

    async with answering(events) as slack.events_url:
        ana = slack.add_user("Ana Ruiz")
        chosen = menu("email", "text")
        slack.open_view(ana, modal(field("Name"), field("By", element=chosen)))
        await slack.submit(ana, {"Name": "Lena", "By": "Email"})
        values = asked[0]["view"]["state"]["values"]
        assert values["name"]["value"]["value"] == "Lena"
        assert values["by"]["chosen"]["selected_option"]["value"] == "email"
        assert list(slack.view(ana).state) == ["name", "note"]
        assert slack.view(ana).state["name"]["value"]["value"] == "Lena"  # what is typed stays
        await slack.submit(ana, {"note": "Hello"})
        assert [view.title for view in slack.views[ana]] == ["Invite", "Sure?"]
        assert "input blocks" in (await slack.submit(ana)).trouble
        await slack.submit(ana)
        assert slack.views[ana] == []


async def test_a_choice_is_told_and_kept(slack: SlackStandIn, client: AsyncWebClient) -> None:
    app = small_app(client, slack.signing_secret)
    told: list[Json] = []

    @app.action("chosen")
    async def chosen(ack: Any, body: Json) -> None:
        await ack()
        told.append(body)

    async with served(app) as slack.events_url:
        ana, porch = slack.add_user("Ana Ruiz"), slack.add_channel("porch")
        ask = section("By?", accessory=menu("email", "text", placeholder=words("Medium")))
        message = slack.show(porch, "By?", [ask])
        done = await slack.press(ana, message, "Medium", "text")
        assert (done.status, done.trouble) == (200, "")
        with pytest.raises(LookupError, match="there is"):
            await slack.press(ana, message, "Large")
    [body] = told
    assert body["actions"][0]["selected_option"]["value"] == "text"
    assert body["container"]["message_ts"] == body["message"]["ts"] == message.ts
    [kept] = body["state"]["values"].values()
    assert kept["chosen"]["selected_option"]["value"] == "text"


# Socket Mode


@pytest.mark.parametrize("reason", ["refresh_requested", "warning", None])
async def test_an_app_comes_back_and_hears_what_it_missed(
    slack: SlackStandIn, client: AsyncWebClient, reason: str | None
) -> None:
    app = small_app(client, slack.signing_secret)
    ana, porch = slack.add_user("Ana Ruiz"), slack.add_channel("porch")
    async with connected(slack, app):
        await slack.command(ana, porch, "/invite", "first")
        await slack.disconnect(reason)
        done = await slack.command(ana, porch, "/invite", "second")
        assert (done.status, done.trouble) == (200, "")
        commands = [form["text"] for _, form in slack.line.sent]
        assert commands == ["first", "second"]
        # At least once: Bolt's client may come back twice, and is then told again.
        assert await slack.until(lambda: len(slack.ephemeral) >= 2)


async def test_what_is_not_acknowledged_is_sent_again_over_the_next_connection(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    ana, porch = slack.add_user("Ana Ruiz"), slack.add_channel("porch")
    async with aiohttp.ClientSession() as session:

        async def connect() -> aiohttp.ClientWebSocketResponse:
            answer = await client.apps_connections_open(app_token=slack.app_token)
            link = await session.ws_connect(answer["url"])
            assert (await link.receive_json())["type"] == "hello"
            return link

        first = await connect()
        asking = asyncio.create_task(slack.command(ana, porch, "/invite", "x"))
        heard = await first.receive_json()
        await slack.disconnect(None)
        second = await connect()
        again = await second.receive_json()
        assert again == heard
        assert again["accepts_response_payload"]
        said = {"envelope_id": again["envelope_id"], "payload": {"text": "Done."}}
        await second.send_json(said)
        assert (await asking).payload == {"text": "Done."}
        await second.send_json(said)
        await slack.until(lambda: slack.line.unexpected)
        await second.close()
    assert [each.text for each in slack.ephemeral] == ["Done."]


# Faults


async def test_faults_come_as_asked(slack: SlackStandIn) -> None:
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])
    porch = slack.add_channel("porch")

    def post() -> Any:
        return client.chat_postMessage(channel=porch, text="x")

    slack.fault("chat.postMessage", "ratelimited", retry_after=7, times=1)
    with pytest.raises(SlackApiError) as caught:
        await post()
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "7"

    slack.fault("chat.postMessage", "internal_error", times=1)
    assert (await refusal(post()))["error"] == "internal_error"
    for kind, kept in (("drop_before", 0), ("drop_after", 1)):
        slack.fault("chat.postMessage", kind, times=1)
        with pytest.raises(aiohttp.ClientError):
            await post()
        assert len(slack.messages) == kept
    slack.fault("chat.postMessage", "slow", seconds=0.2, times=1)
    started = time.monotonic()
    await post()
    assert time.monotonic() - started >= 0.2
    slack.down = True
    with pytest.raises((SlackApiError, aiohttp.ClientError)):
        await post()
    slack.recover()
    await post()
    assert len(slack.messages) == 3


async def test_a_client_by_default_posts_twice_when_the_line_is_cut(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    slack.fault("chat.postMessage", "drop_after", times=1)
    await client.chat_postMessage(channel=slack.add_channel("porch"), text="x")
    assert len(slack.messages) == 2


async def test_a_client_that_waits_gets_through(slack: SlackStandIn) -> None:
    handlers: list[AsyncRetryHandler] = [AsyncRateLimitErrorRetryHandler(max_retry_count=1)]
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=handlers)
    porch = slack.add_channel("porch")
    slack.fault("*", "ratelimited", times=1)
    await client.chat_postMessage(channel=porch, text="x")
    first, second = slack.calls
    assert (first.error, second.error) == ("ratelimited", "")
    assert second.at - first.at >= 1
