"""A house made by hand for tests: real storage, outbox and playground, no postman unless asked."""

import asyncio
import dataclasses
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from sqlalchemy.orm import class_mapper
from sqlmodel import Session, SQLModel, col, func, select

from bot import dispatch
from bot.app import KINDS
from bot.chats.playground import LEADER, PLACE, PORCH, SPEAKER, SPEAKER_NAME, Playground
from bot.community import actors, codes, redemptions
from bot.community.actors import Actor
from bot.community.communities import founding
from bot.community.contacts import Way
from bot.community.invitations import inviting, previews
from bot.community.postman import Postman
from bot.community.redemptions import Admitted
from bot.community.sign_ups import SignUp
from bot.couriers.outbox import OutboxCourier
from bot.messages import Call, Medium, Reply
from bot.paper.printer import TypstPrinter
from bot.ports import Services
from bot.settings import Keys, Settings
from bot.templating import Templates
from storage import communities as stored_communities
from storage.database import Storage
from storage.tables import ChatLink, Community, Invitation, Job, Leader
from tests.settings import settings_of

ADDRESS = "https://join.example.org"
NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)  # as for the postman
OTHER_PLACE = "next door"
# Tests run at any hour, and do in a second what takes a leader days.
UNHURRIED: dict[str, Any] = {
    "quiet_hours": "off",
    "limit_emails": 0,
    "limit_texts": 0,
    "limit_community_texts": 0,
    "limit_resend_hours": 0,
}

on_both = pytest.mark.parametrize(  # where the two databases may differ
    "kind",
    ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
    indirect=True,
)

Row = TypeVar("Row", bound=SQLModel)


async def plugged(storage: Storage, *, media: tuple[Medium, ...] = ("email", "text")) -> Services:
    """The services of a house that has founded Maple Court, led by Robin Vale."""
    templates = Templates()
    chat = Playground(outbox=media)
    services = Services(
        storage=storage,
        settings=settings_of(Settings, public_url=ADDRESS, **UNHURRIED),
        keys=Keys.from_secret(b"a secret of the tests alone, 32+ bytes"),
        templates=templates,
        couriers={medium: OutboxCourier(medium) for medium in media},
        chats={chat.name: chat},
        printer=TypstPrinter(templates),
        missing={"text": "Text messages are not set up here."} if "text" not in media else {},
    )

    async def answer(call: Call) -> Reply:
        return await dispatch.answer(services, call)

    chat.plug(services, answer, ())
    await founding.first(
        services,
        name="Maple Court",
        chat=chat.name,
        place=PLACE,
        leader=(SPEAKER, SPEAKER_NAME),
        announce_channel=PORCH,
        now=NOW,
    )
    return services


def unlimited(services: Services) -> Services:
    """The same house, where as many may be invited in a day as a test likes."""
    limits = dict.fromkeys(
        ("limit_emails", "limit_texts", "limit_community_texts", "limit_new_leader"), 10_000
    )
    settings = services.settings.model_copy(update=limits)
    return dataclasses.replace(services, settings=settings)


def call(text: str, place: str = PLACE, speaker: str = SPEAKER, **fields: str) -> Call:
    """What a leader says in their own chat, or fills into a form."""
    return Call("playground", place, LEADER, speaker, speaker.title(), text, fields)


async def say(services: Services, text: str, **fields: str) -> Reply:
    """Robin says something in Maple Court."""
    return await dispatch.answer(services, call(text, **fields))


async def say_next_door(services: Services, text: str, **fields: str) -> Reply:
    """The leader of the other community says something there."""
    return await dispatch.answer(services, call(text, OTHER_PLACE, "noor", **fields))


async def actor(services: Services, place: str = PLACE, speaker: str = SPEAKER) -> Actor:
    """The leader who speaks there."""
    return await actors.actor_of(services, call("", place, speaker))


async def second_leader(services: Services) -> Actor:
    """Sam, who leads Maple Court, too."""

    def change(session: Session) -> None:
        stored_communities.add_leader(
            session, 1, chat="playground", place=PLACE, user_id="sam", name="Sam Ode", now=NOW
        )

    await services.storage.write(change)
    return await actor(services, speaker="sam")


async def next_door(services: Services) -> Actor:
    """Noor, who leads another community in another place."""

    def change(session: Session) -> None:
        community = Community(name="Birch Row", slug="birch-row", welcome="", created_at=NOW)
        stored_communities.add(session, community)
        session.add(ChatLink(community_id=community.id, chat="playground", place=OTHER_PLACE))
        session.add(
            Leader(
                community_id=community.id,
                chat="playground",
                place=OTHER_PLACE,
                user_id="noor",
                name="Noor Aziz",
                role="owner",
                added_at=NOW,
            )
        )

    await services.storage.write(change)
    return await actor(services, OTHER_PLACE, "noor")


async def invite(
    services: Services,
    who: Actor,
    pasted: str,
    *,
    medium: Way = "email",
    now: datetime = NOW,
) -> list[Invitation]:
    """Invite all of these; gives their invitations in order."""
    preview = await previews.preview(services, who, medium=medium, pasted=pasted, now=now)
    assert preview.draft_id is not None
    invited = await inviting.invite(services, who, draft_id=preview.draft_id, now=now)
    rows = {row.contact: row for row in await all_of(services, Invitation)}
    return [rows[contact.address] for contact in invited.sent]


def code_of(services: Services, row: Invitation) -> str:
    """The access code of an invitation."""
    return codes.derive(services.keys, row.id, row.generation)


def sign_up(name: str = "Rosa Delgado", address: str = "Flat 4B", **more: Any) -> SignUp:
    """A filled-in form."""
    contact = {"email": "rosa@example.net", "phone": "", "others": (), **more}
    return SignUp(name=name, address=address, **contact)


async def redeem(
    services: Services,
    code: str,
    form: SignUp | None = None,
    *,
    browser: str = "",
    source: str = "203.0.113.9",
    language: str = "",
    now: datetime = NOW,
) -> Admitted:
    """Somebody uses a code."""
    return await redemptions.redeem(
        services,
        code,
        form or sign_up(),
        source=source,
        browser=browser,
        language=language,
        now=now,
    )


async def all_of(services: Services, table: type[Row]) -> list[Row]:
    """All rows of a table, oldest first."""

    def query(session: Session) -> list[Row]:
        return list(session.exec(select(table).order_by(*class_mapper(table).primary_key)))

    return await services.storage.read(query)


async def jobs(services: Services, kind: str) -> list[Job]:
    """The jobs of one kind that wait, oldest first."""
    rows = await all_of(services, Job)
    return [row for row in rows if row.kind == kind and row.state == "ready"]


@asynccontextmanager
async def at_work(services: Services) -> Any:
    """With a postman on his rounds."""
    stop = asyncio.Event()
    postman = asyncio.create_task(Postman(services, KINDS).run(stop))
    try:
        yield
    finally:
        stop.set()
        await postman


async def all_done(services: Services) -> None:
    """Have a postman do everything that is due by now or within a second."""
    async with at_work(services), asyncio.timeout(20):
        while await services.storage.read(due):
            await asyncio.sleep(0.02)


def due(session: Session) -> int:
    """How many jobs a postman would do by now or within a second."""
    soon = datetime.now(UTC) + timedelta(seconds=1)
    under_way = col(Job.claimed) | (col(Job.run_at) <= soon)
    waiting = (Job.state == "ready", Job.kind != "sweep", under_way)
    return session.exec(select(func.count()).select_from(Job).where(*waiting)).one()
