"""The composition root: the only place where things are made and plugged together."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from bot import dispatch, web
from bot.chats import CHATS
from bot.chats.playground import PLACE, PORCH, PORCH_NAME, SPEAKER, SPEAKER_NAME, Playground
from bot.commands import COMMANDS
from bot.community import codes, digests, joining, reminders, ways_in, welcoming
from bot.community.communities import founding
from bot.community.postman import Postman, Prepare, asking, carrying, returns, telling
from bot.community.rosters import applying
from bot.couriers import COURIERS
from bot.couriers.outbox import OutboxCourier
from bot.messages import Call, Medium, MenuItem, News, Reply, Wish
from bot.paper.printer import TypstPrinter
from bot.ports import Chat, Courier, HearsBack, Kind, Services
from bot.settings import Keys, Misconfigured, Settings, load_keys, sqlite_path
from bot.templating import Templates
from storage import invitations, schema
from storage.database import DatabaseAway, Storage

KINDS = {
    "deliver": carrying.deliver,
    "ask": asking.ask,
    "joined": joining.joined,
    "welcome": welcoming.welcome,
    "announce": telling.announce,
    "receipt": telling.show_receipt,
    "notice": telling.tell,
    "digest": digests.digest,
    "remind": reminders.remind,
    "roster": applying.go_on,
    "shut": ways_in.shut,
}
PREPARE: Mapping[str, Prepare] = {
    "deliver": carrying.prepare,
    "announce": telling.prepare,
    "receipt": telling.draw,
}
GAVE_UP = {"deliver": carrying.gave_up, "roster": applying.gave_up}
_LAST_ANSWERS = 10.0  # seconds at the end for what somebody still waits for, such as passes
_FIRST_COMMUNITY = "Maple Court"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class House:
    """Everything, plugged together."""

    services: Services
    chats: Sequence[Chat]
    app: Starlette
    is_playground: bool

    @property
    def listeners(self) -> Sequence[Chat | HearsBack]:
        """All that must run for something from outside to be heard."""
        return [*self.chats, *hearing_back(self.services)]

    def postman(self, *, lease: float | None = None) -> Postman:
        """A worker for this house."""
        return Postman(self.services, KINDS, prepare=PREPARE, gave_up=GAVE_UP, lease=lease)


def read_settings() -> Settings:
    """The shared settings. Raises: Misconfigured, in words."""
    try:
        return Settings()
    except ValidationError as error:
        raise Misconfigured(*_in_words(error)) from None


def _in_words(error: ValidationError) -> list[str]:
    """What is wrong with each setting, without repeating its value, which may be a secret."""
    found = []
    for problem in error.errors(include_input=False, include_url=False):
        name = "_".join(map(str, problem["loc"])).upper()
        words = problem["msg"].removeprefix("Value error, ")  # pydantic's mark of our own words
        found.append(f"{words}." if words.startswith(name) else f"{name}: {words}.")
    return found


@contextlib.asynccontextmanager
async def open_house(settings: Settings, *, migrate: bool | None = None) -> AsyncIterator[House]:
    """Make everything, plug it together, and let go of it at the end.

    Takes: migrate, whether to bring the schema up to date; None: on SQLite only.
    Raises: Misconfigured, with all that is wrong.
    """
    keys = load_keys(settings)
    try:
        storage = Storage.open(settings.database_url)
    except ValueError as error:
        raise Misconfigured(str(error)) from None
    couriers: dict[Medium, Courier] = {}
    chats: list[Chat] = []
    try:
        await _prepared(storage, keys, settings, migrate)
        problems: list[str] = []
        chats = [made for kind in CHATS if (made := _set_up(kind, problems))]
        couriers = {kind.medium: made for kind in COURIERS if (made := _set_up(kind, problems))}
        if problems:
            raise Misconfigured(*problems)
        missing = {kind.medium: kind.not_set_up for kind in COURIERS if kind.medium not in couriers}
        if is_playground := _playground_is_on(settings, chats):
            # Nothing pretends where a real courier is set up, or nobody sees the outbox.
            outbox = () if couriers else tuple(missing)
            couriers |= {medium: OutboxCourier(medium) for medium in outbox}
            missing = {medium: why for medium, why in missing.items() if medium not in couriers}
            chats.append(Playground(outbox=outbox))
        templates = Templates()
        services = Services(
            storage=storage,
            settings=settings,
            keys=keys,
            templates=templates,
            couriers=couriers,
            chats={chat.name: chat for chat in chats},
            printer=TypstPrinter(templates),
            missing=missing,
        )
        await _found_first_community(services)
        yield House(services, chats, make_app(services, chats), is_playground)
        await services.door.clear(within=_LAST_ANSWERS)
    finally:
        for chat in chats:
            await chat.close()
        for courier in couriers.values():
            await courier.close()
        await storage.close()


async def _prepared(storage: Storage, keys: Keys, settings: Settings, migrate: bool | None) -> None:
    try:
        await asyncio.to_thread(_prepare, storage, keys, settings, migrate)
    except DatabaseAway:
        raise Misconfigured(
            "The database does not answer. Is it running, and is DATABASE_URL right?"
        ) from None


def _prepare(storage: Storage, keys: Keys, settings: Settings, migrate: bool | None) -> None:
    if migrate if migrate is not None else storage.is_sqlite:
        schema.migrate(storage.engine)
        if path := sqlite_path(settings.database_url):
            path.chmod(0o600)  # names and addresses are in it
    elif not schema.is_current(storage.engine):
        raise Misconfigured("The database needs a newer schema: run `porchlight migrate` first.")
    _check_key(storage, keys)


def _check_key(storage: Storage, keys: Keys) -> None:
    """Stop when the key is not the one that the database's codes were derived with."""
    newest = storage.read_now(invitations.newest)
    if newest is None:
        return
    code = codes.derive(keys, newest.id, newest.generation)
    if codes.fingerprint(keys, code) != newest.code_hash:
        raise Misconfigured(
            "SECRET_KEY is not the one this database was made with: no access code that was given "
            "out would work. Put the right key back."
        )


