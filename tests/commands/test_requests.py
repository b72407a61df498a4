"""`/requests`, as leaders say it: well, badly, and with a page too many."""

import pytest

from bot.ports import Services
from tests.community import scene
from tests.community.requests.asking import ask

HERE = "https://join.example.org/ask/maple-court"


async def some(services: Services, count: int) -> None:
    """So many people ask."""
    for number in range(count):
        source = f"198.51.100.{number}"
        await ask(services, f"n{number}@example.net", name=f"Nia {number}", source=source)


async def test_where_nobody_waits_the_address_is_there_to_share(services: Services) -> None:
    said = await scene.say(services, "/requests")
    assert said.text.splitlines() == [
        "No request to be let in waits for an answer.",
        f"People without a code ask at {HERE}",
    ]
    assert [button.call for button in said.buttons] == ["/requests off"]


async def test_they_are_listed_ten_a_page_oldest_first(services: Services) -> None:
    await some(services, 23)
    first = await scene.say(services, "/requests")
    head, *lines, last = first.text.splitlines()
    assert head == "23 requests to be let in wait for an answer, page 1 of 3, oldest first:"
    assert lines[0].startswith("… #1 Nia 0, 12 Elm Street: asked on ")
    assert len(lines) == 10
    assert last.endswith(HERE)
    calls = {button.label: button.call for button in first.buttons}
    assert calls["#1"] == "/requests 1"
    assert "Older" not in calls
    second = await scene.say(services, calls["Newer"])
    assert second.text.splitlines()[1].startswith("… #11 ")
    last_page = await scene.say(services, "/requests page 99")
    assert "page 3 of 3" in last_page.text
    assert len(last_page.text.splitlines()) == 5
    assert "Newer" not in [button.label for button in last_page.buttons]


async def test_one_is_shown_as_on_its_card(services: Services) -> None:
    await some(services, 1)
    for words in ("/requests 1", "/requests #1"):
        said = await scene.say(services, words)
        assert said.text.startswith("… Request #1: Nia 0, 12 Elm Street, asks to be let in.")
        assert [button.label for button in said.buttons] == ["Approve", "Decline"]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("7", "There is no request #7 here. `/requests` lists those that wait."),
        ("approve 7", "There is no request #7 here."),
        ("decline 7", "There is no request #7 here."),
        ("decline 7 because", "There is no request #7 here."),
        ("reopen 7", "There is no request #7 here."),
        ("approve", "Which request? Give its number."),
        ("approve Rosa", "Which request? Give its number."),
        ("decline", "Which request? Give its number."),
        ("reopen 9999999999999", "Which request? Give its number."),
        ("page x", "Which page? Give its number."),
        ("tomorrow", "I can list, approve and decline requests."),
        ("²", "I can list, approve and decline requests."),
    ],
)
async def test_what_is_said_badly_is_explained(services: Services, said: str, answer: str) -> None:
    assert answer in (await scene.say(services, f"/requests {said}")).text


async def test_decline_alone_asks_for_a_reason(services: Services) -> None:
    await some(services, 1)
    said = await scene.say(services, "/requests decline 1")
    assert said.form is not None
    assert said.form.call == "/requests decline 1"
    reason, words = said.form.fields
    assert [value for value, _ in reason.options] == [
        "none", "address", "household", "unknown", "own", "nothing",
    ]  # fmt: skip
    assert words.shown_for == ("reason", "own")
    again = await scene.say(services, "/requests decline 1", reason="no-such-reason")
    assert "declined it" in again.text


async def test_off_and_on_again(services: Services) -> None:
    await some(services, 1)
    said = await scene.say(services, "/requests off")
    assert said.text.startswith("Nobody can ask to be let in any more;")
    said = await scene.say(services, "/requests")
    assert said.text.endswith("Nobody else can ask: requests are off.")
    await scene.say(services, "/requests decline 1 no")
    said = await scene.say(services, "/requests")
    assert said.text == "Nobody can ask to be let in without a code."
    said = await scene.say(services, said.buttons[0].call)
    assert said.text == f"People without a code can now ask to be let in, at {HERE}"


async def test_every_button_is_short_and_holds_no_address(services: Services) -> None:
    await some(services, 3)
    for words in ("/requests", "/requests 1", "/requests decline 1 no", "/requests off"):
        for button in (await scene.say(services, words)).buttons:
            assert len(button.call.encode()) <= 56
            assert "@" not in button.call
