"""A member's own page: name, contact, language, chats, data, leaving; of nobody else."""

import json

import pytest
from sqlmodel import Session, select
from starlette.applications import Starlette

from bot.community import letters
from bot.ports import Services
from storage.tables import Audit, Delivery, Member, Suppression
from tests.web.conftest import Clock, Invite
from tests.web.visitor import Page, Visitor

ME = "/household/me"


@pytest.fixture
async def rosa(visitor: Visitor, invite: Invite) -> Visitor:
    """The head of Flat 4B, in her browser."""
    return await join(visitor, await invite(), "Rosa Delgado", "rosa@example.net")


async def join(visitor: Visitor, code: str, name: str, contact: str) -> Visitor:
    """Sign up at Flat 4B."""
    form = await visitor.open(f"/j/{code}")
    page = await visitor.submit(form, name=name, address="Flat 4B", contact=contact)
    assert page.path == "/welcome"
    return visitor


def form_for(page: Page, change: str) -> int:
    """Which of the page's forms changes this."""
    return next(
        number
        for number, form in enumerate(page.forms)
        if form.fields.get("change", [""]) == [change]
    )


async def change(visitor: Visitor, what: str, value: str = "") -> Page:
    """Change one thing on the own page."""
    page = await visitor.open(ME)
    return await visitor.submit(page, form_for(page, what), **({what: value} if value else {}))


async def letter(services: Services, event: str, page: str = "link") -> str:
    """The path of the link in the newest letter of this kind."""

    def read(session: Session) -> str:
        rows = session.exec(select(Delivery).where(Delivery.event == event)).all()
        found = rows[-1]
        if page == "not_me":
            return f"/n/{letters.not_me(services.keys, found)}"
        return letters.words_of(session, services, found).link

    return (await services.storage.read(read)).removeprefix("https://join.example.org")


async def row_of(services: Services, name: str) -> Member:
    """The member called so."""

    def read(session: Session) -> Member:
        return session.exec(select(Member).where(Member.name == name)).one()

    return await services.storage.read(read)


async def count(services: Services, event: str) -> int:
    """How many letters of this kind were written."""
    return len(
        await services.storage.read(
            lambda session: session.exec(select(Delivery).where(Delivery.event == event)).all()
        )
    )


async def test_a_stranger_is_asked_who_they_are(visitor: Visitor, rosa: Visitor) -> None:
    page = await rosa.open(ME)
    rosa.client.cookies.clear()
    await rosa.open("/join")  # a browser of its own again, so that the form's token is theirs
    for path in (ME, f"{ME}/leave", f"{ME}/data"):
        assert (await rosa.open(path)).path == "/household/link"
    forged = await rosa.open("/join")
    for path in (ME, f"{ME}/leave"):
        forged.forms[0].action = path
        assert (await rosa.submit(forged, change="name", name="Eve")).path == "/household/link"
    assert page.status == 200


async def test_a_name_is_changed_or_what_is_wrong_marked(rosa: Visitor, services: Services) -> None:
    page = await change(rosa, "name", "Rosa D.")
    assert "Saved" in page.text
    assert "Rosa D." in (await rosa.open("/household")).text
    wrong = await change(rosa, "name", "https://spam.example")
    assert wrong.status == 422
    assert "web address" in wrong.described("name")
    assert (await row_of(services, "Rosa D.")).name == "Rosa D."


async def test_a_new_contact_counts_once_it_is_proved_and_the_old_one_is_told(
    app: Starlette, rosa: Visitor, services: Services
) -> None:
    page = await change(rosa, "contact", "rosa.new@example.org")
    assert "r•••@example.org" in page.text
    assert (await row_of(services, "Rosa Delgado")).email == "rosa@example.net"
    link = await letter(services, "new_contact")
    elsewhere = Visitor(app)
    for _ in range(2):
        asked = await elsewhere.open(link)
        assert "Is this yours?" in asked.text
    assert (await row_of(services, "Rosa Delgado")).email == "rosa@example.net"
    for _ in range(2):
        done = await elsewhere.submit(asked)
        assert "That is your contact now" in done.text
    assert (await row_of(services, "Rosa Delgado")).email == "rosa.new@example.org"
    assert await count(services, "contact_changed") == 1
    assert (await elsewhere.open("/household")).path == "/household/link", "it lets nobody in"


