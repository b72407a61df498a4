"""What comes back is understood when it names a letter by what only its own way could tell."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.community import tokens
from bot.couriers.email import compose
from bot.couriers.email.mime import Mailbox
from bot.couriers.email.returns import reports
from bot.messages import News
from bot.settings import Keys
from tests.couriers import mails
from tests.couriers.conftest import LETTER
from tests.couriers.mails import BACK, MESSAGE_ID, TAG, TAGGED, complaint, prose, report

KEYS = Keys.from_secret(b"a secret of the tests alone, 32+ bytes")


def read(content: bytes, *, return_path: str = BACK) -> News | None:
    """What the message says of one letter."""
    found = reports.read(content, return_path=return_path)
    assert len(found) <= 1
    return found[0] if found else None


def told(content: bytes) -> tuple[str, str, str]:
    """Event, code and words."""
    news = read(content)
    return (news.event, news.code, news.words) if news else ("", "", "")


REPORTS = [
    ("delivered", "2.0.0", "", "delivered", "2.0.0", ""),
    ("relayed", "2.1.9", "", "delivered", "2.1.9", "reports nothing more"),
    ("expanded (to a list)", "2.0.0", "", "delivered", "2.0.0", ""),
    ("delayed", "4.4.1", "X-Postfix; no answer", "deferred", "4.4.1", "not answering"),
    ("Delayed", "4.7.1", "smtp; 451 4.7.1 Grey", "deferred", "4.7.1", "asked us to wait"),
    ("delayed", "", "", "deferred", "", "asked us to wait"),
    ("delayed", "4.2.2", "", "deferred", "4.2.2", "mailbox is full"),
    ("failed", "5.1.1", "smtp; 550 5.1.1 Who?", "bounced", "5.1.1", "no mailbox with that"),
    ("FAILED", "5.1.2", "", "bounced", "5.1.2", "part after @"),
    ("failed", "5.4.4", "", "bounced", "5.4.4", "part after @"),
    ("failed", "5.2.1", "", "bounced", "5.2.1", "switched off"),
    ("failed", "5.2.2", "", "bounced", "5.2.2", "mailbox is full"),
    ("failed", "5.3.4", "", "bounced", "5.3.4", "too big"),
    ("failed", "5.7.26", "", "bounced", "5.7.26", "does not trust our domain"),
    ("failed", "5.7.1", "", "bounced", "5.7.1", "refused the message"),
    ("failed", "4.7.1", "smtp; 451 4.7.1 Grey", "failed", "4.7.1", "kept trying"),
    ("failed", "4.2.2", "", "failed", "4.2.2", "mailbox is full"),
    ("failed", "5.4.7", "", "failed", "5.4.7", "kept trying"),
    ("failed", "5.0.0", "smtp; 550 5.1.1 Who?", "bounced", "5.1.1", "no mailbox with that"),
    ("failed", "5.0.0", "smtp; 550 Unknown user", "bounced", "550", "no mailbox with that"),
    ("failed", "5.0.0", "smtp; 554 Blocked as spam", "bounced", "554", "refused the message"),
    ("failed", "5.0.0", "", "bounced", "5.0.0", "refused the message"),
    ("failed", "", "smtp; 550-5.7.26 Unproven", "bounced", "5.7.26", "does not trust our domain"),
    ("failed", "5.1.1 (who?)", "", "bounced", "5.1.1", "no mailbox with that"),
    ("failed", "5.0.0", "X-Postfix; host mx[4.2.2.1] port 465", "bounced", "5.0.0", "refused"),
    ("failed", "", "X-Postfix; host mx[5.1.1.7] said: 552 Full", "bounced", "552", "is full"),
    ("failed", "5.0.0", "smtp; 450 4.2.2 Full", "failed", "4.2.2", "mailbox is full"),
]


@pytest.mark.parametrize(
    ("action", "status", "said", "event", "code", "words"),
    REPORTS,
    ids=[f"{r[0]} {r[1]} {r[2]}" for r in REPORTS],
)
def test_a_report_says_what_became_of_a_letter(
    action: str, status: str, said: str, event: str, code: str, words: str
) -> None:
    found = told(report(action, status, said))
    assert found[:2] == (event, code)
    assert words in found[2]
    assert bool(words) == bool(found[2])


@pytest.mark.parametrize(
    ("action", "status"), [("failed", ""), ("failed", "2.0.0"), ("", "5.1.1"), ("read", "5.1.1")]
)
def test_a_report_that_says_nothing_is_left(action: str, status: str) -> None:
    assert read(report(action, status, "")) is None


def test_the_address_it_came_to_names_the_letter_before_all_else() -> None:
    news = read(report(envelope_id="other-aaaaaaaaaa", message_id="<other@mail.example>"))
    assert news is not None
    assert (news.tag, news.message_id) == (TAG, "")


@pytest.mark.parametrize(
    "came_to", [TAGGED.upper(), f"Bounces <{TAGGED}>", f"x@y.example, {TAGGED}"]
)
def test_the_address_is_found_however_it_is_written(came_to: str) -> None:
    news = read(report(came_to=came_to, envelope_id=""))
    assert news is not None
    assert news.tag == TAG


@pytest.mark.parametrize(
    "came_to",
    [BACK, f"other{TAGGED}", f"{TAGGED}.evil.example", "bounces+nonsense@mail.example"],
)
def test_another_address_leaves_it_to_the_envelopes_id(came_to: str) -> None:
    news = read(report(came_to=came_to))
    assert news is not None
    assert (news.tag, news.message_id) == (TAG, "")


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("envelope_id", ["", "QQ123", "<>"])
def test_without_a_tag_the_returned_message_id_names_the_letter(
    envelope_id: str, *, whole: bool
) -> None:
    written = report(came_to="invites@mail.example", envelope_id=envelope_id, whole=whole)
    for return_path in (BACK, ""):
        news = read(written, return_path=return_path)
        assert news is not None
        assert (news.tag, news.message_id) == ("", MESSAGE_ID)


def test_a_report_that_names_nothing_is_left() -> None:
    assert read(report(came_to=BACK, envelope_id="", message_id="")) is None


def test_a_report_has_no_sender() -> None:
    assert read(report(sender="mallory@evil.example")) is None
    assert read(report().replace(b"Return-Path: <>\r\n", b"")) is None


def test_what_a_returned_message_reported_does_not_count() -> None:
    inner = report().decode().split("\r\n", 5)[5].replace("\r\n", "\n").replace("=b", "=c")
    outer = (
        'Content-Type: multipart/mixed; boundary="=b"\n\n--=b\nContent-Type: message/rfc822\n\n'
        f"Return-Path: <>\n{inner}\n--=b--\n"
    )
    assert read(mails.mail(outer, came_to=TAGGED, sender="")) is None


def test_the_same_is_one_fact_however_often_it_is_reported() -> None:
    def key(content: bytes) -> str:
        news = read(content)
        assert news is not None
        return news.key

    again = report().replace(b"That did not work.", b"That did not work, again.")
    assert key(report()) == key(again)
    others = [
        report("delayed", "4.4.1"),
        report(status="5.2.1", said=""),
        report(whom="leo@resident.example"),
        report(came_to=TAGGED.replace("h-", "i-")),
        complaint(),
    ]
    assert len({key(report()), *map(key, others)}) == len(others) + 1


def test_several_recipients_are_reported_each() -> None:
    more = b"\r\n".join(
        b"\r\nFinal-Recipient: rfc822; %d@list.example\r\nAction: failed\r\nStatus: 5.1.1" % number
        for number in range(50)
    )
    status = b"Status: 5.1.1\r\n"
    content = report("expanded", said="").replace(status, status + more + b"\r\n")
    found = reports.read(content, return_path=BACK)
    assert [news.event for news in found] == ["delivered"] + ["bounced"] * 9
    assert len({news.key for news in found}) == 10


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


# Anything at all


REAL = tokens.tag(KEYS, 17)
KINDS = [
    report(came_to=f"bounces+{REAL}@mail.example"),
    report("delayed", "4.4.1", whole=True, came_to=BACK, envelope_id=REAL),
    complaint(mailed_from=f"bounces+{REAL}@mail.example"),
    prose("550 5.1.1 Who?", came_to=f"bounces+{REAL}@mail.example"),
    prose("", came_to=f"bounces+stop-{REAL}@mail.example", sender="lena@resident.example"),
]


def about_no_other_letter(content: bytes) -> None:
    """Whatever is read there names this letter, or none that could exist."""
    for news in reports.read(content, return_path=BACK):
        if news.tag:
            assert tokens.read_tag(KEYS, news.tag) in {17, None}
        else:
            assert news.message_id.encode() in content
        assert "".join([news.key, news.tag, news.message_id, news.code]).isprintable()
        assert f"{news.key}{news.tag}{news.message_id}{news.code}".isascii()


def test_each_kind_is_about_the_letter() -> None:
    found = [reports.read(content, return_path=BACK) for content in KINDS]
    assert [tokens.read_tag(KEYS, news.tag) for (news,) in found] == [17] * len(KINDS)


@given(st.binary(max_size=2000))
def test_random_bytes_are_read_without_harm(content: bytes) -> None:
    about_no_other_letter(content)
    about_no_other_letter(b"Return-Path: <>\r\n" + content)


@given(
    content=st.sampled_from(KINDS),
    seed=st.randoms(use_true_random=False),
    changes=st.integers(1, 30),
    junk=st.binary(min_size=1, max_size=12),
)
def test_a_mutated_report_is_about_no_other_letter(
    content: bytes, seed: random.Random, changes: int, junk: bytes
) -> None:
    changed = bytearray(content)
    for _ in range(changes):
        at = seed.randrange(len(changed))
        until = min(len(changed), at + seed.choice((0, 1, 1, 2, 40)))
        changed[at:until] = seed.choice((junk, b"", bytes(changed[at:until]) * 2, b"\r\n"))
        changed = changed or bytearray(b"x")
    about_no_other_letter(bytes(changed))


@pytest.mark.parametrize("length", range(0, len(KINDS[0]), 7))
def test_a_report_cut_short_is_read_without_harm(length: int) -> None:
    for content in KINDS:
        about_no_other_letter(content[:length])
