"""Files in Slack: dropped into the messages with the app, or put into a form; for leaders alone."""

import io

import pytest
from PIL import Image
from slack_sdk.web.async_client import AsyncWebClient

from bot.chats.dropped import MOST, WHAT_FOR
from bot.chats.slack import files
from bot.chats.slack.files import lying
from bot.chats.slack.words import spelt
from tests.chats.contract.in_slack import native
from tests.chats.serving import PATIENCE
from tests.chats.slack.conftest import Scene
from tests.standins import slack_payloads as payloads

TABLE = b"address\n4 Elm Street\n"


async def dropped(scene: Scene, name: str, content: bytes, words: str = "", **who: str) -> str:
    """Drop a file and read the answer in one's own messages."""
    user = who.get("user", scene.ana)
    before = len(answers(scene, user))
    await scene.slack.drop(user, name, content, words)
    await scene.slack.until(lambda: len(answers(scene, user)) > before, seconds=PATIENCE)
    return answers(scene, user)[before]


def answers(scene: Scene, user: str) -> list[str]:
    return [native(m.text) for m in scene.own(user) if m.author == scene.slack.bot]


def downloads(scene: Scene) -> int:
    return sum(1 for asked in scene.slack.calls if asked.method == "download")


async def test_a_file_for_nothing_is_answered_with_what_files_are_for(scene: Scene) -> None:
    said = await dropped(scene, "notes.docx", b"no table")
    assert said == WHAT_FOR
    assert spelt(WHAT_FOR, "porchlight") in {m.text for m in scene.own()}
    assert downloads(scene) == 0


async def test_words_say_what_a_file_is_for_with_and_without_a_slash(by_http: Scene) -> None:
    assert "I do not know" in await dropped(by_http, "a.csv", TABLE, "/porchlight community size 4")
    assert downloads(by_http) == 1
    assert "I do not know" in await dropped(by_http, "a.csv", TABLE, "/community size 4")


async def test_what_slack_repeats_is_fetched_and_answered_once(by_http: Scene) -> None:
    await dropped(by_http, "a.csv", TABLE, "/community size 4")
    await by_http.slack.repeat()
    await by_http.slack.repeat(retry_num=2)
    await dropped(by_http, "notes.docx", b"no table")
    assert downloads(by_http) == 1
    assert len(answers(by_http, by_http.ana)) == 2


async def test_nothing_is_fetched_for_somebody_who_leads_nothing(by_http: Scene) -> None:
    said = await dropped(by_http, "a.csv", TABLE, user=by_http.ben)
    assert "Ana Ruiz" in said, "whom to ask instead"
    assert "Ana Ruiz" in await dropped(by_http, "notes.docx", b"no table", user=by_http.ben)
    assert downloads(by_http) == 0


async def test_too_much_is_not_fetched(by_http: Scene) -> None:
    said = await dropped(by_http, "a.csv", b"a" * (MOST + 1))
    assert said == "“a.csv” is too big: I take files up to 5 MB. Nothing was done."
    assert downloads(by_http) == 0


async def test_what_is_larger_than_slack_says_is_not_read_to_its_end(by_http: Scene) -> None:
    slack = by_http.slack
    file = slack.bring(by_http.ana, "a.csv", b"a" * (MOST + 1))
    facts = payloads.file_json(slack, file) | {"size": 10}
    await slack.tell(
        "message", channel_type="im", subtype="file_share", user=by_http.ana, text="",
        channel=slack.direct(by_http.ana).id, ts=slack.stamp(), files=[facts],
    )  # fmt: skip
    await slack.until(lambda: answers(by_http, by_http.ana), seconds=PATIENCE)
    assert "too big" in answers(by_http, by_http.ana)[0]


@pytest.mark.parametrize("fault", ["503", "drop_before", "drop_after"])
async def test_a_download_that_fails_is_said(by_http: Scene, fault: str) -> None:
    by_http.slack.fault("download", fault, times=2)  # aiohttp asks again
    said = await dropped(by_http, "a.csv", TABLE)
    assert said == (
        "Slack did not give me “a.csv” just now. Nothing was done; please drop it once more."
    )


