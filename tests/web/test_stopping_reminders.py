"""No more reminders: said with one press, taken back with one press, never by merely looking."""

import pytest
from sqlmodel import Session, select
from starlette.applications import Starlette

from bot.community.tokens import sign
from bot.ports import Services
from storage.tables import Invitation
from tests.web.conftest import Invite
from tests.web.visitor import Visitor


@pytest.fixture
async def link(services: Services, invite: Invite) -> str:
    """The link in a reminder."""
    await invite()
    return f"/r/{sign(services.keys, 'reminder', await services.storage.read(_number))}"


def _number(session: Session) -> int:
    return session.exec(select(Invitation)).one().id


def _stopped(session: Session) -> bool:
    return session.exec(select(Invitation)).one().unreminded_at is not None


async def test_looking_changes_nothing(services: Services, app: Starlette, link: str) -> None:
    reader = Visitor(app)
    for method in ("GET", "HEAD", "OPTIONS", "GET"):
        await reader.client.request(method, link)
    assert not await services.storage.read(_stopped)
    assert "No more reminders?" in (await reader.open(link)).text


async def test_a_resident_stops_them_and_takes_it_back(
    services: Services, app: Starlette, link: str
) -> None:
    reader = Visitor(app)
    stopped = await reader.submit(await reader.open(link))
    assert "You will get no more reminders" in stopped.text
    assert "The invitation itself stays good." in stopped.text
    assert await services.storage.read(_stopped)
    again = await reader.submit(stopped)
    assert "Good, we may remind you" in again.text
    assert not await services.storage.read(_stopped)


async def test_a_press_that_came_from_elsewhere_stops_nothing(
    services: Services, app: Starlette, link: str
) -> None:
    assert (await Visitor(app).client.post(link, data={})).status_code == 403
    assert not await services.storage.read(_stopped)


@pytest.mark.parametrize("token", ["x", "1.abcdefghijklmnop", "%00", "é", ".x", "1."])
async def test_a_link_that_is_not_ours_stops_nothing(
    services: Services, app: Starlette, token: str
) -> None:
    assert (await Visitor(app).client.get(f"/r/{token}")).status_code == 404
