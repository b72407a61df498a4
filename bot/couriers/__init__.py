"""Shelf 3: ways a letter travels. To add one, write it and add one entry to `COURIERS`."""

from dataclasses import dataclass

from bot.couriers import email, sms
from bot.messages import Medium
from bot.ports import Courier, Kind


@dataclass(frozen=True, slots=True)
class CourierKind(Kind[Courier]):
    """How the courier of a medium is set up."""

    medium: Medium
    not_set_up: str  # what a leader reads who asks for it


COURIERS: tuple[CourierKind, ...] = (
    CourierKind(
        email.EmailSettings,
        email.configured,
        email.problems,
        email.EmailCourier,
        "email",
        "E-mail is not set up here.",
    ),
    CourierKind(
        sms.SmsSettings,
        sms.configured,
        sms.problems,
        sms.SmsCourier,
        "text",
        "Text messages are not set up here.",
    ),
)
