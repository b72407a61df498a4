"""Alembic's entry: migrate the engine that `storage.schema` hands over."""

from alembic import context
from sqlalchemy import text
from sqlmodel import SQLModel

import storage.tables  # noqa: F401 - fills the metadata

_LOCK = 5_070_727_211  # any number that is ours: PostgreSQL lets one process migrate at a time

engine = context.config.attributes["engine"]
with engine.connect().execution_options(writes=True) as connection:
    driver = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        # A table that is rebuilt is dropped for a moment; what refers to it is checked at the end.
        # Source: https://www.sqlite.org/lang_altertable.html#otheralter
        driver.execute("PRAGMA foreign_keys=OFF")
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    if connection.dialect.name == "sqlite" and (
        astray := connection.execute(text("PRAGMA foreign_key_check")).first()
    ):
        raise RuntimeError(f"A row of {astray.table} would refer to nothing.")
    connection.commit()
    if connection.dialect.name == "sqlite":
        driver.execute("PRAGMA foreign_keys=ON")
