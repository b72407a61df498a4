"""Settings as a test gives them, whatever a file in the folder says."""

from typing import Any, TypeVar

from pydantic_settings import BaseSettings

Kind = TypeVar("Kind", bound=BaseSettings)


def settings_of(kind: type[Kind], **given: Any) -> Kind:
    """Settings of this kind, each spelt as it would be in the environment: pydantic reads it."""
    return kind(_env_file=None, **given)
