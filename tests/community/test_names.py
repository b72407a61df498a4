"""The door for names and words: no forged line, link or mention comes through it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.community import names
from bot.community.communities import slug
from bot.community.names import BadWords

JOINERS = {"\u200c", "\u200d"}


@given(st.text())
def test_one_line_is_one_line_of_visible_characters(text: str) -> None:
    line = names.one_line(text)
    assert names.one_line(line) == line
    assert len(line.splitlines()) <= 1
    hidden = {char for char in line if unicodedata.category(char)[0] == "C"}
    assert hidden <= JOINERS


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        (" Zoë  Ångström\n", "Zoë Ångström"),
        ("a\r\nBcc: all@localhost", "a Bcc: all@localhost"),
        ("\u202eevil\u202c", "evil"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("O'Neil-Smith Jr.", "O'Neil-Smith Jr."),
        ("李小龙", "李小龙"),
    ],
)
def test_names_of_all_scripts_are_kept(typed: str, name: str) -> None:
    assert names.name(typed) == name


@pytest.mark.parametrize(
    "typed",
    ["", "   ", "\u200d", "...", "x" * 81, "https://a.example", "visit WWW.a.b", "win at evil.com"],
)
def test_what_is_no_name_is_refused(typed: str) -> None:
    with pytest.raises(BadWords):
        names.name(typed)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12 Elm Street", "12, ELM ST."),
        ("Flat 4B", "apt 4b"),
        ("Unit #7", "Apartment 7"),
        ("Calle Peñón 3", "calle penon 3"),
        ("12 Elm Street", "\uff11\uff12 elm  street"),
    ],
)
def test_one_address_in_two_spellings_is_one(one: str, other: str) -> None:
    assert names.address_key(one) == names.address_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("12 Elm Street", "12 Elm Lane"), ("Flat 4B", "Flat 4"), ("1 2nd", "12nd")],
)
def test_two_addresses_are_two(one: str, other: str) -> None:
    assert names.address_key(one) != names.address_key(other)


@pytest.mark.parametrize("one", ["🏡", "Street", "№", "St", "--", "Flat", "No", "Number No."])
def test_every_address_that_is_taken_has_a_key(one: str) -> None:
    """Two households must not meet under an empty key."""
    try:
        address = names.name(one, what="street address")
    except BadWords:
        return
    assert names.address_key(address)


@given(st.text())
def test_a_slug_is_a_plain_word(name: str) -> None:
    assert slug(name)
    assert slug(name).replace("-", "").isascii()
    assert slug(name).replace("-", "").isalnum()


def test_a_slug_is_the_name() -> None:
    assert slug("Maple Court") == "maple-court"
    assert slug("Birch Lane") == "birch-lane"
