"""What Mailgun says, and signs: a table of its events."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.couriers.email.services.mailgun import Mailgun
from tests.couriers.services.desk import Told, chosen

KEY = "key-of-the-tests-alone"
SERVICE = Mailgun(chosen(mailgun_signing_key=KEY))
PATH = "/hooks/mailgun"
TOKEN = "a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0"


def failed(
    severity: str, code: int, said: str = "", status: str = "", **more: str
) -> dict[str, Any]:
    """An event of a letter that was not taken."""
    answer = {"code": code, "message": said, "enhanced-code": status}
    return {"event": "failed", "severity": severity, "delivery-status": answer, **more}


GONE = failed("permanent", 550, "5.1.1 The account that you tried to reach is not there.", "5.1.1")
BLOCKED = failed("permanent", 550, "listed", reason="espblock")
TABLE = [
    Told({"event": "accepted"}, "sent"),
    Told({"event": "delivered"}, "delivered", "has been delivered"),
    Told(GONE, "bounced", "no mailbox", "550 5.1.1"),
    Told(failed("permanent", 550), "bounced", "no mailbox", "550"),
    Told(failed("permanent", 550, "no", "5.7.26"), "bounced", "trust our domain", "550 5.7.26"),
    Told(failed("permanent", 552, "5.2.2 Over quota"), "bounced", "is full", "552 5.2.2"),
    Told(failed("permanent", 450, "4.2.2 Over quota"), "failed", "is full", "450 4.2.2"),
    Told(failed("permanent", 602, "Too old", reason="old"), "failed", "resend"),
    Told(BLOCKED, "bounced", "refused the message", "espblock"),
    Told(failed("permanent", 605, reason="suppress-bounce"), "bounced", "An earlier letter",
         "suppress-bounce"),
    Told(failed("permanent", 606, reason="suppress-unsubscribe"), "opted_out", "asked not to be",
         "suppress-unsubscribe"),
    Told(failed("permanent", 607, reason="suppress-complaint"), "complained", "spam",
         "suppress-complaint"),
    Told(failed("temporary", 451, "4.7.1 Greylisted"), "deferred", "asked us to wait", "451 4.7.1"),
    Told(failed("temporary", 421, "4.4.2 Timeout"), "deferred", "not answering", "421 4.4.2"),
    Told({"event": "rejected"}, "failed", "administrator", "rejected"),
    Told({"event": "complained"}, "complained", "spam"),
    Told({"event": "unsubscribed"}, "opted_out", "asked not to be"),
    Told({"event": "opened"}, "sent"),
    Told({"event": "clicked"}, "sent"),
    Told({"event": "stored"}, "sent"),
    Told({"event": "an invention of tomorrow"}, "sent"),
]  # fmt: skip


def signature(
    *, token: str = TOKEN, key: str = KEY, ago: timedelta = timedelta()
) -> dict[str, str]:
    """What Mailgun puts beside an event."""
    stamp = str(int((datetime.now(UTC) - ago).timestamp()))
    digest = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    return {"timestamp": stamp, "token": token, "signature": digest}