async def test_without_the_right_to_read_files_the_operator_is_named(by_http: Scene) -> None:
    by_http.slack.scopes.discard("files:read")
    assert "install the app again" in await dropped(by_http, "a.csv", TABLE)


async def test_a_file_of_another_organisation_is_asked_about(by_http: Scene) -> None:
    slack = by_http.slack
    file = slack.bring(by_http.ana, "a.csv", TABLE)
    facts = {"id": file.id, "mode": "file_access", "file_access": "check_file_info"}
    await slack.tell(
        "message", channel_type="im", subtype="file_share", user=by_http.ana,
        text="/community size 4", channel=slack.direct(by_http.ana).id, ts=slack.stamp(),
        files=[facts],
    )  # fmt: skip
    await slack.until(lambda: answers(by_http, by_http.ana), seconds=PATIENCE)
    assert "I do not know" in answers(by_http, by_http.ana)[0]
    assert downloads(by_http) == 1


async def test_what_else_is_written_there_is_left_alone(by_http: Scene) -> None:
    slack, direct = by_http.slack, by_http.slack.direct(by_http.ana).id
    await slack.say(by_http.ana, by_http.ana, "Good morning!")
    changed = {"channel": direct, "channel_type": "im", "ts": slack.stamp()}
    inside = {"user": slack.bot, "text": "…", "files": []}
    for facts in (
        {"subtype": "message_changed", "message": inside},
        {"subtype": "message_deleted", "deleted_ts": slack.stamp()},
        {"user": slack.bot, "bot_id": slack.bot_id, "text": "A receipt"},
        {"subtype": "file_share", "user": slack.bot, "bot_id": slack.bot_id, "text": "",
         "files": [payloads.file_json(slack, slack.bring(slack.bot, "p.csv", TABLE))]},
    ):  # fmt: skip
        answer = await slack.tell("message", **changed, **facts)
        assert (answer.status, answer.trouble) == (200, "")
    await dropped(by_http, "notes.docx", b"no table")
    assert answers(by_http, by_http.ana) == [WHAT_FOR]
    assert downloads(by_http) == 0


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("https://files.slack.com/files-pri/T1-F1/download/a.csv", True),
        ("https://slack.com/files-pri/T1-F1/a.csv", True),
        ("http://files.slack.com/files-pri/T1-F1/a.csv", False),
        ("https://files.slack.com.example.org/a.csv", False),
        ("https://notslack.com/a.csv", False),
        ("https://files.slack.com:8443/a.csv", False),
        ("https://files.slack.com:99999999/a.csv", False),
        ("https://slack.com@example.org/a.csv", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_the_token_goes_to_slack_alone(url: str, *, ours: bool) -> None:
    assert files._is_slacks(url, "https://slack.com/api/") is ours


async def test_a_picture_is_handed_out_with_what_it_shows(by_http: Scene) -> None:
    drawn = io.BytesIO()
    Image.new("RGB", (320, 80), "teal").save(drawn, "PNG")
    said = await dropped(by_http, "logo.png", drawn.getvalue(), "community logo")
    assert "It is in your messages with me." in said
    [logo] = by_http.slack.files
    assert (logo.media_type, logo.channel) == (
        "image/png", by_http.slack.direct(by_http.ana).id
    )  # fmt: skip
    assert logo.alt


async def test_what_slack_does_not_take_can_be_asked_for_again(by_http: Scene) -> None:
    await dropped(by_http, "people.csv", TABLE)
    by_http.slack.fault("files.completeUploadExternal", "internal_error", times=1)
    said = native(await by_http.say("/roster export"))
    assert "Slack did not take the file just now. Please ask for it again." in said
    assert "It is in your messages with me." in native(await by_http.say("/roster export"))
    by_http.slack.fault("upload", "503", times=1)
    said = await by_http.say("/passes 2")
    assert "`/porchlight passes again` with the batch's number" in said


async def test_a_deleted_file_is_none(by_http: Scene) -> None:
    client = AsyncWebClient(by_http.slack.bot_token, base_url=by_http.slack.api_url)
    assert await lying(client, [{"id": "F1", "mode": "tombstone"}]) == []
