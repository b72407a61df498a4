"""The plan of the house: imports go down, each outside library has one room, files stay small."""

from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from tests.house.source import ROOT, imports, python_files, tree

OURS = python_files("bot", "storage")
LONGEST = 400  # lines; beyond that a file becomes a folder

# Where each library of the outside world may be named; everybody else sees a port.
HOMES = {
    "aiohttp": (
        "bot/chats/slack/",
        "bot/couriers/sms",  # these two: what their libraries speak through
        "bot/couriers/email/services/fetching.py",
    ),
    "aiosmtplib": ("bot/couriers/email",),
    "cryptography": ("bot/couriers/email/services/signatures.py",),
    "css_inline": ("bot/templating.py",),
    "granian": ("bot/web/server.py", "bot/app.py", "bot/__main__.py"),
    "jinja2": ("bot/templating.py",),
    "phonenumbers": ("bot/community/",),
    "psycopg": ("storage/",),
    "qrcode": ("bot/paper/",),
    "slack_bolt": ("bot/chats/slack/",),
    "slack_sdk": ("bot/chats/slack/",),
    "sqlalchemy": ("storage/", "bot/settings.py"),  # settings only take a URL apart
    "twilio": ("bot/couriers/sms",),
    "typst": ("bot/paper/",),
}
ONE_FILE = ("css_inline", "granian", "jinja2", "typst")


def users(library: str) -> list[str]:
    """The files that import a library."""
    return [
        path.as_posix()
        for path in OURS
        if any(name.partition(".")[0] == library for name in imports(path))
    ]


def test_imports_go_down(capsys: pytest.CaptureFixture[str]) -> None:
    status = lint_imports(str(ROOT / "pyproject.toml"), no_cache=True, no_logo=True)
    assert status == 0, capsys.readouterr().out


@pytest.mark.parametrize("library", HOMES)
def test_a_library_stays_in_its_room(library: str) -> None:
    found = users(library)
    assert found, "nobody uses it: take it from the table, and from pyproject.toml"
    assert [path for path in found if not path.startswith(HOMES[library])] == []


@pytest.mark.parametrize("library", ONE_FILE)
def test_a_library_is_named_in_one_file(library: str) -> None:
    assert len(users(library)) == 1, users(library)


def test_no_test_is_a_package() -> None:
    assert [path for path in python_files("tests") if path.name == "__init__.py"] == []


@pytest.mark.parametrize("path", OURS, ids=str)
def test_a_file_stays_small(path: Path) -> None:
    assert len((ROOT / path).read_text().splitlines()) <= LONGEST


@pytest.mark.parametrize("path", OURS, ids=str)
def test_no_work_at_import(path: Path) -> None:
    """Nothing is called at the top of a module but what makes a constant, never for its effect."""
    effects = [
        node.lineno
        for node in tree(path).body
        if hasattr(node, "value")
        and type(node).__name__ == "Expr"
        and type(node.value).__name__ in {"Call", "Await"}
    ]
    assert effects == [] or path.parts[-1] in {"__main__.py", "env.py"}
