"""What holds for every reply: short calls without an address, usage where it is wanted, help."""

import itertools

import pytest

from bot.chats.playground import PLACE, SPEAKER
from bot.commands import COMMANDS
from bot.dispatch import answer
from bot.messages import Button, Reply
from bot.ports import Services
from storage.tables import Delivery, PlaygroundMessage
from tests.community import scene
from tests.community.pastes import EMAILS, NUMBERS
from tests.community.scene import call, say

JOURNEY = [
    "/help",
    "/invite",
    f"/invite email {EMAILS}",
    "/invite send 1 corrected",
    "/invite send 1",
    f"/invite text {NUMBERS}",
    "/invite send 2",
    "/invite ana.ruiz@gmial.com",
    "/invite a@example.org",
    "/invite +1 201 555 0123",
    "/invite " + "very-long-address-indeed." * 2 + "ana@gmial.com",
    "/passes 2 " + "Elm Street " * 3,
    "/passes",
    "/passes void 1",
    "/passes handed-out 1",
    "/invites",
    "/invites page 2",
    "/invites failed",
    "/invites open page 2",
    "/invites waiting",
    "/invites older 7d",
    "/invites all receipt 1 page 2",
    "/invites resend open mine",
    *(f"/invites {number}" for number in (1, 2, 24, 25)),
    "/invites resend 1",
    "/invites other 2",
    "/invites fix 2",
    "/invites fix 2 bob@example.org",
    "/invites text 3",
    "/invites void 4",
    "/invites reopen 4",
    "/invites pass 5",
    "/members",
    "/roster",
    "/roster import",
    "/roster clear",
    "/roster export",
    "/invites export",
    "/passes export",
    "/community",
    "/community edit",
    "/community name Maple Court",
    "/community reminders on",
    "/community digest off",
    "/announce here",
    "/announce off",
    "/passes void 1 yes",
    "hello",
    "/invit",
]


async def test_no_call_of_a_button_is_long_or_holds_an_address(services: Services) -> None:
    calls: set[str] = set()
    for said in JOURNEY:
        reply = await say(services, said)
        assert "went wrong" not in reply.text, said
        calls |= {button.call for button in reply.buttons}
        calls |= {reply.form.call} if reply.form else set()
    await scene.all_done(services)
    (delivery, *_) = await scene.all_of(services, Delivery)
    for message in await scene.all_of(services, PlaygroundMessage):
        calls |= {button["call"] for button in message.body["buttons"]}
    assert len(calls) > 30
    for said in calls:
        assert len(said.encode()) <= 64, said
        assert said.startswith("/")
        assert "@" not in said
        assert "+" not in said
        assert str(delivery.contact) not in said


async def test_every_button_can_be_pressed(services: Services) -> None:
    """Each button that the journey shows says something that is understood."""
    seen: dict[str, Button] = {}
    for said in JOURNEY:
        for button in (await say(services, said)).buttons:
            seen.setdefault(button.call, button)
    for pressed in seen:
        reply = await say(services, pressed)
        assert "I did not understand" not in reply.text, pressed
        assert "went wrong" not in reply.text, pressed


async def test_help_is_made_from_the_commands(services: Services) -> None:
    reply = await say(services, "/help")
    for command in COMMANDS:
        assert f"`/{command.name}` – {command.summary}" in reply.text
        for word in (command.name, f"/{command.name}", command.name.upper()):
            explained = await say(services, f"/help {word}")
            assert all(usage.words in explained.text for usage in command.usages)
    assert await say(services, "/help nonsense") == reply


async def test_every_usage_in_help_is_understood(services: Services) -> None:
    for usage in itertools.chain.from_iterable(command.usages for command in COMMANDS):
        said = usage.words.replace("...", "ana@example.org")
        reply = await say(services, said)
        assert "I did not understand" not in reply.text, said
        explained = f"`{usage.words}` – {usage.meaning}"
        assert explained not in reply.text or said.startswith("/help"), said


@pytest.mark.parametrize(
    "said",
    [
        "/invite email",
        "/invite nonsense",
        "/invite send",
        "/invite send x",
        "/passes many",
        "/passes void",
        "/invites nonsense",
        "/invites resend",
        "/invites fix",
        "/announce",
        "/announce there",
        "/community nonsense",
        "/community days soon",
    ],
)
async def test_what_is_wrong_is_said_with_how_to_say_it(services: Services, said: str) -> None:
    reply = await say(services, said)
    name = said.removeprefix("/").split()[0]
    command = next(each for each in COMMANDS if each.name == name)
    first, *usages = reply.text.splitlines()
    assert first.endswith((".", "?"))
    assert usages == [f"`{usage.words}` – {usage.meaning}" for usage in command.usages]


@pytest.mark.parametrize(
    ("said", "meant"),
    [("/invit", "invite"), ("invte x", "invite"), ("/PASES 3", "passes"), ("/member", "members")],
)
async def test_a_slip_of_the_pen_is_understood(services: Services, said: str, meant: str) -> None:
    assert (await say(services, said)).text.startswith(f"Did you mean `/{meant}`?")


@pytest.mark.parametrize("said", ["good morning", "/", "", "🏡", "what can you do?"])
async def test_what_is_not_understood_leads_to_help(services: Services, said: str) -> None:
    reply = await say(services, said)
    assert "I did not understand that." in reply.text
    assert "/help" in [button.call for button in reply.buttons]


@pytest.mark.parametrize("said", ["/HELP", "help", "  /help  ", "/Help\n"])
async def test_a_command_may_be_written_in_many_ways(services: Services, said: str) -> None:
    assert (await say(services, said)).text.startswith("I invite people")


async def test_only_leaders_are_heard(services: Services) -> None:
    """A stranger in the chat learns whom to ask, and in a strange place how to begin."""
    for command in (one for one in COMMANDS if not one.for_members):
        for place, speaker, words in (
            (PLACE, "stranger", "Only leaders of Maple Court may do that: Robin Vale."),
            ("nowhere", SPEAKER, "This chat does not belong to a community yet."),
        ):
            reply = await answer(services, call(f"/{command.name}", place, speaker))
            assert words in reply.text
            assert reply == Reply(reply.text), "nothing to press, fill in or read"
