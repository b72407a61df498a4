"""Troubles: who waits is told once that letters do not go out, and once when they do again."""

import asyncio
import dataclasses
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session
from structlog.testing import capture_logs

from bot.community import deliveries
from bot.community.troubles import struck
from bot.couriers.email import EmailCourier
from bot.messages import Carried
from bot.ports import Pace, Services
from storage.database import Storage
from storage.tables import Delivery, Invitation, JobLane, Trouble
from tests.community import scene
from tests.community.rounds import (
    PATIENCE,
    at_work,
    events,
    house,
    invite,
    mail_to,
    pass_time,
    round_made,
    shown,
    texts_to,
)  # fmt: skip
from tests.community.scene import on_both
from tests.standins.smtp import SmtpStandIn
from tests.standins.twilio import TwilioStandIn

REFUSED = "MAIL 553 5.7.1 Not your address"
AWAY = "MAIL 421 4.3.2 Closing"
BEGUN = "E-mails are not going out at the moment."
OVER = "E-mails go out again."

pytestmark = [  # of Twilio's own client
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated:DeprecationWarning"),
]


def told(said: list[str]) -> list[str]:
    """The notices of trouble among what was shown."""
    return [text for text in said if text.startswith(("E-mails ", "Texts "))]


async def trouble(services: Services) -> list[Trouble]:
    """What is known of troubles that last."""
    return [row for row in await scene.all_of(services, Trouble) if row.words]


def people(count: int, name: str = "r") -> list[str]:
    """So many addresses."""
    return [f"{name}{number}@resident.example" for number in range(count)]


def numbers(count: int, head: str = "+1201555") -> list[str]:
    """So many numbers of one block."""
    return [f"{head}{number:04}" for number in range(100, 100 + count)]


# The whole lane


@on_both
async def test_what_only_the_operator_can_mend_is_told_once(opened: Storage) -> None:
    async with SmtpStandIn() as server, mail_to(server) as courier:
        services = await house(opened, courier)
        server.fail(REFUSED)
        with capture_logs() as logs:
            await invite(services, *people(20))
            for _ in range(3):
                await round_made(services)
                await pass_time(services, minutes=6)
        receipt, *notices = await shown(services)
        [notice] = told(notices)
        assert notice.startswith(f"{BEGUN} E-mail is not set up correctly")
        assert "Nothing is lost" in notice
        errors = [log for log in logs if log["log_level"] == "error"]
        assert [log["event"] for log in errors] == ["troubles.lane_is_stuck"]
        assert "0 of 20 sent" in receipt
        assert "E-mail is not set up correctly" in receipt
        server.recover()
        await round_made(services)
        assert told(await shown(services)) == [notice, OVER]
        assert len(server.taken) == 20
        assert await trouble(services) == []
        assert "20 of 20 sent" in (await shown(services))[0]


async def test_who_asks_while_it_lasts_reads_it_on_the_receipt(opened: Storage) -> None:
    async with SmtpStandIn() as server, mail_to(server) as courier:
        services = await house(opened, courier)
        server.fail(REFUSED)
        await invite(services, "first@resident.example")
        await round_made(services)
        await invite(services, "second@resident.example")
        await round_made(services)
        receipt = next(text for text in await shown(services) if "second@" in text)
        assert "the e-mail has not left yet." in receipt
        assert "E-mail is not set up correctly" in receipt
        assert len(told(await shown(services))) == 1
        server.recover()
        await pass_time(services, minutes=6)
        await round_made(services)
        receipt = next(text for text in await shown(services) if "second@" in text)
        assert "has been sent" in receipt
        assert "not set up" not in receipt


async def test_after_a_restart_one_letter_finds_out_at_once(opened: Storage) -> None:
    async with SmtpStandIn() as server, mail_to(server) as courier:
        services = await house(opened, courier)
        server.fail(REFUSED)
        await invite(services, *people(3))
        await round_made(services)
        server.recover()
        async with at_work(services), asyncio.timeout(PATIENCE):  # another postman, and no time
            while len(server.taken) < 3:
                await asyncio.sleep(0.02)


async def test_a_short_absence_is_no_story(opened: Storage) -> None:
    async with SmtpStandIn() as server, mail_to(server) as courier:
        services = await house(opened, courier)
        server.fail(AWAY)
        await invite(services, *people(3))
        for _ in range(2):
            await round_made(services)
            await pass_time(services, seconds=70)
        assert len(await trouble(services)) == 1
        server.recover()
        await round_made(services)
        assert len(server.taken) == 3
        assert told(await shown(services)) == []
        assert await trouble(services) == []


async def test_an_absence_that_lasts_is_told_once_and_its_end_once(opened: Storage) -> None:
    async with SmtpStandIn() as server, mail_to(server) as courier:
        services = await house(opened, courier)
        server.fail(AWAY)
        await invite(services, *people(3))
        with capture_logs() as logs:
            for _ in range(10):
                await round_made(services)
                await pass_time(services, minutes=2)
        [notice] = told(await shown(services))
        assert notice.startswith(f"{BEGUN} Our mail server asked us to wait; still trying.")
        stuck = [log for log in logs if log["event"] == "troubles.lane_is_stuck"]
        assert [log["log_level"] for log in stuck] == ["warning"]
        server.recover()
        await pass_time(services, minutes=6)
        await round_made(services)
        assert told(await shown(services)) == [notice, OVER]


