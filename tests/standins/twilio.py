"""Twilio's Messages API on loopback, as documented, and faulty on demand.

In a test: `async with TwilioStandIn() as twilio`, then `twilio.url`, `twilio.texts`.
As a process: `python -m tests.standins.twilio --folder texts --port 0` prints its port, and keeps
each text it took as `SM....json`.

Stricter than the original in one thing: a parameter that is not documented is an error here.
Source: https://www.twilio.com/docs/messaging/api/message-resource
"""

import argparse
import asyncio
import base64
import binascii
import json
import random
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from tests.standins.serving import HttpStandIn

ACCOUNT = "AC" + "0" * 32
TOKEN = "stand-in-token"  # a server that keeps no secrets
KEY = "SK" + "0" * 32
SECRET = "stand-in-secret"
NUMBER = "+15005550006"
SERVICE = "MG" + "0" * 32

# Magic numbers of Twilio's test credentials, and what they are answered with.
_TO = {
    "+15005550001": (21211, "The 'To' number is not a valid phone number."),
    "+15005550002": (21612, "The 'To' number is not reachable from the 'From' number."),
    "+15005550003": (21408, "Permission to send to this region has not been enabled."),
    "+15005550004": (21610, "Attempt to send to unsubscribed recipient."),
    "+15005550009": (21614, "The 'To' number is not a valid mobile number."),
}
_FROM = {
    "+15005550001": (21212, "The 'From' number is not a valid phone number."),
    "+15005550007": (21606, "The 'From' number is not one of yours."),
    "+15005550008": (21611, "The 'From' number has reached its queue limit."),
}
_CREATE = {
    "To", "From", "Body", "MessagingServiceSid", "StatusCallback", "ValidityPeriod",
    "SmartEncoded", "RiskCheck", "ContentRetention", "AddressRetention", "Attempt", "MaxPrice",
    "ProvideFeedback", "ForceDelivery", "ApplicationSid", "ShortenUrls", "ScheduleType", "SendAt",
    "SendAsMms", "MediaUrl", "ContentSid", "ContentVariables", "PersistentAction", "TrafficType",
}  # fmt: skip
_LIST = {"To", "From", "PageSize", "Page", "PageToken"}
_E164 = re.compile(r"\+[1-9]\d{6,14}")

FAULTS = ("429", "500_after", "503_before", "drop_after", "drop_before", "slow", "hide", "garbage")


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    """An error in Twilio's shape."""

    code: int
    words: str
    status: int = 400

    def answer(self) -> web.Response:
        about = f"https://www.twilio.com/docs/errors/{self.code}"
        body = {"code": self.code, "message": self.words, "more_info": about, "status": self.status}
        return web.json_response(body, status=self.status)


