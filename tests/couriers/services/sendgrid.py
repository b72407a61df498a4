"""What SendGrid says, and signs: a table of its events."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bot.couriers.email.services.sendgrid import SendGrid
from tests.couriers.services.desk import Told, chosen

KEY = ec.generate_private_key(ec.SECP256R1())
PATH = "/hooks/sendgrid"


def shown(key: Any) -> str:
    """A public key as SendGrid shows it."""
    how = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(key.public_key().public_bytes(*how)).decode()


SERVICE = SendGrid(chosen(sendgrid_verification_key=shown(KEY)))


def bounce(kind: str, status: str = "", reason: str = "") -> dict[str, Any]:
    """An event of a letter that was not taken."""
    return {"event": "bounce", "type": kind, "status": status, "reason": reason}


def dropped(reason: str) -> dict[str, Any]:
    """An event of a letter that was not tried."""
    return {"event": "dropped", "reason": reason}


GONE = bounce("bounce", "5.1.1", "550 5.1.1 The account that you tried to reach is not there")
NO_MX = bounce("blocked", reason="unable to get mx info: failed to get IPs from PTR record")
TABLE = [
    Told({"event": "processed"}, "sent"),
    Told({"event": "delivered", "response": "250 OK"}, "delivered", "has been delivered"),
    Told({"event": "deferred", "response": "400 try again later"}, "deferred", "to wait", "400"),
    Told({"event": "deferred", "response": "452 4.2.2 full"}, "deferred", "is full", "452 4.2.2"),
    Told(GONE, "bounced", "no mailbox", "550 5.1.1"),
    Told(bounce("bounce", "", "550 no"), "bounced", "no mailbox", "550"),
    Told(bounce("bounce", "5.0.0", "500 unknown recipient"), "bounced", "refused", "500 5.0.0"),
    Told(bounce("bounce", "4.4.7", "x"), "failed", "resend", "4.4.7"),
    Told(bounce("blocked", "5.7.1", "550 5.7.1 spam"), "bounced", "refused", "550 5.7.1"),
    Told(bounce("blocked", "", "550 listed"), "bounced", "refused the message", "blocked"),
    Told(bounce("blocked", "4.0.0", "450 later"), "failed", "resend", "450 4.0.0"),
    Told(NO_MX, "bounced", "refused the message", "blocked"),
    Told(bounce("expired", "", "out of retries"), "failed", "resend"),
    Told(dropped("Bounced Address"), "bounced", "An earlier letter", "dropped"),
    Told(dropped("Invalid"), "bounced", "no mailbox", "5.1.3"),
    Told(dropped("Spam Reporting Address"), "complained", "spam", "dropped"),
    Told(dropped("Unsubscribed Address"), "opted_out", "asked not to be", "dropped"),
    Told(dropped("Recipient List over Package Quota"), "failed", "administrator", "dropped"),
    Told({"event": "spamreport"}, "complained", "spam"),
    Told({"event": "unsubscribe"}, "opted_out", "asked not to be"),
    Told({"event": "group_unsubscribe", "asm_group_id": 1}, "opted_out", "asked not to be"),
    Told({"event": "group_resubscribe"}, "sent"),
    Told({"event": "open"}, "sent"),
    Told({"event": "click"}, "sent"),
    Told({"event": "an invention of tomorrow"}, "sent"),
]


def proof(body: bytes, *, key: Any = KEY, ago: timedelta = timedelta()) -> dict[str, str]:
    """What SendGrid signs it with."""
    stamp = str(int((datetime.now(UTC) - ago).timestamp()))
    signature = key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {
        "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
    }
