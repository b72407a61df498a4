"""Rows of a roster file: what can be used is read, what cannot is named with its value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.community.rosters import columns, lines
from bot.community.rosters.lines import Line
from bot.community.rosters.sheets import Row
from bot.ports import Services

TITLES = "Address,Unit,Name,E-mail,Phone,Language"


def read(services: Services, *cells: str, titles: str = TITLES, region: str = "US") -> Line:
    """One row below these titles."""
    header = Row(1, tuple(titles.split(",")))
    found, (row,) = columns.find([header, Row(14, cells)])
    return lines.check(services, found, row, region=region)


async def test_a_row_is_read(services: Services) -> None:
    line = read(
        services, "3 Elm St.", "4B", "Zoë  Müller", "Zoe@Example.org", "415 555 0101", "Spanish"
    )
    assert line == Line(
        14,
        address="3 Elm St., Unit 4B",
        address_key="3 elm st apt 4b",
        street="Elm Street",
        name="Zoë Müller",
        name_key="zoe muller",
        email="zoe@example.org",
        phone="+14155550101",
        language="es",
    )


@pytest.mark.parametrize(
    ("titles", "cells", "address", "name"),
    [
        ("House number,Street,First name,Surname", ("3", "Elm Street", "Ana", "Ruiz"),
         "3 Elm Street", "Ana Ruiz"),
        ("House number,Street,First name,Surname", ("", "Elm Street", "", "Ruiz"),
         "Elm Street", "Ruiz"),
        ("Calle,Número,Piso,Nombre", ("Calle Mayor", "5", "2º B", "Ana"),
         "Calle Mayor 5, Piso 2º B", "Ana"),
        ("Address,Lot,Name", ("Maple Court", "7", "Ana"), "Maple Court, Lot 7", "Ana"),
        ("Address,Apt,Name", ("3 Elm Street", "Flat 2", "Ana"), "3 Elm Street, Flat 2", "Ana"),
        ("Address,Address line 2,Name", ("3 Elm Street", "2", "Ana"), "3 Elm Street, 2", "Ana"),
        ("Unit,Name", ("4B", "Ana"), "Unit 4B", "Ana"),
        ("Address,Name", ("3 Elm Street\nFlat 2", "Ana\nRuiz"), "3 Elm Street, Flat 2",
         "Ana Ruiz"),
    ],
)  # fmt: skip
async def test_address_and_name_may_be_in_several_columns(
    services: Services, titles: str, cells: tuple[str, ...], address: str, name: str
) -> None:
    line = read(services, *cells, titles=titles)
    assert (line.address, line.name, line.problems) == (address, name, ())


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        (("", "", "Ana"), "it has no address"),
        (("", "4B", "Ana"), "it has no address"),
        (("?", "", "Ana"), "the address “?” has neither letter nor digit"),
        (("x" * 121,), "the address “" + "x" * 39 + "…”: that address is too long; 120 characters"),
        (("3 Elm Street", "", "www.example.org"), "the name “www.example.org”: a name cannot have"),
        (("3 Elm Street", "", "", "ana@"), "the e-mail address “ana@”: it is not spelt like"),
        (("3 Elm Street", "", "", "ana"), "the e-mail address “ana”: an e-mail address has an @"),
        (("3 Elm Street", "", "", "a@example.org; b@example.org"), "more than one e-mail address"),
        (("3 Elm Street", "", "", "", "+1 555"), "the number “+1 555”: it is too short"),
        (("3 Elm Street", "", "", "", "+1 415 555 0101 99"), "it is too long for a telephone"),
        (("3 Elm Street", "", "", "", "415-555-0101 or 0102"), "a number has only digits"),
        (("3 Elm Street", "", "", "", "4.15555E+09"), "was shortened by a spreadsheet"),
        (("3 Elm Street", "", "", "", "", "en", "x"), "it has 7 cells, the others 6: a comma"),
    ],
)
async def test_what_cannot_be_used_is_named(
    services: Services, cells: tuple[str, ...], problem: str
) -> None:
    line = read(services, *cells)
    assert len(line.problems) == 1
    assert problem in line.problems[0]


async def test_every_problem_of_a_row_is_named(services: Services) -> None:
    line = read(services, "", "", "https://x.org", "ana", "555")
    assert len(line.problems) == 4


@pytest.mark.parametrize(
    ("cells", "doubt", "email", "phone"),
    [
        (("", "ana@gmial.com", ""), "did you mean ana@gmail.com?", "ana@gmial.com", ""),
        (("", "", "+44 20 7946 0958"), "so it is left out", "", ""),
        (("", "", "+1 800 555 0199"), "toll-free number", "", ""),
    ],
)
async def test_what_may_be_a_slip_is_a_doubt(
    services: Services, cells: tuple[str, ...], doubt: str, email: str, phone: str
) -> None:
    line = read(services, "3 Elm Street", "", *cells)
    assert line.problems == ()
    assert len(line.doubts) == 1
    assert doubt in line.doubts[0]
    assert (line.email, line.phone) == (email, phone)


@pytest.mark.parametrize(
    ("typed", "language", "unspoken"),
    [("es", "es", ""), ("fr-CA", "fr", ""), ("Français", "fr", ""), ("pl", "", "pl"), ("", "", "")],
)
async def test_a_language_that_we_do_not_speak_is_no_problem(
    services: Services, typed: str, language: str, unspoken: str
) -> None:
    line = read(services, "3 Elm Street", "", "", "", "", typed)
    assert (line.language, line.unspoken, line.problems) == (language, unspoken, ())


TEXTS = st.text(max_size=12)
LINES = st.builds(
    Line,
    row=st.integers(1, 20_001),
    address=TEXTS,
    name=TEXTS,
    problems=st.lists(TEXTS, max_size=2).map(tuple),
    doubts=st.lists(TEXTS, max_size=2).map(tuple),
)


@given(st.lists(st.lists(LINES, max_size=3), max_size=3))
def test_lines_packed_one_after_the_other_are_unpacked_together(pieces: list[list[Line]]) -> None:
    kept = b"".join(map(lines.packed, pieces))
    assert lines.unpacked(kept) == [line for piece in pieces for line in piece]
