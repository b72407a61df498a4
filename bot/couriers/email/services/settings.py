"""Which e-mail service calls back, and what proves that it is the service that calls."""

from pydantic import SecretStr
from pydantic_settings import BaseSettings

from bot.settings import CONFIG


class ServiceSettings(BaseSettings):
    """The chosen service and its secret; those of the others stay empty."""

    model_config = CONFIG

    smtp_service: str = ""  # a name on the shelf; empty: the mail server calls nobody
    ses_topic_arn: str = ""
    ses_configuration_set: str = ""  # empty: the sending domain has one by default
    mailgun_signing_key: SecretStr = SecretStr("")
    postmark_webhook_user: str = ""
    postmark_webhook_password: SecretStr = SecretStr("")
    sendgrid_verification_key: str = ""  # a public key: no secret
