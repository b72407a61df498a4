"""Whatever leaves says how to report on it: the envelope, the headers, the service's own way."""

import re
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.couriers.email import EmailSettings, configured, problems
from bot.couriers.email.envelope import read_xtext, xtext
from bot.messages import Letter, News, Wish
from tests.couriers.sending import BACK, MAILBOX, REPORTS, courier
from tests.settings import settings_of
from tests.standins.smtp import Certificates, SmtpStandIn, Tls

Write = Callable[..., Letter]
TAGGED = "bounces+h-x3f9k2m4qa@mail.example"


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
    tls: Tls,
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
        nothing = settings_of(EmailSettings)
        assert configured(nothing)
        assert any("SMTP_HOST is missing" in problem for problem in problems(nothing))


def test_a_mailbox_alone_is_half_a_configuration() -> None:
    alone = settings_of(EmailSettings, **MAILBOX)
    assert configured(alone)
    assert "SMTP_HOST is missing" in problems(alone)[0]
    assert not configured(settings_of(EmailSettings, imap_every=5, imap_tls="none"))


@given(st.text(max_size=50).filter(str.isascii))
def test_an_option_of_the_envelope_is_one_word_and_can_be_read_again(text: str) -> None:
    spelt = xtext(text)
    assert re.fullmatch(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*", spelt), "RFC 3461, section 4"
    assert read_xtext(spelt) == text
