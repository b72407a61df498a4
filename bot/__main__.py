"""The command line: `porchlight run`, `worker`, `migrate`, `found`, `communities`, ..."""

import asyncio
import logging
import signal
import socket
import sys
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import structlog
import typer

from bot.settings import Misconfigured, Settings
from storage.database import DatabaseAway

cli = typer.Typer(
    help="Run an invite-only community from the chat its leaders use.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_HEADERS_WITHIN = 10_000  # milliseconds: nobody may hold a connection with an unfinished request
_CONNECTIONS = 256  # requests under way; more wait in the kernel's queue
Lease = Annotated[
    float | None,
    typer.Option(help="Seconds until a dead worker's job is taken over, instead of the usual."),
]
Month = Annotated[datetime, typer.Argument(formats=["%Y-%m"], help="Such as 2026-10.")]
# These two are Slack's own, written again so that no other command waits for its library.
Names = Annotated[
    Literal["native", "umbrella"],
    typer.Option(help="Each command by its own name, or all as /porchlight invite and so on."),
]
Root = Annotated[
    str | None,
    typer.Option(help="The umbrella's name, instead of SLACK_COMMAND, which is porchlight."),
]
By = Annotated[
    Literal["socket", "http"] | None,
    typer.Option(help="Porchlight calls Slack, or Slack calls Porchlight, which is then public."),
]


@cli.command()
def run() -> None:
    """Serve the chat and the pages, and carry the letters, in one process."""
    _start(_run)


@cli.command()
def worker(lease: Lease = None) -> None:
    """Carry letters only: as many of these as you like, on as many machines (PostgreSQL)."""
    _start(_work, lease)


@cli.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    _start(_migrate)


@cli.command()
def found(name: Annotated[str, typer.Argument(help="As its people know it.")]) -> None:
    """Found one more community, and print the code by which somebody becomes its leader."""
    _start(_found, name)


@cli.command()
def communities() -> None:
    """List the communities, and how to become the leader of those that nobody leads."""
    _start(_communities)


@cli.command()
def billing(month: Month) -> None:
    """Print how many households each community had in a month, as CSV."""
    _start(_billing, month)


@cli.command()
def slack_manifest(names: Names = "umbrella", root: Root = None, by: By = None) -> None:
    """Print what Slack must know of the app, to be pasted there, and what to do with it."""
    _start(_show_manifest, names, root, by)


def _start(what: Any, *args: Any) -> None:
    from bot.app import read_settings

    try:
        settings = read_settings()
        _log_as(settings.log_level)
        asyncio.run(what(settings, *args))
    except Misconfigured as error:
        typer.echo("Porchlight cannot start:", err=True)
        for problem in error.problems:
            typer.echo(f"  - {problem}", err=True)
        sys.exit(2)
    except DatabaseAway:
        problem = "The database does not answer. Is it running, and is DATABASE_URL right?"
        typer.echo(problem, err=True)
        sys.exit(3)


async def _run(settings: Settings) -> None:
    from bot.app import open_house

    stop = _stop_on_signals()
    _claim_port(settings)
    async with open_house(settings) as house:
        greeting = asyncio.create_task(_greet(settings, house))
        await serve(house, settings, stop)
        greeting.cancel()


async def serve(house: Any, settings: Settings, stop: asyncio.Event) -> None:
    """Answer, listen and carry until `stop` is set; then finish what is under way."""
    server = _server(house.app, settings)
    doing = [
        asyncio.create_task(server.serve()),
        asyncio.create_task(house.postman().run(stop)),
        *(asyncio.create_task(listener.run(stop)) for listener in house.listeners),
    ]
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({stopping, *doing}, return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    server.stop()
    await asyncio.gather(*doing)


async def _work(settings: Settings, lease: float | None) -> None:
    from bot.app import open_house

    stop = _stop_on_signals()
    async with open_house(settings) as house:
        structlog.get_logger().info("worker.started")
        await house.postman(lease=lease).run(stop)


async def _migrate(settings: Settings) -> None:
    from storage import schema
    from storage.database import make_engine

    engine = make_engine(settings.database_url)
    await asyncio.to_thread(schema.migrate, engine)
    engine.dispose()
    typer.echo("The database has the newest schema.")


async def _found(settings: Settings, name: str) -> None:
    from bot.app import open_house
    from bot.community.communities import founding
    from bot.community.errors import Refusal
    from bot.community.leaders import claims

    now = datetime.now(UTC)
    async with open_house(settings) as house:
        try:
            row = await founding.one_more(house.services, name=name, now=now)
        except Refusal as refusal:
            typer.echo(refusal.words, err=True)
            sys.exit(2)
        typer.echo(f"{row.name} is founded: community #{row.id}, {row.slug}.")
        for line in claims.lines_for(house.services, row, now=now):
            typer.echo(line)


async def _communities(settings: Settings) -> None:
    from bot.app import open_house
    from bot.community.communities import founding
    from bot.community.leaders import claims

    async with open_house(settings) as house:
        for one in await founding.every(house.services):
            typer.echo(_counted(one))
        for line in await claims.claims(house.services, now=datetime.now(UTC)):
            typer.echo(line)


def _counted(one: Any) -> str:
    from bot.commands.base import plural

    numbers = f"{plural(one.leaders, 'leader')}, {plural(one.households, 'household')}"
    return f"#{one.community.id} {one.community.name}: {numbers}"


async def _billing(settings: Settings, month: datetime) -> None:
    from bot.app import open_house
    from bot.community import billing

    async with open_house(settings) as house:
        file = await billing.table(house.services, month.date(), now=datetime.now(UTC))
    typer.echo(file.content.decode("utf-8-sig"), nl=False)


async def _show_manifest(settings: Settings, names: Any, root: str | None, by: Any) -> None:
    from bot.chats.slack.first_steps import first_steps
    from bot.commands import COMMANDS
    from bot.messages import MenuItem

    menu = [MenuItem(command.name, command.summary, command.usages) for command in COMMANDS]
    shown = first_steps(menu, settings, names=names, root=root, by=by)
    typer.echo(shown.manifest)  # alone on stdout, to be piped to a file or the clipboard
    for line in ("", *shown.words):
        typer.echo(line, err=True)


def _server(app: Any, settings: Settings) -> Any:
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.server.embed import Server

    return Server(
        app,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        backpressure=_CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADERS_WITHIN),
        log_enabled=False,
    )


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    return stop


def _claim_port(settings: Settings) -> None:
    """Raise Misconfigured when somebody else serves there; the server would share the port."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            reason = error.strerror or "it cannot be used"
            raise Misconfigured(
                f"Port {settings.port} on {settings.host}: {reason}. Set PORT to another one."
            ) from None


async def _greet(settings: Settings, house: Any) -> None:
    """Say where to look, as soon as there is something to see, and how to become a leader."""
    from bot.community.leaders import claims

    while True:
        try:
            _, writer = await asyncio.open_connection(settings.host, settings.port)
            writer.close()
            break
        except OSError:
            await asyncio.sleep(0.05)
    if house.is_playground:
        typer.echo("Porchlight is on, for this computer only. Ctrl+C stops it.")
        typer.echo(f"Open  http://{settings.host}:{settings.port}/playground  in your browser.")
    else:
        typer.echo(f"Porchlight is on at {settings.address}.")
    for line in await claims.claims(house.services, now=datetime.now(UTC)):
        typer.echo(line)


def _log_as(level: str) -> None:
    chosen = logging.getLevelNamesMapping().get(level.upper())
    if chosen is None:
        raise Misconfigured("LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR.")
    logging.basicConfig(level=max(chosen, logging.WARNING), format="%(name)s: %(message)s")
    to_people = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # The usual traceback prints local variables: addresses are among them.
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
            if to_people
            else structlog.processors.ExceptionRenderer(),
            *([] if to_people else [structlog.processors.JSONRenderer()]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(chosen),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def main() -> None:
    """The console script."""
    cli()


if __name__ == "__main__":
    main()
