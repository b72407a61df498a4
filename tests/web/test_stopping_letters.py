"""No more letters: said with one press, taken back with one press, never by merely looking."""

import pytest
import structlog
from sqlmodel import Session, select
from starlette.applications import Starlette

from bot.community import contacts, households, letters
from bot.community.tokens import sign
from bot.ports import Services
from storage.tables import Delivery, Invitation, Suppression
from tests.web.conftest import START, Invite
from tests.web.visitor import Visitor

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
async def link(services: Services, visitor: Visitor, invite: Invite) -> str:
    """The opt-out link of a letter to Rosa."""
    form = await visitor.open(f"/j/{await invite()}")
    await visitor.submit(form, name="Rosa", address="Flat 4B", contact="rosa@example.net")
    await households.send_link(services, "rosa@example.net", source="", now=START)
    delivery_id = await services.storage.read(_letter)
    return f"/o/{sign(services.keys, 'optout', delivery_id)}"


def _letter(session: Session) -> int:
    return session.exec(select(Delivery)).one().id


def _suppressed(session: Session) -> int:
    return len(session.exec(select(Suppression)).all())


async def test_looking_changes_nothing(services: Services, app: Starlette, link: str) -> None:
    reader = Visitor(app)
    for method in ("GET", "HEAD", "OPTIONS", "GET"):
        await reader.client.request(method, link)
    assert await services.storage.read(_suppressed) == 0
    page = await reader.open(link)
    assert "r•••@example.net" in page.text
    assert "rosa@example.net" not in page.html


async def test_a_resident_stops_the_letters_and_takes_it_back(
    services: Services, app: Starlette, link: str
) -> None:
    reader = Visitor(app)
    stopped = await reader.submit(await reader.open(link))
    assert "You will get no more messages" in stopped.text
    assert await services.storage.read(_suppressed) == 1
    assert "You will get no more messages" in (await reader.open(link)).text
    again = await reader.submit(stopped)
    assert "write to you again" in again.text
    assert "Stop writing to me" in (await reader.open(link)).text


@pytest.mark.parametrize("encoding", ["urlencoded", "multipart"])
async def test_a_mail_program_stops_them_with_one_click(
    services: Services, app: Starlette, link: str, encoding: str
) -> None:
    """Neither cookie nor origin, and no redirect in the answer: RFC 8058."""
    program = Visitor(app)
    parts = {name: (None, value) for name, value in ONE_CLICK.items()}
    for _ in range(2):
        answer = (
            await program.client.post(link, data=ONE_CLICK)
            if encoding == "urlencoded"
            else await program.client.post(link, files=parts)
        )
        assert answer.status_code == 200
    assert await services.storage.read(_suppressed) == 1


@pytest.mark.parametrize("token", ["x", "1.abcdefghijklmnop", "%00", "é", "9" * 4000, ".x", "1."])
async def test_a_link_that_is_not_ours_stops_nothing(
    services: Services, visitor: Visitor, token: str
) -> None:
    assert (await visitor.client.get(f"/o/{token}")).status_code == 404
    assert (await visitor.client.post(f"/o/{token}", data=ONE_CLICK)).status_code == 404
    assert await services.storage.read(_suppressed) == 0


async def test_only_this_room_does_without_the_guard_at_posting(visitor: Visitor) -> None:
    for path in ("/join", "/household", "/o", "/O", "/ox", "/household/o/x"):
        assert (await visitor.client.post(path, data=ONE_CLICK)).status_code == 403, path


async def test_nobody_is_named_in_the_log(app: Starlette, link: str) -> None:
    with structlog.testing.capture_logs() as lines:
        await Visitor(app).client.post(link, data=ONE_CLICK)
    assert "rosa" not in str(lines)
    assert link.removeprefix("/o/") not in str(lines)


async def test_the_sign_up_page_lets_an_invited_person_say_no(
    services: Services, visitor: Visitor, invite: Invite
) -> None:
    """A text from a leader's own phone has no line for that."""
    assert "Stop writing to me" not in (await visitor.open(f"/j/{await invite()}")).text
    rosa = contacts.parse_number("+1 201 555 0123", region="US")
    code = await invite(rosa)
    await services.storage.write(_by_hand, rosa, services)
    page = await visitor.open(f"/j/{code}")
    [link] = [each["href"] for tag, each in page.elements if each.get("href", "")[:3] == "/o/"]
    stopped = await visitor.submit(await visitor.open(link))
    assert "You will get no more messages" in stopped.text
    assert "+1 •••0123" in stopped.text
    assert await services.storage.read(_suppressed) == 1


def _by_hand(session: Session, contact: contacts.Contact, services: Services) -> None:
    invitation = session.exec(select(Invitation).where(Invitation.contact == contact.address)).one()
    letter = letters.write(
        services,
        contact,
        event="invitation",
        community_id=invitation.community_id,
        facts={"language": "en"},
        now=START,
        invitation_id=invitation.id,
    )
    letter.medium = "hand"
    session.add(letter)
