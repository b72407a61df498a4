"""The composition root: with nothing configured all works; with half of it nothing starts."""

from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from bot.app import House, open_house, read_settings
from bot.couriers.outbox import OutboxCourier
from bot.messages import Medium
from bot.settings import Misconfigured, Settings
from storage.tables import Community, Invitation
from tests.community import scene

SECRET = "a secret of the tests alone, 32+ bytes"
TWILIO = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "t" * 32,
    "TWILIO_FROM": "+12015550100",
}
SLACK = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s" * 32}
SMTP = {"SMTP_HOST": "127.0.0.1", "SMTP_SENDER": "invites@example.org"}


def given(**values: str) -> None:
    """The operator writes this into `.env`."""
    Path(".env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))


def browser(house: House) -> httpx.AsyncClient:
    """Somebody on this computer."""
    transport = httpx.ASGITransport(house.app)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")


async def problems(settings: Settings) -> str:
    """Why the house cannot be opened, one reason a line."""
    with pytest.raises(Misconfigured) as refused:
        async with open_house(settings):
            pass
    return str(refused.value)


async def test_with_nothing_configured_everything_works(own_folder: Path) -> None:
    async with open_house(read_settings()) as house:
        assert house.is_playground
        assert {type(each) for each in house.services.couriers.values()} == {OutboxCourier}
        assert set(house.services.couriers) == {"email", "text"}
        async with browser(house) as script:
            said = {"text": "/invite ana@example.org"}
            answer = await script.post("/playground/calls", json=said)
        assert answer.json()["reply"]["text"].startswith("Inviting ana@example.org.")
    kept = {path.name: path.stat().st_mode & 0o777 for path in own_folder.glob("porchlight.*")}
    assert kept["porchlight.db"] == 0o600
    assert kept["porchlight.key"] == 0o600


async def test_the_first_community_is_founded_once() -> None:
    for _ in range(2):
        async with open_house(read_settings()) as house:
            rows = await scene.all_of(house.services, Community)
            assert [row.name for row in rows] == ["Maple Court"]


async def test_another_secret_is_refused_once_codes_are_out() -> None:
    async with open_house(Settings(secret_key=SecretStr(SECRET))) as house:
        await scene.say(house.services, "/invite ana@example.org")
        (row,) = await scene.all_of(house.services, Invitation)
        code = scene.code_of(house.services, row)
    assert "SECRET_KEY is not the one" in await problems(
        Settings(secret_key=SecretStr(SECRET[::-1]))
    )
    async with open_house(Settings(secret_key=SecretStr(SECRET))) as house:
        assert (await scene.redeem(house.services, code)).is_head


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"SMTP_HOST": "mail.example.org"}, ["SMTP_SENDER is missing"]),
        ({"SMTP_SENDER": "invites@example.org"}, ["SMTP_HOST is missing"]),
        ({**SMTP, "SMTP_USER": "u"}, ["SMTP_PASSWORD is missing"]),
        ({"TWILIO_AUTH_TOKEN": "t"}, ["TWILIO_ACCOUNT_SID is missing", "TWILIO_FROM is missing"]),
        ({**TWILIO, "TWILIO_FROM": ""}, ["TWILIO_FROM is missing"]),
        ({"SMTP_PORT": "many", "TWILIO_API_KEY": "k"}, ["SMTP_PORT", "TWILIO_API_SECRET"]),
        ({"SMTP_HOST": "x.org", "TWILIO_FROM": "1"}, ["SMTP_SENDER", "TWILIO_ACCOUNT_SID"]),
        (
            {"SLACK_CLIENT_SECRET": "c"},
            [
                "SLACK_BOT_TOKEN is missing",
                "SLACK_APP_TOKEN is missing",
                "SLACK_SIGNING_SECRET",
                "SLACK_CLIENT_ID is missing",
            ],
        ),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xoxb-2"}, ["begins with xapp-"]),
        ({**SLACK, "SLACK_COMMAND": "maple court"}, ["SLACK_COMMAND is one word"]),
    ],
)
async def test_all_that_is_half_configured_is_listed(
    values: dict[str, str], named: list[str]
) -> None:
    given(**values)
    said = await problems(read_settings())
    assert all(words in said for words in named), said


async def test_a_secret_that_is_wrong_is_not_repeated() -> None:
    given(PORT="hunter2-hunter2", PLAYGROUND="hunter2")
    with pytest.raises(Misconfigured) as refused:
        read_settings()
    assert "PORT" in str(refused.value)
    assert "PLAYGROUND" in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("values", "medium", "other"), [(SMTP, "email", "text"), (TWILIO, "text", "email")]
)
async def test_with_one_real_courier_the_other_way_is_said_to_be_missing(
    values: dict[str, str], medium: Medium, other: Medium
) -> None:
    given(**values)
    async with open_house(read_settings()) as house:
        assert set(house.services.couriers) == {medium}
        assert not isinstance(house.services.couriers[medium], OutboxCourier)
        assert set(house.services.missing) == {other}
        contact = {"email": "ana@example.org", "text": "+1 201 555 0123"}[other]
        reply = await scene.say(house.services, f"/invite {other} {contact}")
        assert "not set up here" in reply.text


@pytest.mark.parametrize(
    "values", [{"HOST": "0.0.0.0"}, {"PUBLIC_URL": "https://join.example.org"}]
)
async def test_a_public_house_without_a_chat_does_not_open(values: dict[str, str]) -> None:
    given(**values)
    assert "No chat is set up for leaders" in await problems(read_settings())


@pytest.mark.parametrize("public", [{}, {"PUBLIC_URL": "https://join.example.org"}])
async def test_with_slack_set_up_the_playground_is_off(public: dict[str, str]) -> None:
    given(**SLACK, **public)
    async with open_house(read_settings()) as house:
        assert not house.is_playground
        assert list(house.services.chats) == ["slack"]
        async with browser(house) as visitor:
            assert (await visitor.get("/playground")).status_code == 404
            unsigned = await visitor.post("/slack/events", json={"type": "url_verification"})
            assert unsigned.status_code == 401


async def test_the_playground_can_be_had_beside_slack() -> None:
    given(**SLACK, PLAYGROUND="on")
    async with open_house(read_settings()) as house:
        assert house.is_playground
        assert list(house.services.chats) == ["slack", "playground"]
        async with browser(house) as visitor:
            assert (await visitor.get("/playground")).status_code == 200


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://localhost/porchlight", "DATABASE_URL must be"),
        ("porchlight.db", "DATABASE_URL must be"),
        ("postgresql://127.0.0.1:1/porchlight", "database does not answer"),
    ],
)
async def test_a_database_that_cannot_be_is_refused_in_words(url: str, words: str) -> None:
    given(DATABASE_URL=url, SECRET_KEY=SECRET)
    with pytest.raises(Misconfigured, match=words):
        async with open_house(read_settings()):
            pass


async def test_another_schema_is_not_used() -> None:
    url = f"sqlite:///{Path('bare.db').absolute()}"
    settings = Settings(database_url=url, secret_key=SecretStr(SECRET))
    with pytest.raises(Misconfigured, match="porchlight migrate"):
        async with open_house(settings, migrate=False):
            pass
