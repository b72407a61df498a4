"""The guard: no forged, huge, slow or strange request passes, and no error shows its insides."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
import structlog
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route, Router
from starlette.types import Message

from bot.ports import Services
from bot.web.guard import guarded, origin, tidy_path
from bot.web.visits import client_address, visit
from storage.database import DatabaseAway, Storage
from tests.web.conftest import Clock, box
from tests.web.visitor import ADDRESS, HOME, Page, Visitor

OURS = {"Sec-Fetch-Site": "same-origin"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


# Forged forms


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": "cross-site", "Origin": ADDRESS},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": f"{ADDRESS}.evil.example"},
        {"Origin": "http://join.example.org"},
        {"Origin": f"{ADDRESS}:8443"},
        {"Origin": "https://evil.example", "Host": "evil.example"},
        {"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example"},
    ],
    ids=str,
)
async def test_a_form_from_elsewhere_is_refused(visitor: Visitor, headers: dict[str, str]) -> None:
    page = await visitor.open("/join")
    answer = await visitor.client.post("/join", data=page.forms[0].fields, headers=headers)
    assert answer.status_code == 403
    assert "Nothing was changed" in answer.text


@pytest.mark.parametrize("headers", [OURS, {"Sec-Fetch-Site": "none"}, {"Origin": ADDRESS}, {}])
async def test_a_form_of_ours_passes(visitor: Visitor, headers: dict[str, str]) -> None:
    page = await visitor.open("/join")
    answer = await visitor.client.post("/join", data=page.forms[0].fields, headers=headers)
    assert answer.status_code == 422  # the guard let it in, the empty code was noticed


@pytest.mark.parametrize("token", ["", "0" * 32, "ü" * 32, "%00", "a" * 5000])
async def test_a_form_needs_its_token(visitor: Visitor, token: str) -> None:
    await visitor.open("/join")
    answer = await visitor.client.post("/join", data={"token": token}, headers=OURS)
    assert answer.status_code == 403


async def test_a_token_works_in_its_own_browser_only(app: Starlette, visitor: Visitor) -> None:
    page = await visitor.open("/join")
    stranger = Visitor(app)
    await stranger.open("/join")
    assert (await stranger.send(page)).status_code == 403
    without_cookies = Visitor(app)
    assert (await without_cookies.send(page)).status_code == 403


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_other_ways_to_change_something_are_checked_too(
    visitor: Visitor, method: str
) -> None:
    answer = await visitor.client.request(method, "/household")
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://Join.Example.org", "https://join.example.org"),
        ("https://join.example.org:443", "https://join.example.org"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://example.org:80", "http://example.org"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(address: str, expected: str) -> None:
    assert origin(address) == expected


# Cookies


async def test_the_cookie_keeps_to_itself(visitor: Visitor) -> None:
    cookie = (await visitor.open("/join")).response.headers["set-cookie"]
    assert cookie.startswith("__Host-porchlight=")
    for word in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=2592000"):
        assert word in cookie
    assert "set-cookie" not in (await visitor.open("/join")).response.headers


async def test_at_home_the_cookie_does_without_https(sqlite_storage: Storage) -> None:
    from bot.web import routes

    services = box(sqlite_storage, public_url="")
    visitor = Visitor(Starlette(routes=routes(services)), address=services.settings.address)
    page = await visitor.open("/join")
    cookie = page.response.headers["set-cookie"]
    assert cookie.startswith("porchlight=")
    assert "Secure" not in cookie
    assert "strict-transport-security" not in page.response.headers
    assert (await visitor.submit(page)).status == 422


async def test_a_cookie_of_another_shape_is_replaced(visitor: Visitor) -> None:
    headers = {"Cookie": "__Host-porchlight=<script>"}
    answer = await visitor.client.get("/join", headers=headers)
    assert re.search(r"__Host-porchlight=[A-Za-z0-9_-]{22};", answer.headers["set-cookie"])


# Headers


@pytest.mark.parametrize(
    "path",
    ["/", "/join", "/j/nonsense", "/nowhere", "/household", "/household/link", "/o/x", "/h/x"],
)
async def test_every_answer_has_its_headers(visitor: Visitor, path: str) -> None:
    headers = (await visitor.client.get(path)).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'nonce-")
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "form-action 'self'" in policy
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "noindex" in headers["x-robots-tag"]
    assert headers["strict-transport-security"].startswith("max-age=31536000")


async def test_every_page_has_its_own_nonce(visitor: Visitor) -> None:
    first, second = [await visitor.open("/join") for _ in range(2)]
    nonces = [re.findall(r'<style nonce="([^"]+)"', page.html) for page in (first, second)]
    assert nonces[0] != nonces[1]
    for page, found in zip((first, second), nonces, strict=True):
        assert f"'nonce-{found[0]}'" in page.response.headers["content-security-policy"]


# Bodies


async def test_a_huge_body_is_refused_before_all_of_it_is_read(visitor: Visitor) -> None:
    read = []

    async def body() -> AsyncIterator[bytes]:
        for number in range(1000):
            read.append(number)
            yield b"a" * 1024

    answer = await visitor.client.post("/join", content=body(), headers={**OURS, **FORM})
    assert answer.status_code == 413
    assert len(read) < 20


@pytest.mark.parametrize("content", [b"a=1&" * 60, b"a" * 16385])
async def test_too_many_fields_or_bytes_are_refused(visitor: Visitor, content: bytes) -> None:
    answer = await visitor.client.post("/join", content=content, headers={**OURS, **FORM})
    assert answer.status_code == 413


async def test_a_dribbling_body_is_given_up(visitor: Visitor) -> None:
    async def body() -> AsyncIterator[bytes]:
        while True:
            yield b"a"
            await asyncio.sleep(0.05)

    answer = await visitor.client.post("/join", content=body(), headers={**OURS, **FORM})
    assert answer.status_code == 408


async def test_a_body_that_breaks_off_changes_nothing(app: Starlette) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/join", "headers": [], "query_string": b""}
    await app(scope, receive, send)
    assert sent[0]["status"] == 408


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe\x00", b"%", b"%zz=%zz", b"code=%ff%fe", b"code=%00", b"&&&&", b"=" * 400, b"[]"],
)
async def test_a_broken_body_is_no_error_of_ours(visitor: Visitor, content: bytes) -> None:
    page = await visitor.open("/join")
    body = b"token=" + page.value("token").encode() + b"&" + content
    answer = await visitor.client.post("/join", content=body, headers={**OURS, **FORM})
    assert answer.status_code == 422


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/json", "", ";"])
async def test_only_our_kind_of_form_is_read(visitor: Visitor, kind: str) -> None:
    page = await visitor.open("/join")
    headers = {**OURS, "Content-Type": kind}
    content = f"token={page.value('token')}"
    answer = await visitor.client.post("/join", content=content, headers=headers)
    assert answer.status_code == 403


# Addresses


@pytest.mark.parametrize(
    ("proxies", "heard", "expected"),
    [
        (0, [], HOME),
        (0, ["198.51.100.1"], HOME),
        (1, ["198.51.100.1"], "198.51.100.1"),
        (1, ["10.0.0.1, 198.51.100.1"], "198.51.100.1"),
        (1, ["10.0.0.1", "198.51.100.1"], "198.51.100.1"),
        (2, ["10.0.0.1, 198.51.100.1, 192.0.2.7"], "198.51.100.1"),
        (2, ["198.51.100.1"], HOME),
        (1, [], HOME),
        (1, ["unknown"], HOME),
        (1, ["198.51.100.1:4711"], "198.51.100.1"),
        (1, ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        (1, ["[2001:db8:1:2::9]:4711"], "2001:db8:1:2::/64"),
        (1, ["::ffff:198.51.100.1"], "198.51.100.1"),
        (1, ["[" * 50], HOME),
    ],
    ids=str,
)
def test_the_address_is_counted_from_the_right(
    proxies: int, heard: list[str], expected: str
) -> None:
    headers = Headers(raw=[(b"x-forwarded-for", value.encode()) for value in heard])
    assert client_address(HOME, headers, proxies=proxies) == expected


async def test_a_visitor_cannot_choose_an_address(services: Services) -> None:
    visitor = Visitor(_app(services, say_source))
    for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP"):
        answer = await visitor.client.get("/probe", headers={name: "198.51.100.1"})
        assert answer.text == HOME


async def test_a_host_header_changes_nothing(visitor: Visitor) -> None:
    ours = await visitor.open("/join")
    theirs = await visitor.open(
        "/join", **{"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    )
    assert "evil" not in theirs.html + str(theirs.response.headers)
    assert ours.forms[0].action == theirs.forms[0].action


# Paths


@pytest.mark.parametrize(
    ("path", "tidy"),
    [
        ("/", "/"),
        ("/JOIN", "/join"),
        ("/Join/", "/join"),
        ("/J/7KQM", "/j/7KQM"),
        ("//evil.example/x", "/evil.example/x"),
        ("/h/AbC.dEf", "/h/AbC.dEf"),
    ],
)
def test_a_path_is_read_kindly(path: str, tidy: str) -> None:
    assert tidy_path(path) == tidy


@pytest.mark.parametrize(
    "path", ["/nowhere", "/j", "/j/a/b", "/..%2f..%2fetc", "/%00", "/join.php"]
)
async def test_a_page_that_is_not_here_says_so(visitor: Visitor, path: str) -> None:
    page = await visitor.open(path)
    assert page.status == 404
    assert "There is nothing at this address" in page.text


@pytest.mark.parametrize(
    "path", ["/", "/j/x", "/welcome", "/household", "/o/x", "/h/x", "/healthz"]
)
async def test_asking_what_is_allowed_is_answered(visitor: Visitor, path: str) -> None:
    answer = await visitor.client.options(path)
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize("name", ["next", "redirect", "return_to", "url", "continue"])
@pytest.mark.parametrize("where", ["https://evil.example", "//evil.example"])
async def test_nobody_is_sent_elsewhere(visitor: Visitor, name: str, where: str) -> None:
    for path in ("/household", "/welcome", "/join"):
        answer = await visitor.client.get(path, params={name: where})
        assert "evil" not in answer.headers.get("location", "") + answer.text


# Errors


async def say_source(request: Request) -> Response:
    """Answer with the address that limits count by."""
    return PlainTextResponse(visit(request).source)


async def break_down(request: Request) -> Response:
    """Fail as code fails, with a resident's words in the message."""
    words = request.query_params["words"]
    try:
        return PlainTextResponse(str(int(words)))
    except ValueError as error:
        raise RuntimeError(f"cannot keep {words}") from error


