"""The door for addresses and numbers: what is let in, what is not, and why."""

import unicodedata
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.community import contacts
from bot.community.contacts import BadContact, Contact, Way
from bot.settings import Keys
from tests.community.pastes import EMAIL_VERDICTS, EMAILS, NUMBER_VERDICTS, NUMBERS

KEYS = Keys.from_secret(b"a secret of the tests alone, 32+ bytes")
EUROPE = frozenset({"ES", "FR", "DE", "GB"})

# What people write addresses and numbers with, and what attackers write.
SIGNS = st.sampled_from(
    [
        *"ab1205@.+-()<>|\"' ,;:/#xé٣０“\x00\u200b\u202e\u2028\ud800\ufeff",
        *("mailto:", "tel:", "example.org", "+1 201 555 0123", "\r\n", "xn--", "%0A"),
    ]
)
PASTED = st.one_of(st.text(), st.lists(SIGNS, max_size=40).map("".join))


def parsed(medium: Way, typed: str) -> Contact | None:
    """The contact, or nothing when it is refused."""
    try:
        return contacts.parse(medium, typed, region="US")
    except BadContact:
        return None


# What people paste


@pytest.mark.parametrize(
    ("medium", "pasted", "verdicts"),
    [("email", EMAILS, EMAIL_VERDICTS), ("text", NUMBERS, NUMBER_VERDICTS)],
)
def test_every_entry_of_a_paste_is_found_and_judged(
    medium: Way, pasted: str, verdicts: list[tuple[str, str]]
) -> None:
    found = [parsed(medium, piece) for piece in contacts.pieces(pasted, medium)]
    assert [contact.address if contact else "" for contact in found] == [
        address for address, _ in verdicts
    ]


def test_a_hundred_addresses_on_one_line_are_a_hundred() -> None:
    addresses = [f"ana.{number}@maple-court.example.org" for number in range(contacts.LIMIT)]
    assert list(contacts.pieces(" ".join(addresses), "email")) == addresses


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("ana@example.org", "ana@example.org"),
        (" Ana.Ruiz@Example.ORG ", "ana.ruiz@example.org"),
        ("Ana Ruiz <ana@example.org>", "ana@example.org"),
        ("<mailto:ana@example.org|ana@example.org>", "ana@example.org"),
        ("(mailto:ana@example.org)", "ana@example.org"),
        ("«ana@example.org»!", "ana@example.org"),
        ("\ufeffana@\u200bexample.org", "ana@example.org"),
        ("ana+porch@example.org", "ana+porch@example.org"),
        ("o'neil@example.org", "o'neil@example.org"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
    ],
)
def test_an_address_is_taken_out_of_what_clings_to_it(typed: str, address: str) -> None:
    (piece,) = contacts.pieces(typed, "email")
    assert contacts.parse_email(piece).address == address


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("ana", "has an @"),
        ("ana ruiz@example.org", "space"),
        ("josé@example.org", "accents"),
        ("a@localhost", "not spelt"),
        ("ana@example", "not spelt"),
        ("ana@@example.org", "not spelt"),
        ("ana@[127.0.0.1]", "not spelt"),
        ("ana..ruiz@example.org", "not spelt"),
        ("ana@exa_mple.org", "not spelt"),
        ("a" * 65 + "@example.org", "not spelt"),
        ("a" * 400 + "@example.org", "too long"),
        ("eve@example.org%0ABcc:all@example.org", "not spelt"),
    ],
)
def test_an_address_that_cannot_be_is_refused_with_a_reason(typed: str, why: str) -> None:
    with pytest.raises(BadContact) as refused:
        contacts.parse_email(typed)
    assert why in refused.value.words


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ana@gmial.com", "ana@gmail.com"),
        ("Ana@HOTMAIL.CON", "ana@hotmail.com"),
        ("ana@gmail.com", ""),
        ("ana@example.org", ""),
    ],
)
def test_a_slip_of_the_pen_is_a_question_and_no_correction(typed: str, meant: str) -> None:
    contact = contacts.parse_email(typed)
    assert contact.suggestion == meant
    assert contact.address == typed.lower()


