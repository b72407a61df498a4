"""The Twilio account to send texts with, and what is wrong with what was set."""

import re
from urllib.parse import urlsplit

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from bot.settings import CONFIG, is_loopback

# Source: https://www.twilio.com/docs/iam/test-credentials
TEST_SENDER = "+15005550006"
TEST_NUMBERS = frozenset(f"+1500555000{digit}" for digit in "123469")  # each has its own answer
_TASTE = {"twilio_base_url", "twilio_settle", "twilio_rate", "twilio_redact"}


class SmsSettings(BaseSettings):
    """The Twilio account, and who writes."""

    model_config = CONFIG

    twilio_account_sid: str = ""
    twilio_auth_token: SecretStr = SecretStr("")
    twilio_webhook_secret: SecretStr = SecretStr("")  # of a shared key, which signs like the token
    twilio_api_key: str = ""  # with its secret, preferred to the token: it can be withdrawn
    twilio_api_secret: SecretStr = SecretStr("")
    twilio_messaging_service_sid: str = ""
    twilio_from: str = ""  # a number of ours, instead of a messaging service
    twilio_base_url: str = "https://api.twilio.com"
    twilio_settle: float = Field(default=90, ge=0, le=600)  # seconds until it lists what it took
    twilio_redact: bool = False  # whether Twilio is to blank a text when its end is known
    twilio_rate: float | None = Field(default=None, gt=0, le=1000)  # texts a second, all workers

    @property
    def sender(self) -> str:
        """Who the texts come from, by the name Twilio knows."""
        return self.twilio_messaging_service_sid or self.twilio_from

    @property
    def login(self) -> tuple[str, str]:
        """User and password for the API."""
        if self.twilio_api_key:
            return self.twilio_api_key, self.twilio_api_secret.get_secret_value()
        return self.twilio_account_sid, self.twilio_auth_token.get_secret_value()

    @property
    def proofs(self) -> tuple[str, ...]:
        """Secrets that Twilio may sign its calls with; none: no call can be believed."""
        secrets = self.twilio_webhook_secret, self.twilio_auth_token
        return tuple(filter(None, (secret.get_secret_value() for secret in secrets)))

    @property
    def plays(self) -> bool:
        """Whether these are test credentials: they alone may write from this number."""
        return self.twilio_from == TEST_SENDER


def configured(settings: SmsSettings) -> bool:
    """Whether the operator means to send texts: anything but a matter of taste is set."""
    return bool(settings.model_fields_set - _TASTE)


def problems(settings: SmsSettings) -> list[str]:
    """What is missing or contradictory, in words for the operator; empty when nothing is."""
    key, secret = settings.twilio_api_key, settings.twilio_api_secret.get_secret_value()
    service, number = settings.twilio_messaging_service_sid, settings.twilio_from
    url = urlsplit(settings.twilio_base_url)
    doubts = {
        "TWILIO_ACCOUNT_SID is missing or not like AC and 32 letters and digits.": not _is_sid(
            "AC", settings.twilio_account_sid
        ),
        "TWILIO_AUTH_TOKEN is missing, or TWILIO_API_KEY with TWILIO_API_SECRET.": not (
            settings.twilio_auth_token.get_secret_value() or key or secret
        ),
        "TWILIO_API_SECRET is missing: TWILIO_API_KEY needs it.": key and not secret,
        "TWILIO_API_KEY is missing: TWILIO_API_SECRET needs it.": secret and not key,
        "TWILIO_MESSAGING_SERVICE_SID or TWILIO_FROM is missing.": not (service or number),
        "TWILIO_MESSAGING_SERVICE_SID and TWILIO_FROM are both set: keep one.": service and number,
        "TWILIO_MESSAGING_SERVICE_SID must be MG and 32 letters and digits.": (
            service and not _is_sid("MG", service)
        ),
        "TWILIO_FROM must be a number like +12015550100, a short code, or a name of up to 11.": (
            number
            and not re.fullmatch(r"\+[1-9]\d{6,14}|\d{3,8}|[A-Za-z][A-Za-z0-9 ]{0,10}", number)
        ),
        "TWILIO_BASE_URL must start with https://, for the password's sake.": (
            url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.hostname or ""))
        ),
    }
    return [words for words, found in doubts.items() if found]


def _is_sid(kind: str, text: str) -> bool:
    return re.fullmatch(kind + "[0-9a-fA-F]{32}", text) is not None