async def database_away(_request: Request) -> Response:
    """Fail as storage does when the database is away."""
    raise DatabaseAway


def _app(services: Services, endpoint: Callable[[Request], Awaitable[Response]]) -> Starlette:
    router = Router([Route("/probe", endpoint)])
    return Starlette(routes=[Mount("/", guarded(router, services, clock=Clock()))])


async def test_an_unknown_error_is_noted_once_without_anybody_in_it(services: Services) -> None:
    visitor = Visitor(_app(services, break_down))
    with structlog.testing.capture_logs() as lines:
        answer = await visitor.client.get("/probe", params={"words": "Rosa 7KQM-4TXP-2WNF"})
    assert answer.status_code == 500
    (line,) = lines
    assert line["event"] == "web.failed"
    assert re.fullmatch(r"[0-9a-f]{8}", line["reference"])
    assert line["reference"] in answer.text
    assert "break_down" in line["trace"]
    assert "builtins.ValueError" in line["trace"]
    for secret in ("Rosa", "7KQM", "RuntimeError"):
        assert secret not in answer.text
    for secret in ("Rosa", "7KQM"):
        assert secret not in str(line)


async def test_an_error_page_has_its_headers_too(services: Services) -> None:
    visitor = Visitor(_app(services, break_down))
    answer = await visitor.client.get("/probe", params={"words": "x"})
    assert answer.headers["cache-control"] == "no-store"
    assert Page(answer).text


async def test_while_the_database_is_away_a_page_says_so(services: Services) -> None:
    visitor = Visitor(_app(services, database_away))
    with structlog.testing.capture_logs() as lines:
        answer = await visitor.client.get("/probe")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "20"
    assert "Nothing was lost" in answer.text
    assert lines == []


async def test_a_closed_database_is_noticed_by_whoever_watches(services: Services) -> None:
    from bot.web import routes

    visitor = Visitor(Starlette(routes=routes(services)))
    assert (await visitor.client.get("/readyz")).text == "ok"
    await services.storage.close()
    assert (await visitor.client.get("/readyz")).status_code == 503
    assert (await visitor.client.get("/healthz")).text == "ok"


async def test_a_websocket_is_turned_away(app: Starlette) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/join", "headers": [], "query_string": b""}
    await app(scope, receive, send)
    assert sent[0]["type"] == "websocket.close"


async def test_asking_for_headers_only_is_answered(visitor: Visitor) -> None:
    answer: httpx.Response = await visitor.client.head("/join")
    assert answer.status_code == 200
