"""Fetching: over https from who can prove their name, and without detours."""

import ssl
from pathlib import Path

import pytest

from bot.couriers.email.services.fetching import fetch
from bot.couriers.email.services.refusals import NotNow
from tests.couriers.services.amazon import Amazon


async def test_what_is_there_is_fetched(amazon: Amazon) -> None:
    assert b"Confirm" in await fetch(f"{amazon.url}/?x=1", trust=amazon.trust)
    assert amazon.asked == ["/?x=1"]


async def test_who_cannot_prove_their_name_is_not_asked(amazon: Amazon, stranger: Path) -> None:
    for trust in (None, ssl.create_default_context(cafile=stranger)):
        with pytest.raises(NotNow):
            await fetch(f"{amazon.url}/", trust=trust)
    assert amazon.asked == []


async def test_a_detour_is_not_taken(amazon: Amazon) -> None:
    amazon.trouble = 302
    with pytest.raises(NotNow):
        await fetch(f"{amazon.url}/", trust=amazon.trust)
    assert len(amazon.asked) == 1


async def test_nobody_there_is_said_so(amazon: Amazon) -> None:
    with pytest.raises(NotNow):
        await fetch("https://127.0.0.1:1/", trust=amazon.trust)
