"""A member whom a leader has suspended: told so in plain words, kept out, written nothing."""

import pytest
from sqlmodel import Session

from bot.community.actors import Actor
from bot.community.households import send_link
from bot.community.members import membership
from bot.ports import Services
from storage.tables import Delivery, Household, Member
from tests.community import scene
from tests.web.conftest import START, Invite
from tests.web.test_household import join
from tests.web.visitor import Visitor

ANA = Actor(1, 1, "Ana Ruiz", "playground", "p", "c", "c")
PLAIN = {
    "en": "Your membership of Maple Court is paused. Please ask one of its leaders",
    "es": "Su pertenencia a Maple Court está en pausa.",
    "fr": "Votre adhésion à Maple Court est suspendue.",
}


@pytest.fixture
async def rosa(services: Services, visitor: Visitor, invite: Invite) -> Visitor:
    """Somebody who has signed up, with a housemate, and is suspended since."""
    await join(visitor, await invite(), "Rosa Delgado", "rosa@example.net", others=["Tomás"])
    await membership.suspend(services, ANA, 1, now=START)
    return visitor


async def letters(services: Services, event: str) -> list[str | None]:
    """To whom letters of this kind were written."""
    rows = await scene.all_of(services, Delivery)
    return [row.contact for row in rows if row.event == event]


@pytest.mark.parametrize("language", PLAIN)
@pytest.mark.parametrize("path", ["/household", "/household/remove/2", "/welcome"])
async def test_every_page_says_so_in_their_language(
    rosa: Visitor, path: str, language: str
) -> None:
    page = await rosa.open(f"{path}?lang={language}")
    assert page.status == 403
    assert PLAIN[language] in page.text
    assert "Tomás" not in page.text


async def test_nothing_is_changed_by_who_is_suspended(
    services: Services, visitor: Visitor, invite: Invite
) -> None:
    await join(visitor, await invite(), "Rosa Delgado", "rosa@example.net", others=["Tomás"])
    household, doubt = await visitor.open("/household"), await visitor.open("/household/remove/2")
    await membership.suspend(services, ANA, 1, now=START)
    for page, fields in ((household, {"name": "Eve", "contact": ""}), (doubt, {})):
        assert (await visitor.submit(page, **fields)).status == 403
    people = await scene.all_of(services, Member)
    assert [(row.name, row.removed_at) for row in people] == [
        ("Rosa Delgado", None),
        ("Tomás", None),
    ]
    await membership.let_back(services, ANA, 1, now=START)
    assert "Tomás" in (await visitor.open("/household")).text


async def test_no_letter_goes_to_who_is_suspended_in_any_household(
    services: Services, rosa: Visitor
) -> None:
    await send_link(services, "rosa@example.net", source="203.0.113.9", now=START)
    assert await letters(services, "household_link") == []

    def twin(session: Session) -> None:
        row = session.get_one(Member, 1)
        kept = ("community_id", "name", "email", "email_key", "joined_at")
        values = {name: getattr(row, name) for name in kept}
        session.add(Member(**values, household_id=row.household_id + 1))

    await membership.let_back(services, ANA, 1, now=START)
    await services.storage.write(second_home)
    await services.storage.write(twin)
    await membership.suspend(services, ANA, 3, now=START)
    people = await scene.all_of(services, Member)
    assert [row.id for row in people if row.suspended_at is not None] == [1, 3]
    await send_link(services, "rosa@example.net", source="203.0.113.9", now=START)
    assert await letters(services, "household_link") == []
    await membership.let_back(services, ANA, 1, now=START)
    await send_link(services, "rosa@example.net", source="203.0.113.9", now=START)
    assert await letters(services, "household_link") == ["rosa@example.net"]


def second_home(session: Session) -> None:
    """Another household of the community."""
    session.add(Household(community_id=1, address="9 Elm", address_key="9 elm", created_at=START))
