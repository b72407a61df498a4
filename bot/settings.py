"""Shared settings, read once from the environment or `.env`; each adapter keeps its own."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

_SHORTEST_SECRET = 32  # characters: 192 bits when they are random base64
CONFIG = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True)


class Misconfigured(Exception):
    """Porchlight cannot start with these settings."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(BaseSettings):
    """What every room may need to know."""

    model_config = CONFIG

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    public_url: str = ""  # where residents reach the pages; default: http://HOST:PORT
    database_url: str = "sqlite:///porchlight.db"
    secret_key: SecretStr | None = None  # all codes and links derive from it
    trusted_proxies: int = Field(default=0, ge=0, le=9)  # how many proxies of yours stand in front
    playground: bool | None = None  # None: on while no chat is set up and nothing is public
    sms_regions: str = ""  # "US,CA": where texts may go; default: the community's own region
    # Hours of the recipient's day, "21-8", in which no text leaves; "off": it may at any time.
    quiet_hours: str = "21-8"
    # Limits; 0 lifts one. What is over a limit of a day waits for the next.
    limit_emails: int = Field(default=100, ge=0)  # of a leader and day
    limit_texts: int = Field(default=30, ge=0)  # of a leader and day
    limit_community_texts: int = Field(default=200, ge=0)  # of a community and day
    limit_new_leader: int = Field(default=10, ge=0)  # letters a day, in the first 24 hours
    limit_requests: int = Field(default=50, ge=0)  # without a code, of a community and day
    limit_contact: int = Field(default=3, ge=0)  # invitations in 30 days, of all communities
    limit_resends: int = Field(default=3, ge=0)  # of one invitation to one address, in all
    limit_resend_hours: int = Field(default=24, ge=0)  # until an invitation may be sent again
    log_level: str = "INFO"

    @field_validator("public_url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        bare = not (parts.path.strip("/") or parts.query or parts.fragment or parts.username)
        if value and not (parts.scheme in {"http", "https"} and parts.hostname and bare):
            raise ValueError("PUBLIC_URL must look like https://join.example.org, without a path")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        try:
            backend = make_url(value).get_backend_name()
        except ArgumentError:
            backend = ""
        if backend not in {"sqlite", "postgresql", "postgres"}:
            raise ValueError("DATABASE_URL must be sqlite:///file or postgresql://user@host/name")
        return value

    @field_validator("sms_regions")
    @classmethod
    def _regions(cls, value: str) -> str:
        regions = [region.strip().upper() for region in value.split(",") if region.strip()]
        if any(len(region) != 2 or not region.isalpha() for region in regions):
            raise ValueError("SMS_REGIONS must be two-letter regions like US,CA")
        return ",".join(regions)

    @field_validator("quiet_hours")
    @classmethod
    def _hours(cls, value: str) -> str:
        first, _, last = value.partition("-")
        if value != "off" and not (_is_hour(first) and _is_hour(last) and int(first) != int(last)):
            raise ValueError("QUIET_HOURS must be two hours like 21-8, or off")
        return value

    @property
    def quiet(self) -> tuple[int, int] | None:
        """From which hour until which no text leaves; None: it may at any time."""
        first, _, last = self.quiet_hours.partition("-")
        return (int(first), int(last)) if last else None

    @property
    def address(self) -> str:
        """Where residents reach the pages, without a final slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"

    @property
    def hostname(self) -> str:
        """The host of `address`, for Message-IDs and the like."""
        return urlsplit(self.address).hostname or "localhost"

    @property
    def secure(self) -> bool:
        """Whether residents come by https, so that cookies may insist on it."""
        return self.address.startswith("https://")

    @property
    def at_home(self) -> bool:
        """Whether nobody but this computer can reach us: bound to loopback, no public address."""
        return is_loopback(self.host) and is_loopback(self.hostname)


def _is_hour(text: str) -> bool:
    return text.isascii() and text.isdecimal() and int(text) < 24


def is_loopback(host: str) -> bool:
    """Whether the host name or address means this computer."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """Separate keys for separate purposes, all derived from `SECRET_KEY`."""

    codes: bytes  # derives access codes
    pepper: bytes  # hashes access codes and contacts for look-up
    links: bytes  # signs links and cookies

    @classmethod
    def from_secret(cls, secret: bytes) -> "Keys":
        """Derive all keys; the purpose is the message of an HMAC under the secret."""

        def derive(purpose: bytes) -> bytes:
            return hmac.digest(secret, b"porchlight:" + purpose, hashlib.sha256)

        return cls(codes=derive(b"codes"), pepper=derive(b"pepper"), links=derive(b"links"))


def load_keys(settings: Settings) -> Keys:
    """The keys from `SECRET_KEY`, or from the key file kept beside the SQLite file.

    Raises: Misconfigured when there is neither and none can be made.
    Touches: the key file, made with mode 0600 when absent.
    """
    if settings.secret_key is not None:
        secret = settings.secret_key.get_secret_value()
        if len(secret) < _SHORTEST_SECRET:
            raise Misconfigured(
                f"SECRET_KEY is too short: give at least {_SHORTEST_SECRET} random characters."
            )
        return Keys.from_secret(secret.encode())
    path = sqlite_path(settings.database_url)
    if path is None:
        raise Misconfigured(
            "SECRET_KEY is missing. With PostgreSQL it cannot be kept beside the database: "
            'make one with  python -c "import secrets; print(secrets.token_urlsafe(48))"'
        )
    return Keys.from_secret(_kept_secret(path.with_suffix(".key"), database=path))


def sqlite_path(database_url: str) -> Path | None:
    """The file of a SQLite URL; None for any other database."""
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite":
        return None
    return Path(url.database or "porchlight.db")


def _kept_secret(path: Path, *, database: Path) -> bytes:
    if not path.exists():
        if database.exists() and database.stat().st_size:
            raise Misconfigured(
                f"The database {database.name} is there, but its key file {path.name} is not. "
                "Without it no access code that was given out works. Put it back from your backup, "
                "or set SECRET_KEY."
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x") as file:
            path.chmod(0o600)
            file.write(secrets.token_urlsafe(48))
    secret = path.read_text().strip()
    if len(secret) < _SHORTEST_SECRET:  # a full disk left half of it: an empty one is no secret
        raise Misconfigured(
            f"The key file {path.name} is damaged. Put it back from your backup, or set SECRET_KEY."
        )
    return secret.encode()
