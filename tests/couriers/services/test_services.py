"""The shelf of services: who is chosen, and what an operator reads who set something by half."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.couriers.email import services
from bot.couriers.email.services import SERVICES
from bot.couriers.email.services.mailgun import Mailgun
from bot.couriers.email.services.postmark import Postmark
from bot.couriers.email.services.sendgrid import SendGrid
from bot.couriers.email.services.ses import Ses
from bot.messages import Letter
from bot.settings import Misconfigured
from tests.couriers.services.amazon import TOPIC
from tests.couriers.services.sendgrid import KEY, shown

COMPLETE: dict[str, dict[str, str]] = {
    "ses": {"SES_TOPIC_ARN": TOPIC},
    "mailgun": {"MAILGUN_SIGNING_KEY": "key-x"},
    "postmark": {"POSTMARK_WEBHOOK_USER": "us", "POSTMARK_WEBHOOK_PASSWORD": "x" * 16},
    "sendgrid": {"SENDGRID_VERIFICATION_KEY": shown(KEY)},
}


def configured(own_folder: Path, **given: str) -> None:
    """Write the settings where an operator does."""
    (own_folder / ".env").write_text("\n".join(f"{name}={value}" for name, value in given.items()))


def test_nothing_set_is_no_service(own_folder: Path) -> None:
    assert services.problems() == []
    assert services.chosen() is None
    configured(own_folder, SMTP_SERVICE="", SES_TOPIC_ARN="")
    assert services.chosen() is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [("ses", Ses), ("mailgun", Mailgun), ("postmark", Postmark), ("sendgrid", SendGrid)],
)
def test_the_one_that_is_named_is_chosen(
    own_folder: Path, name: str, kind: type, letter: Callable[..., Letter]
) -> None:
    configured(own_folder, SMTP_SERVICE=name, **COMPLETE[name])
    assert services.problems() == []
    service = services.chosen()
    assert service is not None
    assert isinstance(service, kind)
    headers = service.headers(letter())
    assert any(letter().tag in value for value in headers.values())
    assert all(f"{header}{value}".isascii() for header, value in headers.items())


@pytest.mark.parametrize("name", SERVICES)
def test_each_says_what_it_lacks(own_folder: Path, name: str) -> None:
    for lacking in COMPLETE[name]:
        rest = {key: value for key, value in COMPLETE[name].items() if key != lacking}
        configured(own_folder, SMTP_SERVICE=name, **rest)
        assert [said for said in services.problems() if said.startswith(lacking)]
        with pytest.raises(Misconfigured, match=lacking):
            services.chosen()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"SMTP_SERVICE": "pigeon"}, "SMTP_SERVICE is one of ses, mailgun, postmark, sendgrid"),
        ({"MAILGUN_SIGNING_KEY": "key-x"}, "SMTP_SERVICE is missing: MAILGUN_SIGNING_KEY"),
        ({"SMTP_SERVICE": "ses", "SES_TOPIC_ARN": TOPIC.replace("sns", "sqs")}, "SES_TOPIC_ARN"),
        ({"SMTP_SERVICE": "ses", "SES_TOPIC_ARN": TOPIC.replace("aws:", "aws-x:")}, "SES_TOPIC"),
        ({"SMTP_SERVICE": "ses", "SES_TOPIC_ARN": TOPIC, "SES_CONFIGURATION_SET": "a b"},
         "SES_CONFIGURATION_SET"),
        ({"SMTP_SERVICE": "postmark", "POSTMARK_WEBHOOK_USER": "us",
          "POSTMARK_WEBHOOK_PASSWORD": "x" * 15}, "POSTMARK_WEBHOOK_PASSWORD must have"),
        ({"SMTP_SERVICE": "postmark", "POSTMARK_WEBHOOK_USER": "u:s",
          "POSTMARK_WEBHOOK_PASSWORD": "x" * 16}, "POSTMARK_WEBHOOK_USER"),
        ({"SMTP_SERVICE": "sendgrid", "SENDGRID_VERIFICATION_KEY": "SG.x"}, "SENDGRID_VERIFIC"),
    ],
)  # fmt: skip
def test_what_is_set_wrongly_is_named(own_folder: Path, given: dict[str, str], said: str) -> None:
    configured(own_folder, **given)
    (problem,) = services.problems()
    assert problem.startswith(said)
    secrets = {value for name, value in given.items() if name.endswith(("KEY", "PASSWORD"))}
    assert not [secret for secret in secrets if secret in problem]


def test_the_environment_is_as_good_as_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"SMTP_SERVICE": "ses", **COMPLETE["ses"]}.items():
        monkeypatch.setenv(name, value)
    assert isinstance(services.chosen(), Ses)
