"""Sign-ups: whatever is filled in is a form, or is refused beside its field."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.community import sign_ups
from bot.community.errors import BadFields
from bot.community.sign_ups import SignUp

HOUSEHOLD_LIMIT = 12  # members, of a community that chose no other


def parse(**typed: Any) -> SignUp:
    """Parse a form that is right but for these fields."""
    right = {"name": "Rosa", "address": "Flat 4B", "contact": "rosa@example.net"}
    here = {"region": "US", "limit": HOUSEHOLD_LIMIT}
    return sign_ups.parse(**{**right, **here, **typed})


def test_a_form_is_parsed_at_the_door() -> None:
    form = parse(name=" Rosa \u202eDelgado\n", contact="(201) 555-0123", others=["", "Lily "])
    assert form == SignUp("Rosa Delgado", "Flat 4B", "", "+12015550123", ("Lily",))


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(BadFields) as refused:
        parse(name="", address="visit www.example.org", contact="rosa@", others=["https://x.io"])
    assert set(refused.value.errors) == {"name", "address", "contact", "others"}


def test_a_household_has_a_limit() -> None:
    assert len(parse(others=["N"] * (HOUSEHOLD_LIMIT - 1)).others) == HOUSEHOLD_LIMIT - 1
    with pytest.raises(BadFields):
        parse(others=["N"] * HOUSEHOLD_LIMIT)


@given(st.text(), st.text(), st.text(), st.lists(st.text(), max_size=3))
def test_whatever_is_filled_in_is_a_form_or_refused(
    name: str, address: str, contact: str, others: list[str]
) -> None:
    try:
        form = parse(name=name, address=address, contact=contact, others=others)
    except BadFields as refused:
        said = refused.errors
    else:
        said = {}
        assert all(
            each.isprintable() or "\u200d" in each or "\u200c" in each for each in form.others
        )
    assert all(said.values())
