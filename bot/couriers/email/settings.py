"""How to reach the operator's mail server, and what is wrong with what was set."""

import re
import ssl
from email.utils import parseaddr
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from bot.couriers.email.mime import Mailbox
from bot.settings import CONFIG, is_loopback


class EmailSettings(BaseSettings):
    """The mail server, and who writes."""

    model_config = CONFIG

    smtp_host: str = ""
    smtp_port: int | None = Field(default=None, ge=1, le=65535)  # None: the usual one for SMTP_TLS
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    smtp_ca_file: str = ""  # trust this authority instead of the system's
    smtp_sender: str = ""  # invites@mail.example, or: Maple Court <invites@mail.example>
    smtp_rate: float = Field(default=10, gt=0, le=1000)  # letters per second, over all workers

    @property
    def mailbox(self) -> Mailbox:
        """`SMTP_SENDER`, taken apart."""
        return Mailbox(*parseaddr(self.smtp_sender))


def configured(settings: EmailSettings) -> bool:
    """Whether the operator means to send e-mail: anything but a matter of taste is set."""
    return bool(settings.model_fields_set - {"smtp_tls", "smtp_rate"})


def problems(settings: EmailSettings) -> list[str]:
    """What is missing or contradictory, in words for the operator; empty when nothing is."""
    password = settings.smtp_password.get_secret_value()
    open_to_all = settings.smtp_tls == "none" and not is_loopback(settings.smtp_host)
    authority = settings.smtp_ca_file
    doubts = {
        "SMTP_HOST is missing: the name of your mail server.": not settings.smtp_host,
        "SMTP_HOST is a host name alone; the port goes into SMTP_PORT.": re.search(
            r"[/@\s]|^[^:]+:\d+$", settings.smtp_host
        ),
        "SMTP_SENDER is missing: the address that invitations come from.": not settings.smtp_sender,
        "SMTP_SENDER must look like invites@example.org or Name <invites@example.org>.": (
            settings.smtp_sender and not _is_address(settings.mailbox.address)
        ),
        "SMTP_PASSWORD is missing: SMTP_USER needs one.": settings.smtp_user and not password,
        "SMTP_USER is missing: SMTP_PASSWORD needs one.": password and not settings.smtp_user,
        "SMTP_TLS=none would send the password readable by all: use starttls or tls.": (
            password and open_to_all
        ),
        "SMTP_CA_FILE has no use with SMTP_TLS=none.": authority and settings.smtp_tls == "none",
        "SMTP_CA_FILE is not a file of certificates in PEM.": (
            authority and not _has_certificates(Path(authority))
        ),
    }
    return [words for words, found in doubts.items() if found]


def _is_address(text: str) -> bool:
    return text.isascii() and re.fullmatch(r"[^\s@<>\"]+@[^\s@<>\"]+", text) is not None


def _has_certificates(path: Path) -> bool:
    try:
        return bool(ssl.create_default_context(cafile=str(path)).get_ca_certs())
    except OSError:  # not there, not readable, or not PEM (SSLError is an OSError)
        return False
