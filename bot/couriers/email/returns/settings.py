"""Where reports about e-mails come to, how to look there, and what is wrong with what was set."""

from email.utils import parseaddr
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from bot.couriers.email.checks import has_certificates, is_address, is_host
from bot.settings import CONFIG, is_loopback

_LONGEST = 34  # characters before the @: with "+stop-" and a tag, the 64 of RFC 5321


class ReturnSettings(BaseSettings):
    """The address that reports come to, and the mailbox where they end."""

    model_config = CONFIG

    smtp_return_path: str = ""  # bounces@mail.example; empty: reports go to the sender's address
    imap_host: str = ""
    imap_port: int | None = Field(default=None, ge=1, le=65535)  # None: the usual one for IMAP_TLS
    imap_user: str = ""
    imap_password: SecretStr = SecretStr("")
    imap_tls: Literal["tls", "starttls", "none"] = "tls"
    imap_ca_file: str = ""  # trust this authority instead of the system's
    imap_folder: str = "INBOX"
    imap_every: float = Field(default=10, ge=0.1, le=1500)  # seconds; servers hang up after 30 min


def problems(settings: ReturnSettings) -> list[str]:
    """What is missing or contradictory, in words for the operator; empty when nothing is."""
    password = settings.imap_password.get_secret_value()
    back = settings.smtp_return_path
    authority = settings.imap_ca_file
    open_to_all = settings.imap_tls == "none" and not is_loopback(settings.imap_host)
    set_without_host = not settings.imap_host and (settings.imap_user or password or authority)
    doubts = {
        "SMTP_RETURN_PATH must look like bounces@example.org, without a name.": (
            back and (parseaddr(back)[1] != back or not is_address(back))
        ),
        f"SMTP_RETURN_PATH has more than {_LONGEST} characters before the @; each letter adds its "
        "own mark there.": len(back.rpartition("@")[0]) > _LONGEST,
        "IMAP_HOST is missing: the server of the mailbox that reports come to.": set_without_host,
        "IMAP_HOST is a host name alone; the port goes into IMAP_PORT.": (
            not is_host(settings.imap_host)
        ),
        "IMAP_USER is missing: who logs in at IMAP_HOST.": (
            settings.imap_host and not settings.imap_user
        ),
        "IMAP_PASSWORD is missing: IMAP_USER needs one.": settings.imap_host and not password,
        "IMAP_TLS=none would send the password readable by all: use tls or starttls.": (
            settings.imap_host and password and open_to_all
        ),
        "IMAP_CA_FILE has no use with IMAP_TLS=none.": authority and settings.imap_tls == "none",
        "IMAP_CA_FILE is not a file of certificates in PEM.": (
            authority and not has_certificates(Path(authority))
        ),
        "IMAP_FOLDER must be written in ASCII, without quotes or backslashes.": (
            not settings.imap_folder.isascii() or set(settings.imap_folder) & set('"\\\r\n')
        ),
    }
    return [words for words, found in doubts.items() if found]
