"""Columns of a roster file: found by their titles in several words, or by what is in them."""

import pytest

from bot.community.rosters import columns
from bot.community.rosters.columns import NoAddresses, Role
from bot.community.rosters.sheets import OneColumn, Row

PEOPLE = [
    "3 Elm Street,Ana Ruiz,ana@example.org,+1 415-555-0101,en",
    "5 Elm Street,Bo Lin,,(415) 555-0102,es",
    "7 Elm Street,Zoë O'Neil,zoe@example.org,,fr",
]


def rows(*lines: str) -> list[Row]:
    """The rows of a file without commas in its cells."""
    return [Row(number, tuple(line.split(","))) for number, line in enumerate(lines, 1)]


@pytest.mark.parametrize(
    ("titles", "found"),
    [
        (
            "address,unit,name,email,phone,language",
            "address:0 unit:1 name:2 email:3 phone:4 language:5",
        ),
        ("Street Address,Full Name,E-mail,Mobile", "address:0 name:1 email:2 phone:3"),
        (
            "House number,Street,First name,Surname,E-Mail",
            "number:0 street:1 first:2 last:3 email:4",
        ),
        ("Lot #,OWNER NAME,Cell Phone,e_mail_address", "unit:0 name:1 phone:2 email:3"),
        ("Phone,Mobile,Address,Name", "address:2 name:3 phone:1"),
        ("Emergency phone,Address,Name,Phone", "address:1 name:2 phone:3"),
        ("Emergency phone,Address,Name", "address:1 name:2"),
        ("Address,Street,Number,Name", "address:0 name:3"),
        ("Address,Name,First name,Last name", "address:0 name:1"),
        ("Address,Primary e-mail (optional),Daytime tel.", "address:0 email:1 phone:2"),
        ("Calle,Número,Piso,Nombre,Apellidos,Correo electrónico,Móvil,Idioma",
         "street:0 number:1 unit:2 first:3 last:4 email:5 phone:6 language:7"),
        ("Dirección,Nombre y apellidos,Teléfono", "address:0 name:1 phone:2"),
        ("Adresse,Prénom,Nom,Courriel,Téléphone portable,Langue",
         "address:0 first:1 last:2 email:3 phone:4 language:5"),
        ("Nº,Rue,Nom", "number:0 street:1 last:2"),
        ("No.,Address,Name", "address:1 name:2"),
        ("Entry,Address,Name,E-mail,Phone,Language",
         "address:1 name:2 email:3 phone:4 language:5"),
    ],
)  # fmt: skip
def test_titles_are_known_in_several_words(titles: str, found: str) -> None:
    wanted = dict(pair.split(":") for pair in found.split())
    got, people = columns.find(rows(titles, ",".join("x" * len(titles.split(",")))))
    assert {role: str(place) for role, place in got.at.items()} == wanted
    assert got.titles == tuple(titles.split(","))
    assert [row.number for row in people] == [2]


def test_columns_without_titles_are_known_by_what_is_in_them() -> None:
    got, people = columns.find(rows(*PEOPLE))
    assert got.at == {"address": 0, "name": 1, "email": 2, "phone": 3, "language": 4}
    assert got.titles == ()
    assert got.title("phone") == "column D"
    assert len(people) == 3


def test_unknown_titles_leave_it_to_what_is_below_them() -> None:
    got, people = columns.find(rows("Where,Who,Letters to,Rings at,Speaks", *PEOPLE))
    assert (got.at["address"], got.at["email"], got.at["phone"]) == (0, 2, 3)
    assert "name" not in got.at, "what has a title of its own is not a name by its looks"
    assert got.unused == ["Who", "Speaks"]
    assert len(people) == 3


def test_a_heading_above_the_titles_is_passed_over() -> None:
    got, people = columns.find(
        rows("Residents of Elm Street 2026,,", "Address,Name,Notes", "a,b,c")
    )
    assert got.at == {"address": 0, "name": 1}
    assert [row.number for row in people] == [3]


@pytest.mark.parametrize(
    "lines",
    [
        ["3 Mail Road,Ana Ruiz,", "5 Mail Road,Bo Lin,"],
        ["Mail,ana@example.org,3 Elm Street", "Cell,bo@example.org,5 Elm Street"],
        ["3 Elm Street,Ana Ruiz,en", "Mail Road,Bo Lin,en", "5 Elm Street,Cy Day,en"],
    ],
)
def test_nobody_is_taken_for_titles(lines: list[str]) -> None:
    got, people = columns.find(rows(*lines))
    assert got.titles == ()
    assert len(people) == len(lines)


def test_a_column_without_a_title_is_named_by_its_letter() -> None:
    got, _ = columns.find(rows("Address,,Name,", "3 Elm Street,ana@example.org,Ana,555 010 2345"))
    assert {role: got.title(role) for role in got.at} == {
        "address": "Address", "name": "Name", "email": "column B", "phone": "column D",
    }  # fmt: skip
    got, _ = columns.find(rows("Address,Name", "3 Elm Street,Ana,ana@example.org"))
    assert got.at == {"address": 0, "name": 1}, "what stands beyond the titles is a mistake"


def test_a_house_number_within_the_street_is_not_put_there_twice() -> None:
    got, _ = columns.find(rows("Number,Street", "1,3 Elm Street", "2,5 Elm Street"))
    assert got.at == {"address": 1}
    got, _ = columns.find(rows("Number,Street", "350,5th Avenue", "7,5th Avenue"))
    assert got.at == {"number": 0, "street": 1}


@pytest.mark.parametrize(
    ("titles", "last"), [("Calle,Número", True), ("Building,Number", True), ("Street,No", False)]
)
def test_the_house_number_stands_where_people_there_write_it(titles: str, last: bool) -> None:
    got, _ = columns.find(rows(titles, "Mayor,5"))
    assert got.number_last is last


@pytest.mark.parametrize(
    ("lines", "refusal"),
    [
        (["Dear neighbours", "nothing here"], OneColumn),
        (["ana@example.org", "bo@example.org"], OneColumn),
        (["Name,E-mail", "Ana,ana@example.org"], NoAddresses),
        (["Ana Ruiz,ana@example.org", "Bo Lin,bo@example.org"], NoAddresses),
        (["{,}"], NoAddresses),
    ],
)
def test_a_list_without_addresses_is_no_roster(lines: list[str], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        columns.find(rows(*lines))


def test_a_single_column_is_enough_when_it_is_called_address() -> None:
    got, people = columns.find(rows("Address", "3 Elm Street", "5 Elm Street"))
    assert got.at == {"address": 0}
    assert len(people) == 2


@pytest.mark.parametrize(
    ("place", "letter"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ")]
)
def test_columns_are_called_as_a_spreadsheet_calls_them(place: int, letter: str) -> None:
    role: Role = "address"
    assert columns.Columns({role: place}, (), 1).title(role) == f"column {letter}"
