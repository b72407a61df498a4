"""Asking to be let in, as somebody without a code does it, and as nobody should."""

import re

import pytest
from sqlmodel import Session, col, func, select, update
from starlette.applications import Starlette

from bot.community import tokens
from bot.community.contacts import parse_email
from bot.community.requests import answering
from bot.ports import Services
from storage.tables import Attempt, Community, Delivery, Job, JoinRequest, Quota
from tests.web.conftest import START, Clock, Invite
from tests.web.test_signup import HOSTILE
from tests.web.visitor import Page, Visitor

ROSA = {"name": "Rosa Delgado", "address": "12 Elm Street", "contact": "rosa@example.net"}


def counts(session: Session) -> list[int]:
    """How many rows there are of everything that asking may write."""
    tables = (JoinRequest, Delivery, Job, Attempt, Quota)
    return [session.exec(select(func.count()).select_from(each)).one() for each in tables]


async def rows(services: Services) -> list[JoinRequest]:
    return await services.storage.read(lambda session: list(session.exec(select(JoinRequest))))


async def shut(services: Services) -> None:
    def change(session: Session) -> None:
        session.execute(update(Community).values(may_ask=False))

    await services.storage.write(change)


async def second_community(services: Services) -> None:
    def change(session: Session) -> None:
        session.add(Community(name="Birch Row", slug="birch-row", welcome="", created_at=START))

    await services.storage.write(change)


async def test_somebody_without_a_code_asks(
    services: Services, visitor: Visitor, invite: Invite
) -> None:
    first = await visitor.open("/join")
    assert "No code? Ask to be let in" in first.text
    assert "/ask/maple-court" in first.html
    form = await visitor.open("/ask/maple-court")
    assert "Only the leaders of Maple Court." in form.text
    page = await visitor.submit(form, **ROSA, words="The Kims know us.")
    assert (page.status, page.path) == (200, "/ask/maple-court/sent")
    assert "Thank you for asking" in page.text
    assert "within 30 days" in page.text
    [row] = await rows(services)
    assert (row.name, row.address, row.contact) == tuple(ROSA.values())
    assert (row.words, row.language) == ("The Kims know us.", "en")


async def test_looking_changes_nothing(
    services: Services, visitor: Visitor, invite: Invite
) -> None:
    before = await services.storage.read(counts)
    for path in ("/join", "/ask", "/ask/maple-court", "/Ask/Maple-Court/", "/ask/maple-court/sent"):
        for _ in range(3):
            assert (await visitor.open(path)).status == 200
    token = tokens.sign(services.keys, answering.PURPOSE, 1)
    assert (await visitor.open(f"/asked/{token}")).status == 404
    assert await services.storage.read(counts) == before


async def test_with_several_communities_join_names_none_and_each_has_a_door(
    services: Services, visitor: Visitor, invite: Invite
) -> None:
    await second_community(services)
    first = await visitor.open("/join")
    assert "let in" not in first.text
    assert (await visitor.open("/ask")).status == 404
    for slug, name in (("maple-court", "Maple Court"), ("birch-row", "Birch Row")):
        form = await visitor.open(f"/ask/{slug}")
        assert f"Only the leaders of {name}." in form.text
        await visitor.submit(form, **ROSA)
    assert [row.community_id for row in await rows(services)] == [1, 2]


async def test_a_shut_door_looks_like_one_that_never_was(
    services: Services, visitor: Visitor, invite: Invite
) -> None:
    form = await visitor.open("/ask/maple-court")
    await shut(services)
    never = await visitor.open("/ask/nowhere")
    for page in (
        await visitor.open("/ask/maple-court"),
        await visitor.submit(form, **ROSA),
        await visitor.open("/ask/maple-court/sent"),
        await visitor.open("/ask"),
    ):
        assert (page.status, page.alerts) == (404, never.alerts)
    assert "Maple Court" not in never.text
    assert "let in" not in (await visitor.open("/join")).text
    assert await rows(services) == []


def seen(page: Page) -> str:
    """The page, but for what is another each time."""
    return re.sub(r'(nonce|value)="[^"]*"', "", page.html)


