"""The schema that migrations make is the one that the tables say."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlmodel import SQLModel

import storage.tables
from storage.database import make_engine
from storage.schema import _config, is_current, migrate

ROOT = Path(__file__).parents[2]
_MIGRATE = [sys.executable, "-m", "bot", "migrate"]
_DONE = "The database has the newest schema."


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    engine = make_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def differences(engine: Engine) -> list[Any]:
    """Alembic's own tuples, each with the kind of its difference first."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found: list[Any] = compare_metadata(context, SQLModel.metadata)
    return found


def test_a_migrated_database_is_what_the_tables_say(database_url: str) -> None:
    assert storage.tables.Job.__tablename__ in SQLModel.metadata.tables
    with opened(database_url) as engine:
        assert is_current(engine)
        assert differences(engine) == []
        assert {*inspect(engine).get_table_names()} - {"alembic_version"} == {
            *SQLModel.metadata.tables
        }


def test_a_difference_would_be_noticed(database_url: str) -> None:
    with opened(database_url) as engine:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE job ADD COLUMN surplus INTEGER"))
            connection.execute(text("DROP INDEX ix_job_due"))
        assert {change[0] for change in differences(engine)} == {"remove_column", "add_index"}


def test_only_waiting_jobs_are_in_the_index_of_due_ones(database_url: str) -> None:
    with opened(database_url) as engine:
        [index] = [
            each for each in inspect(engine).get_indexes("job") if each["name"] == "ix_job_due"
        ]
        conditions = {str(words) for words in index["dialect_options"].values()}
    assert any("state" in words and "ready" in words for words in conditions)


def test_migrating_an_empty_database_and_migrating_again(bare_database_url: str) -> None:
    with opened(bare_database_url) as engine:
        assert not is_current(engine)
        migrate(engine)
        assert is_current(engine)
        migrate(engine)
        assert differences(engine) == []


def test_processes_that_migrate_at_once_do_not_disturb_each_other(bare_database_url: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": bare_database_url}
    processes = [
        subprocess.Popen(
            _MIGRATE, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _ in range(3)
    ]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], outputs
    assert all(_DONE in output for output in outputs)
    with opened(bare_database_url) as engine:
        assert differences(engine) == []


def test_what_migrations_make_they_can_take_back(bare_database_url: str) -> None:
    with opened(bare_database_url) as engine:
        migrate(engine)
        config = _config()
        config.attributes["engine"] = engine
        command.downgrade(config, "base")
        assert inspect(engine).get_table_names() == ["alembic_version"]
        migrate(engine)
        assert differences(engine) == []
