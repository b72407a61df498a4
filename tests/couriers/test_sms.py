"""Texts reach Twilio, every refusal has its words, and a lost answer never doubles a text."""

import ast
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.couriers import sms
from bot.couriers.sms import SmsCourier, SmsSettings, configured, problems
from bot.couriers.sms.meanings import reported
from bot.messages import Letter
from bot.settings import Misconfigured
from tests.settings import settings_of
from tests.standins import twilio as standin
from tests.standins.twilio import TwilioStandIn

Write = Callable[..., Letter]
RESIDENT = "+12015550123"
PROOF = "7KQM-4TXP-2WNF"
TEXT = f"Maple Court: Ana Ruiz invited you. https://join.example/{PROOF} Reply STOP to opt out"

# Twilio's client still uses a part of aiohttp that goes away with aiohttp 4.
pytestmark = [
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated:DeprecationWarning"),
]


@pytest.fixture
def text(letter: Write) -> Write:
    def write(**changes: Any) -> Letter:
        now = datetime.now(UTC)
        basics = {"medium": "text", "to": RESIDENT, "text": TEXT, "html": "", "written_at": now}
        return letter(**basics | changes)

    return write


def settings(**chosen: Any) -> SmsSettings:
    basics = {
        "twilio_account_sid": standin.ACCOUNT,
        "twilio_auth_token": standin.TOKEN,
        "twilio_from": standin.NUMBER,
    }
    return settings_of(SmsSettings, **basics | chosen)


async def found_out(carrier: SmsCourier, letter: Letter) -> str:
    """What is known of an earlier try of this letter."""
    found = await carrier.find(letter)
    assert found is not None
    return found.outcome


@asynccontextmanager
async def courier(server: TwilioStandIn, **chosen: Any) -> AsyncIterator[SmsCourier]:
    options = {"answer_within": chosen.pop("answer_within")} if "answer_within" in chosen else {}
    made = SmsCourier(settings(twilio_base_url=server.url, **chosen), **options)
    try:
        yield made
    finally:
        await made.close()


async def test_a_text_is_taken_with_just_the_wishes_we_mean(text: Write) -> None:
    async with TwilioStandIn() as server, courier(server) as carrier:
        carried = await carrier.carry(text())
    assert (carried.outcome, carried.words) == ("accepted", "")
    assert carried.provider_id == server.texts[0]["sid"]
    assert server.wishes == [
        {
            "To": RESIDENT,
            "From": standin.NUMBER,
            "Body": TEXT,
            "ValidityPeriod": "14400",
            "SmartEncoded": "true",
        }
    ]


async def test_a_messaging_service_and_an_api_key_work_too(text: Write) -> None:
    async with (
        TwilioStandIn() as server,
        courier(
            server,
            twilio_from="",
            twilio_messaging_service_sid=standin.SERVICE,
            twilio_auth_token="",
            twilio_api_key=standin.KEY,
            twilio_api_secret=standin.SECRET,
        ) as carrier,
    ):
        assert (await carrier.carry(text())).outcome == "accepted"
    [wishes] = server.wishes
    assert wishes["MessagingServiceSid"] == standin.SERVICE
    assert "From" not in wishes
    assert "StatusCallback" not in wishes, "an API key signs nothing"


@pytest.mark.parametrize(
    ("to", "code", "words", "event"),
    [
        ("+15005550001", "21211", "not look like a working phone number", None),
        ("+15005550002", "21612", "cannot reach this number", None),
        ("+15005550003", "21408", "this country are switched off", None),
        ("+15005550004", "21610", "replied STOP", "opted_out"),
        ("+15005550009", "21614", "landline", "bounced"),
        ("not a number", "21211", "not look like a working phone number", None),
    ],
)
async def test_a_number_that_cannot_be_texted_is_given_up_with_words(
    to: str, code: str, words: str, event: str, text: Write
) -> None:
    async with TwilioStandIn() as server, courier(server) as carrier:
        carried = await carrier.carry(text(to=to))
    assert (carried.outcome, carried.code, carried.event) == ("permanent", code, event)
    assert words in carried.words
    assert server.texts == []