async def test_the_page_after_is_the_same_whoever_asked(
    app: Starlette, services: Services, visitor: Visitor, invite: Invite, clock: Clock
) -> None:
    """Unknown, asking twice, invited, a member, opted out: nobody can tell from the page."""
    code = await invite(parse_email("member@example.net"))
    form = await visitor.open(f"/j/{code}")
    await visitor.submit(form, **ROSA | {"contact": "member@example.net"})
    await invite(parse_email("invited@example.net"))
    stranger = Visitor(app, source="198.51.100.7")
    pages = []
    for contact in ("new@example.net", "new@example.net", "invited@example.net",
                    "member@example.net"):  # fmt: skip
        page = await stranger.submit(
            await stranger.open("/ask/maple-court"), **ROSA | {"contact": contact}
        )
        pages.append((page.status, page.path, seen(page)))
    assert len({*pages}) == 1
    assert [row.contact for row in await rows(services)] == ["new@example.net"]
    written = await services.storage.read(
        lambda session: list(session.exec(select(Delivery).order_by(col(Delivery.id))))
    )
    assert [(row.event, row.contact) for row in written] == [
        ("invitation", "invited@example.net"),
        ("household_link", "member@example.net"),
    ]


async def test_mistakes_are_shown_beside_their_fields_and_nothing_is_lost(
    services: Services, visitor: Visitor, invite: Invite
) -> None:
    form = await visitor.open("/ask/maple-court")
    typed = {**ROSA, "contact": "rosa@", "words": "buy at https://x.example <b>"}
    again = await visitor.submit(form, **typed)
    assert again.status == 422
    assert "Nothing was sent yet." in again.alerts
    assert "Please check this" in again.described("contact")
    assert "cannot have a web address" in again.described("words")
    assert again.value("name") == "Rosa Delgado"
    assert "buy at https://x.example &lt;b&gt;</textarea>" in again.html
    assert await rows(services) == []


@pytest.mark.parametrize("words", HOSTILE)
async def test_hostile_words_come_out_as_the_text_they_are(
    services: Services, visitor: Visitor, invite: Invite, words: str
) -> None:
    typed = words.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    form = await visitor.open("/ask/maple-court")
    page = await visitor.submit(form, name=typed, address=typed, contact=typed, words=typed)
    assert page.status in {413, 422}
    assert not {tag for tag, _ in page.elements} & {"script", "img"}
    assert "11111103" not in page.html
    assert await rows(services) == []


async def test_a_form_of_somebody_elses_page_is_refused(
    services: Services, visitor: Visitor, invite: Invite
) -> None:
    form = await visitor.open("/ask/maple-court")
    forged = await visitor.client.post(
        "/ask/maple-court",
        data={**form.forms[0].fields, **ROSA},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert forged.status_code == 403
    without = await visitor.client.post("/ask/maple-court", data=ROSA)
    assert without.status_code == 403
    assert await rows(services) == []


async def test_too_many_from_one_place_wait_and_are_told_how_long(
    services: Services, visitor: Visitor, invite: Invite, clock: Clock
) -> None:
    form = await visitor.open("/ask/maple-court")
    for number in range(10):
        await visitor.submit(form, **ROSA | {"contact": f"n{number}@example.net"})
    page = await visitor.submit(form, **ROSA)
    assert page.status == 429
    assert "Look in your messages, or try in" in page.alerts
    assert 0 < int(page.response.headers["Retry-After"]) <= 3601
    clock.wait(hours=1)
    assert (await visitor.submit(form, **ROSA)).status == 200


@pytest.mark.parametrize(
    ("language", "title", "thanks"),
    [
        ("es", "Pedir entrar", "Gracias por preguntar"),
        ("fr", "Demander à entrer", "Merci d’avoir demandé"),
    ],
)
async def test_it_speaks_the_language_of_whoever_asks_and_remembers_it(
    services: Services, visitor: Visitor, invite: Invite, language: str, title: str, thanks: str
) -> None:
    form = await visitor.open(f"/ask/maple-court?lang={language}")
    assert title in form.text
    page = await visitor.submit(form, **ROSA)
    assert thanks in page.text
    [row] = await rows(services)
    assert row.language == language


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        ("", "are looking at your request"),
        ("approved", "said yes"),
        ("declined", "They write: “Not now.”"),
        ("closed", "within 30 days, so we have closed it"),
    ],
)
async def test_the_answer_has_a_page(
    services: Services, visitor: Visitor, invite: Invite, decision: str, words: str
) -> None:
    await visitor.submit(await visitor.open("/ask/maple-court"), **ROSA)

    def change(session: Session) -> None:
        row = session.exec(select(JoinRequest)).one()
        row.decision, row.reason = decision, "Not now." if decision == "declined" else ""
        row.decided_at = START if decision else None

    await services.storage.write(change)
    token = tokens.sign(services.keys, answering.PURPOSE, 1)
    page = await visitor.open(f"/asked/{token}")
    assert words in page.text
    assert ("Ask once more" in page.text) == (decision in {"declined", "closed"})
    assert "rosa" not in page.text.lower()
