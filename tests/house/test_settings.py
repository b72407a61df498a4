"""Every setting is explained in `.env.example`, and everything explained there is a setting."""

import re

from pydantic_settings import BaseSettings

from tests.house.source import ROOT, classes

EXAMPLE = (ROOT / ".env.example").read_text()
NAMED = re.findall(r"^(?:# )?([A-Z][A-Z0-9_]*)=", EXAMPLE, re.M)


def names_of(settings: type[BaseSettings]) -> set[str]:
    """The environment variables that these settings are read from."""
    prefix = settings.model_config.get("env_prefix", "")
    fields = settings.model_fields.items()
    return {str(field.validation_alias or f"{prefix}{name}").upper() for name, field in fields}


def test_the_example_names_exactly_the_settings() -> None:
    settings = classes(BaseSettings)
    assert settings
    assert set(NAMED) == set[str]().union(*map(names_of, settings))


def test_the_example_names_a_setting_once() -> None:
    assert sorted(NAMED) == sorted(set(NAMED))


def test_the_example_explains_every_setting() -> None:
    """Lines of settings stand below lines of words; a blank line ends a paragraph."""
    for paragraph in EXAMPLE.split("\n\n"):
        lines = paragraph.strip().splitlines()
        if any(re.match(r"(?:# )?[A-Z][A-Z0-9_]*=", line) for line in lines):
            assert re.match(r"# [A-Z].* ", lines[0]), paragraph
            assert "=" not in lines[0].partition(" ")[2].partition(" ")[0], paragraph


def test_the_example_as_it_is_changes_nothing() -> None:
    assert [line for line in EXAMPLE.splitlines() if line and not line.startswith("#")] == []
