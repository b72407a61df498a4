"""Settings and keys: what cannot work is said at the start, and a secret is never lost silently."""

import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot.settings import Keys, Misconfigured, Settings, is_loopback, load_keys
from tests.settings import settings_of

SECRET = "a secret of the tests alone, 32+ bytes"


def settings(**given: Any) -> Settings:
    """Settings without an `.env`."""
    return settings_of(Settings, **given)


def test_nothing_set_means_this_computer_alone() -> None:
    empty = settings()
    assert empty.address == "http://127.0.0.1:8080"
    assert empty.at_home
    assert not empty.secure
    assert empty.database_url == "sqlite:///porchlight.db"


def test_an_empty_value_is_like_none(own_folder: Path) -> None:
    names = ("PORT", "SECRET_KEY", "PLAYGROUND", "PUBLIC_URL", "DATABASE_URL")
    (own_folder / ".env").write_text("".join(f"{name}=\n" for name in names))
    assert Settings() == settings()


@pytest.mark.parametrize(
    ("given", "address", "hostname"),
    [
        ({"public_url": "https://example.org/"}, "https://example.org", "example.org"),
        ({"host": "::1", "port": 8090}, "http://[::1]:8090", "::1"),
        ({"host": "0.0.0.0"}, "http://0.0.0.0:8080", "0.0.0.0"),
    ],
)
def test_the_address_is_where_residents_come(
    given: dict[str, object], address: str, hostname: str
) -> None:
    assert (settings(**given).address, settings(**given).hostname) == (address, hostname)


@pytest.mark.parametrize(
    "given",
    [{"host": "0.0.0.0"}, {"host": "192.168.1.7"}, {"public_url": "https://join.example.org"}],
)
def test_a_public_address_is_not_at_home(given: dict[str, object]) -> None:
    assert not settings(**given).at_home


@pytest.mark.parametrize(
    "given",
    [
        {"public_url": "join.example.org"},
        {"public_url": "ftp://join.example.org"},
        {"public_url": "https://"},
        {"public_url": "https://join.example.org/?a=b"},
        {"public_url": "http://["},
        {"port": "0"},
        {"port": "many"},
        {"trusted_proxies": "-1"},
        {"sms_regions": "USA"},
        {"sms_regions": "1X"},
        {"playground": "perhaps"},
        {"database_url": "porchlight.db"},
        {"database_url": "sqlite//x"},
        {"database_url": "mysql://localhost/x"},
        {"database_url": ""},
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings(**given)


@pytest.mark.parametrize(
    ("host", "home"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("", False),
        ("0.0.0.0", False),
        ("::", False),
        ("127.0.0.1.example.org", False),
        ("localhost.example.org", False),
    ],
)
def test_this_computer_is_known_by_name(host: str, home: bool) -> None:
    assert is_loopback(host) is home


# Keys


def test_keys_differ_by_purpose_and_secret() -> None:
    keys, others = Keys.from_secret(SECRET.encode()), Keys.from_secret(SECRET.encode() + b".")
    everything = {
        value for each in (keys, others) for value in (each.codes, each.pepper, each.links)
    }
    assert len(everything) == 6
    assert all(len(value) == 32 for value in everything)
    assert keys == Keys.from_secret(SECRET.encode())


def test_keys_and_secrets_are_never_printed() -> None:
    keys = Keys.from_secret(SECRET.encode())
    assert keys.codes.hex() not in repr(keys)
    assert str(keys.codes) not in repr(keys)
    assert SECRET not in repr(settings(secret_key=SECRET))


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(Misconfigured, match="SECRET_KEY is too short"):
        load_keys(settings(secret_key="x" * 31))
    assert load_keys(settings(secret_key="x" * 32))


def test_with_postgres_a_secret_must_be_given() -> None:
    with pytest.raises(Misconfigured, match="SECRET_KEY is missing"):
        load_keys(settings(database_url="postgresql://localhost/porchlight"))


def test_with_sqlite_a_secret_is_made_once_for_its_owner_alone(own_folder: Path) -> None:
    kept = settings(database_url="sqlite:///sub/porch.db")
    keys = load_keys(kept)
    path = own_folder / "sub" / "porch.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_text()) >= 32
    assert load_keys(kept) == keys


def test_a_lost_key_file_is_not_made_anew(own_folder: Path) -> None:
    load_keys(settings())
    with sqlite3.connect(own_folder / "porchlight.db") as database:
        database.execute("CREATE TABLE t (x)")
    (own_folder / "porchlight.key").unlink()
    with pytest.raises(Misconfigured, match=r"porchlight\.key is not"):
        load_keys(settings())
    assert not (own_folder / "porchlight.key").exists()


@pytest.mark.parametrize("left", ["", "\n", "short"])
def test_half_a_key_file_is_refused(own_folder: Path, left: str) -> None:
    """A full disk or a power cut may leave one; an empty secret is known to everybody."""
    (own_folder / "porchlight.key").write_text(left)
    with pytest.raises(Misconfigured, match=r"porchlight\.key"):
        load_keys(settings())
