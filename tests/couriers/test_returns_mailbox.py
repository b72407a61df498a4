"""The mailbox: each report is heard, at least once, and marked only then; nothing else is touched.

Real sockets and real threads: each test waits until something has come about, never for a time.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.couriers.email import EmailCourier, EmailSettings
from bot.couriers.email.returns.folder import open_folder
from bot.couriers.email.returns.mailbox import Inbox
from bot.messages import Letter, News, Wish
from bot.ports import HearsBack
from storage.database import DatabaseAway
from tests.couriers import mails
from tests.couriers.mails import TAG, report
from tests.settings import settings_of
from tests.standins.imap import ImapStandIn
from tests.standins.smtp import Certificates, SmtpStandIn

LETTER_TO_US = mails.prose("Hello!", sender="lena@resident.example")
_PATIENCE = 20.0  # seconds; a busy machine is no fault


@dataclass(slots=True)
class Listener:
    """Hears news, unless the database is away."""

    calls: list[list[News | Wish]] = field(default_factory=list)
    away: int = 0  # how many calls from now fail

    async def __call__(self, told: Sequence[News | Wish]) -> None:
        if self.away:
            self.away -= 1
            raise DatabaseAway
        self.calls.append(list(told))

    @property
    def heard(self) -> list[News | Wish]:
        return [each for call in self.calls for each in call]


def settings(server: ImapStandIn, **chosen: Any) -> EmailSettings:
    user, password = server.login
    basics = {
        "smtp_host": "127.0.0.1",
        "smtp_tls": "none",
        "smtp_sender": "invites@mail.example",
        "smtp_return_path": mails.BACK,
        "imap_host": "127.0.0.1",
        "imap_port": server.port,
        "imap_user": user,
        "imap_password": password,
        "imap_tls": server.tls,
        "imap_every": 0.1,
    }
    return settings_of(EmailSettings, **basics | chosen)


@asynccontextmanager
async def listening(server: ImapStandIn, **chosen: Any) -> AsyncIterator[Listener]:
    """With somebody who looks into the mailbox."""
    listener = Listener(away=chosen.pop("away", 0))
    within = chosen.pop("answer_within", _PATIENCE)
    inbox = Inbox(settings(server, **chosen), answer_within=within)
    inbox.plug(listener)
    async with running(inbox):
        yield listener


@asynccontextmanager
async def running(what: Inbox | EmailCourier) -> AsyncIterator[None]:
    """Let it look for news."""
    stop = asyncio.Event()
    task = asyncio.create_task(what.run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def until(condition: Callable[[], object]) -> None:
    """Wait for something to come about."""
    async with asyncio.timeout(_PATIENCE):
        while not condition():
            await asyncio.sleep(0.01)


async def looks(server: ImapStandIn, count: int) -> None:
    """Wait until the folder has been looked into so many more times."""
    said = server.said.count("SEARCH") + count
    await until(lambda: server.said.count("SEARCH") >= said)


def others(number: int) -> bytes:
    """A report about another letter."""
    return report(came_to=f"bounces+{number}-x3f9k2m4qa@mail.example")


@pytest.mark.parametrize("offers_plain", [True, False], ids=["plain", "login"])
@pytest.mark.parametrize("tls", ["none", "starttls", "tls"])
async def test_a_report_is_heard_and_only_that_is_marked(
    tls: Any, certificates: Certificates, *, offers_plain: bool
) -> None:
    login = ("bounces", r'a "b" \c')
    server = ImapStandIn(tls=tls, certificates=certificates, login=login, offers_plain=offers_plain)
    trusted = {} if tls == "none" else {"imap_ca_file": str(certificates.authority)}
    async with server:
        server.put(LETTER_TO_US, report())
        async with listening(server, **trusted) as listener:
            await until(lambda: server.unread == [1])
    [news] = listener.heard
    assert isinstance(news, News)
    assert (news.event, news.tag, news.code) == ("bounced", TAG, "5.1.1")


async def test_what_says_nothing_is_looked_at_once_and_what_is_new_is_heard() -> None:
    async with ImapStandIn() as server, listening(server) as listener:
        server.put(LETTER_TO_US, LETTER_TO_US)
        await until(lambda: server.said.count("FETCH") == 2)
        await looks(server, 3)
        assert server.said.count("FETCH") == 2
        server.put(report())
        await until(lambda: server.unread == [1, 2])
        assert server.said.count("FETCH") == 3
        assert len(listener.heard) == 1


async def test_nothing_is_marked_before_it_is_stored() -> None:
    with capture_logs() as logs:
        async with ImapStandIn() as server:
            server.put(report())
            async with listening(server, away=2) as listener:
                await until(lambda: server.unread == [])
    assert server.said.count("FETCH") == 3
    assert len(listener.heard) == 1
    assert [log["event"] for log in logs] == ["returns.database_away", "returns.mailbox_open"]


async def test_who_was_stopped_before_marking_hears_it_again() -> None:
    async with ImapStandIn() as server:
        server.put(report())
        server.fail("DROP STORE", times=1)
        async with listening(server) as listener:
            await until(lambda: server.unread == [])
    first, second = listener.heard
    assert first == second, "the same key: it is one fact"


async def test_a_flood_comes_in_rounds_that_follow_each_other() -> None:
    async with ImapStandIn() as server:
        server.put(*(others(number) for number in range(230)))
        async with listening(server, imap_every=1500) as listener:
            await until(lambda: not server.unread)
    assert len(listener.heard) == 230
    assert max(map(len, listener.calls)) == 20
    assert server.said.count("SEARCH") == 2
    assert server.said.count("SELECT") == 1, "the folder is kept open"
    stored = [said for said in server.said if said in {"SEARCH", "STORE"}]
    assert stored.index("SEARCH", 1) == 11, "after ten times twenty"


async def test_a_folder_that_is_numbered_anew_is_looked_at_anew() -> None:
    async with ImapStandIn() as server, listening(server):
        server.put(LETTER_TO_US, LETTER_TO_US)
        await until(lambda: server.said.count("FETCH") == 2)
        server.messages.clear()
        server.start_over()
        server.put(report())
        await until(lambda: server.said.count("STORE") == 1)


async def test_a_long_message_is_read_as_far_as_it_matters() -> None:
    async with ImapStandIn() as server, listening(server) as listener:
        server.put(report(whole=True).replace(b"Hello", b"Hello" * 200_000))
        await until(lambda: listener.heard)


DEEP = b"".join(
    b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (level, level)
    for level in range(1000)
)
ENDLESS = b'Content-Type: multipart/report; x="' + b'\\";' * 20_000 + b'"\r\n\r\n'


@pytest.mark.parametrize("hostile", [DEEP, ENDLESS], ids=["deep", "endless"])
async def test_a_message_made_to_keep_the_parser_busy_is_not_read(hostile: bytes) -> None:
    before = b"Return-Path: <>\r\nDelivered-To: %b\r\n" % mails.TAGGED.encode()
    with capture_logs() as logs:
        async with ImapStandIn() as server, listening(server):
            server.put(before + hostile, report())
            await until(lambda: server.unread == [1])
    assert "returns.not_read" in {log["event"] for log in logs}


FAULTS = [
    *(f"DROP {each}" for each in ("CAPABILITY", "AUTHENTICATE", "SELECT", "SEARCH", "FETCH")),
    *(f"NO {each}" for each in ("SEARCH", "FETCH", "STORE", "LOGOUT")),
    *(f"SILENCE {each}" for each in ("AUTHENTICATE", "FETCH", "LOGOUT")),
]


@pytest.mark.parametrize("fault", FAULTS)
async def test_after_every_fault_it_looks_again(fault: str) -> None:
    async with ImapStandIn() as server:
        server.put(report())
        server.fail(fault, times=2)
        within = 1 if fault.startswith("SILENCE") else _PATIENCE
        async with listening(server, answer_within=within) as listener:
            await until(lambda: server.unread == [])
    assert {news.key for news in listener.heard} == {listener.heard[0].key}


async def test_a_mailbox_that_is_away_is_said_once() -> None:
    with capture_logs() as logs:
        async with ImapStandIn() as server:
            server.fail("DROP AUTHENTICATE", times=3)
            server.put(report())
            async with listening(server):
                await until(lambda: server.unread == [])
    assert [log["event"] for log in logs] == ["returns.mailbox_away", "returns.mailbox_open"]
    assert logs[0]["log_level"] == "warning"


async def test_a_fault_of_ours_is_noted_and_ends_nothing() -> None:
    async def stumble(told: Sequence[News | Wish]) -> None:
        raise ZeroDivisionError

    with capture_logs() as logs:
        async with ImapStandIn() as server:
            server.put(report())
            inbox = Inbox(settings(server))
            inbox.plug(stumble)
            async with running(inbox):
                await until(lambda: logs)
                assert server.unread == [1]
    assert [(log["event"], log["log_level"]) for log in logs] == [("returns.failed", "error")]


async def test_what_somebody_has_removed_meanwhile_is_nothing() -> None:
    async with ImapStandIn() as server:
        folder = await asyncio.to_thread(open_folder, settings(server), answer_within=_PATIENCE)
        assert await asyncio.to_thread(folder.read, 1) == b""
        await asyncio.to_thread(folder.mark_read, [])
        await asyncio.to_thread(folder.close)
    assert "STORE" not in server.said


async def test_letters_leave_while_the_mailbox_is_silent(letter: Callable[..., Letter]) -> None:
    async with ImapStandIn() as server, SmtpStandIn() as smtp:
        server.fail("SILENCE AUTHENTICATE")
        courier = EmailCourier(settings(server, smtp_port=smtp.port))
        courier.plug(Listener(), address="")
        async with running(courier):
            await until(lambda: "AUTHENTICATE" in server.said)
            assert (await courier.carry(letter())).outcome == "accepted"
            server.hang_up()
        await courier.close()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"imap_password": "guess"}, "IMAP_USER and IMAP_PASSWORD"),
        ({"imap_password": "vergiß"}, "IMAP_USER and IMAP_PASSWORD"),
        ({"imap_folder": "Returned mail"}, "IMAP_FOLDER"),
        ({"imap_tls": "starttls"}, "IMAP_TLS"),
    ],
)
@pytest.mark.parametrize("offers_plain", [True, False], ids=["plain", "login"])
async def test_what_only_the_operator_can_mend_is_said_in_words(
    wrong: dict[str, str], words: str, *, offers_plain: bool
) -> None:
    with capture_logs() as logs:
        async with (
            ImapStandIn(offers_plain=offers_plain) as server,
            listening(server, **wrong),
        ):
            await until(lambda: logs)
    [said] = logs
    assert (said["log_level"], said["event"]) == ("error", "returns.mailbox_shut")
    assert words in said["words"]
    assert "guess" not in str(said)


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_stranger_is_told_no_password(
    tls: Any, certificates: Certificates, stranger: Path
) -> None:
    with capture_logs() as logs:
        async with (
            ImapStandIn(tls=tls, certificates=certificates) as server,
            listening(server, imap_ca_file=str(stranger)),
        ):
            await until(lambda: logs)
    assert "could not prove who it is" in logs[0]["words"]
    assert not {"LOGIN", "AUTHENTICATE"} & set(server.said)


async def test_a_folder_may_have_spaces_in_its_name() -> None:
    async with ImapStandIn(folder="Returned mail") as server:
        server.put(report())
        async with listening(server, imap_folder="Returned mail") as listener:
            await until(lambda: listener.heard)


async def test_the_courier_has_it_heard() -> None:
    async with ImapStandIn() as server:
        server.put(report())
        courier, listener = EmailCourier(settings(server)), Listener()
        assert isinstance(courier, HearsBack)
        assert list(courier.routes()) == []
        courier.plug(listener, address="")
        async with running(courier):
            await until(lambda: listener.heard)


async def test_without_a_mailbox_there_is_nothing_to_look_into() -> None:
    async with ImapStandIn() as server:
        courier = EmailCourier(settings(server, imap_host="", imap_user="", imap_password=""))
        courier.plug(Listener(), address="")
        async with running(courier):
            await asyncio.sleep(0)
    assert server.said == []
