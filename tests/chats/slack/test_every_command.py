"""Every command in Slack, used well and badly; and who may, asked at every word and press."""

from typing import Any

import pytest

from bot.commands import COMMANDS
from storage.tables import Batch, Community, Invitation, Leader
from tests.chats.serving import PATIENCE
from tests.chats.slack.conftest import Scene
from tests.community.scene import all_of
from tests.standins import slack_payloads as payloads
from tests.standins.slack_hands import act
from tests.standins.slack_workspace import Message, View

# name: what is said well, what the answer has in it; what is said badly, and its answer.
USES = {
    "invite": ("email rosa@example.org", "Inviting rosa@", "email nobody", "cannot be invited"),
    "passes": ("2 Elm Street", "2 access passes “Elm Street”", "many", "How many passes?"),
    "invites": ("open", "There are no open invitations", "tomorrow", "I can list:"),
    "members": ("", "Nobody has joined yet", "nobody-like-this", "No household or member"),
    "groups": ("create Pool", "There is a group Pool now", "add Pool Ana", "There is no group"),
    "roster": ("", "The roster is empty", "remove x", "Which entry?"),
    "coverage": ("", "There is no roster yet", "Nowhere Road", "no street or building like"),
    "billing": ("", "0 registered households", "tomorrow", "I can count the registered"),
    "requests": ("", "No request to be let in waits", "tomorrow", "I can list, approve and"),
    "community": ("name Elm Row", "Elm Row", "shoesize 43", "I do not know “shoesize”"),
    "announce": (
        "here",
        "I announce here who joins",
        "there",
        "in the channel where joins should be",
    ),
    "leaders": ("", "1 leader", "add somebody", "Mention one person"),
    "use": ("", "You lead Maple Court here", "Birch Row", "no community like that"),
    "household": ("", "which member you are", "key 7KQM", "That key is wrong"),
    "help": ("invite", "sends an invitation by e-mail", "cooking", "You can say:"),
}
FORMS = {"invite": "Invite members", "passes": "Print access passes"}
REFUSED = "Only leaders of"
FOR_MEMBERS = {"household"}  # nobody need lead for it


def test_every_command_is_here() -> None:
    assert USES.keys() == {command.name for command in COMMANDS}


@pytest.mark.parametrize("name", USES)
async def test_it_answers_when_used_well(by_http: Scene, name: str) -> None:
    text, expected, *_ = USES[name]
    assert expected in await by_http.say(f"/{name} {text}")
    assert by_http.said.seen_by == by_http.ana


@pytest.mark.parametrize("name", USES)
async def test_it_says_what_is_wrong_and_does_nothing_when_used_badly(
    by_http: Scene, name: str
) -> None:
    before = await everything(by_http)
    *_, text, expected = USES[name]
    assert expected in await by_http.say(f"/{name} {text}")
    assert await everything(by_http) == before
    assert by_http.slack.files == []


@pytest.mark.parametrize("name", sorted(USES.keys() - FOR_MEMBERS))
async def test_it_is_for_leaders_alone(by_http: Scene, name: str) -> None:
    before = await everything(by_http)
    for text in USES[name][0], USES[name][2], "":
        said = await by_http.say(f"/{name} {text}", user=by_http.ben)
        assert REFUSED in said
        assert "Ana Ruiz" in said, "whom to ask instead"
        assert by_http.said.seen_by == by_http.ben
        assert not [block for block in by_http.said.blocks if block["type"] == "actions"]
    assert await everything(by_http) == before
    assert by_http.slack.views.get(by_http.ben, []) == []
    assert by_http.own(by_http.ben) == []
    assert by_http.slack.files == []


@pytest.mark.parametrize("name", FORMS)
async def test_alone_it_opens_a_form(by_http: Scene, name: str) -> None:
    await by_http.slack.command(by_http.ana, by_http.porch, f"/{name}")
    await by_http.view(FORMS[name])


async def everything(scene: Scene) -> list[Any]:
    """What a command could change."""
    services = scene.house.services
    rows = [await all_of(services, table) for table in (Invitation, Batch, Community, Leader)]
    return [row.model_dump() for table in rows for row in table]


# Somebody else's buttons, forms and Home


async def pressed_by(scene: Scene, user: str, message: Message, label: str) -> None:
    """Press a button that may be somebody else's, and wait for the answer."""
    before = len(scene.slack.ephemeral)
    await scene.slack.press(user, message, label)
    await scene.slack.until(lambda: len(scene.slack.ephemeral) > before, seconds=PATIENCE)


async def receipt(scene: Scene) -> Message:
    """Rosa's invitation has left, and this is its receipt."""
    await scene.say("/invite email rosa@example.org")
    await scene.slack.until(
        lambda: scene.own() and "has been sent" in scene.own()[0].text, seconds=PATIENCE
    )
    return scene.own()[0]


