"""The bot in Telegram, and what is wrong with what was set."""

import re
from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings

from bot.settings import CONFIG

_TOKEN = re.compile(r"([0-9]{3,20}):[A-Za-z0-9_-]{20,100}")  # as BotFather hands it out
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")  # what setWebhook takes
_NONE = SecretStr("")


class TelegramSettings(BaseSettings):
    """One bot: by long polling, or by webhook when the pages are public."""

    model_config = CONFIG

    telegram_token: SecretStr = _NONE  # 123456:ABC-DEF..., from BotFather
    telegram_webhook_secret: SecretStr = _NONE  # default: derived from SECRET_KEY
    telegram_api_url: str = "https://api.telegram.org"

    @field_validator("telegram_api_url")
    @classmethod
    def _api(cls, value: str) -> str:
        if urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).hostname:
            raise ValueError("TELEGRAM_API_URL must look like https://api.telegram.org")
        return value.rstrip("/")

    @property
    def bot_id(self) -> str:
        """The bot's own id, which every token begins with."""
        return self.telegram_token.get_secret_value().partition(":")[0]


def configured(settings: TelegramSettings) -> bool:
    """Whether the operator means to use Telegram: anything but its address is set."""
    return bool(settings.model_fields_set - {"telegram_api_url"})


def problems(settings: TelegramSettings) -> list[str]:
    """What is missing or wrong, in words for the operator; empty when nothing is."""
    token = settings.telegram_token.get_secret_value()
    secret = settings.telegram_webhook_secret.get_secret_value()
    doubts = {
        "TELEGRAM_TOKEN is missing: BotFather in Telegram gives it after /newbot.": not token,
        "TELEGRAM_TOKEN looks like 123456789:ABC-DEF1234ghIkl-zyx57W2v1u123ew11; "
        "this one does not.": token and not _TOKEN.fullmatch(token),
        "TELEGRAM_WEBHOOK_SECRET may have letters, digits, _ and - only, 256 at most.": (
            secret and not _SECRET.fullmatch(secret)
        ),
    }
    return [words for words, found in doubts.items() if found]
