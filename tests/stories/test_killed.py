"""Workers are killed in the midst of their work: nothing is lost, and no text goes out twice.

Each kill comes at a random moment. What the dead worker held is due again when its lease ends; an
e-mail may then arrive a second time, the same to the byte, so that mailboxes can tell.
"""

import asyncio
import json
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path

import pytest
from sqlmodel import Session, col, func, select

from bot.community.contacts import LIMIT, Way
from bot.ports import Services
from storage.database import Storage
from storage.tables import Delivery, Job, PlaygroundMessage, Receipt
from tests.community import scene
from tests.stories.workers import Worker, Workers, mail_server, twilio_server

AT_ONCE = 2  # workers
LEASE = 2.0  # seconds
A_KILL = 0.75  # seconds of work for each: longer than a worker takes to start
# Seconds from one kill to the next, and to finish: a letter that a busy machine cut off twice rests
# for a minute, as its courier's back-off has it.
PATIENCE = 240.0
SECRET = "a secret of the tests alone, 32+ bytes"


Open = Callable[[str], Awaitable[Storage]]


@pytest.fixture
async def opened() -> AsyncIterator[Open]:
    """Opens databases, and closes them however the test ends."""
    async with AsyncExitStack() as stack:

        async def open_one(url: str) -> Storage:
            storage = Storage.open(url)
            stack.push_async_callback(storage.close)
            return storage

        yield open_one


@pytest.mark.slow
@pytest.mark.parametrize(
    ("database", "emails", "texts"),
    [
        pytest.param("postgres_url", 1000, 300, marks=pytest.mark.postgres, id="postgres"),
        pytest.param("sqlite_url", 300, 100, id="sqlite"),
    ],
)
async def test_killed_at_any_moment_nothing_is_lost_and_no_text_doubled(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    opened: Open,
    database: str,
    emails: int,
    texts: int,
) -> None:
    url: str = request.getfixturevalue(database)
    mail, phones = tmp_path / "mail", tmp_path / "phones"
    services = scene.unlimited(await scene.plugged(await opened(url)))
    addresses = [f"resident{number}@resident.example" for number in range(emails)]
    numbers = _numbers(texts)
    await _invite_all(services, addresses, "email")
    await _invite_all(services, numbers, "text")
    with mail_server(mail) as smtp, twilio_server(phones) as twilio:
        lasts = 20 * A_KILL
        rates = {"SMTP_RATE": str(emails / lasts), "TWILIO_RATE": str(texts / lasts)}
        await _kill_again_and_again(services.storage, url, {**smtp, **twilio, **rates}, kills=20)
    states = Counter(row.state for row in await scene.all_of(services, Delivery))
    assert states == {"sent": emails + texts}
    _check_mail(mail, addresses, tries=await services.storage.read(_tries))
    _check_texts(phones, numbers)
    posted = await scene.all_of(services, PlaygroundMessage)
    assert len(posted) == len(await scene.all_of(services, Receipt)), "each receipt is shown once"


# How Twilio behaves meanwhile: it keeps a text and then cuts the line, or answers with an error, or
# too late; it is busy; and it lists what it took half a second later.
WORST = (
    *("--chance", "drop_after", "0.08", "--chance", "500_after", "0.08"),
    *("--chance", "drop_before", "0.04", "--chance", "503_before", "0.04"),
    *("--chance", "slow", "0.02", "--delay", "3", "--chance", "429", "0.004", "--lag", "0.5"),
)


@pytest.mark.slow
async def test_four_hundred_texts_survive_sixty_kills_and_twilios_worst_day(
    sqlite_url: str, tmp_path: Path, opened: Open
) -> None:
    phones = tmp_path / "phones"
    services = scene.unlimited(await scene.plugged(await opened(sqlite_url)))
    numbers = _numbers(400)
    await _invite_all(services, numbers, "text")
    with twilio_server(phones, *WORST) as twilio:
        pace = {"TWILIO_RATE": str(400 / (60 * A_KILL)), "TWILIO_SETTLE": "4"}
        await _kill_again_and_again(services.storage, sqlite_url, {**twilio, **pace}, kills=60)
    states = Counter(row.state for row in await scene.all_of(services, Delivery))
    assert states == {"sent": 400}
    _check_texts(phones, numbers)


def _numbers(many: int) -> list[str]:
    """Numbers for films, a hundred in each of these states."""
    areas = (201, 202, 203, 205)  # 204 is in Canada
    return [f"+1{areas[number // 100]}5550{100 + number % 100}" for number in range(many)]


async def _invite_all(services: Services, contacts: list[str], medium: Way) -> None:
    robin = await scene.actor(services)
    for start in range(0, len(contacts), LIMIT):
        part = contacts[start : start + LIMIT]
        now = datetime.now(UTC)  # Twilio's texts are dated by the same clock
        await scene.invite(services, robin, "\n".join(part), medium=medium, now=now)


async def _kill_again_and_again(
    storage: Storage, url: str, settings: dict[str, str], *, kills: int
) -> None:
    total = await storage.read(_not_carried)
    moments = sorted(random.uniform(0.1, 1) * total for _ in range(kills))
    house = {"DATABASE_URL": url, "SECRET_KEY": SECRET, "QUIET_HOURS": "off"}
    with Workers({**house, **settings}, lease=LEASE) as workers:
        for _ in range(AT_ONCE):
            workers.start()
        while moments:
            victim = random.choice(await _ready(workers))
            left = await _wait_until(storage, at_most=moments.pop())
            workers.kill(victim)
            workers.start()
        assert left > 0, "the last kill, too, met work"
        await _wait_until(storage, at_most=0)


async def _ready(workers: Workers) -> list[Worker]:
    async with asyncio.timeout(PATIENCE):
        while not (ready := [worker for worker in workers.alive if worker.is_ready]):
            await asyncio.sleep(0.02)
    return ready


async def _wait_until(storage: Storage, *, at_most: float) -> int:
    async with asyncio.timeout(PATIENCE):
        while (left := await storage.read(_not_carried)) > at_most:
            await asyncio.sleep(random.uniform(0, 0.05))
    return left


def _not_carried(session: Session) -> int:
    waiting = (Job.state == "ready", col(Job.kind).in_(["deliver", "receipt"]))
    return session.exec(select(func.count()).select_from(Job).where(*waiting)).one()


def _tries(session: Session) -> dict[str, int]:
    """How often each letter was taken in hand."""
    fences = dict(session.exec(select(Job.key, Job.fence)).all())
    rows = session.exec(select(Delivery.id, Delivery.contact))
    return {contact: fences[f"deliver:{number}"] for number, contact in rows if contact}


def _check_mail(folder: Path, addresses: list[str], *, tries: dict[str, int]) -> None:
    arrived: dict[str, list[bytes]] = defaultdict(list)
    for path in folder.glob("*.json"):
        [to] = json.loads(path.read_text())["recipients"]
        arrived[to].append(path.with_suffix(".eml").read_bytes())
    assert arrived.keys() == set(addresses)
    assert all(len(set(copies)) == 1 for copies in arrived.values()), "copies are the same"
    assert all(len(copies) <= tries[to] for to, copies in arrived.items())
    ids = {message_from_bytes(copies[0])["Message-ID"] for copies in arrived.values()}
    assert len(ids) == len(addresses)


def _check_texts(folder: Path, numbers: list[str]) -> None:
    arrived = Counter(json.loads(path.read_text())["to"] for path in folder.glob("*.json"))
    assert arrived == Counter(numbers)
