"""The bytes of an e-mail mean, to the standard parser, what the letter said."""

import re
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.couriers.email.mime import Mailbox, compose, display_name, one_line
from bot.messages import Letter
from tests.couriers.conftest import LETTER

Write = Callable[..., Letter]
SENDER = Mailbox("Maple Court", "invites@mail.example")

HOSTILE = [
    "Ana\r\nBcc: all@mail.example",
    "Ana\u2028Bcc: all@mail.example",
    "\u202eevil\u202c Ana",
    "=?utf-8?q?Ana?= =?utf-8?q?Ruiz?=",
    'Ana "the" <boss@bank.example>, Bo',
    "Ana \\",
    "👩🏽‍🌾 Ana",
    "Анна Каренина, дочь Аркадия, жена Алексея Александровича Каренина",
    "م‌ی‌خواهم",
    "\x00\x07\x1b[31mAna",
    "",
    "   ",
    "A" * 500,
    "https://evil.example/login Ana",
]
hostile = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=300),
    st.lists(st.sampled_from([*HOSTILE, "\r\n", "=?", "?=", " ", "é"]), max_size=6).map("".join),
)


def parsed(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=policy.default)


def shown_sender(content: bytes) -> str:
    """From as people see it; the newer parser puts spaces between the encoded words of a name."""
    unfolded = re.sub(r"\r?\n", "", message_from_bytes(content)["From"])
    return str(make_header(decode_header(unfolded))).replace('"', "")


