"""What is set for Slack either works or is said to be wrong, all of it at once."""

from typing import Any

import pytest
from pydantic import ValidationError

from bot.chats.slack.settings import SlackSettings, configured, problems
from tests.settings import settings_of

SOCKET = {"slack_bot_token": "xoxb-1", "slack_app_token": "xapp-1"}
HTTP = {"slack_bot_token": "xoxb-1", "slack_signing_secret": "s"}
OAUTH = {
    "slack_client_id": "1.2",
    "slack_client_secret": "c",
    "slack_signing_secret": "s",
}


def settings(**given: Any) -> SlackSettings:
    """Settings without an `.env`."""
    return settings_of(SlackSettings, **given)


def without(whole: dict[str, str], name: str) -> dict[str, str]:
    """The same but for one setting."""
    return {each: value for each, value in whole.items() if each != name}


def test_nothing_set_is_no_slack() -> None:
    assert not configured(settings())


@pytest.mark.parametrize("given", [{"slack_command": "maple"}, {"slack_api_url": "http://x/"}])
def test_a_matter_of_taste_alone_is_no_slack(given: dict[str, str]) -> None:
    assert not configured(settings(**given))


@pytest.mark.parametrize("name", sorted(SOCKET | HTTP | OAUTH))
def test_anything_else_alone_is_meant_and_not_enough(name: str) -> None:
    alone = settings(**{name: (SOCKET | HTTP | OAUTH)[name]})
    assert configured(alone)
    assert problems(alone)


@pytest.mark.parametrize(
    ("given", "by_socket", "by_oauth"),
    [(SOCKET, True, False), (HTTP, False, False), (OAUTH, False, True),
     (SOCKET | HTTP, True, False), (OAUTH | {"slack_app_token": "xapp-1"}, True, True)],
    ids=["socket", "http", "oauth", "both", "oauth by socket"],
)  # fmt: skip
def test_what_is_complete_has_no_problem(
    given: dict[str, str], by_socket: bool, by_oauth: bool
) -> None:
    complete = settings(**given)
    assert configured(complete)
    assert problems(complete) == []
    assert (complete.by_socket, complete.by_oauth) == (by_socket, by_oauth)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (without(SOCKET, "slack_bot_token"), ["SLACK_BOT_TOKEN is missing"]),
        (without(SOCKET, "slack_app_token"), ["SLACK_APP_TOKEN is missing"]),
        (without(HTTP, "slack_bot_token"), ["SLACK_BOT_TOKEN is missing"]),
        (SOCKET | {"slack_bot_token": "xapp-1"}, ["SLACK_BOT_TOKEN begins with xoxb-"]),
        (SOCKET | {"slack_app_token": "xoxb-1"}, ["SLACK_APP_TOKEN begins with xapp-"]),
        (without(OAUTH, "slack_client_secret"), ["SLACK_CLIENT_SECRET is missing"]),
        (HTTP | {"slack_client_secret": "c"}, ["SLACK_CLIENT_ID is missing"]),
        (OAUTH | {"slack_bot_token": "xoxb-1"}, ["SLACK_BOT_TOKEN has no use"]),
        (
            without(OAUTH, "slack_signing_secret") | {"slack_app_token": "xapp-1"},
            ["SLACK_SIGNING_SECRET is missing"],
        ),
        (
            {"slack_client_id": "1.2"},
            ["SLACK_APP_TOKEN is missing", "SLACK_CLIENT_SECRET is missing",
             "SLACK_SIGNING_SECRET is missing"],
        ),
    ],
)  # fmt: skip
def test_what_is_missing_or_contradictory_is_said(given: dict[str, str], said: list[str]) -> None:
    found = problems(settings(**given))
    assert len(found) == len(said), found
    for words, begins in zip(found, said, strict=True):
        assert words.startswith(begins)


def test_a_secret_is_never_repeated() -> None:
    given = dict.fromkeys(
        ("slack_bot_token", "slack_app_token", "slack_signing_secret", "slack_client_secret"),
        "hunter2",
    )
    wrong = settings(**given)
    assert problems(wrong)
    assert "hunter2" not in "".join(problems(wrong)) + repr(wrong)


@pytest.mark.parametrize("typed", ["maple", "/maple"])
def test_the_command_is_kept_without_its_slash(typed: str) -> None:
    assert settings(slack_command=typed).slack_command == "maple"


@pytest.mark.parametrize("typed", ["Maple", "maple court", "", "/", "//maple", "m" * 32])
def test_a_command_that_slack_would_not_take_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError, match="SLACK_COMMAND is one word"):
        settings(slack_command=typed)


def test_the_api_has_one_final_slash() -> None:
    assert settings().slack_api_url == "https://slack.com/api/"
    assert settings(slack_api_url="http://127.0.0.1:1/api").slack_api_url.endswith(":1/api/")


@pytest.mark.parametrize("typed", ["slack.com/api", "ftp://slack.com", "https://", ""])
def test_an_api_that_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError, match="SLACK_API_URL must look like"):
        settings(slack_api_url=typed)
