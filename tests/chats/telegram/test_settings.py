"""Telegram is set up whole or not at all, and nothing of its secrets is printed."""

import pytest
from pydantic import ValidationError

from bot.chats.telegram import TelegramSettings, configured, problems
from tests.settings import settings_of

TOKEN = "123456789:ABC-DEF1234ghIkl-zyx57W2v1u123ew11"


def settings(**given: str) -> TelegramSettings:
    return settings_of(TelegramSettings, **given)


def test_nothing_set_is_no_telegram() -> None:
    assert not configured(settings())
    assert not configured(settings(telegram_api_url="http://127.0.0.1:8081"))


def test_a_token_is_all_it_takes() -> None:
    given = settings(telegram_token=TOKEN)
    assert configured(given)
    assert problems(given) == []
    assert given.bot_id == "123456789"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"telegram_webhook_secret": "abc"}, "TELEGRAM_TOKEN is missing"),
        ({"telegram_token": "my bot"}, "TELEGRAM_TOKEN looks like"),
        ({"telegram_token": TOKEN, "telegram_webhook_secret": "a b"}, "TELEGRAM_WEBHOOK_SECRET"),
    ],
)
def test_half_of_it_is_told(given: dict[str, str], named: str) -> None:
    assert configured(settings(**given))
    [problem] = problems(settings(**given))
    assert problem.startswith(named)
    assert not any(secret in problem for secret in given.values())


def test_another_server_must_be_an_address() -> None:
    with pytest.raises(ValidationError, match="TELEGRAM_API_URL"):
        settings(telegram_api_url="localhost")
    assert settings(telegram_api_url="http://127.0.0.1:1/").telegram_api_url == "http://127.0.0.1:1"


def test_the_token_is_never_printed() -> None:
    assert "DEF1234" not in repr(settings(telegram_token=TOKEN))
