"""Letters reach a mail server by every kind of connection, and every fault has its outcome."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.couriers.email import EmailCourier, EmailSettings, compose, configured, problems
from bot.couriers.email.envelope import read_xtext, xtext
from bot.couriers.email.mime import Mailbox
from bot.messages import Letter, News, Wish
from bot.settings import Misconfigured
from tests.standins.smtp import Certificates, SmtpStandIn, make_certificates

Write = Callable[..., Letter]
LOGIN = ("porchlight", "correct horse battery staple")
BACK = "bounces@mail.example"
MAILBOX = {"imap_host": "mail.example", "imap_user": "bounces", "imap_password": "secret"}
REPORTS = {"smtp_return_path": BACK, **MAILBOX}
TAGGED = "bounces+h-x3f9k2m4qa@mail.example"


def settings(**chosen: Any) -> EmailSettings:
    basics = {"smtp_host": "127.0.0.1", "smtp_tls": "none", "smtp_sender": "invites@mail.example"}
    return EmailSettings(_env_file=None, **basics | chosen)


@asynccontextmanager
async def courier(server: SmtpStandIn, **chosen: Any) -> AsyncIterator[EmailCourier]:
    patience = {key: chosen.pop(key) for key in ("take_within", "idle") if key in chosen}
    made = EmailCourier(settings(smtp_port=server.port, **chosen), answer_within=2, **patience)
    try:
        yield made
    finally:
        await made.close()


@pytest.mark.parametrize("login", [None, LOGIN], ids=["anonymous", "login"])
@pytest.mark.parametrize("tls", ["none", "starttls", "tls"])
async def test_a_letter_arrives_whole(
    tls: str, login: tuple[str, str] | None, letter: Write, certificates: Certificates
) -> None:
    standin = SmtpStandIn(tls=tls, certificates=certificates, login=login)
    secured = {} if tls == "none" else {"smtp_ca_file": str(certificates.authority)}
    user, password = login or ("", "")
    async with (
        standin as server,
        courier(server, smtp_tls=tls, smtp_user=user, smtp_password=password, **secured) as carrier,
    ):
        carried = await carrier.carry(letter())
    assert (carried.outcome, carried.words) == ("accepted", "")
    assert "queued as 000001" in carried.provider_id
    [taken] = server.taken
    assert taken.sender == "invites@mail.example"
    assert taken.recipients == ["lena@resident.example"]
    assert (taken.encrypted, taken.user) == (tls != "none", user)
    assert taken.content == compose(letter(), Mailbox("", "invites@mail.example"))


FAULTS = [
    ("GREETING 554 5.3.2 No service here", "config", "554", "not set up correctly"),
    ("GREETING 421 4.3.2 Shutting down", "retry", "421", "asked us to wait"),
    ("MAIL 452 4.3.1 Disk full", "retry", "452 4.3.1", "asked us to wait"),
    ("MAIL 421 4.7.0 Too much mail", "retry", "421 4.7.0", "asked us to wait"),
    ("MAIL 553 5.7.1 Not your address", "config", "553 5.7.1", "not set up correctly"),
    ("RCPT 450 4.7.1 Greylisted", "retry", "450 4.7.1", "asked us to wait"),
    ("RCPT 451 4.4.1 No answer", "retry", "451 4.4.1", "not answering"),
    ("RCPT 452 4.2.2 Mailbox full", "retry", "452 4.2.2", "mailbox is full"),
    ("RCPT 550 5.1.1 No such user", "permanent", "550 5.1.1", "no mailbox with that address"),
    ("RCPT 550 No such user", "permanent", "550", "no mailbox with that address"),
    ("RCPT 552 5.2.2 Over quota", "permanent", "552 5.2.2", "mailbox is full"),
    ("RCPT 556 5.1.10 Null MX", "permanent", "556 5.1.10", "part after @"),
    ("RCPT 550 5.2.1 Disabled", "permanent", "550 5.2.1", "switched off"),
    ("RCPT 554 5.7.1 Relay access denied", "config", "554 5.7.1", "not set up correctly"),
    ("RCPT 530 5.7.0 Log in first", "config", "530 5.7.0", "not set up correctly"),
    ("BODY 451 4.3.0 Try again later", "retry", "451 4.3.0", "not answering"),
    ("BODY 554 5.7.1 Spam message rejected", "permanent", "554 5.7.1", "refused the message"),
    ("BODY 554 Blocked", "permanent", "554", "refused the message"),
    ("BODY 550 5.7.26 Unauthenticated", "permanent", "550 5.7.26", "does not trust our domain"),
    ("BODY 552 5.3.4 Too big", "permanent", "552 5.3.4", "too big"),
    ("RCPT What?", "retry", "", "asked us to wait"),
    ("BODY What?", "unclear", "", "lost the connection"),
    ("DROP before", "unclear", "", "lost the connection"),
    ("DROP after", "unclear", "", "lost the connection"),
    ("SILENCE after", "unclear", "", "lost the connection"),
]


@pytest.mark.parametrize(("fault", "outcome", "code", "words"), FAULTS, ids=[f[0] for f in FAULTS])
async def test_every_fault_has_its_outcome_and_the_next_letter_still_goes(
    fault: str, outcome: str, code: str, words: str, letter: Write
) -> None:
    async with SmtpStandIn() as server, courier(server, take_within=0.2) as carrier:
        server.fail(fault, times=1)
        carried = await carrier.carry(letter())
        assert (carried.outcome, carried.code) == (outcome, code)
        assert carried.retry_after == (60 if "421" in fault else None), "421 is of the whole server"
        assert words in carried.words
        kept = len(server.taken)
        assert kept == (fault in {"DROP after", "SILENCE after"})
        assert (await carrier.carry(letter())).outcome == "accepted"
        assert len(server.taken) == kept + 1


async def test_a_server_that_is_not_there_is_tried_again(letter: Write) -> None:
    with socket.socket() as closed:  # bound, but nobody listens
        closed.bind(("127.0.0.1", 0))
        carrier = EmailCourier(settings(smtp_port=closed.getsockname()[1]))
        carried = await carrier.carry(letter())
    assert (carried.outcome, carried.code) == ("retry", "")
    assert "not answering" in carried.words


async def test_a_server_that_never_greets_is_tried_again(letter: Write) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        carrier = EmailCourier(settings(smtp_port=mute.getsockname()[1]), answer_within=0.1)
        assert (await carrier.carry(letter())).outcome == "retry"


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_certificate_from_a_stranger_stops_everything(
    tls: str, letter: Write, certificates: Certificates, stranger: Path
) -> None:
    async with (
        SmtpStandIn(tls=tls, certificates=certificates) as server,
        courier(server, smtp_tls=tls, smtp_ca_file=str(stranger)) as carrier,
    ):
        carried = await carrier.carry(letter())
    assert carried.outcome == "config"
    assert "could not prove who it is" in carried.words
    assert server.taken == []


async def test_a_certificate_for_another_name_stops_everything(
    letter: Write, tmp_path: Path
) -> None:
    elsewhere = make_certificates(tmp_path, names="DNS:mail.elsewhere.example")
    async with (
        SmtpStandIn(tls="tls", certificates=elsewhere) as server,
        courier(server, smtp_tls="tls", smtp_ca_file=str(elsewhere.authority)) as carrier,
    ):
        carried = await carrier.carry(letter())
    assert carried.outcome == "config"
    assert "could not prove who it is" in carried.words


async def test_no_word_is_said_to_a_server_without_starttls(letter: Write) -> None:
    async with SmtpStandIn() as server, courier(server, smtp_tls="starttls") as carrier:
        carried = await carrier.carry(letter())
    assert (carried.outcome, server.taken) == ("config", [])


async def test_a_wrong_password_is_for_the_operator_to_mend(
    letter: Write, certificates: Certificates
) -> None:
    async with (
        SmtpStandIn(tls="tls", certificates=certificates, login=LOGIN) as server,
        courier(
            server,
            smtp_tls="tls",
            smtp_ca_file=str(certificates.authority),
            smtp_user=LOGIN[0],
            smtp_password="wrong",
        ) as carrier,
    ):
        carried = await carrier.carry(letter())
    assert (carried.outcome, carried.code) == ("config", "535")
    assert "wrong" not in carried.words


async def test_letters_share_connections(letter: Write) -> None:
    async with SmtpStandIn() as server, courier(server) as carrier:
        for number in range(101):
            assert (await carrier.carry(letter(delivery_id=number))).outcome == "accepted"
        assert server.connections == 2, "one carries a hundred letters"
        await asyncio.gather(*(carrier.carry(letter()) for _ in range(20)))
        assert server.connections <= carrier.pace.at_once + 1
    assert len(server.taken) == 121


async def test_a_refused_letter_does_not_cost_the_connection(letter: Write) -> None:
    async with SmtpStandIn() as server, courier(server) as carrier:
        server.fail("RCPT 550 5.1.1 No such user", times=1)
        await carrier.carry(letter())
        assert (await carrier.carry(letter())).outcome == "accepted"
        assert server.connections == 1


async def test_a_connection_that_the_server_dropped_is_noticed(letter: Write) -> None:
    async with SmtpStandIn() as server, courier(server) as carrier:
        await carrier.carry(letter())
        server.hang_up()
        await asyncio.sleep(0.05)
        assert (await carrier.carry(letter())).outcome == "accepted"
        assert server.connections == 2


async def test_an_idle_connection_is_ended(letter: Write) -> None:
    async with SmtpStandIn() as server, courier(server, idle=0.05) as carrier:
        await carrier.carry(letter())
        await asyncio.sleep(0.2)
        assert server.open_connections == 0
        assert (await carrier.carry(letter())).outcome == "accepted"


async def test_a_try_cut_short_leaves_no_connection_behind(letter: Write) -> None:
    async with SmtpStandIn() as server, courier(server) as carrier:
        server.fail("SILENCE after", times=1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await carrier.carry(letter())
        await asyncio.sleep(0.05)
        assert server.open_connections == 0
        assert (await carrier.carry(letter())).outcome == "accepted"


async def test_another_script_before_the_at_is_refused_and_after_it_is_spelt_out(
    letter: Write,
) -> None:
    async with SmtpStandIn() as server, courier(server) as carrier:
        assert (await carrier.carry(letter(to="josé@mail.example"))).outcome == "permanent"
        assert (await carrier.carry(letter(to="ana@bücher.example.com"))).outcome == "accepted"
    assert server.taken[0].recipients == ["ana@xn--bcher-kva.example.com"]


@pytest.mark.parametrize(
    ("chosen", "dsn", "sender", "asks"),
    [
        ({}, True, "invites@mail.example", False),
        (MAILBOX, True, "invites@mail.example", True),
        (MAILBOX, False, "invites@mail.example", False),
        ({"smtp_return_path": BACK}, True, TAGGED, False),
        (REPORTS, True, TAGGED, True),
        (REPORTS, False, TAGGED, False),
    ],
    ids=["nothing", "mailbox", "old server", "return path", "both", "both, old server"],
)
@pytest.mark.parametrize("tls", ["none", "starttls"])
async def test_reports_are_asked_for_where_they_are_known_and_read(
    chosen: dict[str, str],
    sender: str,
    tls: str,
    letter: Write,
    certificates: Certificates,
    *,
    dsn: bool,
    asks: bool,
) -> None:
    secured = {} if tls == "none" else {"smtp_ca_file": str(certificates.authority)}
    async with (
        SmtpStandIn(dsn=dsn, tls=tls, certificates=certificates) as server,
        courier(server, smtp_tls=tls, **secured, **chosen) as carrier,
    ):
        for _ in range(2):
            carried = await carrier.carry(letter(to="ana+maple=1@bücher.example.com"))
            assert carried.outcome == "accepted"
    asked = [
        "RET=HDRS",
        "ENVID=h-x3f9k2m4qa",
        "NOTIFY=SUCCESS,FAILURE,DELAY",
        "ORCPT=rfc822;ana+2Bmaple+3D1@xn--bcher-kva.example.com",
    ]
    assert [taken.sender for taken in server.taken] == [sender] * 2
    assert server.asked == (asked * 2 if asks else [])


async def test_a_server_that_is_too_old_for_options_is_given_none(letter: Write) -> None:
    async with SmtpStandIn(dsn=True) as server, courier(server, **REPORTS) as carrier:
        server.fail("EHLO 502 5.5.1 What?", times=2)
        assert (await carrier.carry(letter())).outcome == "accepted"
    assert server.asked == []


@pytest.mark.parametrize(
    ("chosen", "stops"),
    [({}, False), ({"smtp_return_path": BACK}, False), (MAILBOX, False), (REPORTS, True)],
)
async def test_a_mail_can_stop_us_where_somebody_reads_it(
    chosen: dict[str, str], letter: Write, *, stops: bool
) -> None:
    async with SmtpStandIn() as server, courier(server, **chosen) as carrier:
        await carrier.carry(letter())
    by_mail = b"<mailto:bounces+stop-h-x3f9k2m4qa@mail.example>"
    assert (by_mail in server.taken[0].content) == stops


async def test_a_chosen_service_gets_its_headers_and_calls_us(
    letter: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hear(told: Sequence[News | Wish]) -> None:
        """Nobody calls here."""

    monkeypatch.setenv("SMTP_SERVICE", "mailgun")
    monkeypatch.setenv("MAILGUN_SIGNING_KEY", "key-0123456789")
    async with SmtpStandIn() as server, courier(server) as carrier:
        carrier.plug(hear, address="https://join.example.org")
        await carrier.carry(letter())
        assert [getattr(route, "path", "") for route in carrier.routes()] == ["/hooks/mailgun"]
    assert b"\r\nX-Mailgun-Variables: " in server.taken[0].content
    assert letter().tag.encode() in server.taken[0].content


def test_a_service_without_a_mail_server_is_half_a_configuration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SMTP_SERVICE", "mailgun")
    for key in ("", "key-0123456789"):
        monkeypatch.setenv("MAILGUN_SIGNING_KEY", key)
        nothing = EmailSettings(_env_file=None)
        assert configured(nothing)
        assert any("SMTP_HOST is missing" in problem for problem in problems(nothing))


def test_a_mailbox_alone_is_half_a_configuration() -> None:
    alone = EmailSettings(_env_file=None, **MAILBOX)
    assert configured(alone)
    assert "SMTP_HOST is missing" in problems(alone)[0]
    assert not configured(EmailSettings(_env_file=None, imap_every=5, imap_tls="none"))


@given(st.text(max_size=50).filter(str.isascii))
def test_an_option_of_the_envelope_is_one_word_and_can_be_read_again(text: str) -> None:
    spelt = xtext(text)
    assert re.fullmatch(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*", spelt), "RFC 3461, section 4"
    assert read_xtext(spelt) == text


async def test_nothing_can_be_looked_up(letter: Write) -> None:
    assert await EmailCourier(settings()).find(letter()) is None


def test_the_pace_follows_the_rate() -> None:
    pace = EmailCourier(settings(smtp_rate=20)).pace
    assert (pace.per_second, pace.burst) == (20, 4)
    assert EmailCourier(settings(smtp_rate=0.5)).pace.burst == 1
    assert pace.lease is not None
    assert pace.lease * 0.8 > 2 * 30 + 120, "the worker must outwait the courier"


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_HOST", "mail.example")
    monkeypatch.setenv("SMTP_SENDER", "Maple Court <invites@mail.example>")
    read = EmailSettings(_env_file=None)
    assert (read.mailbox.name, read.mailbox.address) == ("Maple Court", "invites@mail.example")
    assert configured(read)
    assert problems(read) == []


def test_nothing_set_is_not_configured() -> None:
    assert not configured(EmailSettings(_env_file=None))
    assert not configured(EmailSettings(_env_file=None, smtp_tls="tls", smtp_rate=5))
    assert configured(EmailSettings(_env_file=None, smtp_user="porchlight"))


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"smtp_host": ""}, "SMTP_HOST is missing"),
        ({"smtp_host": "mail.example:587"}, "the port goes into SMTP_PORT"),
        ({"smtp_host": "smtp://mail.example"}, "a host name alone"),
        ({"smtp_sender": ""}, "SMTP_SENDER is missing"),
        ({"smtp_sender": "Maple Court"}, "SMTP_SENDER must look like"),
        ({"smtp_sender": "josé@mail.example"}, "SMTP_SENDER must look like"),
        ({"smtp_user": "ana"}, "SMTP_PASSWORD is missing"),
        ({"smtp_password": "secret"}, "SMTP_USER is missing"),
        ({"smtp_tls": "tls", "smtp_ca_file": "/no/such/file"}, "not a file of certificates"),
        ({"smtp_tls": "tls", "smtp_ca_file": __file__}, "not a file of certificates"),
        ({"smtp_ca_file": __file__}, "no use with SMTP_TLS=none"),
        ({"smtp_return_path": "bounces"}, "SMTP_RETURN_PATH must look like"),
        ({"smtp_return_path": "Bounces <b@mail.example>"}, "SMTP_RETURN_PATH must look like"),
        ({"smtp_return_path": "b" * 35 + "@mail.example"}, "34 characters before the @"),
        ({"imap_user": "bounces"}, "IMAP_HOST is missing"),
        ({"imap_password": "secret"}, "IMAP_HOST is missing"),
        (MAILBOX | {"imap_user": ""}, "IMAP_USER is missing"),
        (MAILBOX | {"imap_password": ""}, "IMAP_PASSWORD is missing"),
        (MAILBOX | {"imap_host": "mail.example:993"}, "the port goes into IMAP_PORT"),
        (MAILBOX | {"imap_tls": "none"}, "IMAP_TLS=none would send the password"),
        (MAILBOX | {"imap_ca_file": "/no/such/file"}, "IMAP_CA_FILE is not a file"),
        (MAILBOX | {"imap_folder": "Zurück"}, "IMAP_FOLDER must be written in ASCII"),
        (MAILBOX | {"imap_folder": 'a"b'}, "IMAP_FOLDER must be written in ASCII"),
        (MAILBOX | {"smtp_host": ""}, "SMTP_HOST is missing"),
    ],
)
def test_half_a_configuration_is_named(chosen: dict[str, str], words: str) -> None:
    found = problems(settings(**chosen))
    assert any(words in problem for problem in found)
    with pytest.raises(Misconfigured):
        EmailCourier(settings(**chosen))


def test_a_password_is_never_sent_in_the_open_beyond_this_computer() -> None:
    login = {"smtp_user": "ana", "smtp_password": "secret"}
    [problem] = problems(settings(smtp_host="mail.example", **login))
    assert "SMTP_TLS=none" in problem
    with pytest.raises(Misconfigured):
        EmailCourier(settings(smtp_host="mail.example", **login))
    assert problems(settings(smtp_host="localhost", **login)) == []
    assert problems(settings(smtp_host="mail.example", smtp_tls="starttls", **login)) == []
