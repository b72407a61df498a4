"""A report says what became of a letter, which it names by what only its own way could tell."""

import pytest

from bot.couriers.email.returns import reports
from tests.couriers import mails
from tests.couriers.mails import BACK, MESSAGE_ID, TAG, TAGGED, complaint, read, report, told

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
