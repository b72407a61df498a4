"""A letter to send, and certificates for the servers that take it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.messages import Letter
from tests.standins.smtp import Certificates, make_certificates

LETTER = Letter(
    delivery_id=17,
    medium="email",
    event="invitation",
    to="lena@resident.example",
    subject="Ana Ruiz invited you to join Maple Court",
    text="Hello,\n\nAna Ruíz invited you.\n.\nhttps://join.example.org/join/7KQM-4TXP-2WNF\n",
    html='<!doctype html><p style="color:#0b4f58">Ana Ruíz invited you.</p>\n',
    sender_name="Ana Ruiz via Maple Court",
    link="https://join.example.org/join/7KQM-4TXP-2WNF",
    proof="7KQM-4TXP-2WNF",
    opt_out="https://join.example.org/o/eyJhbGciOiJIUzI1NiJ9." + "x" * 120,
    message_id="<inv.17.1.x3f9k2@mail.example>",
    replies_to="",
    date=datetime(2026, 11, 22, 8, 30, tzinfo=UTC),
    community="maple-court",
    written_at=datetime(2026, 11, 22, 8, 30, tzinfo=UTC),
    tag="h-x3f9k2m4qa",
)


@pytest.fixture
def letter() -> Callable[..., Letter]:
    """Writes a letter, with changes."""

    def write(**changes: Any) -> Letter:
        return replace(LETTER, **changes)

    return write


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate of an authority that has signed nothing here."""
    return make_certificates(tmp_path_factory.mktemp("stranger")).authority