def words_of(text: str) -> str:
    """What a person may read of a body: line breaks are one, and none comes last."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip()


def test_the_headers_are_those_of_an_invitation(letter: Write) -> None:
    message = parsed(compose(letter(), SENDER))
    assert message.defects == []
    assert dict(message.items()) == {
        "From": "Ana Ruiz via Maple Court <invites@mail.example>",
        "To": "lena@resident.example",
        "Subject": "Ana Ruiz invited you to join Maple Court",
        "Date": "Sun, 22 Nov 2026 08:30:00 +0000",
        "Message-ID": "<inv.17.1.x3f9k2@mail.example>",
        "List-Unsubscribe": f"<{letter().opt_out}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Feedback-ID": "invitation:maple-court:transactional:porchlight",
        "MIME-Version": "1.0",
        "Content-Type": message["Content-Type"],
    }
    assert parsedate_to_datetime(message["Date"]) == letter().date


def test_both_parts_are_there_text_first(letter: Write) -> None:
    message = parsed(compose(letter(), SENDER))
    parts = list(message.iter_parts())
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert {part["Content-Transfer-Encoding"] for part in parts} == {"quoted-printable"}
    assert words_of(parts[0].get_content()) == words_of(letter().text)
    assert words_of(parts[1].get_content()) == words_of(letter().html)


def test_long_links_and_ids_are_never_encoded_nor_folded(letter: Write) -> None:
    identity = f"<inv.17.1.{'k' * 80}@mail.example>"
    written = letter(
        message_id=identity, replies_to=identity, opt_out="https://x.example/" + "o" * 300
    )
    content = compose(written, SENDER)
    assert f"\r\nList-Unsubscribe: <{written.opt_out}>\r\n".encode() in content
    for name in ("Message-ID", "In-Reply-To", "References"):
        assert f"\r\n{name}: {identity}\r\n".encode() in content


def test_a_resend_points_at_the_first_letter(letter: Write) -> None:
    first = "<inv.17.1.x3f9k2@mail.example>"
    message = parsed(
        compose(letter(message_id="<inv.17.2.y@mail.example>", replies_to=first), SENDER)
    )
    assert (message["In-Reply-To"], message["References"]) == (first, first)


@pytest.mark.parametrize("event", ["household_link", "household_joined"])
def test_only_an_invitation_offers_one_click(event: str, letter: Write) -> None:
    message = parsed(compose(letter(event=event), SENDER))
    assert message["List-Unsubscribe"] is None
    assert message["List-Unsubscribe-Post"] is None
    assert message["Feedback-ID"].startswith(event)


def test_a_reminder_offers_one_click_like_an_invitation(letter: Write) -> None:
    message = parsed(compose(letter(event="reminder"), SENDER))
    assert message["List-Unsubscribe"] == f"<{letter().opt_out}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_one_click_needs_https(letter: Write) -> None:
    message = parsed(compose(letter(opt_out="http://127.0.0.1:8080/o/x"), SENDER))
    assert message["List-Unsubscribe"] == "<http://127.0.0.1:8080/o/x>"
    assert message["List-Unsubscribe-Post"] is None


def test_a_mail_can_opt_out_too_and_no_address_is_folded(letter: Write) -> None:
    stop = "bounces+stop-h-x3f9k2m4qa@mail.example"
    content = compose(letter(), SENDER, stop_address=stop)
    both = f"\r\nList-Unsubscribe: <{letter().opt_out}>, <mailto:{stop}>\r\n"
    assert both.encode() in content
    assert parsed(content)["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert stop.encode() not in compose(letter(event="household_link"), SENDER, stop_address=stop)


def test_more_headers_are_added_as_they_are(letter: Write) -> None:
    more = {"X-Mailgun-Variables": '{"delivery": "' + "k" * 90 + '"}'}
    message = parsed(compose(letter(), SENDER, more=more))
    assert message["X-Mailgun-Variables"] == more["X-Mailgun-Variables"]
    with pytest.raises(ValueError, match="one line of ASCII"):
        compose(letter(), SENDER, more={"X-Tag": "a\r\nBcc: b@c.example"})


def test_headers_that_mail_programs_show_badly_are_absent(letter: Write) -> None:
    absent = ("Precedence", "X-Priority", "Return-Path", "Disposition-Notification-To", "Reply-To")
    message = parsed(compose(letter(), SENDER))
    assert [name for name in absent if name in message] == []


def test_the_same_letter_gives_the_same_bytes(letter: Write) -> None:
    assert compose(letter(), SENDER) == compose(letter(), SENDER)
    assert compose(letter(), SENDER) != compose(letter(message_id="<b@mail.example>"), SENDER)


@pytest.mark.parametrize("field", ["to", "message_id", "replies_to", "opt_out", "community"])
@pytest.mark.parametrize("value", ["a\r\nBcc: b@c.example", "a\nb", "é@mail.example", "a\x00b"])
def test_what_is_not_made_of_words_is_refused_rather_than_mended(
    field: str, value: str, letter: Write
) -> None:
    with pytest.raises(ValueError, match="one line of ASCII"):
        compose(letter(**{field: value}), SENDER)


USUAL = parsed(compose(LETTER, SENDER)).keys()


@given(name=hostile, subject=hostile)
def test_no_name_can_break_out_of_its_header(name: str, subject: str) -> None:
    content = compose(replace(LETTER, sender_name=name, subject=subject), SENDER)
    message = parsed(content)
    assert message.defects == []
    assert message.keys() == USUAL
    [sender] = message["From"].addresses
    assert sender.addr_spec == SENDER.address
    assert shown_sender(content) == f"{display_name(name) or SENDER.name} <{SENDER.address}>"
    assert message["Subject"] == one_line(subject)[:200].rstrip()


@given(text=st.text(max_size=2000), html=st.text(max_size=2000))
def test_any_body_comes_back_as_it_was(text: str, html: str) -> None:
    message = parsed(compose(replace(LETTER, text=text, html=html), SENDER))
    plain, rich = message.iter_parts()
    assert words_of(plain.get_content()) == words_of(text)
    assert words_of(rich.get_content()) == words_of(html)


@given(name=hostile, subject=hostile, text=hostile)
def test_the_bytes_are_what_the_wire_takes(name: str, subject: str, text: str) -> None:
    content = compose(replace(LETTER, sender_name=name, subject=subject, text=text), SENDER)
    lines = content.split(b"\r\n")
    assert content.isascii()
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert max(map(len, lines)) <= 998, "RFC 5322, section 2.1.1"
    head, _, body = content.partition(b"\r\n\r\n")
    assert max(len(line) for line in body.split(b"\r\n")) <= 76, "RFC 2045, section 6.7"
    encoded = [line for line in head.split(b"\r\n") if b"=?utf-8?b?" in line]
    assert all(len(line) <= 76 for line in encoded), "RFC 2047, section 2"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Ana Ruiz via Maple Court", "Ana Ruiz via Maple Court"),
        ('Ana "the" <boss@bank.example>', "Ana the boss bank.example"),
        ("https://evil.example/login Ana", "Ana"),
        ("www.evil.example", ""),
        ("Ana\r\nRuiz", "Ana Ruiz"),
        ("\u202eanA", "anA"),
        ("A" * 100, "A" * 64),
        ("👩🏽‍🌾 Ana", "👩🏽‍🌾 Ana"),
        ("St. Mary's & Co.", "St. Mary's & Co."),
    ],
)
def test_a_display_name_holds_a_name_alone(written: str, shown: str) -> None:
    assert display_name(written) == shown


def test_without_any_name_the_address_stands_alone(letter: Write) -> None:
    content = compose(letter(sender_name="<>"), Mailbox("", "invites@mail.example"))
    assert content.startswith(b"From: invites@mail.example\r\n")
