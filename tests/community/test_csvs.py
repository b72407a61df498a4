"""CSV files: read back they are what was written, and no spreadsheet finds a formula in them."""

import csv
import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.community import csvs

NAMES = ("Zoë Müller", "王小明", "O'Neil", 'Ana "Annie" Ruiz', "a,b;c\td", "two\r\nlines", "", " ")
FORMULAS = (
    "=1+1", "+1 415-555-0101", "-3", "@SUM(1)", "\t=1", "\r=1", "\n=1", "  =1", "\u00a0=1",
    "\u3000=1", "\ufeff=1", "\x00=1", "'=1", "''=1", "＝1", "＋1", "－1", "＠a", '"=1', "\tplain",
    "=cmd|' /C calc'!A0", "Ana;=1+1", "Ana,=1+1", "Ana\n=1+1", "Ana\t=1", 'Ana;"=1+1', "Ana; =1",
)  # fmt: skip
HOSTILE = st.text(st.sampled_from("=+-@'\"\t\r\n ,;＝a1\x00\ufeff"), max_size=12)
CELLS = st.one_of(st.text(max_size=20), HOSTILE, st.sampled_from((*NAMES, *FORMULAS)))
FORMULA = re.compile(r"[\s\"\x00-\x1f\x7f\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]")


def read(content: bytes, delimiter: str = ",") -> list[list[str]]:
    """The cells, by a reader that forgives nothing when the delimiter is ours."""
    text = content.decode("utf-8-sig")
    strict = delimiter == ","
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict))


def test_a_file_is_what_excel_expects() -> None:
    made = csvs.file("members.csv", ("Name", "Address"), [("Zoë", '3 "Elm" Street')])
    assert (made.name, made.media_type) == ("members.csv", "text/csv")
    assert made.content == (b'\xef\xbb\xbf"Name","Address"\r\n"Zo\xc3\xab","3 ""Elm"" Street"\r\n')


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=8))
@example([(name, formula, name) for name in NAMES for formula in FORMULAS])
def test_what_was_written_is_read_back(rows: list[tuple[str, str, str]]) -> None:
    header, *cells = read(csvs.file("x.csv", ("a", "b", "c"), rows).content)
    assert header == ["a", "b", "c"]
    assert [tuple(map(csvs.unguarded, row)) for row in cells] == rows


@given(st.lists(st.tuples(CELLS, CELLS), max_size=8))
@example([(name, formula) for name in NAMES for formula in FORMULAS])
def test_no_cell_begins_like_a_formula_wherever_a_spreadsheet_cuts(
    rows: list[tuple[str, str]],
) -> None:
    content = csvs.file("x.csv", ("a", "b"), rows).content
    for delimiter in ",;\t":
        for row in read(content, delimiter):
            for cell in row:
                assert not FORMULA.match(cell)
                assert delimiter != "," or not cell.startswith(("\t", "\r", "\n"))


@pytest.mark.parametrize("cell", [*NAMES, "3 Elm Street, Flat 4B", "a-b", "ana+home@example.org"])
def test_what_is_harmless_stays_as_it_is(cell: str) -> None:
    assert csvs.guarded(cell) == cell == csvs.unguarded(cell)


# LibreOffice is too much to install for this: what it would show, the tests above read strictly.
@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not on this computer")
def test_libreoffice_shows_the_very_cells_and_calculates_nothing(tmp_path: Path) -> None:
    cells = [cell for cell in (*NAMES, *FORMULAS) if "\x00" not in cell and "\r" not in cell]
    made = csvs.file("cells.csv", ("cell", "end"), [(cell, "end") for cell in cells])
    shown = calculated(tmp_path, made.content)
    assert "table:formula" not in shown
    assert "Zoë Müller" in shown
    assert "table:formula" in calculated(tmp_path, b'"=1+1"\r\n'), "it would have calculated"


def calculated(folder: Path, content: bytes) -> str:
    """What LibreOffice makes of a CSV file when it is opened."""
    (folder / "cells.csv").write_bytes(content)
    # Comma, quotes, UTF-8, from the first line on.
    filters = "CSV:44,34,76,1,,0,false,true,false,false,false,-1"
    command = ["soffice", "--headless", "--convert-to", "fods", f"--infilter={filters}"]
    subprocess.run([*command, "cells.csv"], cwd=folder, check=True, timeout=300)
    return (folder / "cells.fods").read_text()
