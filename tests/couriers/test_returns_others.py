"""Complaints, mails that say stop, reports in plain words, and what says nothing about a letter."""

import pytest

from bot.couriers.email import compose
from bot.couriers.email.mime import Mailbox
from tests.couriers.conftest import LETTER
from tests.couriers.mails import (
    BACK,
    MESSAGE_ID,
    TAG,
    TAGGED,
    complaint,
    prose,
    read,
    report,
    told,
)

# Complaints


def test_a_complaint_names_the_letter_by_its_message_id_or_its_sender() -> None:
    by_id = read(complaint())
    assert by_id is not None
    assert (by_id.event, by_id.tag, by_id.message_id) == ("complained", "", MESSAGE_ID)
    for written in (complaint(mailed_from=TAGGED), complaint(came_to=TAGGED)):
        by_sender = read(written)
        assert by_sender is not None
        assert (by_sender.event, by_sender.tag) == ("complained", TAG)


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", ""])
def test_what_is_no_complaint_is_left(kind: str) -> None:
    assert read(complaint(kind)) is None


def test_a_complaint_about_nothing_is_left() -> None:
    assert read(complaint(message_id="")) is None


# A mail that says stop


STOP = f"bounces+stop-{TAG}@mail.example"


def test_a_mail_to_the_stop_address_opts_out_whoever_it_says_it_is_from() -> None:
    news = read(prose("", came_to=STOP, sender="lena@resident.example"))
    assert news is not None
    assert (news.event, news.tag) == ("opted_out", TAG)


def test_who_took_it_back_may_ask_again() -> None:
    asked = [
        prose("", f"Message-ID: <{each}@home.example>", came_to=STOP, sender="lena@home.example")
        for each in "aab"
    ]
    first, again, later = (news.key for news in map(read, asked) if news)
    assert first == again != later


def test_a_report_about_such_a_mail_does_not() -> None:
    assert read(report(came_to=STOP)) is None
    assert read(prose("", came_to=STOP, sender="")) is None


def test_a_letter_of_ours_that_ends_in_the_same_mailbox_does_not() -> None:
    sender = Mailbox("", "invites@mail.example")
    ours = compose(LETTER, sender, stop_address=STOP)
    assert STOP.encode() in ours
    arrived = b"Return-Path: <%b>\r\nDelivered-To: %b\r\n" % (TAGGED.encode(), BACK.encode())
    assert read(arrived + ours) is None


# Reports in prose


QMAIL = """\
    Hi. This is the qmail-send program at relay.example.
    I'm afraid I wasn't able to deliver your message to the following addresses.

    <lena@resident.example>:
    {}

    --- Below this line is a copy of the message.
    """


@pytest.mark.parametrize(
    ("line", "event", "code"),
    [
        ("Sorry, no mailbox here by that name. (#5.1.1)", "bounced", "5.1.1"),
        ("192.0.2.1 does not like recipient. Remote host said: 550 5.2.1 Off", "bounced", "5.2.1"),
        ("I'm not going to try again; this was in the queue too long. (#4.4.1)", "failed", "4.4.1"),
        ("#< #5.1.1 smtp;550 5.1.1 User unknown>", "bounced", "5.1.1"),
        ("550-5.7.26 Unauthenticated", "bounced", "5.7.26"),
    ],
)
def test_prose_is_understood_by_its_status(line: str, event: str, code: str) -> None:
    assert told(prose(QMAIL.format(line)))[:2] == (event, code)


def test_a_warning_in_prose_is_no_end() -> None:
    warning = "Subject: Warning: could not send message for past 4 hours"
    assert told(prose("451 4.4.1 no answer", warning))[:2] == ("deferred", "4.4.1")


@pytest.mark.parametrize(
    "text",
    [
        "It was refused.",
        "Version 5.1.1 of our software is out.",
        "Room 5.1.1, or 5.1.2.",
        "host 550 5.1.1.7 said no",
        "I am on holiday. #8",
    ],
)
def test_prose_without_a_status_is_left(text: str) -> None:
    assert read(prose(text)) is None


def test_prose_names_a_letter_by_its_address_alone() -> None:
    text = f"550 5.1.1 Who?\n\nMessage-ID: {MESSAGE_ID}"
    assert read(prose(text, came_to=BACK)) is None
    assert read(prose(text), return_path="") is None


@pytest.mark.parametrize("header", ["Auto-Submitted: auto-replied (vacation)", "X-Autoreply: yes"])
@pytest.mark.parametrize("sender", ["", "lena@resident.example"])
def test_who_is_away_changes_nothing(header: str, sender: str) -> None:
    away = "I am away. My old address answers 550 5.1.1 since May."
    assert read(prose(away, header, sender=sender)) is None


def test_exim_calls_its_reports_automatic_replies() -> None:
    headers = ("Auto-Submitted: auto-replied", "X-Failed-Recipients: lena@resident.example")
    assert told(prose("550 5.1.1 Who?", *headers))[:2] == ("bounced", "5.1.1")


def test_what_a_person_writes_is_left() -> None:
    assert read(prose("Your letter? 550 5.1.1, they say.", sender="lena@resident.example")) is None
