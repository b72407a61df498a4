"""The postman's rounds: real couriers, stand-in servers, and time that passes by moving rows.

Built on `scene`, with the courier or chat that a test wants to see in trouble.
"""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, func, select

from bot import dispatch
from bot.app import GAVE_UP, KINDS
from bot.chats.playground import LEADER, Playground
from bot.community.postman import Doing, Postman
from bot.couriers.email import EmailCourier, EmailSettings
from bot.couriers.sms import SmsCourier, SmsSettings
from bot.messages import Call, Card, Reply
from bot.ports import Chat, Courier, Services
from storage.database import Storage, changed
from storage.lanes import Claimed
from storage.tables import (
    Delivery,
    DeliveryEvent,
    Invitation,
    Job,
    JobLane,
    PlaygroundMessage,
    Trouble,
)
from tests.community import scene
from tests.settings import settings_of
from tests.standins import twilio
from tests.standins.smtp import SmtpStandIn
from tests.standins.twilio import TwilioStandIn

PATIENCE = 20.0  # seconds; a busy machine is no fault


class ShakyChat(Playground):
    """A playground that can be down, or refuse, and counts what it is asked."""

    def __init__(self) -> None:
        super().__init__(outbox=("email", "text"))
        self.trouble: Exception | None = None
        self.posts = 0
        self.edits = 0

    async def post(self, channel: str, card: Card, *, key: str) -> str:
        """Show a card, unless in trouble."""
        self.posts += 1
        if self.trouble:
            raise self.trouble
        return await super().post(channel, card, key=key)

    async def edit(self, channel: str, message: str, card: Card) -> None:
        """Replace a card, unless in trouble."""
        self.edits += 1
        if self.trouble:
            raise self.trouble
        await super().edit(channel, message, card)


async def house(storage: Storage, *couriers: Courier, chat: Playground | None = None) -> Services:
    """Maple Court with these couriers, or the outbox; and with this chat."""
    services = await scene.plugged(storage)
    if couriers:
        services = dataclasses.replace(
            services, couriers={courier.medium: courier for courier in couriers}
        )
    if chat is not None:
        chats: Mapping[str, Chat] = {chat.name: chat}
        services = dataclasses.replace(services, chats=chats)

        async def answer(call: Call) -> Reply:
            return await dispatch.answer(services, call)

        chat.plug(services, answer, ())
    return services


@asynccontextmanager
async def mail_to(server: SmtpStandIn, **patience: float) -> AsyncIterator[EmailCourier]:
    """A courier to this mail server."""
    settings = settings_of(
        EmailSettings,
        smtp_host="127.0.0.1",
        smtp_port=server.port,
        smtp_tls="none",
        smtp_sender="invites@mail.example",
        smtp_rate=1000,
    )
    courier = EmailCourier(settings, answer_within=2, **patience)
    try:
        yield courier
    finally:
        await courier.close()


@asynccontextmanager
async def texts_to(
    server: TwilioStandIn,
    *,
    settle: float = 0,
    rate: float = 1000,
    answer_within: float = 5,
    token: str = twilio.TOKEN,
    redact: bool = False,
) -> AsyncIterator[SmsCourier]:
    """A courier to this Twilio."""
    settings = settings_of(
        SmsSettings,
        twilio_account_sid=twilio.ACCOUNT,
        twilio_auth_token=token,
        twilio_from=twilio.NUMBER,
        twilio_base_url=server.url,
        twilio_settle=settle,
        twilio_rate=rate,
        twilio_redact=redact,
    )
    courier = SmsCourier(settings, answer_within=answer_within)
    try:
        yield courier
    finally:
        await courier.close()


# At work


@asynccontextmanager
async def at_work(
    services: Services, *, lease: float | None = None, **kinds: Doing
) -> AsyncIterator[None]:
    """With a postman on his rounds; a kind of job can be given another meaning."""
    stop = asyncio.Event()
    postman = Postman(services, {**KINDS, **kinds}, gave_up=GAVE_UP, lease=lease)
    working = asyncio.create_task(postman.run(stop))
    try:
        yield
    finally:
        stop.set()
        await working


async def round_made(services: Services, *, lease: float | None = None, **kinds: Doing) -> None:
    """Have a postman do what can be done within a second or so."""
    async with at_work(services, lease=lease, **kinds), asyncio.timeout(PATIENCE):
        while await services.storage.read(_to_do):
            await asyncio.sleep(0.02)


def _to_do(session: Session) -> int:
    now = datetime.now(UTC)
    paused = select(JobLane.lane).where(col(JobLane.free_at) > now + timedelta(seconds=3))
    is_due = col(Job.run_at) <= now + timedelta(seconds=0.6)
    may_start = is_due & col(Job.lane).not_in(paused)
    waiting = (Job.state == "ready", Job.kind != "sweep", may_start | col(Job.claimed))
    return session.exec(select(func.count()).select_from(Job).where(*waiting)).one()


async def until(services: Services, query: Any, *args: Any) -> None:
    """Wait until the query gives something true."""
    async with asyncio.timeout(PATIENCE):
        while not await services.storage.read(query, *args):
            await asyncio.sleep(0.02)


async def pass_time(services: Services, **units: float) -> None:
    """Let jobs, leases, pauses and letters grow older."""
    span = timedelta(**units)

    def shift(session: Session) -> None:
        for table, moments in (
            (Job, ("run_at", "created_at", "tried_at")),
            (JobLane, ("free_at",)),
            (Trouble, ("since",)),
            (Delivery, ("dated_at", "created_at", "updated_at")),
        ):
            for row in session.exec(select(table)):
                for name in moments:
                    if (moment := getattr(row, name)) is not None:
                        setattr(row, name, moment - span)

    await services.storage.write(shift)


async def hurry(services: Services) -> None:
    """Make every job due now, without anything growing older."""

    def change(session: Session) -> None:
        changed(session, update(Job).values(run_at=datetime.now(UTC)))

    await services.storage.write(change)


# What came of it


async def invite(services: Services, *to: str, medium: Any = "email") -> list[Invitation]:
    """Robin invites these."""
    who = await scene.actor(services)
    return await scene.invite(services, who, "\n".join(to), medium=medium, now=datetime.now(UTC))


async def delivery(services: Services) -> Delivery:
    """The newest delivery."""
    return (await scene.all_of(services, Delivery))[-1]


async def job(services: Services, kind: str = "deliver") -> Job:
    """The newest job of a kind, as it stands."""
    return [row for row in await scene.all_of(services, Job) if row.kind == kind][-1]


async def events(services: Services) -> list[str]:
    """What happened to deliveries, in order."""
    return [row.event for row in await scene.all_of(services, DeliveryEvent)]


async def shown(services: Services, channel: str = LEADER) -> list[str]:
    """What the bot shows in a channel, oldest first."""
    rows: Sequence[PlaygroundMessage] = await scene.all_of(services, PlaygroundMessage)
    return [row.body["text"] for row in rows if (row.channel, row.author) == (channel, "bot")]


def finishing(record: Any) -> Doing:
    """A meaning of a job: nothing but this record."""

    async def do(services: Services, claimed: Claimed) -> Any:
        return lambda session: record(session, claimed)

    return do