async def test_a_server_that_comes_back_and_refuses_us_is_another_story(opened: Storage) -> None:
    async with SmtpStandIn() as server, mail_to(server) as courier:
        services = await house(opened, courier)
        server.fail(AWAY)
        await invite(services, *people(3))
        for _ in range(3):
            await round_made(services)
            await pass_time(services, minutes=5)
        server.fail(REFUSED)
        await round_made(services)
        first, second = told(await shown(services))
        assert "asked us to wait" in first
        assert "not set up correctly" in second


async def test_whatever_the_operator_must_mend_is_one_story(services: Services) -> None:
    pace, now = Pace(), datetime.now(UTC)
    await invite(services, "ana@resident.example")
    for words in ("The password is wrong.", "The server cannot prove who it is.") * 2:
        for refusal in (Carried("config", words), Carried("retry", "Busy.", for_all=True)):
            rest = await services.storage.write(struck, "email", refusal, pace, now=now)
            assert rest > 0
    async with at_work(services), asyncio.timeout(PATIENCE):
        while OVER not in await shown(services):
            await asyncio.sleep(0.02)
    begun, over = told(await shown(services))
    assert begun.startswith(f"{BEGUN} The password is wrong.")
    assert over == OVER


async def test_greylisting_is_of_one_letter_and_no_trouble_of_all(opened: Storage) -> None:
    async with SmtpStandIn() as server, mail_to(server) as courier:
        services = await house(opened, courier)
        server.fail("RCPT 450 4.7.1 Greylisted", times=1)
        await invite(services, *people(2))
        await round_made(services)
        assert len(server.taken) == 1
        assert await trouble(services) == []


async def test_while_it_lasts_one_letter_is_tried_and_the_line_is_kept(opened: Storage) -> None:
    async with SmtpStandIn() as server, mail_to(server) as courier:
        services = await house(opened, one_by_one(courier))
        await away(server, services, people(30))
        before = server.connections
        await _open_the_lane(services)
        await round_made(services)
        assert server.connections - before <= 1, "one finds out for all"
        server.recover()
        await pass_time(services, minutes=10)
        await round_made(services)
        assert [taken.recipients for taken in server.taken] == [[to] for to in people(30)]


def one_by_one(courier: EmailCourier) -> EmailCourier:
    """The courier with letters that leave strictly in order."""
    courier.pace = dataclasses.replace(courier.pace, at_once=1, burst=1)
    return courier


async def away(server: SmtpStandIn, services: Services, to: list[str]) -> None:
    """Ask for letters while the server is away, for so long that it is a story."""
    server.fail(AWAY)
    await invite(services, *to)
    for _ in range(3):
        await round_made(services)
        await pass_time(services, minutes=5)
    await round_made(services)


async def _open_the_lane(services: Services) -> None:
    """Let the pause end this very moment, as it does when nobody moves the clock."""

    def change(session: Session) -> None:
        lane = session.get_one(JobLane, "email")
        lane.free_at = datetime.now(UTC) + timedelta(milliseconds=200)

    await services.storage.write(change)


async def test_nothing_is_given_up_while_nobodys_letters_are_taken(opened: Storage) -> None:
    async with SmtpStandIn() as server, mail_to(server) as courier:
        services = await house(opened, courier)
        server.fail(AWAY)
        await invite(services, *people(2))
        for _ in range(3):
            await round_made(services)
            await pass_time(services, hours=20)
        server.recover()
        await round_made(services)
        assert len(server.taken) == 2
        assert Counter(await events(services)) == {"sent": 2}


async def test_a_letter_whose_code_ran_out_meanwhile_stays(opened: Storage) -> None:
    async with SmtpStandIn() as server, mail_to(server) as courier:
        services = await house(opened, courier)
        server.fail(AWAY)
        [row] = await invite(services, *people(1))
        await round_made(services)

        def run_out(session: Session) -> None:
            session.get_one(Invitation, row.id).expires_at = datetime.now(UTC)

        await services.storage.write(run_out)
        server.recover()
        await pass_time(services, minutes=10)
        await round_made(services)
        assert server.taken == []
        assert await scene.jobs(services, "deliver") == []


# Suppressed since


async def test_a_letter_to_an_address_that_came_back_meanwhile_does_not_leave(
    opened: Storage,
) -> None:
    async with SmtpStandIn() as server, mail_to(server) as courier:
        services = await house(opened, courier)
        robin, noor = await scene.actor(services), await scene.next_door(services)
        now = datetime.now(UTC)
        await scene.invite(services, noor, "ana@resident.example", now=now)
        await scene.invite(services, robin, "ana@resident.example", now=now)
        first, second = await scene.all_of(services, Delivery)
        await deliveries.happened(services, first.id, "bounced", key="x", code="5.1.1", now=now)
        await round_made(services)
        assert [taken.recipients for taken in server.taken] == []
        receipt = next(text for text in await shown(services) if "came back" in text)
        assert "Give the right one." in receipt
        assert second.contact == first.contact


# Texts


async def test_a_wrong_token_is_told_once_and_its_end_once(opened: Storage) -> None:
    async with TwilioStandIn() as twilio:
        async with texts_to(twilio, token="an old token") as courier:
            services = await house(opened, courier)
            await invite(services, *numbers(5), medium="text")
            await round_made(services)
            await round_made(services)
        [notice] = told(await shown(services))
        assert notice.startswith("Texts are not going out at the moment. Texts are not set up")
        async with texts_to(twilio) as courier:
            services = dataclasses.replace(services, couriers={"text": courier})
            await pass_time(services, minutes=6)
            await round_made(services)
        assert told(await shown(services)) == [notice, "Texts go out again."]
        assert len(twilio.texts) == 5
