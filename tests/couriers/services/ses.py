"""What Amazon SES says: a table of its events."""

from typing import Any

from tests.couriers.services.desk import Told

PATH = "/hooks/ses"


def bounce(kind: str, subtype: str, status: str = "", said: str = "") -> dict[str, Any]:
    """An event of a letter that was not taken."""
    recipient = {"emailAddress": "a@example.org", "status": status, "diagnosticCode": said}
    about = {"bounceType": kind, "bounceSubType": subtype, "bouncedRecipients": [recipient]}
    return {"eventType": "Bounce", "bounce": about}


def delay(kind: str, status: str = "", said: str = "") -> dict[str, Any]:
    """An event of a letter that waits."""
    recipient = {"emailAddress": "a@example.org", "status": status, "diagnosticCode": said}
    return {
        "eventType": "DeliveryDelay",
        "deliveryDelay": {"delayType": kind, "delayedRecipients": [recipient]},
    }


def complaint(kind: str) -> dict[str, Any]:
    """An event of a resident's judgement."""
    return {"eventType": "Complaint", "complaint": {"complaintFeedbackType": kind}}


def left(*, everything: bool) -> dict[str, Any]:
    """An event of a link that SES adds when it is told to."""
    preferences = {"unsubscribeAll": everything}
    return {"eventType": "Subscription", "subscription": {"newTopicPreferences": preferences}}


DELIVERED = {"eventType": "Delivery", "delivery": {"smtpResponse": "250 2.6.0 taken"}}
GONE = bounce("Permanent", "NoEmail", "5.1.1", "smtp; 550 5.1.1 user unknown")
TABLE = [
    Told({"eventType": "Send"}, "sent"),
    Told(DELIVERED, "delivered", "has been delivered"),
    Told(GONE, "bounced", "no mailbox", "550 5.1.1"),
    Told(bounce("Permanent", "NoEmail"), "bounced", "no mailbox", "5.1.1"),
    Told(bounce("Permanent", "General"), "bounced", "no mailbox"),
    Told(bounce("Permanent", "General", "5.7.26"), "bounced", "trust our domain", "5.7.26"),
    Told(bounce("Permanent", "General", "4.4.7"), "failed", "resend", "4.4.7"),
    Told(bounce("Permanent", "Suppressed"), "bounced", "An earlier letter", "Suppressed"),
    Told(bounce("Permanent", "OnAccountSuppressionList", "5.1.1"), "bounced", "An earlier letter",
         "OnAccountSuppressionList"),
    Told(bounce("Transient", "General", said="smtp; 421 4.4.2 timed out"), "failed", "resend",
         "421 4.4.2"),
    Told(bounce("Transient", "MailboxFull"), "failed", "is full", "4.2.2"),
    Told(bounce("Transient", "MessageTooLarge"), "failed", "too big", "5.3.4"),
    Told(bounce("Transient", "ContentRejected"), "failed", "refused the message", "5.7.1"),
    Told(bounce("Transient", "AttachmentRejected"), "failed", "refused the message", "5.7.1"),
    Told(bounce("Undetermined", "Undetermined"), "bounced", "refused", "Undetermined"),
    Told(bounce("Undetermined", "Undetermined", "4.4.7"), "failed", "resend", "4.4.7"),
    Told(delay("MailboxFull"), "deferred", "is full", "4.2.2"),
    Told(delay("TransientCommunicationFailure"), "deferred", "not answering", "4.4.1"),
    Told(delay("General", "4.7.1", "smtp; 451 4.7.1 wait"), "deferred", "to wait", "451 4.7.1"),
    Told(delay("SpamDetected"), "deferred", "to wait"),
    Told(complaint("abuse"), "complained", "spam"),
    Told({"eventType": "Complaint"}, "complained", "spam"),
    Told(complaint("not-spam"), "sent"),
    Told({"eventType": "Reject", "reject": {"reason": "Bad content"}}, "failed", "administrator",
         "Reject"),
    Told({"eventType": "Rendering Failure"}, "failed", "administrator", "Rendering Failure"),
    Told(left(everything=True), "opted_out", "asked not to be"),
    Told(left(everything=False), "sent"),
    Told({"eventType": "Open"}, "sent"),
    Told({"eventType": "Click"}, "sent"),
    Told({"eventType": "An invention of tomorrow"}, "sent"),
    Told({"eventType": "Bounce"}, "bounced", "no mailbox"),
]  # fmt: skip
