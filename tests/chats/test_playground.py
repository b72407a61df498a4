"""The playground's API: the shapes it promises, to this computer only, whatever is said."""

import io
import json
import unicodedata
from typing import Any

import httpx
import pypdf
import pytest

from bot.app import House
from storage.tables import Invitation
from tests.chats.conftest import client
from tests.community import scene

POSTED = "/playground/calls"
HOSTILE = [
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "'; DROP TABLE member; --",
    "a\x00b",
    "a\r\nBcc: all@example.org",
    "\u202egnirts",
    "%s%n%00 {0} {why}",
    "=cmd|' /C calc'!A0",
    "9" * 4400,  # more digits than Python makes a number of
    "٣٤٥",
    "²",
    "-1",
    "ا" * 300,
]
WAYS = [
    "hello {}",
    "/{}",
    "/invite {}",
    "/invite email {}",
    "/invite text {}",
    "/invite pass {}",
    "/invite send {}",
    "/invite send 1 {}",
    "/invite cancel {}",
    "/passes {}",
    "/passes again {}",
    "/passes void {}",
    "/passes handed-out {}",
    "/invites {}",
    "/invites page {}",
    "/invites resend {}",
    "/invites fix {}",
    "/invites fix 1 {}",
    "/invites email 1 {}",
    "/invites void {}",
    "/members {}",
    "/members page {}",
    "/announce {}",
    "/help {}",
    "/community {}",
    "/community name {}",
    "/community days {}",
]


async def say(script: httpx.AsyncClient, text: str, **more: Any) -> dict[str, Any]:
    """Say something; gives the reply."""
    answer = await script.post(POSTED, json={"text": text, **more})
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"reply"}
    reply: dict[str, Any] = answer.json()["reply"]
    return reply


