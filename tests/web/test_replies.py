"""Answers to a letter: "this is not me" takes somebody out; nobody can say it for another."""

import pytest
from sqlmodel import Session, select
from starlette.applications import Starlette

from bot.ports import Services
from storage.tables import ChatMember, Delivery, Member, Suppression
from tests.web.conftest import Clock, Invite
from tests.web.test_own import count, join, letter, row_of
from tests.web.visitor import Page, Visitor


@pytest.fixture
async def rosa(visitor: Visitor, invite: Invite) -> Visitor:
    """The head of Flat 4B, who has added Luis by e-mail."""
    await join(visitor, await invite(), "Rosa Delgado", "rosa@example.net")
    page = await add(visitor, "Luis", "luis@example.org")
    assert "They get an e-mail" in page.text
    return visitor


async def add(visitor: Visitor, name: str, contact: str) -> Page:
    """The head adds somebody."""
    return await visitor.submit(await visitor.open("/household"), name=name, contact=contact)


async def test_who_was_added_comes_in_by_the_letter(
    app: Starlette, rosa: Visitor, services: Services, clock: Clock
) -> None:
    luis = Visitor(app)
    clock.wait(days=6)
    door = await luis.open(await letter(services, "household_added"))
    assert "This is not me" in door.text
    page = await luis.submit(door)
    assert page.path == "/household"
    assert "Luis" in page.text
    clock.wait(days=1)
    assert (await luis.open(await letter(services, "household_added"))).status == 410


async def test_this_is_not_me_takes_them_out_and_tells_the_head(
    app: Starlette, rosa: Visitor, services: Services
) -> None:
    stranger = Visitor(app)
    link = await letter(services, "household_added", "not_me")
    for _ in range(3):
        asked = await stranger.open(link)
        assert "Are you not Luis?" in asked.text
    assert "Luis" in (await rosa.open("/household")).text, "opening it changes nothing"
    for _ in range(2):
        done = await stranger.submit(asked)
        assert "we will not write to you again" in done.text
    assert "Luis" not in (await rosa.open("/household")).text
    luis = await row_of(services, "Luis")
    assert (luis.email, luis.email_key) == (None, None)
    assert luis.removed_at is not None
    assert await count(services, "household_left") == 1
    assert (await stranger.open(await letter(services, "household_added"))).status == 410
    page = await add(rosa, "Luis B", "luis@example.org")
    assert "We cannot write to them there" in page.text
    assert await count(services, "household_added") == 1, "no more letters"


async def test_after_they_left_or_proved_another_contact_it_takes_nobody_out(
    app: Starlette, rosa: Visitor, services: Services
) -> None:
    link = await letter(services, "household_added", "not_me")

    def move(session: Session) -> None:
        row = session.exec(select(Member).where(Member.name == "Luis")).one()
        row.email, row.email_key = "other@example.org", b"another contact."

    stranger = Visitor(app)
    asked = await stranger.open(link)
    await services.storage.write(move)
    await stranger.submit(asked)
    assert "Luis" in (await rosa.open("/household")).text


async def test_a_link_of_old_or_of_another_purpose_does_nothing(
    app: Starlette, rosa: Visitor, services: Services, clock: Clock
) -> None:
    link = await letter(services, "household_added", "not_me")
    home = await letter(services, "household_added")
    stranger = Visitor(app)
    assert (await stranger.open(home.replace("/h/", "/n/"))).status == 404
    assert (await stranger.open(link.replace("/n/", "/h/"))).status == 410
    assert (await stranger.open(link.replace("/n/", "/c/"))).status == 410
    assert (await stranger.open(f"{link}x")).status == 404
    clock.wait(days=30)
    assert (await stranger.open(link)).status == 404
    assert (await row_of(services, "Luis")).removed_at is None


async def test_one_stranger_is_not_pestered_and_the_head_reads_no_reason(
    rosa: Visitor, services: Services
) -> None:
    pages = [await add(rosa, f"Luis {number}", "luis@example.org") for number in range(3)]
    assert ["They get an e-mail" in page.text for page in pages] == [True, False, False]
    assert await count(services, "household_added") == 2
    for page in pages[1:]:
        assert "We cannot write to them there, so please tell them yourself" in page.text


async def test_a_household_writes_to_so_many_strangers_a_day(
    rosa: Visitor, services: Services, clock: Clock
) -> None:
    for number in range(13):
        page = await add(rosa, "Guest", f"g{number}@example.org")
        links = [each.get("href", "") for tag, each in page.elements if tag == "a"]
        removal = [link for link in links if link.startswith("/household/remove/")][-1]
        await rosa.submit(await rosa.open(removal))
    assert await count(services, "household_added") == 12
    clock.wait(days=1)
    await add(rosa, "Guest", "g99@example.org")
    assert await count(services, "household_added") == 13


# Several households


async def test_a_proved_contact_opens_all_its_households_and_a_typed_one_none(
    app: Starlette, rosa: Visitor, invite: Invite, services: Services
) -> None:
    luis = Visitor(app)
    form = await luis.open(f"/j/{await invite()}")
    fields = {"name": "Luis R", "address": "9 Elm Street", "contact": "luis@example.org"}
    await luis.submit(form, **fields)
    page = await luis.open("/household")
    assert "Another household of mine" not in page.text, "he only typed the address"
    assert (await luis.open("/household/choose")).path == "/household"
    forged = await luis.open("/household/me")
    forged.forms[0].action = "/household/choose"
    target = (await row_of(services, "Luis")).id
    assert (await luis.submit(forged, member=str(target))).status == 403
    page = await luis.submit(await luis.open("/household/link"), contact="luis@example.org")
    assert await count(services, "household_link") == 1, "one letter for both"
    chosen = await luis.submit(await luis.open(await letter(services, "household_link")))
    assert chosen.path == "/household/choose"
    assert "9 Elm Street" in chosen.text
    assert "Flat 4B" in chosen.text
    home = await luis.submit(chosen, member=str(target))
    assert "Flat 4B" in home.text
    assert "Another household of mine" in home.text
    for nobody in (str((await row_of(services, "Rosa Delgado")).id), "0", "x", "9" * 400, ""):
        assert (await luis.submit(chosen, member=nobody)).status == 403
    out = [form.action for form in home.forms].index("/household/leave")
    await luis.submit(home, out)
    assert (await luis.open("/household/choose")).path == "/household/link"


async def test_a_removed_member_is_known_in_no_chat(rosa: Visitor, services: Services) -> None:
    luis = await row_of(services, "Luis")

    def know(session: Session) -> None:
        session.add(
            ChatMember(
                chat="slack",
                place="T",
                user_id="U",
                member_id=luis.id,
                community_id=luis.community_id,
                at=luis.joined_at,
            )
        )

    await services.storage.write(know)
    links = [each.get("href", "") for _, each in (await rosa.open("/household")).elements]
    removal = next(link for link in links if link.startswith("/household/remove/"))
    await rosa.submit(await rosa.open(removal))
    left = await services.storage.read(lambda session: list(session.exec(select(ChatMember))))
    assert left == []
    assert await services.storage.read(lambda s: list(s.exec(select(Suppression)))) == []
    assert {row.event for row in await services.storage.read(_letters)} == {"household_added"}


def _letters(session: Session) -> list[Delivery]:
    return list(session.exec(select(Delivery)))
