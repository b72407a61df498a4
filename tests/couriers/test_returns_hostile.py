"""Whatever comes, whole, mutated or cut short, is read without harm, and about no other letter."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.community import tokens
from bot.couriers.email.returns import reports
from bot.settings import Keys
from tests.couriers.mails import BACK, complaint, prose, report

KEYS = Keys.from_secret(b"a secret of the tests alone, 32+ bytes")
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