@pytest.mark.parametrize("label", ["Resend", "Fix the address", "Send another way", "Void"])
async def test_nobody_else_can_press_a_leaders_buttons(by_http: Scene, label: str) -> None:
    message = await receipt(by_http)
    before = await everything(by_http)
    await pressed_by(by_http, by_http.ben, message, label)
    assert REFUSED in by_http.said.text
    assert await everything(by_http) == before
    assert by_http.slack.views.get(by_http.ben, []) == []


async def test_nobody_else_can_settle_a_leaders_question(by_http: Scene) -> None:
    await by_http.say("/invite email rosa@gmial.com")
    asked = by_http.said
    action = act(asked.blocks, asked.state, "Send as typed", None)
    action |= {"action_ts": by_http.slack.stamp()}
    payload = payloads.message_action(by_http.slack, by_http.ben, asked, action)
    await by_http.slack.deliver("interactive", payload)
    await by_http.slack.until(lambda: REFUSED in by_http.slack.ephemeral[-1].text, seconds=PATIENCE)
    assert await all_of(by_http.house.services, Invitation) == []


@pytest.mark.parametrize(
    ("call", "fields"),
    [
        ("/community edit", {"name": "Ben's Court"}),
        ("/invite", {"to": "ben@example.org"}),
        ("/passes", {"count": "3"}),
        ("/leaders remove 1 yes", {}),
        ("/invites fix 1", {"to": "ben@example.org"}),
        ("nonsense", {}),
    ],
)
async def test_a_form_that_somebody_else_forged_is_refused(
    by_http: Scene, call: str, fields: dict[str, str]
) -> None:
    before = await everything(by_http)
    answer = await by_http.slack.deliver("interactive", forged(by_http, by_http.ben, call, fields))
    assert answer.payload is not None
    assert REFUSED in str(answer.payload["view"]["blocks"])
    assert await everything(by_http) == before


def forged(scene: Scene, user: str, call: str, fields: dict[str, str]) -> dict[str, Any]:
    """A submission of a modal that we never showed."""
    meta = f'{{"call": "{call}", "asked": "{call}", "channel": "{scene.slack.team}/{scene.porch}"}}'
    body = {"type": "modal", "callback_id": "form", "private_metadata": meta, "blocks": []}
    state = {name: {"value": {"type": "plain_text_input", "value": text}}
             for name, text in fields.items()}  # fmt: skip
    view = View("V9", user, body, "V9", None, "1.a", state)
    return payloads.submission(scene.slack, view)


async def test_home_shows_nobody_else_anything(by_http: Scene) -> None:
    await receipt(by_http)
    await by_http.slack.open_home(by_http.ben)
    home = await by_http.slack.until(lambda: by_http.slack.homes.get(by_http.ben), seconds=PATIENCE)
    shown = str(home.body)
    assert REFUSED in shown
    assert "rosa@" not in shown
    assert [block["type"] for block in home.blocks] == ["section"]


async def test_nobody_else_can_search_or_press_in_a_leaders_home(by_http: Scene) -> None:
    await receipt(by_http)
    await by_http.slack.open_home(by_http.ana)
    home = await by_http.slack.until(lambda: by_http.slack.homes.get(by_http.ana), seconds=PATIENCE)
    for name, value in (("search", "Rosa"), ("Void", None)):
        await by_http.slack.press(by_http.ben, home, name, value)
        shown = await by_http.slack.until(
            lambda: by_http.slack.homes.pop(by_http.ben, None), seconds=PATIENCE
        )
        assert REFUSED in str(shown.body)
    [invitation] = await all_of(by_http.house.services, Invitation)
    assert invitation.voided_at is None


async def test_a_leader_who_was_removed_has_old_buttons_and_no_rights(by_http: Scene) -> None:
    await by_http.say(f"/leaders add <@{by_http.ben}|ben>")
    message = await receipt(by_http)
    [ana, _] = await all_of(by_http.house.services, Leader)
    await by_http.slack.command(by_http.ana, by_http.porch, "/community", "edit")
    await by_http.view("Your community")
    await by_http.say(f"/leaders owner {ana.id + 1} yes")
    await by_http.say(f"/leaders remove {ana.id} yes")
    before = await everything(by_http)
    await pressed_by(by_http, by_http.ana, message, "Void")
    assert REFUSED in by_http.said.text
    await by_http.slack.submit(by_http.ana, {"name": "Ana's Court"})
    assert REFUSED in str((await by_http.view("Community")).blocks)
    await by_http.slack.open_home(by_http.ana)
    home = await by_http.slack.until(lambda: by_http.slack.homes.get(by_http.ana), seconds=PATIENCE)
    assert REFUSED in str(home.body)
    assert await everything(by_http) == before


async def test_another_workspace_leads_nothing_here(by_http: Scene) -> None:
    form = payloads.command_form(by_http.slack, by_http.ana, by_http.porch, "/members", "")
    await by_http.slack.deliver("slash_commands", form | {"team_id": "T0OTHER00"})
    await by_http.slack.until(
        lambda: "does not belong to a community" in by_http.slack.ephemeral[-1].text,
        seconds=PATIENCE,
    )
