"""Verdicts: what a mail server said is understood, however a service passes it on."""

import pytest

from bot.couriers.email.services.verdicts import delayed, given_up, turned_away


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("550 5.1.1 no such user", "550 5.1.1"),
        ("smtp; 550 5.1.1 no such user", "550 5.1.1"),
        ("smtp;550 5.1.1 no such user", "550 5.1.1"),
        ("550-5.1.1 No such user.\r\n550 5.1.1 Really.", "550 5.1.1"),
        ("550 #5.1.1 (no such user)", "550 5.1.1"),
        ("The server says: (5.1.1).", "5.1.1"),
        ("550 5.7.1 blocked, see 5.1.1.9", "550 5.7.1"),
        ("550 host 5.1.1.9 says no", "550"),
        ("550 mailer v5.10.3 says no", "550"),
        ("rejected by 5.1.1.9", ""),
        ("5500 is no code, nor is 551x", ""),
        ("", ""),
    ],
)
def test_the_status_is_found_and_no_address_is_taken_for_it(said: str, code: str) -> None:
    verdict = turned_away(said)
    assert (verdict.event, verdict.code) == ("bounced", code)


def test_a_status_told_apart_goes_before_one_in_the_words() -> None:
    assert turned_away("550 5.7.1 no", status="5.1.1").code == "550 5.1.1"
    assert turned_away("550 5.7.1 no", status="nonsense").code == "550 5.7.1"


def test_a_4_is_given_up_even_when_the_service_calls_it_final() -> None:
    for verdict in (turned_away("450 later"), turned_away("", status="4.4.7")):
        assert verdict.event == "failed"
        assert "You can resend it" in verdict.words


def test_what_the_service_calls_it_stands_for_a_bare_code() -> None:
    """A bare 550 alone would mean that there is no such mailbox."""
    assert turned_away("550 listed", kind="blocked").code == "blocked"
    assert turned_away("550 5.7.1 listed", kind="blocked").code == "550 5.7.1"


def test_waiting_never_sounds_final() -> None:
    for said in ("", "421 4.4.2 timed out", "550 5.1.1 greylisted by a strange server"):
        verdict = delayed(said)
        assert verdict.event == "deferred"
        assert "still trying" in verdict.words


def test_a_full_mailbox_is_a_reason_by_itself() -> None:
    assert "mailbox is full" in given_up("452 4.2.2 over quota").words
    assert "mailbox is full" in delayed("452 4.2.2 over quota").words
