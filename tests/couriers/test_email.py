"""Letters reach a mail server by every kind of connection, and every fault has its outcome."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.couriers.email import EmailCourier, EmailSettings, compose, configured, problems
from bot.couriers.email.mime import Mailbox
from bot.messages import Letter
from bot.settings import Misconfigured
from tests.couriers.sending import MAILBOX, courier, settings
from tests.settings import settings_of
from tests.standins.smtp import Certificates, SmtpStandIn, Tls, make_certificates

Write = Callable[..., Letter]
LOGIN = ("porchlight", "correct horse battery staple")


@pytest.mark.parametrize("login", [None, LOGIN], ids=["anonymous", "login"])
@pytest.mark.parametrize("tls", ["none", "starttls", "tls"])
async def test_a_letter_arrives_whole(
    tls: Tls, login: tuple[str, str] | None, letter: Write, certificates: Certificates
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
    tls: Tls, letter: Write, certificates: Certificates, stranger: Path
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
    read = settings_of(EmailSettings)
    assert (read.mailbox.name, read.mailbox.address) == ("Maple Court", "invites@mail.example")
    assert configured(read)
    assert problems(read) == []


def test_nothing_set_is_not_configured() -> None:
    assert not configured(settings_of(EmailSettings))
    assert not configured(settings_of(EmailSettings, smtp_tls="tls", smtp_rate=5))
    assert configured(settings_of(EmailSettings, smtp_user="porchlight"))


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
