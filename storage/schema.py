"""Makes and checks the schema by Alembic, configured from code."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from storage.database import DatabaseAway

_MIGRATIONS = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the database to the revision. Several processes at once are safe: one migrates.

    Raises: DatabaseAway.
    """
    config = _config()
    config.attributes["engine"] = engine
    try:
        command.upgrade(config, revision)
    except OperationalError as error:
        raise DatabaseAway from error


def is_current(engine: Engine) -> bool:
    """Whether the database has the newest schema. Raises: DatabaseAway."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() == head
    except OperationalError as error:
        raise DatabaseAway from error