class TwilioStandIn(HttpStandIn):
    """The server."""

    def __init__(
        self,
        *,
        port: int = 0,
        folder: Path | None = None,
        delay: float = 5,
        lag: float = 0,
        chances: Mapping[str, float] | None = None,
    ) -> None:
        self.port = port
        self.texts: list[dict[str, Any]] = []  # as the API shows them, oldest first
        self.wishes: list[dict[str, str]] = []  # the parameters of each text, as they came
        self.asked: list[str] = []  # which texts were asked about by name
        self.turned_away = 0  # requests that were answered "too many"
        self._listed_from: dict[str, datetime] = {}
        self._folder = folder
        self._delay = delay  # seconds that "slow" takes
        self._lag = timedelta(seconds=lag)  # until a text that was taken is listed
        self._chances = chances or {}  # how likely a fault is, at any time
        self._fault, self._times = "", 0

    def fail(self, fault: str, *, times: int = 1_000_000) -> None:
        """Misbehave over the next `times` requests that the fault is about."""
        assert fault in FAULTS
        self._fault, self._times = fault, times

    def recover(self) -> None:
        """Behave again."""
        self._fault, self._times = "", 0

    def move(self, sid: str, status: str, *, error: int | None = None) -> None:
        """What became of a text: sent, delivered, undelivered, failed."""
        [text] = [text for text in self.texts if text["sid"] == sid]
        text |= {"status": status, "error_code": error, "date_sent": _stamp()}

    async def _hang_up(self) -> None:
        """Nothing: every request ends by itself."""

    def _app(self) -> web.Application:
        app = web.Application()
        path = "/2010-04-01/Accounts/{account}/Messages"
        app.router.add_post(f"{path}.json", self._guarded(self._create))
        app.router.add_get(f"{path}.json", self._guarded(self._list))
        app.router.add_get(path + "/{sid}.json", self._guarded(self._fetch))
        app.router.add_post(path + "/{sid}.json", self._guarded(self._redact))
        return app

    def _due(self, fault: str) -> bool:
        if random.random() < self._chances.get(fault, 0):
            return True
        if fault != self._fault or self._times <= 0:
            return False
        self._times -= 1
        return True

    def _turn_away(self) -> None:
        if self._due("429"):
            self.turned_away += 1
            raise Refused(20429, "Too Many Requests", 429)
        if self._due("503_before"):
            raise Refused(20503, "Service unavailable", 503)

    def _guarded(
        self, answer: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                _check_login(request)
                self._turn_away()
                return await answer(request)
            except Refused as refusal:
                return refusal.answer()

        return guarded

    async def _create(self, request: web.Request) -> web.StreamResponse:
        if request.content_type != "application/x-www-form-urlencoded":
            raise Refused(20001, "Parameters must be form-encoded")
        if self._due("drop_before"):
            return _dropped(request)
        wishes = {key: str(value) for key, value in (await request.post()).items()}
        _check_wishes(wishes)
        text = self._take(wishes)
        if self._due("500_after"):
            raise Refused(20500, "Internal server error", 500)
        if self._due("drop_after"):
            return _dropped(request)
        if self._due("slow"):
            await asyncio.sleep(self._delay)
        if self._due("garbage"):
            return web.Response(text="<html>queued</html>", status=201)
        return web.json_response(text, status=201)

    def _take(self, wishes: dict[str, str]) -> dict[str, Any]:
        text = _text(wishes)
        self.texts.append(text)
        self.wishes.append(wishes)
        self._listed_from[text["sid"]] = datetime.now(UTC) + self._lag
        if self._folder:
            (self._folder / f"{text['sid']}.json").write_text(json.dumps(text))
        return text

    async def _list(self, request: web.Request) -> web.StreamResponse:
        asked = dict(request.query)
        _check_known(asked, _LIST)
        found = [] if self._due("hide") else self._matching(asked)
        size, page = int(asked.get("PageSize", "50")), int(asked.get("Page", "0"))
        if not 1 <= size <= 1000:
            raise Refused(20001, "PageSize must be from 1 to 1000")
        shown = found[page * size : (page + 1) * size]
        more = (page + 1) * size < len(found)
        following = request.rel_url.update_query({"Page": str(page + 1), "PageToken": "PA1"})
        return web.json_response(
            {
                "messages": shown,
                "page": page,
                "page_size": size,
                "uri": str(request.rel_url),
                "next_page_uri": str(following) if more else None,
            }
        )

    def _matching(self, asked: Mapping[str, str]) -> list[dict[str, Any]]:
        now = datetime.now(UTC)
        return [
            text
            for text in reversed(self.texts)
            if asked.get("To", text["to"]) == text["to"]
            and asked.get("From", text["from"]) == text["from"]
            and self._listed_from[text["sid"]] <= now
        ]

    async def _fetch(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.match_info["sid"])
        for text in self.texts:
            if text["sid"] == self.asked[-1]:
                return web.json_response(text)
        raise Refused(20404, "The requested resource was not found", 404)

    async def _redact(self, request: web.Request) -> web.StreamResponse:
        """Only a body can be changed, to nothing, and only when the text has come to its end."""
        wishes = dict(await request.post())
        for text in self.texts:
            if text["sid"] == request.match_info["sid"]:
                if wishes != {"Body": ""}:
                    raise Refused(20001, "Body must be empty")
                if text["status"] in {"accepted", "queued", "sending"}:
                    raise Refused(20009, "Cannot delete a message that is not finished", 409)
                text["body"] = ""
                return web.json_response(text)
        raise Refused(20404, "The requested resource was not found", 404)


def _check_login(request: web.Request) -> None:
    try:
        scheme, _, given = request.headers["Authorization"].partition(" ")
        login = tuple(base64.b64decode(given, validate=True).decode().split(":", 1))
    except (KeyError, binascii.Error, UnicodeDecodeError):
        raise Refused(20003, "Authenticate", 401) from None
    if scheme != "Basic" or login not in {(ACCOUNT, TOKEN), (KEY, SECRET)}:
        raise Refused(20003, "Authenticate", 401)
    if request.match_info["account"] != ACCOUNT:
        raise Refused(20404, "The requested resource was not found", 404)


def _check_known(given: Mapping[str, str], known: set[str]) -> None:
    if unknown := set(given) - known:
        raise Refused(20001, f"Unknown parameters: {', '.join(sorted(unknown))}")


def _check_wishes(wishes: Mapping[str, str]) -> None:
    _check_known(wishes, _CREATE)
    to, body = wishes.get("To", ""), wishes.get("Body", "")
    service, sender = wishes.get("MessagingServiceSid", ""), wishes.get("From", "")
    faults = (
        (not to, 21604, "A 'To' phone number is required."),
        (not (service or sender), 21603, "A 'From' phone number is required."),
        (not body, 21602, "Message body is required."),
        (len(body) > 1600, 21617, "The message body exceeds the 1600 character limit."),
        (service and service != SERVICE, 21703, "The Messaging Service contains no numbers."),
        (sender in _FROM, *_FROM.get(sender, (0, ""))),
        (sender and sender != NUMBER, 21606, "The 'From' number is not one of yours."),
        (not _E164.fullmatch(to), 21211, "The 'To' number is not a valid phone number."),
        (to in _TO, *_TO.get(to, (0, ""))),
        (not 1 <= int(wishes.get("ValidityPeriod", 1)) <= 36_000, 20001, "ValidityPeriod"),
        (wishes.get("SmartEncoded", "true") not in {"true", "false"}, 20001, "SmartEncoded"),
        (not _is_url(wishes.get("StatusCallback", "https://a.example")), 21609, "StatusCallback"),
    )
    for wrong, code, words in faults:
        if wrong:
            raise Refused(code, words)


def _is_url(text: str) -> bool:
    return urlsplit(text).scheme in {"http", "https"} and bool(urlsplit(text).hostname)


def _text(wishes: Mapping[str, str]) -> dict[str, Any]:
    sid = f"SM{secrets.token_hex(16)}"
    service = wishes.get("MessagingServiceSid")
    return {
        "sid": sid,
        "account_sid": ACCOUNT,
        "api_version": "2010-04-01",
        "to": wishes["To"],
        "from": wishes.get("From"),  # a service chooses its number later
        "messaging_service_sid": service,
        "body": wishes["Body"],
        "status": "accepted" if service else "queued",
        "num_segments": "0" if service else "1",
        "num_media": "0",
        "direction": "outbound-api",
        "date_created": _stamp(),
        "date_updated": _stamp(),
        "date_sent": None,
        "error_code": None,
        "error_message": None,
        "price": None,
        "price_unit": "USD",
        "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json",
    }


def _stamp() -> str:
    return format_datetime(datetime.now(UTC))


def _dropped(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _serve(chosen: argparse.Namespace) -> None:
    folder = Path(chosen.folder)
    folder.mkdir(parents=True, exist_ok=True)
    server = TwilioStandIn(
        port=chosen.port,
        folder=folder,
        delay=chosen.delay,
        lag=chosen.lag,
        chances={name: float(chance) for name, chance in chosen.chance},
    )
    if chosen.fault:
        server.fail(chosen.fault, times=chosen.times)
    async with server:
        print(server.port, flush=True)
        await asyncio.Event().wait()


def _choices() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=5)
    parser.add_argument("--lag", type=float, default=0)
    parser.add_argument("--chance", nargs=2, action="append", default=[])  # drop_after 0.1
    parser.add_argument("--fault", choices=FAULTS)
    parser.add_argument("--times", type=int, default=1_000_000)
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(_serve(_choices()))