# Numbers


@pytest.mark.parametrize(
    ("typed", "region", "address", "shown"),
    [
        ("(201) 555-0124", "US", "+12015550124", "+1 201-555-0124"),
        ("2015550126", "US", "+12015550126", "+1 201-555-0126"),
        ("011 34 612 34 56 78", "US", "+34612345678", "+34 612 34 56 78"),
        ("07400 123456", "GB", "+447400123456", "+44 7400 123456"),
        ("06 12 34 56 78", "FR", "+33612345678", "+33 6 12 34 56 78"),
        ("0151 23456789", "DE", "+4915123456789", "+49 1512 3456789"),
        ("612345678", "ES", "+34612345678", "+34 612 34 56 78"),
        ("\u202a+1 201\u2011555\u20110123\u202c", "US", "+12015550123", "+1 201-555-0123"),
        ("＋1 201 555 0123", "US", "+12015550123", "+1 201-555-0123"),
    ],
)
def test_a_number_is_read_as_its_country_writes_it(
    typed: str, region: str, address: str, shown: str
) -> None:
    contact = contacts.parse_number(typed, region=region, regions=EUROPE | {"US"})
    assert (contact.address, contact.shown) == (address, shown)


@pytest.mark.parametrize(
    ("typed", "region", "why"),
    [
        ("+34 912 345 678", "ES", "landline"),
        ("+1 800 555 0199", "US", "toll-free"),
        ("+1 900 555 0199", "US", "premium-rate"),
        ("+34 612 34 56 78", "US", "a number of Spain; texts go to United States only"),
        ("+1 876 555 0123", "US", "a number of Jamaica; texts go to United States only"),
        ("876 555 0123", "US", "a number of Jamaica"),
        ("+1 809 555 0100", "US", "a number of Dominican Republic"),
        ("+1 416 555 0100", "US", "a number of Canada"),
        ("+1 500 555 0006", "US", "a personal number"),
        ("070 1123 4567", "GB", "a personal number"),
        ("020 7946 0958", "GB", "landline"),
        ("1-800-FLOWERS", "US", "only digits"),
        ("40404", "US", "short code"),
        ("４０４０４", "US", "short code"),
        ("+979 123 456 789", "US", "premium-rate"),
        ("+882 13 300 655", "US", "a number of no country"),
        ("201 555 0129 x45", "US", "extension"),
        ("201-555-0129 ext. 45", "US", "extension"),
        ("201 555 0129 #45", "US", "extension"),
        ("call me 2015550130", "US", "only digits"),
        ("+1 201 555 0123 / +1 201 555 0124", "US", "no telephone|not a telephone"),
        ("555-0131", "US", "check the digits"),
        ("++12015550132", "US", "check the digits|not a telephone"),
        ("0" * 300, "US", "not a telephone|check the digits"),
        ("", "US", "only digits"),
    ],
)
def test_a_number_that_cannot_get_texts_is_refused_with_a_reason(
    typed: str, region: str, why: str
) -> None:
    with pytest.raises(BadContact) as refused:
        contacts.parse_number(typed, region=region)
    assert any(words in refused.value.words for words in why.split("|")), refused.value.words


def test_texts_go_where_the_operator_allows_and_nowhere_else() -> None:
    assert contacts.parse_number("+34 612 34 56 78", region="US", regions=EUROPE)
    with pytest.raises(BadContact) as refused:
        contacts.parse_number("201 555 0123", region="US", regions={"ES", "CA"})
    assert "texts go to Canada, Spain only" in refused.value.words


def test_numbers_that_nobody_has_are_let_through_in_play_alone() -> None:
    with pytest.raises(BadContact):
        contacts.parse_number("+1 500 555 0004", region="US", in_play={"+15005550001"})
    played = contacts.parse_number("+1 500 555 0004", region="GB", in_play={"+15005550004"})
    assert played.address == "+15005550004"


