"""From an access code to a member, as a resident does it, and as nobody should."""

import asyncio

import httpx
import pytest
import structlog
from sqlmodel import Session, col, func, select
from starlette.applications import Starlette

from bot.community import codes
from bot.community.contacts import parse_email
from bot.ports import Services
from storage.tables import Attempt, Household, Invitation, Job, Member, Redemption
from tests.web.conftest import START, Clock, Invite
from tests.web.visitor import Page, Visitor

ROSA = {"name": "Rosa Delgado", "address": "Flat 4B", "contact": "rosa@example.net"}
# What breaks forms, chats and logs; each must come out as the text that it is.
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 1234567 * 9 }}{% raw %}",
    "{{ 1234567 * 9 }}",
    "'; DROP TABLE member; --",
    "a\x00b",
    "a\r\nBcc: all@example.org",
    "\u202egnirts",
    "\ud83d\ude00" * 3,
    "ا" * 200,
    "a" * 8000,
    "%00%0a%s%n",
    "<!channel> @everyone",
    "Zoë Ångström",
    "   ",
    "=cmd|' /C calc'!A0",
]


def counts(session: Session) -> list[int]:
    """How many rows there are of everything that a sign-up may write."""
    tables = (Household, Member, Redemption, Job, Attempt)
    used = session.exec(
        select(func.count()).select_from(Invitation).where(col(Invitation.redeemed_at).is_not(None))
    ).one()
    return [*(session.exec(select(func.count()).select_from(each)).one() for each in tables), used]


async def test_a_resident_types_the_code_and_joins(visitor: Visitor, invite: Invite) -> None:
    code = await invite()
    page = await visitor.open("/")
    form = await visitor.submit(page, code=codes.grouped(code).lower())
    assert form.path == f"/j/{code}"
    assert "Ana Ruiz invites you" in form.text
    assert codes.grouped(code) in form.text.replace("- ", "-")  # it may break after a dash
    welcome = await visitor.submit(form, **ROSA)
    assert welcome.path == "/welcome"
    assert "Welcome, Rosa Delgado" in welcome.text
    assert "Flat 4B" in welcome.text
    assert ("a", "https://chat.example.org/maple") in [
        (tag, each.get("href")) for tag, each in welcome.elements
    ]


async def test_the_code_leaves_the_address_bar(visitor: Visitor, invite: Invite) -> None:
    code = await invite()
    form = await visitor.open(f"/j/{code}")
    answer = await visitor.send(form, **ROSA)
    assert [each.status_code for each in answer.history] == [303]
    assert code not in str(answer.url)
    assert code not in answer.text


@pytest.mark.parametrize("path", ["/j/{0}", "/J/{0}", "/j/{1}", "/J/{2}", "/j/{0}/", "/j/{3}"])
async def test_a_code_may_be_written_in_many_ways(
    visitor: Visitor, invite: Invite, path: str
) -> None:
    code = await invite()
    written = path.format(
        code, codes.grouped(code), codes.grouped(code).lower(), f"%20{code.replace('0', 'O')}%20"
    )
    assert (await visitor.open(written)).status == 200


async def test_looking_changes_nothing(
    services: Services, visitor: Visitor, invite: Invite
) -> None:
    code = await invite()
    before = await services.storage.read(counts)
    for robot in ("Slackbot-LinkExpanding 1.0", "Mozilla/5.0 (Outlook SafeLinks)", "TelegramBot"):
        for method in ("GET", "HEAD", "OPTIONS"):
            await visitor.client.request(method, f"/j/{code}", headers={"User-Agent": robot})
    assert await services.storage.read(counts) == before
    form = await visitor.open(f"/j/{code}")
    assert (await visitor.submit(form, **ROSA)).path == "/welcome"


async def test_the_form_knows_where_the_letter_went(visitor: Visitor, invite: Invite) -> None:
    form = await visitor.open(f"/j/{await invite(parse_email('rosa@example.net'))}")
    assert form.value("contact") == "rosa@example.net"


