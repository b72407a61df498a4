"""An e-mail courier for tests, and what an operator may have set."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bot.couriers.email import EmailCourier, EmailSettings
from tests.settings import settings_of
from tests.standins.smtp import SmtpStandIn

BACK = "bounces@mail.example"
MAILBOX = {"imap_host": "mail.example", "imap_user": "bounces", "imap_password": "secret"}
REPORTS = {"smtp_return_path": BACK, **MAILBOX}


def settings(**chosen: Any) -> EmailSettings:
    basics = {"smtp_host": "127.0.0.1", "smtp_tls": "none", "smtp_sender": "invites@mail.example"}
    return settings_of(EmailSettings, **basics | chosen)


@asynccontextmanager
async def courier(server: SmtpStandIn, **chosen: Any) -> AsyncIterator[EmailCourier]:
    patience = {key: chosen.pop(key) for key in ("take_within", "idle") if key in chosen}
    made = EmailCourier(settings(smtp_port=server.port, **chosen), answer_within=2, **patience)
    try:
        yield made
    finally:
        await made.close()