@pytest.mark.parametrize(
    ("typed", "region", "in_full"),
    [
        ("201 555 0123", "US", "+1 201-555-0123 (United States)"),
        ("416 555 0100", "CA", "+1 416-555-0100 (Canada)"),
        ("０６ １２ ３４ ５６ ７８", "FR", "+33 6 12 34 56 78 (France)"),
        ("ana@example.org", "US", "ana@example.org"),
    ],
)
def test_a_leader_reads_back_where_a_number_is(typed: str, region: str, in_full: str) -> None:
    assert contacts.parse_any(typed, region=region).in_full == in_full


def test_a_resident_may_have_a_landline() -> None:
    assert contacts.parse_any("912 345 678", region="ES").address == "+34912345678"
    assert contacts.parse_any("ana@example.org", region="ES").medium == "email"


# Whatever is pasted


@given(PASTED)
@example("(mailto:(mailto:a@example.org))")
@example("<<a@b>>")
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert contacts.clean(contacts.clean(text)) == contacts.clean(text)


@given(PASTED, st.sampled_from(["email", "text"]))
def test_no_entry_has_invisible_characters(text: str, medium: Way) -> None:
    for piece in contacts.pieces(text, medium):
        assert piece == piece.strip()
        assert piece
        assert not [char for char in piece if unicodedata.category(char)[0] == "C"]
        assert not [char for char in piece if unicodedata.category(char) in {"Zl", "Zp"}]


@given(PASTED, st.sampled_from(["US", "GB", "ES", "JP"]))
def test_whatever_is_typed_is_a_contact_or_refused(text: str, region: str) -> None:
    for medium in ("email", "text"):
        parsed(medium, text)
    with suppress(BadContact):
        contact = contacts.parse_any(text, region=region)
        assert contact.address.isascii()
        assert contact.address.isprintable()


NUMBERS_OF_ALL = st.builds(
    lambda line: contacts.parse_number(f"+1201555{line:04}", region="US"), st.integers(100, 199)
)
ADDRESSES_OF_ALL = st.emails().map(lambda typed: parsed("email", typed)).filter(bool)


@given(st.one_of(NUMBERS_OF_ALL, ADDRESSES_OF_ALL))
def test_a_parsed_contact_parses_to_itself(contact: Contact) -> None:
    again = contacts.parse(contact.medium, contact.address, region="US")
    assert again == contact
    assert contacts.parse(contact.medium, contact.shown, region="US") == contact
    known = contacts.known(contact.medium, contact.address)
    assert (known.address, known.shown) == (contact.address, contact.shown)
    assert known.key(KEYS) == contact.key(KEYS) == again.key(KEYS)
    assert contact.address not in contact.masked
    assert contact.shown not in contact.masked


def test_keys_are_equal_for_equal_contacts_alone() -> None:
    written = ["Ana@Example.org", "ana@example.org", " ANA@EXAMPLE.ORG"]
    assert len({contacts.parse_email(typed).key(KEYS) for typed in written}) == 1
    ana, bob = contacts.parse_email("ana@example.org"), contacts.parse_email("bob@example.org")
    assert ana.key(KEYS) != bob.key(KEYS)
    assert ana.key(KEYS) != ana.key(Keys.from_secret(b"another secret of 32 bytes......"))


@pytest.mark.parametrize(
    ("typed", "masked"),
    [("ana@example.org", "a•••@example.org"), ("+1 201 555 0123", "+1 •••0123")],
)
def test_a_masked_contact_is_known_to_its_owner_alone(typed: str, masked: str) -> None:
    assert contacts.parse_any(typed, region="US").masked == masked


@pytest.mark.parametrize(
    ("pasted", "found"),
    [
        ("Ruiz, Ana <ana@x.org>; Lee, Bo <bo@x.org>", ["ana@x.org", "bo@x.org"]),
        ("a@x.org, Ruiz, Ana <ana@y.org>", ["a@x.org", "ana@y.org"]),
        ("Ana <ana@b.org>,Bo <bo@b.org>", ["ana@b.org", "bo@b.org"]),
        ("Ana Ruiz <ana@b.org>\nbo@b.org", ["ana@b.org", "bo@b.org"]),
    ],
)
def test_a_mail_programs_list_of_people_is_read(pasted: str, found: list[str]) -> None:
    assert list(contacts.pieces(pasted, "email")) == found
