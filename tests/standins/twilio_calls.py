"""How Twilio calls us: its forms, as documented, signed as its own library says they are.

Source: https://www.twilio.com/docs/usage/webhooks/webhooks-security
"""

import secrets
from collections.abc import Mapping
from typing import Any

from twilio.request_validator import RequestValidator

from tests.standins.twilio import ACCOUNT, NUMBER, TOKEN

SHARED = "stand-in-shared-secret"


def status_form(text: Mapping[str, Any], status: str, error: int | None = None) -> dict[str, str]:
    """What Twilio says became of a text."""
    form = {
        "AccountSid": ACCOUNT,
        "ApiVersion": "2010-04-01",
        "From": text["from"] or NUMBER,
        "To": text["to"],
        "MessageSid": text["sid"],
        "SmsSid": text["sid"],
        "MessageStatus": status,
        "SmsStatus": status,
    }
    return form | ({"ErrorCode": str(error)} if error else {})


def message_form(sender: str, body: str, **more: str) -> dict[str, str]:
    """What somebody answered."""
    sid = f"SM{secrets.token_hex(16)}"
    return {
        "AccountSid": ACCOUNT,
        "ApiVersion": "2010-04-01",
        "Body": body,
        "From": sender,
        "FromCity": "",  # empty ones are signed, too
        "MessageSid": sid,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsMessageSid": sid,
        "SmsSid": sid,
        "SmsStatus": "received",
        "To": NUMBER,
    } | more


def signed(url: str, form: Mapping[str, str], *, secret: str = TOKEN) -> dict[str, str]:
    """The headers that prove a call: signed with the account's token, or with a shared key."""
    validator = RequestValidator(secret)
    if secret != SHARED:
        return {"X-Twilio-Signature": validator.compute_signature(url, form)}
    return {
        "X-Twilio-Signature": validator.compute_signature(url, form, "HMAC_SHA256"),
        "X-Twilio-Webhooks-Signature-Settings": "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256",
    }