@pytest.mark.parametrize(
    ("chosen", "outcome", "code"),
    [
        ({"twilio_from": "+15005550007"}, "config", "21606"),
        ({"twilio_from": "+15005550001"}, "config", "21212"),
        ({"twilio_from": "+15005550008"}, "retry", "21611"),
        ({"twilio_auth_token": "wrong"}, "config", "20003"),
        ({"twilio_account_sid": "AC" + "1" * 32}, "config", "20003"),
    ],
)
async def test_a_wrong_account_or_sender_is_for_the_operator_to_mend(
    chosen: dict[str, str], outcome: str, code: str, text: Write
) -> None:
    async with TwilioStandIn() as server, courier(server, **chosen) as carrier:
        carried = await carrier.carry(text())
    assert (carried.outcome, carried.code) == (outcome, code)
    assert "wrong" not in carried.words


@pytest.mark.parametrize(
    ("fault", "outcome", "kept"),
    [
        ("429", "retry", 0),
        ("503_before", "unclear", 0),
        ("500_after", "unclear", 1),
        ("drop_before", "unclear", 0),
        ("drop_after", "unclear", 1),
        ("slow", "unclear", 1),
        ("garbage", "unclear", 1),
    ],
)
async def test_only_a_clear_answer_is_clear(
    fault: str, outcome: str, kept: int, text: Write
) -> None:
    async with TwilioStandIn(delay=2) as server, courier(server, answer_within=0.3) as carrier:
        assert (await carrier.carry(text(to="+12015550199"))).outcome == "accepted"  # connected
        server.fail(fault, times=1)
        carried = await carrier.carry(text())
        assert carried.outcome == outcome
        assert carried.words
        assert carried.retry_after == (5 if fault == "429" else None), "429 is of the whole account"
        assert len(server.texts) == 1 + kept, "and it was posted no more than once"
        if outcome == "unclear":
            found = await carrier.find(text())
            assert found is not None
            assert found.outcome == ("accepted" if kept else "retry")
            assert found.provider_id == (server.texts[-1]["sid"] if kept else "")


async def test_a_twilio_that_is_not_there_is_tried_again(text: Write) -> None:
    with socket.socket() as closed:  # bound, but nobody listens
        closed.bind(("127.0.0.1", 0))
        carrier = SmsCourier(
            settings(twilio_base_url=f"http://127.0.0.1:{closed.getsockname()[1]}")
        )
        assert (await carrier.carry(text())).outcome == "retry"
        assert await found_out(carrier, text()) == "unclear"
        await carrier.close()


async def test_a_text_is_found_among_others_by_its_proof(text: Write) -> None:
    async with TwilioStandIn() as server, courier(server) as carrier:
        mine = await carrier.carry(text())
        for number in range(30):
            await carrier.carry(text(text=f"another {number}", proof=f"another {number}"))
        await carrier.carry(text(to="+12015550124"))
        found = await carrier.find(text())
        assert found is not None
        assert (found.outcome, found.provider_id) == ("accepted", mine.provider_id)
        assert await found_out(carrier, text(proof="3333-3333-3333")) == "retry"


async def test_an_earlier_letter_with_the_same_proof_is_not_taken_for_this_one(
    text: Write,
) -> None:
    async with TwilioStandIn() as server, courier(server) as carrier:
        await carrier.carry(text())
        resend = text(written_at=datetime.now(UTC) + timedelta(minutes=10))
        assert await found_out(carrier, resend) == "retry"


async def test_a_text_that_failed_since_is_told_with_its_reason(text: Write) -> None:
    async with TwilioStandIn() as server, courier(server) as carrier:
        sid = (await carrier.carry(text())).provider_id
        server.move(sid, "undelivered", error=30005)
        found = await carrier.find(text())
        assert found is not None
        assert (found.outcome, found.code, found.provider_id) == ("permanent", "30005", sid)
        server.move(sid, "delivered")
        assert await found_out(carrier, text()) == "accepted"


