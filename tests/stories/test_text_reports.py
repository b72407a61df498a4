"""What Twilio tells the running program over HTTP is on the leader's card within seconds."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
import pytest

from tests.standins import twilio
from tests.standins.twilio import TwilioStandIn
from tests.standins.twilio_calls import message_form, signed, status_form
from tests.stories.program import Program, free_port, running

ADDRESS = "https://join.example.org"
PHONE = "+12015550123"
PATIENCE = 30.0  # seconds; a busy machine is no fault


async def eventually(what: Callable[[], bool]) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(what):
            await asyncio.sleep(0.05)


def shows(program: Program, words: str) -> bool:
    """Whether the leader reads this somewhere."""
    messages = httpx.get(program.at("/playground/messages")).raise_for_status().json()
    return any(words in message["text"] for message in messages)


async def called(
    program: Program, path: str, form: Mapping[str, str], *, secret: str = twilio.TOKEN
) -> int:
    """Twilio calls the address that it knows; a proxy passes that on to the program."""
    async with httpx.AsyncClient() as web:
        proof = signed(ADDRESS + path, form, secret=secret)
        return (await web.post(program.at(path), data=dict(form), headers=proof)).status_code


@pytest.mark.slow
async def test_from_twilios_call_to_the_leaders_card(own_folder: Path) -> None:
    async with TwilioStandIn() as server:
        settings = {
            "PUBLIC_URL": ADDRESS,
            "PLAYGROUND": "on",
            "QUIET_HOURS": "off",
            "TWILIO_ACCOUNT_SID": twilio.ACCOUNT,
            "TWILIO_AUTH_TOKEN": twilio.TOKEN,
            "TWILIO_FROM": twilio.NUMBER,
            "TWILIO_BASE_URL": server.url,
        }
        lines = (f"{name}={value}\n" for name, value in settings.items())
        (own_folder / ".env").write_text("".join(lines))
        with running(own_folder, port=free_port()) as program:
            await asyncio.to_thread(program.say, f"/invite text {PHONE}")
            await eventually(lambda: shows(program, "the text has been sent"))
            callback = server.wishes[0]["StatusCallback"].removeprefix(ADDRESS)
            delivered = status_form(server.texts[0], "delivered")
            assert await called(program, callback, delivered) == 204
            await eventually(lambda: shows(program, "the text has been delivered"))
            forged = status_form(server.texts[0], "failed") | {"ErrorCode": "30005"}
            assert await called(program, callback, forged, secret="a guess") == 403
            stop = message_form(PHONE, "Stop.")
            assert await called(program, "/hooks/twilio/inbound", stop) == 200
            await eventually(lambda: shows(program, "does not want to be written to"))
