"""Whatever people are called: no name mentions anybody, links anywhere or restyles a message.

Slack parses markup in the `mrkdwn` of blocks and in a message's `text`; in plain words and in rich
text it shows what it was given. So nothing of ours may be `mrkdwn`, and `text` must be escaped.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.community import sign_ups
from storage.tables import Invitation
from tests.chats.serving import PATIENCE
from tests.chats.slack.conftest import Open, Scene
from tests.community.scene import all_of, code_of, redeem
from tests.standins.slack_workspace import Message

BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
COMBINING = "Z" + "\u0335" * 120
NAMES = {
    "everyone": "<!everyone>",
    "mention": "<@U000000001>",
    "channel": "<#C000000003|general>",
    "bold": "*Ana* _the_ ~great~ `code`",
    "quote": "&gt; &lt;!here&gt; &amp;",
    "rtl": "Ana \u202egro.elpmaxe\u202c \u2066x\u2069",
    "lines": "Ana\nJoined: 40 households\r\u2028now",
    "command": "`/leaders remove 1 yes`",
}
LINKS = ["https://evil.example", "www.evil.example", "<https://evil.example|click me>"]


def words_of(value: Any) -> Iterator[dict[str, Any]]:
    """Everything in blocks that Slack shows as words, with its type."""
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value
        for inner in value.values():
            yield from words_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from words_of(inner)


def check_blocks(blocks: Any) -> None:
    """Nothing is parsed; code is only what we would set as code; nothing turns the text around."""
    shown = list(words_of(blocks))
    assert shown
    for words in shown:
        assert words["type"] in {"plain_text", "text"}, words
        assert words.get("emoji", False) is False, words
        assert not BIDI & set(words["text"]), words
        assert "link" not in words.get("style", {}), words
    kinds = set(re.findall(r"'type': '(\w+)'", str(blocks)))
    assert not kinds & {"mrkdwn", "link", "user", "usergroup", "channel", "broadcast", "emoji"}


def check(message: Message) -> None:
    """A message has no markup: `text` is escaped to the last sign, and blocks are words."""
    assert not re.search(r"[<>]|&(?!(?:amp|lt|gt);)", message.text), message.text
    assert not BIDI & set(message.text)
    check_blocks(message.blocks)


def check_all(scene: Scene) -> None:
    """Everything that was ever shown here."""
    for message in (*scene.slack.messages, *scene.slack.ephemeral):
        if message.author == scene.slack.bot:
            check(message)
    for view in (*scene.slack.homes.values(), *(v for s in scene.slack.views.values() for v in s)):
        check_blocks(view.blocks)
    for call in scene.slack.calls:
        if call.method == "chat.postMessage":
            asked = call.parameters
            assert asked["parse"] == "none"
            assert not {asked[name] for name in ("link_names", "unfurl_links", "unfurl_media")} & {
                True, "1", "true"
            }  # fmt: skip


async def home_of(scene: Scene, user: str) -> str:
    await scene.slack.open_home(user)
    home = await scene.slack.until(lambda: scene.slack.homes.get(user), seconds=PATIENCE)
    return str(home.body)


async def a_life_of(scene: Scene, name: str) -> None:
    """The name as a resident's, a household's, a label's, a leader's and the community's."""
    services = scene.house.services
    await scene.say("/announce here")
    await scene.say("/invite email rosa@example.org")
    await scene.say(f"/community name {name}")
    await scene.say(f"/community welcome {name}")
    await scene.say(f"/passes 2 {name}")
    [invitation, *_] = await all_of(services, Invitation)
    form = sign_ups.parse(
        name=name, address=name, contact="rosa@example.org", others=[name], region="US", limit=12
    )
    await redeem(services, code_of(services, invitation), form, now=datetime.now(UTC))
    await scene.slack.until(lambda: scene.slack.in_channel(scene.porch), seconds=PATIENCE)
    ben = scene.slack.add_user(name)
    await scene.say(f"/leaders add <@{ben}|ben>")
    for command in ("/members", f"/members {name}", "/invites", "/passes again 1", "/community",
                    "/leaders", f"/invite email {name}", f"/announce {name}", f"/help {name}",
                    f"/leaders remove {name}", f"/invites {name}", f"/{name}"):  # fmt: skip
        await scene.say(command)
    await scene.slack.command(scene.ana, scene.porch, "/community", "edit")
    await scene.view("Your community")
    await scene.say("/invites 1", user=scene.ben)
    await home_of(scene, scene.ana)
    await home_of(scene, scene.ben)


@pytest.mark.parametrize("name", [*NAMES.values(), COMBINING[:70]], ids=[*NAMES, "combining"])
async def test_no_name_is_ever_markup(by_http: Scene, name: str) -> None:
    await a_life_of(by_http, name)
    check_all(by_http)
    [announced] = by_http.slack.in_channel(by_http.porch)
    assert "joined" in announced.text
    assert len(announced.text.splitlines()) == 1, "no name begins a line of its own"


async def test_the_checks_see_the_name(by_http: Scene) -> None:
    """Else the others could pass because the name was nowhere."""
    await a_life_of(by_http, NAMES["everyone"])
    [announced] = by_http.slack.in_channel(by_http.porch)
    assert "&lt;!everyone&gt;" in announced.text
    assert "<!everyone>" in str(announced.blocks)
    assert "<!everyone>" in await home_of(by_http, by_http.ana)
    assert "&lt;!everyone&gt;" in await by_http.say("/members", user=by_http.ana)
    assert "&lt;!everyone&gt;" in await by_http.say("/leaders")


@pytest.mark.parametrize("name", LINKS)
async def test_a_link_is_nobodys_name(by_http: Scene, name: str) -> None:
    said = await by_http.say(f"/community name {name}")
    assert "cannot have a web address" in said
    ben = by_http.slack.add_user(name)
    assert "cannot have a web address" in await by_http.say(f"/leaders add <@{ben}|ben>")
    await by_http.say(f"/passes 1 {name}")
    check_all(by_http)


async def test_a_file_has_no_words_that_slack_would_parse(by_http: Scene) -> None:
    for label in (*NAMES.values(), *LINKS):
        await by_http.say(f"/passes 1 {label}")
    assert by_http.slack.files
    for file in by_http.slack.files:
        assert file.comment == ""
        assert re.fullmatch(r"[\w.() -]+", file.name), file.name
        assert re.fullmatch(r"[\w.() -]+", file.title), file.title


@pytest.mark.parametrize("name", [*NAMES.values(), COMBINING], ids=[*NAMES, "combining"])
async def test_the_first_leader_may_be_called_anything(open_slack: Open, name: str) -> None:
    async with open_slack() as scene:
        twin = scene.slack.add_user(name)
        said = await scene.say("/invite email rosa@example.org", user=twin)
        assert "Ana Ruiz" in said
        said = await scene.say(f"/leaders add <@{twin}|x>")
        assert "is now a leader" in said or "too long" in said
        check_all(scene)


async def test_a_call_cannot_be_smuggled_into_a_command(by_http: Scene) -> None:
    """A line break, a second command or a mention in an argument is an argument."""
    for text in ("email rosa@example.org\n/leaders remove 1 yes", "email <!channel>",
                 "email a@example.org; /passes 9"):  # fmt: skip
        await by_http.say(f"/invite {text}")
    assert "1 leader" in await by_http.say("/leaders")
    assert by_http.slack.files == []
    check_all(by_http)
