"""The mail server is down while many letters are asked for: all go out once it is back.

Nothing is lost, none overtakes another, none leaves faster than the server likes, and the leader
reads the story once. The minutes are moved, not waited for.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import Session, col, func, select

from storage.database import Storage
from storage.tables import Delivery, Job, JobLane, Trouble
from tests.standins.smtp import SmtpStandIn
from tests.stories.program import Program, free_port, running

LETTERS = 200
RATE = 50  # letters a second
BURST = RATE // 5  # how many may leave together after a pause
BEGUN = "E-mails are not going out at the moment. Our mail server is not answering; still trying."
OVER = "E-mails go out again."
_PATIENCE = 90.0  # seconds; a busy machine is no fault


@pytest.fixture
async def storage(program: Program) -> AsyncIterator[Storage]:
    """The program's own database."""
    opened = Storage.open(program.database_url)
    yield opened
    await opened.close()


@pytest.fixture
def mail_port() -> int:
    """Where the mail server should be, and is not."""
    return free_port()


@pytest.fixture
def program(tmp_path: Path, mail_port: int) -> Any:
    """Porchlight as an operator set it up."""
    settings = {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": mail_port,
        "SMTP_TLS": "none",
        "SMTP_SENDER": "invites@mail.example",
        "SMTP_RATE": RATE,
        "LIMIT_EMAILS": LETTERS,
    }
    lines = [f"{name}={value}" for name, value in settings.items()]
    (tmp_path / ".env").write_text("\n".join(lines))
    with running(tmp_path, port=free_port()) as started:
        yield started


async def test_all_go_out_in_order_once_the_server_is_back_and_the_story_is_told_once(
    program: Program, storage: Storage, mail_port: int
) -> None:
    people = [f"resident{number}@resident.example" for number in range(LETTERS)]
    async with asyncio.timeout(_PATIENCE), httpx.AsyncClient(base_url=program.address) as client:
        for start in range(0, LETTERS, 100):
            await _invite(client, people[start : start + 100])
        tried_at = await _tried(storage, after=datetime.min.replace(tzinfo=UTC))
        for _ in range(3):
            await _pass_time(storage, minutes=5)
            tried_at = await _tried(storage, after=tried_at)
        await _until(lambda: _told(client, BEGUN))
        async with SmtpStandIn(port=mail_port) as server:
            await _pass_time(storage, minutes=5)
            await _until(lambda: _counted(storage, "sent", LETTERS))
            await _until(lambda: _told(client, OVER))
            await _until(lambda: _told(client, "100 of 100 sent"))
    assert sorted(taken.recipients[0] for taken in server.taken) == sorted(people), "each once"
    story = [text for text in await _shown(program) if text.startswith(("E-mails ", "Our mail"))]
    assert [text.partition(" Nothing is lost")[0] for text in story] == [BEGUN, OVER]
    began = await storage.read(_began)
    assert began == sorted(began), "in the order of asking"
    gaps = [later - sooner for sooner, later in zip(began, began[RATE + BURST :], strict=False)]
    assert min(gaps) >= timedelta(seconds=1)


async def _invite(client: httpx.AsyncClient, people: list[str]) -> None:
    """Paste them, and press Send."""
    preview = await _say(client, f"/invite email {' '.join(people)}")
    reply = await _say(client, preview["buttons"][0]["call"])
    assert reply["text"].startswith(f"Inviting {len(people)} people.")


async def _say(client: httpx.AsyncClient, words: str) -> Any:
    answer = await client.post("/playground/calls", json={"text": words})
    return answer.raise_for_status().json()["reply"]


async def _shown(program: Program) -> list[str]:
    async with httpx.AsyncClient(base_url=program.address) as client:
        return await _texts(client)


async def _texts(client: httpx.AsyncClient) -> list[str]:
    messages = (await client.get("/playground/messages")).raise_for_status().json()
    return [each["text"] for each in messages if each["author"] == "bot"]


async def _told(client: httpx.AsyncClient, words: str) -> bool:
    return any(words in text for text in await _texts(client))


async def _counted(storage: Storage, state: str, wanted: int) -> bool:
    def count(session: Session) -> int:
        query = select(func.count()).select_from(Delivery).where(Delivery.state == state)
        return session.exec(query).one()

    return await storage.read(count) == wanted


async def _tried(storage: Storage, *, after: datetime) -> datetime:
    """Wait until the program has tried in vain once more, and rests. Gives when it tried."""
    while True:
        tried_at, is_at_rest = await storage.read(_tries)
        if tried_at is not None and tried_at > after and is_at_rest:
            return tried_at
        await asyncio.sleep(0.05)


def _tries(session: Session) -> tuple[datetime | None, bool]:
    """When an e-mail was tried last, and whether none is now nor will be soon."""
    tried_at = session.exec(select(func.max(Job.tried_at)).where(Job.lane == "email")).one()
    claimed = session.exec(select(Job.id).where(Job.lane == "email", col(Job.claimed))).first()
    lane = session.get(JobLane, "email")
    return tried_at, claimed is None and lane is not None and lane.free_at > datetime.now(UTC)


async def _pass_time(storage: Storage, *, minutes: float) -> None:
    """Let the trouble and the pause of the lane grow older."""

    def shift(session: Session) -> None:
        for table, name in ((Trouble, "since"), (JobLane, "free_at")):
            for row in session.exec(select(table)):
                setattr(row, name, getattr(row, name) - timedelta(minutes=minutes))

    await storage.write(shift)


def _began(session: Session) -> list[datetime]:
    """When the last try of each letter began, in the order of asking."""
    query = select(Job.tried_at).where(Job.kind == "deliver").order_by(col(Job.id))
    return [moment for moment in session.exec(query) if moment is not None]


async def _until(what: Callable[[], Any]) -> None:
    while not await what():
        await asyncio.sleep(0.05)
