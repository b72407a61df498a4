"""The door for names and words: no forged line, link or mention comes through it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.community import names
from bot.community.communities.founding import slug
from bot.community.names import BadWords
from storage.streets import address_order

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
    "spellings",
    [
        ("12 Elm Street", "12, ELM ST.", "\uff11\uff12 elm  street", "Elm St 12", "Elm Street, 12"),
        ("Flat 4B", "apt 4b", "#4B", "Unit 4-B", "Apt. 4 B", "Apto. 4-b", "Appt n° 4B", "Depto 4B"),
        ("Unit #7", "Apartment 7", "Flat No. 7", "unit 07"),
        ("Lot 17", "LOT #17", "lot no. 17", "Lote 17", "lot 017"),
        ("3 Elm Street, Flat 4B", "Flat 4B, 3 Elm St.", "3 Elm St #4-B", "Elm St 3 Apt 4B"),
        ("12-14 Elm Rd", "12 – 14 Elm Road", "12\u201114 elm rd."),
        ("12½ Elm", "12 1/2 Elm"),
        ("Calle Peñón 3", "calle penon 3", "C/ Peñón, 3", "3 Calle Peñón", "Calle Penon nº 3"),
        ("Avenida de la Paz 5", "Avda. de la Paz, 5", "5 Av. de la Paz"),
        ("12 bis, rue de l'Église", "12bis rue de l’Eglise"),
        ("8, boulevard Hugo", "8 bd. Hugo", "8 Boul. HUGO"),
        ("St. Mary's Lane 2", "2 Saint Mary’s Ln", "2 St Marys Ln."),
        ("10 Fifth Avenue", "10 5th Ave"),
        ("12 North Elm St", "12 N. Elm Street"),
        ("李小龙路3号", "李小龙路３号"),
    ],
)
def test_one_address_in_several_spellings_is_one(spellings: tuple[str, ...]) -> None:
    assert len({names.address_key(one) for one in spellings}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12 Elm Street", "12 Elm Lane"),
        ("Flat 4B", "Flat 4"),
        ("Flat 4B", "Flat B4"),
        ("Lot 17", "Unit 17"),
        ("Apt 4-12", "Apt 412"),
        ("1 2nd", "12nd"),
        ("12-14 Elm", "12 14 Elm"),
        ("12-14 Elm", "1214 Elm"),
        ("12½ Elm", "121/2 Elm"),
        ("12 B Street", "12B Street"),
        ("Apt 4, B Street", "Apt 4B, Street"),
        ("12 North St", "12 N Street"),
        ("5 Calle 3", "3 Calle 5"),
        ("4/12 Elm", "4-12 Elm"),
        ("3 Flat Rock Rd", "3 Rock Rd"),
        ("कि 3", "का 3"),
    ],
)
def test_two_addresses_are_two(one: str, other: str) -> None:
    assert names.address_key(one) != names.address_key(other)


@given(st.text(alphabet="12 #-/,.ABnotrué°½Aptlo"))
def test_a_key_is_one_line_and_the_same_for_capitals(address: str) -> None:
    key = names.address_key(f"Oak {address}")
    assert key == names.address_key(f"OAK {address.upper()}")
    assert key == " ".join(key.split())


def test_addresses_stand_by_street_and_by_number() -> None:
    listed = [
        "Elm House", "2 Elm St", "2 Elm St, Apt 9", "2 Elm Street, Apt 10", "Elm Street 10",
        "Lot 9", "Lot 10", "1 Oak Lane", "12-14 Oak Lane",
    ]  # fmt: skip
    orders = {one: address_order(names.address_key(one)) for one in listed}
    assert sorted(listed, key=orders.__getitem__) == listed


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
