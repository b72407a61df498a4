"""The link that a head of household shares: it adds those who have it, and nobody else."""

import asyncio

import pytest
from sqlmodel import Session, select
from starlette.applications import Starlette

from bot.ports import Services
from storage.tables import Community, Delivery, Job, Member
from tests.web.conftest import Clock, Invite
from tests.web.test_own import ME, form_for, join
from tests.web.visitor import ADDRESS, Page, Visitor


@pytest.fixture
async def rosa(visitor: Visitor, invite: Invite) -> Visitor:
    """The head of Flat 4B, in her browser."""
    return await join(visitor, await invite(), "Rosa Delgado", "rosa@example.net")


async def shared(rosa: Visitor) -> str:
    """The path of a new link to share."""
    page = await rosa.open("/household")
    actions = [form.action for form in page.forms]
    page = await rosa.submit(page, actions.index("/household/share"))
    assert page.status == 200
    assert (await rosa.open(page.path)).text == page.text, "it may be looked at again"
    [url] = [word for word in page.text.split() if word.startswith(f"{ADDRESS}/m/")]
    return url.removeprefix(ADDRESS)


async def names(services: Services) -> list[str]:
    """Who is in."""

    def read(session: Session) -> list[str]:
        return [row.name for row in session.exec(select(Member)) if row.removed_at is None]

    return await services.storage.read(read)


async def events(services: Services) -> list[str]:
    """Which letters were written."""
    return await services.storage.read(
        lambda session: [row.event for row in session.exec(select(Delivery))]
    )


async def test_whoever_has_the_link_joins_by_a_form_alone(
    app: Starlette, rosa: Visitor, services: Services
) -> None:
    link = await shared(rosa)
    tom = Visitor(app)
    for _ in range(3):
        door = await tom.open(link)
        assert "Rosa Delgado invites you to join the household at Flat 4B" in door.text
        assert "rosa@" not in door.html
    assert await names(services) == ["Rosa Delgado"], "opening it changes nothing"
    page = await tom.submit(door, name="Tom", contact="tom@example.net")
    assert page.path == "/welcome"
    assert "Tom" in page.text
    assert await names(services) == ["Rosa Delgado", "Tom"]
    assert "household_joined" in await events(services), "the head is told"
    kinds = await services.storage.read(lambda s: {row.kind for row in s.exec(select(Job))})
    assert "welcome" in kinds


async def test_a_second_tap_is_no_mistake_and_a_namesake_is_nobody_else(
    app: Starlette, rosa: Visitor, services: Services
) -> None:
    link = await shared(rosa)
    tom = Visitor(app)
    door = await tom.open(link)
    for _ in range(2):
        assert (await tom.submit(door, name="Tom", contact="")).path == "/welcome"
    mallory = Visitor(app)
    for name in ("Tom", "tom", "Rosa Delgado"):
        page = await mallory.submit(await mallory.open(link), name=name, contact="")
        assert page.status == 422
        assert "Somebody of this name is here already" in page.described("name")
        assert (await mallory.open("/household")).path == "/household/link"
    assert await names(services) == ["Rosa Delgado", "Tom"]


async def test_a_new_link_makes_the_old_one_worthless(
    app: Starlette, rosa: Visitor, services: Services
) -> None:
    old = await shared(rosa)
    door = await Visitor(app).open(old)
    new = await shared(rosa)
    visitor = Visitor(app)
    assert (await visitor.open(old)).status == 410
    assert (await visitor.submit(door, name="Tom", contact="")).status in {403, 410}
    assert (await visitor.open(new)).status == 200
    assert await names(services) == ["Rosa Delgado"]


async def test_a_link_is_good_for_seven_days(app: Starlette, rosa: Visitor, clock: Clock) -> None:
    link = await shared(rosa)
    tom = Visitor(app)
    door = await tom.open(link)
    clock.wait(days=7)
    assert (await tom.open(link)).status == 410
    assert (await tom.submit(door, name="Tom", contact="")).status == 410


async def test_as_many_join_as_the_household_may_have(
    app: Starlette, rosa: Visitor, services: Services
) -> None:
    def limit(session: Session) -> None:
        session.exec(select(Community)).one().household_limit = 3

    await services.storage.write(limit)
    link = await shared(rosa)

    async def come(number: int) -> int:
        visitor = Visitor(app)
        return (
            await visitor.submit(await visitor.open(link), name=f"N{number}", contact="")
        ).status

    statuses = await asyncio.gather(*map(come, range(6)))
    assert sorted(statuses) == [200, 200, 409, 409, 409, 409]
    assert len(await names(services)) == 3
    page = await rosa.open("/household")
    assert "as many as fit here" in page.text


async def test_a_forged_link_opens_nothing(app: Starlette, rosa: Visitor) -> None:
    link = await shared(rosa)
    _, _, household, token = link.split("/")
    other = int(household) + 1
    visitor = Visitor(app)
    for path in (
        f"/m/{other}/{token}",
        f"/m/0/{token}",
        f"/m/{'9' * 5000}/{token}",
        f"/m/-1/{token}",
        f"/m/{household}/{token[:-1]}x",
        f"/m/{household}/x",
        f"/m/x/{token}",
        f"/h/{token}",
        f"/n/{token}",
        f"/c/{token}",
    ):
        page = await visitor.open(path)
        assert page.status in {404, 410}, path
        assert "Rosa" not in page.html


async def test_only_the_head_shares(
    app: Starlette, rosa: Visitor, invite: Invite, services: Services
) -> None:
    link = await shared(rosa)
    pablo = await join(Visitor(app), await invite(), "Pablo", "pablo@example.net")
    page = await pablo.open(ME)
    page.forms[0].action = "/household/share"
    assert (await pablo.submit(page)).status == 403
    token = link.rpartition("/")[2]
    assert (await pablo.open(f"/household/share/{token}")).status == 403
    assert form_for(await pablo.open(ME), "name") == 0


async def test_a_household_whose_head_left_goes_on_with_the_next(
    app: Starlette, rosa: Visitor, services: Services
) -> None:
    link = await shared(rosa)
    await rosa.submit(await rosa.open(f"{ME}/leave"))
    visitor = Visitor(app)
    assert (await visitor.open(link)).status == 410, "nobody lives there"


async def test_what_is_wrong_is_marked_and_kept(app: Starlette, rosa: Visitor) -> None:
    tom = Visitor(app)
    page: Page = await tom.submit(await tom.open(await shared(rosa)), name="Tom", contact="tom@")
    assert page.status == 422
    assert page.value("name") == "Tom"
    assert page.described("contact") in page.alerts
