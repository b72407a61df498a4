"""A member's household: its head adds and removes, others look, strangers see nothing."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select
from starlette.applications import Starlette

from bot.community import households
from bot.community.tokens import sign
from bot.ports import Services
from storage.tables import Delivery, Member
from tests.web.conftest import Clock, Invite
from tests.web.visitor import Page, Visitor


@pytest.fixture
async def rosa(visitor: Visitor, invite: Invite) -> Visitor:
    """A head of household with Tomás, in her browser."""
    await join(visitor, await invite(), "Rosa Delgado", "rosa@example.net", others=["Tomás"])
    return visitor


async def join(
    visitor: Visitor, code: str, name: str, contact: str, others: tuple[str, ...] | list[str] = ()
) -> Page:
    """Sign up at Flat 4B."""
    form = await visitor.open(f"/j/{code}")
    fields = {"name": name, "address": "Flat 4B", "contact": contact, "others": list(others)}
    page = await visitor.submit(form, **fields)
    assert page.path == "/welcome"
    return page


async def test_the_head_adds_somebody(rosa: Visitor) -> None:
    page = await rosa.submit(await rosa.open("/household"), name="Lily", contact="")
    assert page.path == "/household"
    assert "Lily is now in your household" in page.text
    assert "Tomás" in page.text


async def test_a_wrong_field_is_marked_and_kept(rosa: Visitor) -> None:
    page = await rosa.submit(await rosa.open("/household"), name="Lily", contact="lily@")
    assert page.status == 422
    assert page.value("name") == "Lily"
    assert page.described("contact") in page.alerts


async def test_contacts_are_shown_masked(rosa: Visitor) -> None:
    page = await rosa.open("/household")
    assert "rosa@example.net" not in page.html
    assert "r•••@example.net" in page.text


async def test_somebody_is_removed_after_a_second_thought(rosa: Visitor) -> None:
    doubt = await rosa.open(await _removal(rosa))
    assert "Remove Tomás?" in doubt.text
    assert "Tomás" in (await rosa.open("/household")).text
    page = await rosa.submit(doubt)
    assert page.path == "/household"
    assert "Tomás" not in page.text
    again = await rosa.submit(doubt)  # the button pressed twice
    assert again.path == "/household"
    assert again.status == 200


async def _removal(visitor: Visitor) -> str:
    page = await visitor.open("/household")
    links = [each.get("href", "") for _, each in page.elements]
    return next(link for link in links if link.startswith("/household/remove/"))


@pytest.mark.parametrize("person", ["0", "99", "-1", "x", "9" * 5000, "1%00", "%F0%9F"])
async def test_nobody_else_can_be_removed(rosa: Visitor, person: str) -> None:
    page = await rosa.open("/household")
    path = f"/household/remove/{person}"
    assert (await rosa.open(path)).path == "/household"
    page.forms[0].action = path
    assert (await rosa.submit(page)).path == "/household"


async def test_the_head_cannot_be_removed(rosa: Visitor, services: Services) -> None:
    head = await services.storage.read(_id_of, "Rosa Delgado")
    page = await rosa.open(f"/household/remove/{head}")
    assert page.status in {403, 409, 422}
    assert not any(form.action.startswith("/household/remove") for form in page.forms)


async def test_others_at_the_address_only_look(
    app: Starlette, rosa: Visitor, invite: Invite
) -> None:
    removal = await _removal(rosa)
    pablo = Visitor(app)
    await join(pablo, await invite(), "Pablo", "pablo@example.net")
    page = await pablo.open("/household")
    assert "Rosa Delgado" in page.text
    assert "The head of your household can add" in page.text
    assert not any("/household/remove/" in str(each) for _, each in page.elements)
    assert (await pablo.open(removal)).status == 403
    forged = Page(page.response)
    forged.forms[0].action = "/household"
    assert (await pablo.submit(forged, name="Mallory")).status == 403
    forged.forms[0].action = removal
    assert (await pablo.submit(forged)).status == 403
    assert "Tomás" in (await rosa.open("/household")).text


async def test_a_stranger_is_asked_who_they_are(app: Starlette, rosa: Visitor) -> None:
    stranger = Visitor(app)
    removal = await _removal(rosa)
    for path in ("/household", removal, "/welcome"):
        page = await stranger.open(path)
        assert page.path == "/household/link"
        assert "Rosa" not in page.html
    for path in ("/household", removal):
        page.forms[0].action = path
        assert (await stranger.submit(page, name="Mallory")).path == "/household/link"
    assert "Mallory" not in (await rosa.open("/household")).text


async def test_signing_out_forgets_the_member(rosa: Visitor) -> None:
    page = await rosa.open("/household")
    form = [each.action for each in page.forms].index("/household/leave")
    assert (await rosa.submit(page, form)).path == "/"
    assert (await rosa.open("/household")).path == "/household/link"


async def test_after_signing_out_the_old_code_lets_nobody_in(
    visitor: Visitor, invite: Invite
) -> None:
    code = await invite()
    await join(visitor, code, "Rosa Delgado", "rosa@example.net")
    page = await visitor.open("/household")
    await visitor.submit(page, len(page.forms) - 1)
    again = await visitor.open(f"/j/{code}")
    assert again.status == 410
    assert "Rosa" not in again.html


async def test_a_session_ends(rosa: Visitor, clock: Clock) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in rosa.client.cookies.items())
    rosa.client.cookies.clear()  # what follows is a browser that keeps cookies for ever
    clock.wait(days=29)
    assert "Rosa" in (await rosa.open("/household", Cookie=cookie)).text
    clock.wait(days=2)
    assert (await rosa.client.get("/household", headers={"Cookie": cookie})).status_code == 303


# The link


async def test_a_link_is_sent_to_whom_we_know_and_the_page_does_not_tell(
    app: Starlette, rosa: Visitor, services: Services
) -> None:
    stranger = Visitor(app)
    pages = [
        await stranger.submit(await stranger.open("/household/link"), contact=contact)
        for contact in ("rosa@example.net", "nobody@example.net", "+1 201 555 0123")
    ]
    assert len({page.text for page in pages}) == 1
    assert "on its way" in pages[0].text
    assert await services.storage.read(_links_sent) == 1


async def test_a_link_needs_a_contact(visitor: Visitor) -> None:
    page = await visitor.submit(await visitor.open("/household/link"), contact="rosa@")
    assert page.status == 422
    assert page.value("contact") == "rosa@"
    assert page.described("contact") in page.alerts


async def test_a_link_lets_in_only_when_its_button_is_pressed(
    app: Starlette, rosa: Visitor, services: Services, clock: Clock
) -> None:
    phone = Visitor(app)
    link = await _link(services, clock, minutes=60)
    for _ in range(3):
        door = await phone.open(link)
        assert door.status == 200
        assert "Rosa" not in door.html
    assert (await phone.open("/household")).path == "/household/link"
    page = await phone.submit(door)
    assert page.path == "/household"
    assert "Rosa Delgado" in page.text


async def test_an_old_or_forged_link_lets_nobody_in(
    app: Starlette, rosa: Visitor, services: Services, clock: Clock
) -> None:
    phone = Visitor(app)
    link = await _link(services, clock, minutes=60)
    door = await phone.open(link)
    clock.wait(minutes=61)
    for page in (await phone.open(link), await phone.submit(door), await phone.open("/h/x.y.z")):
        assert page.status == 410
        assert "run out" in page.text
    assert (await phone.open("/household")).path == "/household/link"


async def _link(services: Services, clock: Clock, *, minutes: int) -> str:
    await households.send_link(services, "rosa@example.net", source="there", now=clock.moment)
    letter = await services.storage.read(_newest_link)
    until = clock.moment + timedelta(minutes=minutes)
    return f"/h/{sign(services.keys, 'home', letter, until=until)}"


def _id_of(session: Session, name: str) -> int:
    return session.exec(select(Member).where(Member.name == name)).one().id


def _newest_link(session: Session) -> int:
    query = select(Delivery.id).where(Delivery.event == "household_link")
    return max(session.exec(query))


def _links_sent(session: Session) -> int:
    query = select(Delivery).where(Delivery.event == "household_link")
    return len(session.exec(query).all())
