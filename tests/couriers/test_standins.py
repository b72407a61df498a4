"""The stand-ins also run as processes of their own, as kill tests and browsers need them."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.couriers.email import EmailCourier, EmailSettings
from bot.couriers.sms import SmsCourier, SmsSettings
from bot.messages import Letter
from tests.standins import twilio

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def running(name: str, *options: str) -> AsyncIterator[int]:
    command = [sys.executable, "-m", f"tests.standins.{name}", "--folder", "kept", *options]
    known = {"PYTHONPATH": str(ROOT), "PATH": os.defpath}
    with subprocess.Popen(command, env=known, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


async def test_a_mail_server_runs_by_itself(letter: Callable[..., Letter]) -> None:
    options = ("--tls", "starttls", "--user", "ana", "--password", "secret")
    async with running("smtp", *options, "--fault", "RCPT 450 4.7.1 Wait", "--times", "1") as port:
        settings = EmailSettings(
            smtp_host="127.0.0.1",
            smtp_port=port,
            smtp_user="ana",
            smtp_password=SecretStr("secret"),
            smtp_ca_file="kept/ca.pem",
            smtp_sender="invites@mail.example",
        )
        courier = EmailCourier(settings)
        assert (await courier.carry(letter())).outcome == "retry"
        assert (await courier.carry(letter())).outcome == "accepted"
        await courier.close()
    envelope = json.loads(Path("kept/0001.json").read_text())
    assert envelope == {
        "sender": "invites@mail.example",
        "recipients": ["lena@resident.example"],
        "encrypted": True,
        "user": "ana",
    }
    assert b"Subject: Ana Ruiz invited you" in Path("kept/0001.eml").read_bytes()


@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated:DeprecationWarning")
async def test_a_twilio_runs_by_itself(letter: Callable[..., Letter]) -> None:
    async with running("twilio", "--fault", "500_after", "--times", "1") as port:
        settings = SmsSettings(
            twilio_account_sid=twilio.ACCOUNT,
            twilio_auth_token=SecretStr(twilio.TOKEN),
            twilio_from=twilio.NUMBER,
            twilio_base_url=f"http://127.0.0.1:{port}",
        )
        courier = SmsCourier(settings)
        text = letter(medium="text", to="+12015550123", written_at=datetime.now(UTC))
        assert (await courier.carry(text)).outcome == "unclear"
        found = await courier.find(text)
        await courier.close()
    [kept] = Path("kept").glob("*.json")
    assert found is not None
    assert (found.outcome, found.provider_id) == ("accepted", kept.stem)
