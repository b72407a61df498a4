"""Files that people bring to the stand-in for Slack: told of, described, and given to who may."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.standins.slack import SlackStandIn
from tests.standins.slack_blocks import view_problems
from tests.standins.slack_hands import CannotSend, fill
from tests.standins.slack_payloads import file_json

FORM: dict[str, Any] = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Import"},
    "submit": {"type": "plain_text", "text": "Read"},
    "blocks": [
        {
            "type": "input",
            "block_id": "file",
            "label": {"type": "plain_text", "text": "File"},
            "element": {"type": "file_input", "filetypes": ["csv"], "max_files": 1},
        }
    ],
}


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    async with SlackStandIn() as slack:
        yield slack


async def got(url: str, token: str) -> tuple[int, bytes]:
    """What the address gives to the bearer of a token."""
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, headers=headers, allow_redirects=False) as answer,
    ):
        return answer.status, await answer.read()


async def test_a_file_is_for_who_may_read_files(slack: SlackStandIn) -> None:
    file = slack.bring(slack.add_user("Ana Ruiz"), "people.csv", b"address\n")
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    told = (await client.files_info(file=file.id))["file"]
    assert (told["name"], told["mimetype"], told["size"]) == ("people.csv", "text/csv", 8)
    url = told["url_private_download"]
    assert await got(url, slack.bot_token) == (200, b"address\n")
    assert (await got(url, "xoxb-other"))[0] == 302
    assert (await got(f"{slack.url}/files-pri/T0-F9/download/a.csv", slack.bot_token))[0] == 404
    slack.scopes.discard("files:read")
    assert (await got(url, slack.bot_token))[0] == 302


async def test_a_form_takes_the_files_that_it_asks_for(slack: SlackStandIn) -> None:
    assert view_problems(FORM, "modal") == []
    element = {**FORM["blocks"][0]["element"], "max_files": 11}
    block = {**FORM["blocks"][0], "element": element}
    assert view_problems({**FORM, "blocks": [block]}, "modal")
    ana = slack.add_user("Ana Ruiz")
    view = slack.open_view(ana, FORM)
    good, bad = (file_json(slack, slack.bring(ana, f"a.{end}", b"a")) for end in ("csv", "exe"))
    for files, why in (([], "required"), ([bad], "takes no .exe"), ([good, good], "at most")):
        with pytest.raises(CannotSend, match=why):
            fill(view, {"File": files})
    fill(view, {"File": [good]})
    [state] = view.state["file"].values()
    assert state == {"type": "file_input", "files": [good]}
