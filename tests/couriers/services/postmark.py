"""What Postmark says, and by which password: a table of its events."""

import base64
from typing import Any

from bot.couriers.email.services.postmark import Postmark
from tests.couriers.services.desk import Told, chosen

USER, PASSWORD = "porchlight", "a long pässword: of ours"
SERVICE = Postmark(chosen(postmark_webhook_user=USER, postmark_webhook_password=PASSWORD))
PATH = "/hooks/postmark"


def bounce(kind: str, details: str = "") -> dict[str, Any]:
    """A record of a bounce."""
    return {"RecordType": "Bounce", "ID": 4323372036854775807, "Type": kind, "Details": details}


def left(reason: str, **more: Any) -> dict[str, Any]:
    """A record of a change in Postmark's own list."""
    change = {"SuppressSending": True, "SuppressionReason": reason, "Origin": "Recipient"}
    return {"RecordType": "SubscriptionChange", **change, **more}


DELIVERY = {"RecordType": "Delivery"}
COMPLAINT = {"RecordType": "SpamComplaint", "ID": 42, "Type": "SpamComplaint"}
GONE = bounce("HardBounce", "smtp;550 5.1.1 The account that you tried to reach is not there")
BLOCKED = bounce("Blocked", "550 listed at bl.example, from 5.1.1.9")
TABLE = [
    Told(DELIVERY, "delivered", "has been delivered"),
    Told(COMPLAINT, "complained", "spam"),
    Told({"RecordType": "SMTPApiError"}, "failed", "administrator", "SMTPApiError"),
    Told(left("ManualSuppression"), "opted_out", "asked not to be"),
    Told(left("ManualSuppression", Origin="Admin"), "sent"),
    Told(left("HardBounce"), "sent"),  # which is told as a bounce, too
    Told(left("", SuppressSending=False), "sent"),
    Told({"RecordType": "Open"}, "sent"),
    Told({"RecordType": "Click"}, "sent"),
    Told({"RecordType": "Inbound"}, "sent"),
    Told({"RecordType": "An invention of tomorrow"}, "sent"),
    Told(GONE, "bounced", "no mailbox", "550 5.1.1"),
    Told(bounce("HardBounce"), "bounced", "no mailbox"),
    Told(bounce("BadEmailAddress"), "bounced", "no mailbox", "5.1.3"),
    Told(bounce("SoftBounce", "smtp;552 5.2.2 full"), "failed", "is full", "552 5.2.2"),
    Told(bounce("SoftBounce"), "failed", "resend"),
    Told(BLOCKED, "bounced", "refused the message", "Blocked"),
    Told(bounce("Unknown"), "bounced", "refused the message", "Unknown"),
    Told(bounce("SpamNotification"), "bounced", "refused the message", "SpamNotification"),
    Told(bounce("VirusNotification"), "bounced", "refused the message", "VirusNotification"),
    Told(bounce("DMARCPolicy"), "bounced", "trust our domain", "DMARCPolicy"),
    Told(bounce("Transient", "smtp;451 4.7.1 later"), "deferred", "asked us to wait", "451 4.7.1"),
    Told(bounce("DnsError"), "deferred", "not answering", "4.4.3"),
    Told(bounce("SpamComplaint"), "complained", "spam"),
    Told(bounce("Unsubscribe"), "opted_out", "asked not to be"),
    Told(bounce("ManuallyDeactivated"), "failed", "told not to write", "ManuallyDeactivated"),
    Told(bounce("Unconfirmed"), "failed", "told not to write", "Unconfirmed"),
    Told(bounce("SMTPApiError"), "failed", "administrator", "SMTPApiError"),
    Told(bounce("TemplateRenderingFailed"), "failed", "administrator", "TemplateRenderingFailed"),
    Told(bounce("Subscribe"), "sent"),
    Told(bounce("AutoResponder"), "sent"),
    Told(bounce("AddressChange"), "sent"),
    Told(bounce("ChallengeVerification"), "sent"),
    Told(bounce("OpenRelayTest"), "sent"),
    Told(bounce("InboundError"), "sent"),
    Told(bounce("AnInventionOfTomorrow"), "sent"),
]


def login(user: str = USER, password: str = PASSWORD, scheme: str = "Basic") -> dict[str, str]:
    """What Postmark makes of the name and password in the address."""
    return {"Authorization": f"{scheme} {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}