async def listed(script: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    """What a list of the API shows."""
    answer = await script.get(f"/playground/{path}")
    assert answer.status_code == 200
    rows: list[dict[str, Any]] = answer.json()
    return rows


# Shapes


async def test_a_reply_has_text_buttons_files_and_form(script: httpx.AsyncClient) -> None:
    reply = await say(script, "/help")
    assert reply.keys() == {"text", "buttons", "files", "form"}
    assert reply["buttons"][0].items() >= {"label": "Invite members", "call": "/invite"}.items()
    assert (reply["files"], reply["form"]) == ([], None)
    form = (await say(script, "/invite"))["form"]
    assert form.keys() >= {"title", "call", "fields", "submit", "intro"}
    assert {field["name"] for field in form["fields"]} == {
        "way",
        "to",
        "count",
        "label",
        "language",
    }
    assert form["fields"][0]["options"][0].keys() == {"value", "label"}
    assert form["fields"][1]["shown_for"] == {"field": "way", "value": "email"}


async def test_a_form_is_filled_in_by_name(script: httpx.AsyncClient) -> None:
    fields = {"way": "text", "to": "201 555 0123", "count": "4", "label": ""}
    assert "+1 201-555-0123" in (await say(script, "/invite", fields=fields))["text"]


async def test_passes_come_as_a_pdf_of_live_codes(house: House, script: httpx.AsyncClient) -> None:
    reply = await say(script, "/passes 3 Élm Street")
    (file,) = reply["files"]
    assert file.keys() == {"name", "type", "alt", "url"}
    assert file["name"].endswith(".pdf")
    answer = await script.get(file["url"])
    assert answer.headers["content-type"] == "application/pdf"
    text = "".join(
        page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages
    )
    rows = await scene.all_of(house.services, Invitation)
    found = [scene.code_of(house.services, row) for row in rows]
    assert len(found) == 3
    plain = "".join(filter(str.isalnum, text))
    assert all(code in plain for code in found)


async def test_a_letter_and_its_receipt_can_be_followed(
    house: House, script: httpx.AsyncClient
) -> None:
    await say(script, "/invite ana@example.org")
    await scene.all_done(house.services)
    (letter,) = await listed(script, "letters")
    assert letter.keys() >= {"id", "medium", "to", "subject", "text", "html", "link", "state"}
    assert (letter["medium"], letter["to"], letter["state"]) == ("email", "ana@example.org", "sent")
    assert "Robin Vale" in letter["subject"]
    assert letter["link"] in letter["text"]
    assert letter["link"] in letter["html"]
    receipt = (await listed(script, "messages"))[-1]
    assert receipt.keys() >= {"id", "channel", "text", "buttons", "at"}
    assert "ana@example.org: the e-mail has been sent" in receipt["text"]
    told = await script.post(
        f"/playground/letters/{letter['id']}/events", json={"event": "bounced"}
    )
    assert told.json() == {"state": "bounced"}
    await scene.all_done(house.services)
    edited = (await listed(script, "messages"))[-1]
    assert edited["id"] == receipt["id"]
    assert "did not arrive" in edited["text"]
    assert (await listed(script, "letters"))[0]["state"] == "bounced"


async def test_what_is_said_stays_and_settled_buttons_go(script: httpx.AsyncClient) -> None:
    reply = await say(script, "/invite ana@gmial.com")
    send = next(button for button in reply["buttons"] if button["label"] == "Send as typed")
    await say(script, send["call"])
    messages = await listed(script, "messages")
    assert [row["author"] for row in messages[:4]] == ["leader", "bot", "leader", "bot"]
    assert messages[0]["text"] == "/invite ana@gmial.com"
    assert messages[1]["buttons"] == []


async def test_an_unchanged_list_is_not_sent_again(script: httpx.AsyncClient) -> None:
    await say(script, "/help")
    tag = (await script.get("/playground/messages")).headers["etag"]
    again = await script.get("/playground/messages", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    await say(script, "/help")
    new = await script.get("/playground/messages", headers={"If-None-Match": tag})
    assert new.status_code == 200


async def test_the_menu_is_what_can_be_said(script: httpx.AsyncClient) -> None:
    menu = await listed(script, "commands")
    assert {"invite", "passes", "invites", "members", "help"} <= {item["name"] for item in menu}
    assert all(item["summary"] and item["usages"] for item in menu)


# This computer only


STRANGERS: list[tuple[str, str, dict[str, str]]] = [
    ("203.0.113.9", "http://127.0.0.1:8080", {}),
    ("127.0.0.1", "http://join.example.org", {}),
    ("127.0.0.1", "http://127.0.0.1.example.org", {}),
    ("127.0.0.1", "http://127.0.0.1:8080", {"X-Forwarded-For": "127.0.0.1"}),
    ("127.0.0.1", "http://127.0.0.1:8080", {"Forwarded": "for=127.0.0.1"}),
    ("127.0.0.1", "http://127.0.0.1:8080", {"Via": "1.1 proxy"}),
    ("127.0.0.1", "http://127.0.0.1:8080", {"Host": "[::1"}),
    ("127.0.0.1", "http://127.0.0.1:8080", {"Host": "@@"}),
    ("127.0.0.1", "http://127.0.0.1:8080", {"Host": "a\\b"}),
]


async def test_strangers_see_nothing(house: House) -> None:
    for peer, address, headers in STRANGERS:
        async with client(house, peer=peer, address=address) as stranger:
            for path in ("", "/", "/messages", "/letters", "/state", "/files/x/y"):
                answer = await stranger.get(f"/playground{path}", headers=headers)
                assert answer.status_code in {400, 403}, (peer, address, headers, path)


@pytest.mark.parametrize("address", ["http://localhost:8080", "http://[::1]:8080"])
async def test_this_computer_has_many_names(house: House, address: str) -> None:
    async with client(house, peer="::1", address=address) as script:
        assert (await script.get("/playground/messages")).status_code == 200


FORGED = [
    {"Content-Type": "application/x-www-form-urlencoded"},
    {"Content-Type": "text/plain"},
    {"Content-Type": "multipart/form-data; boundary=x"},
    {},
    {"Content-Type": "application/json", "Sec-Fetch-Site": "cross-site"},
    {"Content-Type": "application/json", "Sec-Fetch-Site": "same-site"},
]


async def test_a_strangers_page_cannot_speak_for_the_leader(
    house: House, script: httpx.AsyncClient
) -> None:
    for headers in FORGED:
        answer = await script.post(POSTED, headers=headers, content=b'{"text": "/passes 1"}')
        assert answer.status_code == 403, headers
    assert await scene.all_of(house.services, Invitation) == []
    assert await listed(script, "messages") == []


# Whatever is sent


NO_CALLS = [
    (b"", 400),
    (b"{", 400),
    (b"\xff\xfe", 400),
    (b"[" * 60_000, 400),
    (b'{"text": "\\ud83d"}', 400),
    (b'{"text": "/help", "fields": {"\\ude00": "x"}}', 400),
    (b'["text"]', 400),
    (b"null", 400),
    (b"{}", 422),
    (b'{"text": 7}', 422),
    (b'{"text": "  "}', 422),
    (b'{"text": "/help", "fields": ["x"]}', 422),
    (b'{"text": "/help", "fields": {"x": 7}}', 422),
    (b'{"text": "/help", "channel": "elsewhere"}', 422),
    (b'{"text": "/help", "channel": ["leader"]}', 422),
    (b'{"text": "' + b"x" * 140_000 + b'"}', 413),
    (b'{"text": "' + b"x" * 140_000 + b'", "files": [{"name": "a.csv", "content": "YQ=="}]}', 413),
    (b'{"files": [{"name": "a.csv", "content": "' + b"YQ==" * 1_900_000 + b'"}]}', 413),
    (b'{"files": [{"name": "a.csv", "content": "no base64!"}]}', 422),
    (b'{"files": [{"name": " ", "content": "YQ=="}]}', 422),
    (b'{"files": ["a.csv"]}', 422),
    (b'{"files": {"name": "a.csv"}}', 422),
    (b'{"text": "/help", "as": "Sam Ode"}', 422),
    (b'{"text": "/help", "as": 7}', 422),
    (b'{"channel": "announcements", "files": [{"name": "a.csv", "content": "YQ=="}]}', 422),
]


async def test_what_is_not_a_call_is_refused_in_words(script: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    for body, status in NO_CALLS:
        answer = await script.post(POSTED, content=body, headers=headers)
        assert answer.status_code == status, body[:60]
        assert answer.json()["error"]


async def test_an_unknown_letter_has_no_fate(script: httpx.AsyncClient) -> None:
    for number in ("0", "7", "9" * 30):
        path = f"/playground/letters/{number}"
        answer = await script.post(f"{path}/events", json={"event": "delivered"})
        assert answer.status_code == 404
        assert (await script.get(f"{path}/html")).status_code == 404


async def test_an_unknown_event_is_refused(script: httpx.AsyncClient) -> None:
    for event in ("", "queued", "delivered ", None, 7, ["sent"], {"a": 1}):
        answer = await script.post("/playground/letters/1/events", json={"event": event})
        assert answer.status_code == 422
        assert "delivered" in answer.json()["error"]


async def test_hostile_words_get_an_answer_wherever_they_stand(script: httpx.AsyncClient) -> None:
    await say(script, "/invite ana@example.org")
    bad = []
    for hostile in HOSTILE:
        for way in WAYS:
            text = way.replace("{}", hostile)
            if problem := await trouble(script, {"text": text}):
                bad.append((way, hostile[:20], problem))
    assert not bad
    assert len(await listed(script, "messages")) == 200


async def test_hostile_words_may_stand_in_every_field(script: httpx.AsyncClient) -> None:
    await say(script, "/invite ana@example.org")
    form = (await say(script, "/community edit"))["form"]
    names = [field["name"] for field in form["fields"]]
    bad = []
    for hostile in HOSTILE:
        every = dict.fromkeys(names, hostile)
        for text, fields in (
            ("/community edit", every),
            ("/community edit", {"name": hostile, hostile[:20]: hostile}),
            ("/invite", {"way": hostile, "to": hostile}),
            ("/invite", {"way": "text", "to": hostile}),
            ("/invite", {"way": "pass", "count": hostile, "label": hostile}),
            ("/passes", {"count": hostile}),
            ("/invites fix 1", {"to": hostile}),
            ("/invites text 1", {"to": hostile}),
        ):
            if problem := await trouble(script, {"text": text, "fields": fields}):
                bad.append((text, hostile[:20], problem))
    assert not bad


@pytest.mark.parametrize("label", ["a\x00b\r\n\u202ec", "<b>{{ 7 * 7 }}</b>", "#panic()"])
async def test_a_hostile_label_is_only_a_label(script: httpx.AsyncClient, label: str) -> None:
    assert not await trouble(script, {"text": "/passes", "fields": {"count": "1", "label": label}})
    (batch,) = (await say(script, "/passes"))["text"].splitlines()[1:]
    assert batch.startswith("Batch 1")


async def trouble(script: httpx.AsyncClient, said: dict[str, Any]) -> str:
    """What is wrong with the answer, if anything."""
    headers = {"Content-Type": "application/json"}
    answer = await script.post(POSTED, content=json.dumps(said).encode(), headers=headers)
    if answer.status_code != 200:
        return f"status {answer.status_code}"
    text: str = answer.json()["reply"]["text"]
    odd = [
        char for char in text if char != "\n" and unicodedata.category(char) in {"Cc", "Cf", "Cs"}
    ]
    if odd or not text or "went wrong" in text or "49" in text:
        return text
    return ""


async def test_the_head_of_the_page_is_of_the_community_in_use(script: httpx.AsyncClient) -> None:
    assert (await script.get("/playground/state")).json()["community"] == "Maple Court"
    reply = await say(script, "/use new Oak Hill")
    assert (await script.get("/playground/state")).json()["community"] == "Oak Hill"
    [edit, *_] = reply["buttons"]
    shown = await say(script, edit["call"], fields={"name": "Oak Yard"})
    assert shown["text"].startswith("Oak Yard")
    asked = [row["text"] for row in await listed(script, "messages") if row["author"] == "leader"]
    assert asked[-1].startswith("/community edit\n"), "what was said, without its mark"
    state = (await script.get("/playground/state")).json()
    assert (state["community"], state["colour"]) == ("Oak Yard", "#0b4f58")