async def test_a_second_tap_is_welcome_too(
    services: Services, visitor: Visitor, invite: Invite
) -> None:
    form = await visitor.open(f"/j/{await invite()}")
    taps = await asyncio.gather(*(visitor.submit(form, **ROSA) for _ in range(9)))
    assert {page.path for page in taps} == {"/welcome"}
    again = await visitor.submit(form, **ROSA)
    assert "Welcome, Rosa Delgado" in again.text
    members = (await services.storage.read(counts))[1]
    assert members == 1


async def test_going_back_leads_to_the_welcome_again(visitor: Visitor, invite: Invite) -> None:
    code = await invite()
    await visitor.submit(await visitor.open(f"/j/{code}"), **ROSA)
    again = await visitor.open(f"/j/{code}")
    assert again.path == "/welcome"


async def test_of_many_with_one_code_one_gets_in(
    services: Services, app: Starlette, invite: Invite
) -> None:
    code = await invite()

    async def try_it(number: int) -> Page:
        visitor = Visitor(app, source=f"198.51.100.{number}")
        return await visitor.submit(
            await visitor.open(f"/j/{code}"), **{**ROSA, "address": f"Flat {number}"}
        )

    pages = await asyncio.gather(*(try_it(number) for number in range(16)))
    assert sorted(page.status for page in pages) == [200] + [410] * 15
    assert (await services.storage.read(counts))[1] == 1


async def test_others_come_along(visitor: Visitor, invite: Invite) -> None:
    form = await visitor.open(f"/j/{await invite()}")
    welcome = await visitor.submit(form, **ROSA, others=["Tomás", "", "Lily"])
    assert "With you: Tomás, Lily" in welcome.text


# What can be wrong with the fields


async def test_wrong_fields_are_marked_and_kept(visitor: Visitor, invite: Invite) -> None:
    form = await visitor.open(f"/j/{await invite()}")
    page = await visitor.submit(form, name="", address="Flat 4B", contact="rosa@", others=["Lily"])
    assert page.status == 422
    assert page.value("address") == "Flat 4B"
    assert page.value("contact") == "rosa@"
    assert page.forms[0].fields["others"][0] == "Lily"
    assert page.described("name")
    assert page.described("contact")
    assert page.described("name") in page.alerts
    assert ("href", "#name") in [pair for _, each in page.elements for pair in each.items()]
    assert (await visitor.submit(page, **ROSA)).path == "/welcome"


@pytest.mark.parametrize("name", ["name", "address", "contact", "others", "code"])
async def test_hostile_words_are_only_words(visitor: Visitor, invite: Invite, name: str) -> None:
    for words in HOSTILE:
        page = await visitor.open(f"/j/{await invite()}" if name != "code" else "/join")
        typed = {name: words.encode(errors="surrogatepass")}
        answered = await visitor.submit(page, **{**ROSA, **typed})
        assert answered.status in {200, 422}, words
        assert not {tag for tag, _ in answered.elements} & {"script", "img"}
        assert "11111103" not in answered.html


# What can be wrong with the code


@pytest.mark.parametrize("typed", ["", "hello", "7KQM", "7KQM-4TXP-2WNE-9", "é" * 12, "U" * 500])
async def test_a_mistyped_code_stays_in_its_field(visitor: Visitor, typed: str) -> None:
    page = await visitor.submit(await visitor.open("/join"), code=typed)
    assert page.status == 422
    assert page.value("code") == typed
    assert "typing mistake" in page.alerts


async def test_one_wrong_symbol_is_noticed_and_not_counted(
    services: Services, visitor: Visitor, invite: Invite
) -> None:
    code = await invite()
    wrong = code[:-1] + next(each for each in codes.ALPHABET if each != code[-1])
    before = await services.storage.read(counts)
    page = await visitor.open(f"/j/{wrong}")
    assert page.status == 422
    assert page.value("code") == wrong
    assert await services.storage.read(counts) == before


