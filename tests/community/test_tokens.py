"""Signed tokens: who holds one is who it says, for that purpose and until then."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot.community import tokens
from bot.settings import Keys

KEYS = Keys.from_secret(b"a secret of the tests alone, 32+ bytes")
OTHERS_KEYS = Keys.from_secret(b"another secret of 32 bytes......")
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
SUBJECTS = st.integers(0, 2**63)


@given(SUBJECTS, st.none() | st.just(NOW + timedelta(hours=1)))
def test_a_token_says_who_holds_it(subject: int, until: datetime | None) -> None:
    token = tokens.sign(KEYS, "session", subject, until=until)
    assert tokens.read(KEYS, "session", token, now=NOW) == subject
    assert len(token) <= 40
    assert token.isascii()


@given(SUBJECTS, SUBJECTS)
def test_a_token_is_for_one_purpose_subject_and_key(subject: int, other: int) -> None:
    assume(subject != other)
    token = tokens.sign(KEYS, "session", subject)
    assert tokens.read(KEYS, "optout", token) is None
    assert tokens.read(OTHERS_KEYS, "session", token) is None
    signature = token.rpartition(".")[2]
    forged = tokens.sign(KEYS, "session", other).rpartition(".")[0] + "." + signature
    assert tokens.read(KEYS, "session", forged) is None


@pytest.mark.parametrize(("seconds", "subject"), [(-1, 7), (0, None), (1, None)])
def test_a_token_ends_at_its_moment(seconds: int, subject: int | None) -> None:
    token = tokens.sign(KEYS, "session", 7, until=NOW)
    assert tokens.read(KEYS, "session", token, now=NOW + timedelta(seconds=seconds)) == subject


def test_the_end_is_signed_too() -> None:
    number, _, signature = tokens.sign(KEYS, "session", 7, until=NOW).split(".")
    for later in ("zzzzzz", "0", ""):
        forged = f"{number}.{later}.{signature}"
        assert tokens.read(KEYS, "session", forged, now=NOW - timedelta(days=1)) is None
    assert tokens.read(KEYS, "session", f"{number}.{signature}", now=NOW) is None


@given(st.text() | st.text("0123456789abcz._-é٣", max_size=40))
def test_whatever_stands_there_is_no_token(forged: str) -> None:
    assert tokens.read(KEYS, "session", forged, now=NOW) is None


@given(SUBJECTS)
def test_a_tag_names_its_letter_whatever_servers_do_to_its_case(delivery: int) -> None:
    tag = tokens.tag(KEYS, delivery)
    assert len(f"bounce+{tag}") <= 64, "more than 64 octets before the @ are refused"
    assert tokens.read_tag(KEYS, tag) == tokens.read_tag(KEYS, tag.upper()) == delivery


@given(SUBJECTS, SUBJECTS)
def test_a_tag_of_another_letter_or_key_is_forged(delivery: int, other: int) -> None:
    assume(delivery != other)
    tag = tokens.tag(KEYS, delivery)
    swapped = tag.replace(tag.partition("-")[0], tokens.tag(KEYS, other).partition("-")[0], 1)
    assert tokens.read_tag(KEYS, swapped) is None
    assert tokens.read_tag(OTHERS_KEYS, tag) is None


@example("1-\ud800")
@given(st.text() | st.from_regex(r"[0-9a-z]{0,40}-[a-z2-7]{0,20}", fullmatch=True))
def test_what_is_no_tag_names_nothing(text: str) -> None:
    assert tokens.read_tag(KEYS, text) is None