async def test_a_link_to_prove_is_good_for_a_day_and_only_the_newest(
    rosa: Visitor, services: Services, clock: Clock
) -> None:
    await change(rosa, "contact", "first@example.org")
    first = await letter(services, "new_contact")
    await change(rosa, "contact", "second@example.org")
    second = await letter(services, "new_contact")
    assert (await rosa.open(first)).status == 410
    asked = await rosa.open(second)
    assert asked.status == 200
    clock.wait(hours=24)
    assert (await rosa.submit(asked)).status == 410
    assert (await row_of(services, "Rosa Delgado")).email == "rosa@example.net"


async def test_strangers_are_not_pestered_with_proofs(rosa: Visitor, services: Services) -> None:
    for _ in range(2):
        assert (await change(rosa, "contact", "stranger@example.org")).status == 200
    page = await change(rosa, "contact", "stranger@example.org")
    assert page.status == 422
    assert "cannot write there now" in page.described("contact")
    assert await count(services, "new_contact") == 2


async def test_a_contact_that_opted_out_is_not_written_to_and_not_given_away(
    rosa: Visitor, services: Services
) -> None:
    await change(rosa, "contact", "opted@example.org")

    def opt_out(session: Session) -> None:
        row = session.exec(select(Delivery).where(Delivery.event == "new_contact")).one()
        session.add(
            Suppression(contact_key=row.contact_key, reason="opted_out", created_at=row.created_at)
        )

    await services.storage.write(opt_out)
    page = await change(rosa, "contact", "opted@example.org")
    assert "cannot write there now" in page.described("contact")
    assert "opted" not in page.described("contact")
    assert await count(services, "new_contact") == 1


async def test_what_is_hidden_from_housemates(
    app: Starlette, rosa: Visitor, invite: Invite, services: Services
) -> None:
    pablo = await join(Visitor(app), await invite(), "Pablo", "pablo@example.net")
    page = await pablo.open(ME)
    hidden = await pablo.submit(page, form_for(page, "hidden"), hidden="yes")
    assert "do not see it" in hidden.text
    assert "Leaders of Maple Court see it in any case" in hidden.text
    seen = await rosa.open("/household")
    assert "contact hidden" in seen.text
    assert "p•••" not in seen.text
    assert "p•••" in (await pablo.open("/household")).text
    assert (await row_of(services, "Pablo")).email == "pablo@example.net"
    await pablo.submit(hidden, form_for(hidden, "hidden"), hidden="no")
    assert "p•••" in (await rosa.open("/household")).text


async def test_the_language_is_chosen(rosa: Visitor, services: Services) -> None:
    page = await change(rosa, "language", "es")
    assert "Guardado" in page.text
    assert (await row_of(services, "Rosa Delgado")).language == "es"
    assert "Mi nombre" in (await rosa.open(ME)).text
    assert (await change(rosa, "language", "tlh")).status == 422


@pytest.mark.parametrize("what", ["", "email_key", "is_head", "member", "x" * 500])
async def test_nothing_else_can_be_changed(rosa: Visitor, services: Services, what: str) -> None:
    page = await rosa.open(ME)
    answer = await rosa.submit(page, form_for(page, "name"), change=what, is_head="0")
    assert answer.status == 422
    assert (await row_of(services, "Rosa Delgado")).is_head


async def test_the_data_leave_as_one_file(
    app: Starlette, rosa: Visitor, invite: Invite, services: Services
) -> None:
    await join(Visitor(app), await invite(), "Pablo", "pablo@example.net")
    answer = await rosa.client.get(f"{ME}/data")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="my-data-maple-')
    found = json.loads(answer.content)
    assert found["you"]["name"] == "Rosa Delgado"
    assert found["household"] == {"address": "Flat 4B", "others": ["Pablo"], "earlier": []}
    assert [each["given_by"] for each in found["invitations"]] == ["Ana Ruiz"]
    assert "pablo@" not in answer.text