async def test_an_unknown_code_gets_a_page(visitor: Visitor, services: Services) -> None:
    page = await visitor.open(f"/j/{codes.derive(services.keys, 4711, 1)}")
    assert page.status == 404
    assert page.forms[0].action == "/join"


async def test_a_used_code_says_so_and_not_by_whom(
    app: Starlette, visitor: Visitor, invite: Invite
) -> None:
    code = await invite()
    await visitor.submit(await visitor.open(f"/j/{code}"), **ROSA)
    page = await Visitor(app).open(f"/j/{code}")
    assert page.status == 410
    assert "has been used" in page.text
    for secret in ("Rosa", "Delgado", "Flat 4B", "rosa@"):
        assert secret not in page.html


async def test_an_expired_code_says_so(visitor: Visitor, invite: Invite, clock: Clock) -> None:
    code = await invite(days=1)
    form = await visitor.open(f"/j/{code}")
    clock.wait(days=1)
    assert (await visitor.submit(form, **ROSA)).status == 410
    page = await visitor.open(f"/j/{code}")
    assert page.status == 410
    assert "run out" in page.text


async def test_a_void_code_says_so(services: Services, visitor: Visitor, invite: Invite) -> None:
    code = await invite()
    await services.storage.write(_void_all)
    page = await visitor.open(f"/j/{code}")
    assert page.status == 410
    assert "taken back" in page.text


def _void_all(session: Session) -> None:
    for row in session.exec(select(Invitation)):
        row.voided_at = START


async def test_guessing_is_slowed_down_but_a_right_code_works(
    services: Services, app: Starlette, visitor: Visitor, invite: Invite
) -> None:
    code = await invite()
    guesses = [codes.derive(services.keys, 900, number) for number in range(40)]
    statuses = []
    for number, guess in enumerate(guesses):
        spoofed = {"X-Forwarded-For": f"192.0.2.{number}"}
        statuses.append((await visitor.client.get(f"/j/{guess}", headers=spoofed)).status_code)
    assert statuses.count(404) <= 20
    assert statuses[-1] == 429
    late = await visitor.client.get(f"/j/{guesses[0]}")
    assert 0 < int(late.headers["retry-after"]) <= 3601
    assert (await visitor.open(f"/j/{code}")).status == 200


async def test_without_a_session_there_is_no_welcome(visitor: Visitor) -> None:
    assert (await visitor.open("/welcome")).path == "/household/link"


@pytest.mark.parametrize("cookie", ["x", "1.2.3", "..", "é", "0." + "A" * 16])
async def test_a_forged_session_is_none(visitor: Visitor, cookie: str) -> None:
    headers = {b"Cookie": f"__Host-porchlight-member={cookie}".encode()}
    answer = await visitor.client.get("/welcome", headers=headers)
    assert answer.headers["location"] == "/household/link"


async def test_no_line_of_the_log_knows_a_code_or_a_person(
    app: Starlette, visitor: Visitor, invite: Invite, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    code = await invite()
    with structlog.testing.capture_logs() as lines:
        form = await visitor.open(f"/j/{code}")
        await visitor.submit(form, name="", address="Flat 4B", contact="rosa@example.net")
        await visitor.submit(form, **ROSA)
        await Visitor(app).open(f"/j/{code}")
    ours = [each for each in caplog.records if not each.name.startswith("httpx")]
    said = str(lines) + " ".join(each.getMessage() for each in ours)
    for secret in (code, codes.grouped(code), "Rosa", "Flat 4B", "rosa@example.net"):
        assert secret not in said


async def test_a_page_is_light(visitor: Visitor, invite: Invite) -> None:
    answer: httpx.Response = (await visitor.open(f"/j/{await invite()}")).response
    assert len(answer.content) <= 10 * 1024
