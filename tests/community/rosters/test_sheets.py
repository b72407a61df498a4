"""Table files: read in every form that spreadsheets save them in, or refused with what to do."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.community import csvs
from bot.community.errors import Refusal
from bot.community.rosters import sheets
from bot.community.rosters.sheets import Row

ROWS = [["Address", "Name"], ["3 Elm Street, Flat 4B", "Zoë Müller"], ["5 Elm Street", "Renée"]]
EXPECTED = [Row(number, tuple(cells)) for number, cells in enumerate(ROWS, 1)]
ENDS = ("\n", "\r\n", "\r")


def text(delimiter: str = ",", end: str = "\r\n") -> str:
    """The rows as somebody's spreadsheet writes them, quoted where that is needed."""
    lines = [delimiter.join(f'"{c}"' if delimiter in c else c for c in row) for row in ROWS]
    return end.join([*lines, ""])


def workbook() -> bytes:
    """The beginning of an Excel workbook."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(zipfile.ZipInfo("xl/workbook.xml"), "<workbook/>")  # at no hour
    return made.getvalue()


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
def test_every_usual_form_is_read(encoding: str, delimiter: str, end: str) -> None:
    assert sheets.read(text(delimiter, end).encode(encoding)) == EXPECTED


def test_excels_own_word_on_the_delimiter_is_heard() -> None:
    said = b"sep=;\r\na;b,c,d\r\ne;f,g,h\r\n"
    assert [row.cells for row in sheets.read(said)] == [("a", "b,c,d"), ("e", "f,g,h")]


def test_rows_are_numbered_as_in_a_spreadsheet() -> None:
    """A line break in a cell begins no row; an empty row counts."""
    content = b'Address,Name\n"3 Elm Street\nFlat 4B",Ana\n\n,\n5 Elm Street,Bo\n'
    rows = sheets.read(content)
    assert [(row.number, row.cells[0]) for row in rows] == [
        (1, "Address"),
        (2, "3 Elm Street\nFlat 4B"),
        (5, "5 Elm Street"),
    ]


def test_a_file_without_a_last_line_break_loses_nothing() -> None:
    assert sheets.read(b'a,b\nc,"d"')[-1] == Row(2, ("c", "d"))


def test_our_own_files_are_read_back() -> None:
    cells = ("+1 415-555-0101", "=1+1", "'quoted'", "two\r\nlines", "-")
    made = csvs.file("x.csv", ("a", "b", "c", "d", "e"), [cells])
    assert sheets.read(made.content)[1].cells == cells


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b" \r\n\r\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\xff\xfe", "empty"),
        (b",,,\n,,,\n", "empty"),
        (workbook(), "a workbook, not a CSV file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "an old Excel workbook"),
        (b"%PDF-1.7\n...", "a PDF"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"<html><table><tr><td>3 Elm Street</td></tr></table></html>", "a web page"),
        (bytes(range(256)) * 20, "not a file of plain text"),
        (b"\xff\xfea", "not a file of plain text"),
        (b"a,b\n" * 5_300_000, "20.2 MB. The most are 5 MB"),
        (b"a,b\n" * 20_002, "more than 20,000 rows"),
        (b'a,b\nc,"d\ne,f\ng,h\n', "In row 2 a cell begins with a quotation mark"),
        (b'a,b\nc,"' + b"d\n" * 500_000, "In row 2 a cell begins with a quotation mark"),
    ],
    ids=str,
)
def test_what_cannot_be_read_is_refused_in_a_plain_sentence(content: bytes, words: str) -> None:
    with pytest.raises(Refusal) as refused:
        sheets.read(content)
    assert words in refused.value.words


def test_the_most_rows_are_read() -> None:
    assert len(sheets.read(b"a,b\n" * 20_001)) == 20_001, "20,000 and a header"


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        rows = sheets.read(content)
    except Refusal:
        return
    assert rows
    assert all(any(row.cells) for row in rows)


@given(st.lists(st.tuples(*[st.text(max_size=8)] * 3), min_size=1, max_size=9))
def test_what_we_write_is_what_we_read(cells: list[tuple[str, str, str]]) -> None:
    written = csvs.file("x.csv", ("aa", "bb", "cc"), cells).content
    try:
        rows = sheets.read(written)
    except Refusal:
        assert any(ord(char) < 32 for row in cells for cell in row for char in cell)
        return
    kept = {row.number: row.cells for row in rows}
    for number, row in enumerate(cells, 2):
        assert kept.get(number, ("", "", "")) == tuple(cell.strip() for cell in row)
