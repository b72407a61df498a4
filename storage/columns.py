"""Columns that many tables have, and the names of their constraints."""

from typing import Any

from sqlalchemy import false, true
from sqlmodel import Field, SQLModel

from storage.types import UTCDateTime

# Alembic and people need to name constraints; both databases get the same names.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def id_column() -> Any:
    """The row's own id, given by the database."""
    return Field(default=None, primary_key=True)


def of(table: str, *, index: bool = True) -> Any:
    """A reference to a row of that table."""
    return Field(foreign_key=f"{table}.id", index=index)


def maybe_of(table: str, *, index: bool = False) -> Any:
    """The same, or none."""
    return Field(default=None, foreign_key=f"{table}.id", index=index)


def moment() -> Any:
    """An aware moment in UTC."""
    return Field(sa_type=UTCDateTime)


def maybe_moment() -> Any:
    """The same, or none."""
    return Field(default=None, sa_type=UTCDateTime)


def empty() -> Any:
    """A text that is empty, also in rows from before the column was there."""
    return Field(default="", sa_column_kwargs={"server_default": ""})


def yes_or_no(usual: bool) -> Any:
    """True or false, with the usual also in rows from before the column was there."""
    return Field(default=usual, sa_column_kwargs={"server_default": true() if usual else false()})
