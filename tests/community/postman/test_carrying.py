"""However a try ends, the delivery, the leader's receipt and the job say the same."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.utils import parsedate_to_datetime

import pytest

from bot.community import households, invitations, optouts, tokens
from bot.community.members import membership
from storage.database import Storage
from storage.tables import Delivery
from tests.community import scene
from tests.community.rounds import (
    delivery,
    events,
    house,
    hurry,
    invite,
    job,
    mail_to,
    pass_time,
    round_made,
    shown,
)  # fmt: skip
from tests.standins.smtp import SmtpStandIn

LENA = "lena@resident.example"

EMAIL_ENDS = [
    ("", "sent", "done", "has been sent", 0),
    ("RCPT 450 4.7.1 Greylisted", "queued", "ready", "asked us to wait", 1),
    ("MAIL 421 4.7.0 Too much mail", "queued", "ready", "asked us to wait", 0),
    ("RCPT 550 5.1.1 No such user", "bounced", "done", "no mailbox with that address", 0),
    ("BODY 552 5.3.4 Too big", "bounced", "done", "too big for their server", 0),
    ("MAIL 553 5.7.1 Not your address", "queued", "ready", "not set up correctly", 0),
    ("DROP after", "unknown", "ready", "lost the connection while sending", 1),
]


@pytest.mark.parametrize(
    ("fault", "state", "job_state", "words", "attempts"), EMAIL_ENDS, ids=[e[0] for e in EMAIL_ENDS]
)
async def test_every_end_of_an_email_is_told_alike_everywhere(
    opened: Storage, fault: str, state: str, job_state: str, words: str, attempts: int
) -> None:
    async with SmtpStandIn() as server, mail_to(server) as courier:
        services = await house(opened, courier)
        server.fail(fault or "NOTHING", times=1)
        await invite(services, LENA)
        await round_made(services)
        assert (await delivery(services)).state == state
        ended = await job(services)
        assert (ended.state, ended.attempts) == (job_state, attempts)
        receipt = (await shown(services))[0]
        assert words in receipt
        await pass_time(services, hours=1)
        await round_made(services)
        if job_state == "ready":
            assert (await delivery(services)).state == "sent", "the next try succeeds"
            assert "has been sent" in (await shown(services))[0]
        else:
            assert len(server.taken) <= 1, "what has ended is not tried again"


@pytest.mark.parametrize("fault", ["MAIL 421 4.3.2 Closing", "MAIL 553 5.7.1 Not your address"])
async def test_trouble_of_the_whole_server_rests_the_lane(opened: Storage, fault: str) -> None:
    async with SmtpStandIn() as server, mail_to(server) as courier:
        services = await house(opened, courier)
        server.fail(fault)
        await invite(services, *(f"r{number}@resident.example" for number in range(30)))
        await round_made(services)
        tried = [row for row in await scene.jobs(services, "deliver") if row.tried_at]
        assert 1 <= len(tried) < 30, "those under way have failed, the rest has not been tried"
        server.recover()
        await pass_time(services, minutes=6)
        await round_made(services)
        assert len(server.taken) == 30


async def test_a_server_that_says_the_same_of_every_letter_is_believed(opened: Storage) -> None:
    for to in (LENA, "mara@resident.example"):  # a server counts from one after each restart
        async with SmtpStandIn() as server, mail_to(server) as courier:
            services = await house(opened, courier)
            await invite(services, to)
            await round_made(services)
    first, second = await scene.all_of(services, Delivery)
    assert (first.state, second.state) == ("sent", "sent")
    assert first.provider_id == second.provider_id
    assert first.provider_id


async def test_given_up_after_a_day_it_can_be_resent(opened: Storage) -> None:
    async with SmtpStandIn() as server, mail_to(server) as courier:
        services = await house(opened, courier)
        server.fail("RCPT 450 4.7.1 Greylisted")
        [invitation] = await invite(services, LENA)
        await round_made(services)
        await pass_time(services, hours=23)
        await round_made(services)
        assert (await job(services)).state == "ready"
        await pass_time(services, hours=7)
        await round_made(services)
        assert ((await delivery(services)).state, (await job(services)).state) == ("failed", "dead")
        [receipt] = await shown(services)
        assert "We have stopped trying; you can resend it." in receipt
        server.recover()
        robin = await scene.actor(services)
        await invitations.resend(services, robin, invitation.id, now=datetime.now(UTC))
        await round_made(services)
        assert (await delivery(services)).state == "sent"
        assert "has been sent" in (await shown(services))[0]


async def test_what_has_become_pointless_is_not_carried(opened: Storage) -> None:
    async with SmtpStandIn() as server, mail_to(server) as courier:
        services = await house(opened, courier)
        server.fail("RCPT 450 4.7.1 Greylisted")
        people = ("joins@resident.example", "void@resident.example", "optout@resident.example")
        joins, void, _ = await invite(services, *people)
        await round_made(services)
        server.recover()
        await scene.redeem(services, scene.code_of(services, joins), now=datetime.now(UTC))
        robin = await scene.actor(services)
        await invitations.void(services, robin, void.id, now=datetime.now(UTC))
        link = tokens.sign(services.keys, "optout", (await delivery(services)).id)
        await optouts.opt_out(services, link, now=datetime.now(UTC))
        await pass_time(services, minutes=10)
        await round_made(services)
        assert server.taken == []
        assert await scene.jobs(services, "deliver") == []
        assert (await delivery(services)).state == "opted_out"


@pytest.mark.parametrize("end", [membership.suspend, membership.remove])
async def test_a_waiting_letter_to_a_member_who_is_kept_out_is_not_carried(
    opened: Storage, end: Callable[..., Awaitable[object]]
) -> None:
    async with SmtpStandIn() as server, mail_to(server) as courier:
        services = await house(opened, courier)
        [invitation] = await invite(services, LENA)
        await round_made(services)
        now = datetime.now(UTC)
        code, form = scene.code_of(services, invitation), scene.sign_up(email=LENA)
        joined = await scene.redeem(services, code, form, now=now)
        server.fail("RCPT 450 4.7.1 Greylisted")
        await households.send_link(services, LENA, source="203.0.113.9", now=now)
        await round_made(services)
        link = await delivery(services)
        assert (link.event, link.state, link.member_id) == ("household_link", "queued", 1)
        server.recover()
        await end(services, await scene.actor(services), joined.member_id, now=now)
        await pass_time(services, minutes=10)
        await round_made(services)
        assert len(server.taken) == 1, "the invitation alone"
        assert await scene.jobs(services, "deliver") == []


async def test_a_letter_that_waits_for_who_has_opted_out_elsewhere_is_held(
    opened: Storage,
) -> None:
    async with SmtpStandIn() as server, mail_to(server) as courier:
        services = await house(opened, courier)
        [first] = await invite(services, LENA)
        await round_made(services)
        robin = await scene.actor(services)
        old = await delivery(services)
        await invitations.resend(services, robin, first.id, now=datetime.now(UTC))
        link = tokens.sign(services.keys, "optout", old.id)
        await optouts.opt_out(services, link, now=datetime.now(UTC))
        await round_made(services)
        assert len(server.taken) == 1
        assert (await delivery(services)).state == "opted_out"


async def test_an_old_letter_gets_a_new_date_and_stays_the_same_letter(opened: Storage) -> None:
    async with SmtpStandIn() as server, mail_to(server) as courier:
        services = await house(opened, courier)
        server.fail("DROP after", times=3)
        await invite(services, LENA)
        for wait in ({"hours": 1}, {"hours": 1}, {"hours": 23}, {}):
            await round_made(services)
            await pass_time(services, **wait)
        first, second, third, fourth = (taken.content for taken in server.taken)
    assert first != second, "time travel moved the date of the first"
    assert third != second
    messages = [message_from_bytes(content) for content in (first, second, third, fourth)]
    assert len({message["Message-ID"] for message in messages}) == 1
    dates = [parsedate_to_datetime(message["Date"]) for message in messages]
    now = datetime.now(UTC)
    assert now - dates[2] > timedelta(hours=1)
    assert now - dates[3] < timedelta(minutes=1)


async def test_an_email_of_unclear_end_goes_out_again_byte_for_byte(opened: Storage) -> None:
    async with SmtpStandIn() as server, mail_to(server) as courier:
        services = await house(opened, courier)
        server.fail("DROP after", times=1)
        await invite(services, LENA)
        await round_made(services)
        await hurry(services)
        await round_made(services)
        assert [taken.content for taken in server.taken] == [server.taken[0].content] * 2
        assert (await delivery(services)).state == "sent"
        assert await events(services) == ["unknown", "sent"]


async def test_unclear_for_ever_ends_in_words(opened: Storage) -> None:
    async with SmtpStandIn() as server, mail_to(server) as courier:
        services = await house(opened, courier)
        server.fail("DROP after")
        await invite(services, LENA)
        for _ in range(13):
            await round_made(services)
            await hurry(services)
        assert (await delivery(services)).state == "failed"
        assert "could not find out whether this went out" in (await shown(services))[0]
        assert len(server.taken) == 10
