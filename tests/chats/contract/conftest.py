"""One leader at each chat in turn, so that a test is written once and holds in all of them.

To show a command in every chat, write `test_<command>.py` here, with words alone:

    async def test_a_leader_lists_the_groups(leader: Person) -> None:
        assert "There are no groups yet" in await leader.say("/groups")
        await leader.say("/groups add")  # opens a form
        assert "Gardeners" in await leader.fill(name="Gardeners")
        assert "Really?" in await leader.press("Remove")
        await read(leader.shown, "has been sent")  # a card, whenever it comes
        [file] = await leader.files()

`stranger` is in the same place and leads nothing, `second_leader` leads, too; both are persons with
the same words. What a person can do is written down in `people.py`, where `read`, `until` and
`made_leader` are, too. Never ask for what only one chat has; the text of an answer has its
commands in our spelling in all three.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from tests.chats.contract import in_playground
from tests.chats.contract.in_slack import InSlack
from tests.chats.contract.in_telegram import InTelegram
from tests.chats.contract.people import Person, made_leader
from tests.chats.slack import conftest as slack
from tests.chats.telegram import conftest as telegram
from tests.standins.telegram import TelegramStandIn

Opening = Callable[[], AbstractAsyncContextManager[Person]]


@pytest.fixture(params=["playground", "slack", "telegram"])
def opening(request: pytest.FixtureRequest) -> Opening:
    """Each chat in turn."""
    found: Opening = request.getfixturevalue(f"leader_in_{request.param}")
    return found


@pytest.fixture
async def leader(opening: Opening) -> AsyncIterator[Person]:
    """Somebody who leads Maple Court, as its owner."""
    async with opening() as found:
        yield found


@pytest.fixture
async def stranger(leader: Person) -> Person:
    """Ben, who leads nothing."""
    return await leader.another("Ben Okafor")


@pytest.fixture
async def second_leader(leader: Person) -> Person:
    """Sam, who leads Maple Court, too."""
    found = await leader.another("Sam Ode")
    await made_leader(found)
    return found


@pytest.fixture
def leader_in_playground(sqlite_url: str) -> Opening:
    return lambda: in_playground.opened(sqlite_url)


@pytest.fixture
def leader_in_slack(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Opening:
    open_slack = slack.opener(tmp_path, sqlite_url, monkeypatch)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Person]:
        async with open_slack() as scene:
            yield InSlack(scene, scene.house, scene.ana)

    return opened


@pytest.fixture
def leader_in_telegram(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Opening:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Person]:
        async with TelegramStandIn() as standin:
            open_telegram = telegram.opener(standin, sqlite_url, tmp_path, monkeypatch)
            async with open_telegram() as scene:
                yield InTelegram(scene, scene.house, scene.ana)

    return opened