def _set_up(kind: Kind[Any], problems: list[str]) -> Any:
    """What this kind makes of its settings; None when nothing of it is set, or set wrongly.

    Touches: problems, to which is added what is wrong.
    """
    try:
        configuration = kind.read_settings()
    except ValidationError as error:
        problems += _in_words(error)
        return None
    if not kind.configured(configuration):
        return None
    if found := kind.problems(configuration):
        problems += found
        return None
    return kind.make(configuration)


def _playground_is_on(settings: Settings, chats: Sequence[Chat]) -> bool:
    if settings.playground is not None:
        if settings.playground and not settings.at_home:
            log.warning("playground.public", address=settings.address)
        return settings.playground
    if chats:
        return False
    if not settings.at_home:
        raise Misconfigured(
            "No chat is set up for leaders, and the playground is for this computer only, so it is "
            "off when HOST or PUBLIC_URL is public. Leave both empty to try Porchlight, or set "
            "PLAYGROUND=on if you know that strangers cannot reach this computer."
        )
    return True


async def _found_first_community(services: Services) -> None:
    now = datetime.now(UTC)
    if Playground.name not in services.chats:
        await founding.first(services, name=_FIRST_COMMUNITY, now=now)
        return
    await founding.first(
        services,
        name=_FIRST_COMMUNITY,
        chat=Playground.name,
        place=PLACE,
        leader=(SPEAKER, SPEAKER_NAME),
        announce_channel=PORCH,
        announce_name=PORCH_NAME,
        now=now,
    )


def hearing_back(services: Services) -> list[HearsBack]:
    """The couriers to which news of their letters comes."""
    return [courier for courier in services.couriers.values() if isinstance(courier, HearsBack)]


def make_app(services: Services, chats: Sequence[Chat]) -> Starlette:
    """The web server's app: what the chats serve, then the pages for residents."""

    async def answer(call: Call) -> Reply:
        return await dispatch.answer(services, call)

    async def hear(told: Sequence[News | Wish]) -> None:
        await returns.hear(services, told, now=datetime.now(UTC))

    menu = [MenuItem(command.name, command.summary, command.usages) for command in COMMANDS]
    routes: list[BaseRoute] = []
    for chat in chats:
        chat.plug(services, answer, menu)
        routes += chat.routes()
    for courier in hearing_back(services):
        courier.plug(hear, address=services.settings.address)
        routes += courier.routes()
    return Starlette(routes=[*routes, *web.routes(services)])
