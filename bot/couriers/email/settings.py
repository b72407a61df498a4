"""How to reach the operator's mail server, and what is wrong with what was set."""

from email.utils import parseaddr
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from bot.couriers.email import services
from bot.couriers.email.checks import has_certificates, is_address, is_host
from bot.couriers.email.mime import Mailbox
from bot.couriers.email.returns.settings import ReturnSettings
from bot.couriers.email.returns.settings import problems as return_problems
from bot.settings import is_loopback

_TASTE = {"smtp_tls", "smtp_rate", "imap_tls", "imap_folder", "imap_every"}


class EmailSettings(ReturnSettings):
    """The mail server, and who writes; and where reports come to."""

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
    is_set = bool(settings.model_fields_set - _TASTE)
    return is_set or bool(services.problems() or services.chosen())


def problems(settings: EmailSettings) -> list[str]:
    """What is missing or contradictory, in words for the operator; empty when nothing is."""
    password = settings.smtp_password.get_secret_value()
    open_to_all = settings.smtp_tls == "none" and not is_loopback(settings.smtp_host)
    authority = settings.smtp_ca_file
    doubts = {
        "SMTP_HOST is missing: the name of your mail server.": not settings.smtp_host,
        "SMTP_HOST is a host name alone; the port goes into SMTP_PORT.": (
            not is_host(settings.smtp_host)
        ),
        "SMTP_SENDER is missing: the address that invitations come from.": not settings.smtp_sender,
        "SMTP_SENDER must look like invites@example.org or Name <invites@example.org>.": (
            settings.smtp_sender and not is_address(settings.mailbox.address)
        ),
        "SMTP_PASSWORD is missing: SMTP_USER needs one.": settings.smtp_user and not password,
        "SMTP_USER is missing: SMTP_PASSWORD needs one.": password and not settings.smtp_user,
        "SMTP_TLS=none would send the password readable by all: use starttls or tls.": (
            password and open_to_all
        ),
        "SMTP_CA_FILE has no use with SMTP_TLS=none.": authority and settings.smtp_tls == "none",
        "SMTP_CA_FILE is not a file of certificates in PEM.": (
            authority and not has_certificates(Path(authority))
        ),
    }
    found = [words for words, doubt in doubts.items() if doubt]
    return found + return_problems(settings) + services.problems()
