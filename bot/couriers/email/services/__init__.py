"""E-mail services that call back: the mail server of SMTP_HOST, telling what became of each letter.

To add one, write a file that has its table of events, its proof and its `problems`, and add one
entry to `SERVICES`. Each listens at /hooks/<name>, and only the chosen one does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from starlette.routing import BaseRoute

from bot.couriers.email.services import mailgun, postmark, sendgrid, ses
from bot.couriers.email.services.settings import ServiceSettings
from bot.messages import Letter
from bot.ports import Hear
from bot.settings import Misconfigured


class Service(Protocol):
    """An e-mail service that calls back."""

    def headers(self, letter: Letter) -> Mapping[str, str]:
        """What to add to an e-mail, so that the service names it when it calls. All ASCII."""

    def routes(self, hear: Hear, *, address: str) -> Sequence[BaseRoute]:
        """Where it calls. Takes: address, the public one of our web server."""


@dataclass(frozen=True, slots=True)
class ServiceKind:
    """How a service is set up."""

    problems: Callable[[ServiceSettings], list[str]]
    make: Callable[[ServiceSettings], Service]


SERVICES: Mapping[str, ServiceKind] = {
    "ses": ServiceKind(ses.problems, ses.Ses),
    "mailgun": ServiceKind(mailgun.problems, mailgun.Mailgun),
    "postmark": ServiceKind(postmark.problems, postmark.Postmark),
    "sendgrid": ServiceKind(sendgrid.problems, sendgrid.SendGrid),
}


def chosen() -> Service | None:
    """The service that the operator named; None when there is none.

    Raises: Misconfigured when `problems` finds any. Touches: the environment and `.env`.
    """
    settings = ServiceSettings()
    if found := _problems(settings):
        raise Misconfigured(*found)
    kind = SERVICES.get(settings.smtp_service)
    return kind.make(settings) if kind else None


def problems() -> list[str]:
    """What is missing or wrong, in words for the operator. Touches: the environment and `.env`."""
    return _problems(ServiceSettings())


def _problems(settings: ServiceSettings) -> list[str]:
    if settings.smtp_service in SERVICES:
        return SERVICES[settings.smtp_service].problems(settings)
    if settings.smtp_service:
        return [f"SMTP_SERVICE is one of {', '.join(SERVICES)}, or empty."]
    if settings.model_fields_set:
        given = ", ".join(sorted(name.upper() for name in settings.model_fields_set))
        return [f"SMTP_SERVICE is missing: {given} belongs to one of {', '.join(SERVICES)}."]
    return []