async def test_what_is_kept_under_a_contact_is_shown_to_who_proved_it(
    rosa: Visitor, services: Services
) -> None:
    def suppress(session: Session) -> None:
        row = session.exec(select(Member).where(Member.name == "Rosa Delgado")).one()
        assert row.email_key is not None
        session.add(
            Suppression(contact_key=row.email_key, reason="bounced", created_at=row.joined_at)
        )

    await services.storage.write(suppress)
    typed = (await rosa.client.get(f"{ME}/data")).json()
    assert typed["not_to_be_written_to"] == []

    def lift(session: Session) -> None:
        session.exec(select(Suppression)).one().until = (
            session.exec(select(Suppression)).one().created_at
        )

    await services.storage.write(lift)
    await rosa.submit(await rosa.open("/household/link"), contact="rosa@example.net")
    await rosa.submit(await rosa.open(await letter(services, "household_link")))
    proved = (await rosa.client.get(f"{ME}/data")).json()
    assert [each["reason"] for each in proved["not_to_be_written_to"]] == ["bounced"]


async def test_leaving_asks_once_and_forgets_the_device(
    app: Starlette, rosa: Visitor, invite: Invite, services: Services
) -> None:
    pablo = await join(Visitor(app), await invite(), "Pablo", "pablo@example.net")
    asked = await rosa.open(f"{ME}/leave")
    assert "one of them becomes the head" in asked.text
    assert (await row_of(services, "Rosa Delgado")).removed_at is None
    left = await rosa.submit(asked)
    assert "no longer a member" in left.text
    assert (await row_of(services, "Rosa Delgado")).removed_at is not None
    assert (await rosa.open("/household")).path == "/household/link"
    page = await pablo.open("/household")
    assert "Add somebody who lives with you" in page.text, "the role passed on"
    assert "Rosa" not in page.text
    assert await count(services, "household_left") == 1
    actions = await services.storage.read(
        lambda session: [row.action for row in session.exec(select(Audit))]
    )
    assert "member.left" in actions


async def test_the_last_one_empties_the_household(
    rosa: Visitor, invite: Invite, services: Services
) -> None:
    await rosa.submit(await rosa.open(f"{ME}/leave"))
    again = await join(rosa, await invite(), "Rosa Again", "rosa2@example.net")
    assert "Rosa Delgado" not in (await again.open("/household")).text
    assert (await row_of(services, "Rosa Again")).is_head


async def test_an_old_cookie_of_who_left_opens_nothing(rosa: Visitor) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in rosa.client.cookies.items())
    await rosa.submit(await rosa.open(f"{ME}/leave"))
    rosa.client.cookies.clear()
    for path in ("/household", ME, f"{ME}/data", f"{ME}/leave"):
        assert (await rosa.client.get(path, headers={"Cookie": cookie})).status_code == 403


async def test_a_suspended_member_reads_a_plain_sentence(rosa: Visitor, services: Services) -> None:
    def suspend(session: Session) -> None:
        row = session.exec(select(Member).where(Member.name == "Rosa Delgado")).one()
        row.suspended_at = row.joined_at

    page = await rosa.open("/household")
    await services.storage.write(suspend)
    for path in ("/household", ME):
        refused = await rosa.open(path)
        assert refused.status == 403
        assert "Your membership of Maple Court is paused" in refused.text
        assert "Tom" not in refused.text
    assert (await rosa.submit(page, name="Lily", contact="")).status == 403
    assert (await rosa.client.get(f"{ME}/data")).status_code == 200
    asked = await rosa.open(f"{ME}/leave")
    assert "Leave Maple Court?" in asked.text
    assert "no longer a member" in (await rosa.submit(asked)).text


# Keys for chats


async def test_a_key_is_shown_again_until_it_is_too_old(rosa: Visitor, clock: Clock) -> None:
    page = await change(rosa, "key")
    assert "15 minutes" in page.text
    clock.wait(minutes=14)
    assert "15 minutes" in (await rosa.open(ME)).text
    clock.wait(minutes=1)
    assert "The key is good once" not in (await rosa.open(ME)).text


async def test_a_contact_that_was_changed_makes_old_links_worthless(
    app: Starlette, rosa: Visitor, services: Services
) -> None:
    phone = Visitor(app)
    await phone.submit(await phone.open("/household/link"), contact="rosa@example.net")
    old = await letter(services, "household_link")
    assert (await phone.open(old)).status == 200
    await change(rosa, "contact", "rosa.new@example.org")
    await rosa.submit(await rosa.open(await letter(services, "new_contact")))
    assert (await phone.open(old)).status == 410
