"""Shelf 3: ways a letter travels. To add one, write it and add one entry to `COURIERS`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.couriers import email, sms
from bot.messages import Medium
from bot.ports import Courier


@dataclass(frozen=True, slots=True)
class CourierKind:
    """How a courier is set up."""

    medium: Medium
    read_settings: Callable[[], Any]
    configured: Callable[[Any], bool]  # whether anything of it is set
    problems: Callable[[Any], list[str]]  # what is missing, in words; empty when complete
    make: Callable[[Any], Courier]
    not_set_up: str  # what a leader reads who asks for it


COURIERS: tuple[CourierKind, ...] = (
    CourierKind(
        "email",
        email.EmailSettings,
        email.configured,
        email.problems,
        email.EmailCourier,
        "E-mail is not set up here.",
    ),
    CourierKind(
        "text",
        sms.SmsSettings,
        sms.configured,
        sms.problems,
        sms.SmsCourier,
        "Text messages are not set up here.",
    ),
)
