"""Engines for the two databases, and what one connection of each is told first."""

from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url

READERS = 4  # SQLite reads are short; more threads only fight for the interpreter
CONNECTIONS = 10  # PostgreSQL connections of one process
_OURS = 2  # connections of the event loop itself: it reads on one and writes on the other
_CONNECT = 10  # seconds for PostgreSQL to answer at all
_PATIENCE = 5000  # milliseconds to wait for another process that writes to the same file


def make_engine(url: str) -> Engine:
    """A synchronous engine for a SQLite or PostgreSQL URL. Raises ValueError for others."""
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite_engine(parsed)
        case "postgresql" | "postgres":
            return _postgres_engine(parsed)
        case other:
            raise ValueError(
                f"DATABASE_URL must be sqlite:///file or postgresql://..., not {other}"
            )


def _postgres_engine(url: URL) -> Engine:
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,  # an error must not print an address
        connect_args={"connect_timeout": _CONNECT},
    )


def _lower(text: str | None) -> str | None:
    return text and text.lower()


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(
        url.set(drivername="sqlite"),
        pool_size=READERS + _OURS,
        max_overflow=0,
        connect_args={"check_same_thread": False},
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        # Its own lower() knows ASCII alone, and would not find ÁNGEL.
        connection.create_function("lower", 1, _lower, deterministic=True)
        for pragma in (
            f"busy_timeout={_PATIENCE}",
            "journal_mode=WAL",
            "synchronous=FULL",  # an acknowledged sign-up survives a power cut
            "foreign_keys=ON",
            "secure_delete=ON",  # erased names leave no copies in the file
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        options = connection.get_execution_options()
        # A write that began as a read fails at once when another process has written meanwhile.
        words = "BEGIN IMMEDIATE" if options.get("writes") else "BEGIN"
        if not options.get("impatient"):
            connection.exec_driver_sql(words)
            return
        connection.exec_driver_sql("PRAGMA busy_timeout=0")
        try:
            connection.exec_driver_sql(words)
        finally:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={_PATIENCE}")

    return engine