@pytest.mark.parametrize(
    ("codes", "words", "acts"),
    [
        ((21211, 21217), "not look like a working phone number", "leader"),
        ((21614, 21635, 30006), "landline", "leader"),
        ((21265,), "short code", "leader"),
        ((21610,), "replied STOP", "leader"),
        ((21408,), "this country are switched off", "operator"),
        ((21612,), "cannot reach this number", "leader"),
        ((21608, 572005), "in trial", "operator"),
        ((21606, 21703, 21659, 21704, 20003, 90010, 30002), "not set up correctly", "operator"),
        ((21617,), "too long", "operator"),
        ((30003,), "resend tomorrow", "leader"),
        ((30004,), "blocked by their carrier", "leader"),
        ((30005,), "not in use", "leader"),
        ((30007,), "filtered", "operator"),
        ((30008,), "gave no reason", "leader"),
        ((30024, 30032, 30034), "not registered", "operator"),
        ((30036,), "waited too long", "leader"),
        ((30110,), "our link's domain", "operator"),
        ((21611, 30001), "dropped. You can resend", "leader"),
        ((30450, 30453), "in half an hour", "leader"),
        ((1, 39999), "Try e-mail or an Access Pass", "leader"),
    ],
)
def test_every_late_failure_has_words_and_somebody_who_acts(
    codes: tuple[int, ...], words: str, acts: str
) -> None:
    for code in codes:
        with capture_logs() as logs:
            news = reported("SM1", "undelivered", str(code))
        assert news is not None
        assert words in news.words
        assert news.code == str(code)
        told = [line for line in logs if line["event"] == "sms.needs_operator"]
        assert bool(told) == (acts == "operator"), code


async def test_while_twilio_cannot_be_asked_the_fate_stays_unclear(text: Write) -> None:
    async with TwilioStandIn() as server, courier(server) as carrier:
        await carrier.carry(text())
        server.fail("503_before", times=1)
        assert await found_out(carrier, text()) == "unclear"
        server.fail("429", times=1)
        assert await found_out(carrier, text()) == "unclear"


async def test_no_number_is_logged(text: Write, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with TwilioStandIn() as server, courier(server) as carrier:
        await carrier.carry(text())
        await carrier.find(text())
    assert RESIDENT[1:] not in caplog.text
    assert PROOF not in caplog.text


def test_the_client_is_not_imported_before_it_is_needed() -> None:
    room = Path(sms.__file__).parent
    at_once = [line for each in room.glob("*.py") for line in ast.parse(each.read_text()).body]
    imported = [
        ast.unparse(line) for line in at_once if isinstance(line, ast.Import | ast.ImportFrom)
    ]
    assert len(imported) > 10
    assert not [line for line in imported if "twilio" in line or "aiohttp" in line]


@pytest.mark.parametrize(
    ("chosen", "rate"),
    [
        ({}, 1),
        ({"twilio_rate": 3}, 3),
        ({"twilio_from": "", "twilio_messaging_service_sid": standin.SERVICE}, 10),
        ({"twilio_from": "MapleCourt"}, 10),
    ],
)
def test_the_pace_follows_the_sender(chosen: dict[str, Any], rate: float) -> None:
    made = SmsCourier(settings(**chosen))
    assert (made.pace.per_second, made.settle) == (rate, 90)


@pytest.mark.parametrize(
    ("sender", "plays"), [(standin.NUMBER, True), ("+12015550100", False), ("MapleCourt", False)]
)
def test_test_credentials_alone_play_with_numbers_nobody_has(sender: str, plays: bool) -> None:
    made = SmsCourier(settings(twilio_from=sender))
    assert ("+15005550004" in made.in_play) == plays


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not configured(settings_of(SmsSettings))
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", standin.ACCOUNT)
    monkeypatch.setenv("TWILIO_FROM", standin.NUMBER)
    read = settings_of(SmsSettings)
    assert configured(read)
    assert read.sender == standin.NUMBER
    assert len(problems(read)) == 1


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"twilio_account_sid": ""}, "TWILIO_ACCOUNT_SID is missing"),
        ({"twilio_account_sid": "AC12"}, "TWILIO_ACCOUNT_SID is missing or not like"),
        ({"twilio_auth_token": ""}, "TWILIO_AUTH_TOKEN is missing"),
        ({"twilio_api_key": standin.KEY}, "TWILIO_API_SECRET is missing"),
        ({"twilio_api_secret": "s"}, "TWILIO_API_KEY is missing"),
        ({"twilio_from": ""}, "or TWILIO_FROM is missing"),
        ({"twilio_from": "201 555 0100"}, "TWILIO_FROM must be"),
        ({"twilio_messaging_service_sid": standin.SERVICE}, "keep one"),
        ({"twilio_from": "", "twilio_messaging_service_sid": "MG1"}, "must be MG"),
        ({"twilio_base_url": "http://api.example"}, "must start with https://"),
    ],
)
def test_half_a_configuration_is_named(chosen: dict[str, str], words: str) -> None:
    assert any(words in problem for problem in problems(settings(**chosen)))
    with pytest.raises(Misconfigured):
        SmsCourier(settings(**chosen))
