"""The door for table files: bytes in any usual form of CSV become rows of text, or a plain reason.

Encoding and delimiter are guessed, as no CSV file says them. Rows are numbered as a spreadsheet
numbers them: from 1, empty ones and the header included.
"""

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.community import csvs
from bot.community.errors import Refusal

MOST_ROWS = 20_000  # households of a small town
MOST_BYTES = 5 * 1024 * 1024  # 20,000 rows of 250 characters
LONGEST_CELL = 1_000  # characters; more is not looked at
_SAMPLE = 50  # rows by which the delimiter is chosen
_DELIMITERS = ",;\t|"
_END = "end of the table"  # a row of ours: it stays a row unless a quote before it was left open
_SAID = re.compile(r"sep=(.)\r?\n")  # the first line with which Excel tells itself the delimiter
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1f]")  # in no list that people read

_KINDS = (
    (b"PK\x03\x04", "a workbook, not a CSV file"),  # xlsx, ods, numbers
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook, not a CSV file"),
    (b"%PDF", "a PDF, which has no rows to read"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"<", "a web page, not a CSV file"),  # some programs give those out as Excel's
    (b"{", "not a table"),  # RTF, JSON
)  # by the bytes they begin with
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


class NotATable(Refusal):
    """That is {what}. Open your list in a spreadsheet, choose Save As or Download, CSV (with UTF-8
    if you may choose), and give me that file."""

    status = 422


class EmptyFile(Refusal):
    """That file is empty. Give me one with a row for each person or address."""

    status = 422


class FileTooLarge(Refusal):
    """That file is too large: {size}. The most are {most}; please give it in parts."""

    status = 413


class OneColumn(Refusal):
    """That file has one column only. Give me a CSV with a row for each person, and columns such as
    address, name, e-mail and phone."""

    status = 422


class OpenQuote(Refusal):
    """In row {row} a cell begins with a quotation mark that is never closed, so I cannot tell where
    the rows after it begin. Close it or take it away, and give me the file again."""

    status = 422


@dataclass(frozen=True, slots=True)
class Row:
    """One row that is not empty, each cell without what surrounds its words."""

    number: int  # as a spreadsheet shows it
    cells: tuple[str, ...]


def read(content: bytes) -> list[Row]:
    """The rows of a file that are not empty. Raises: Refusal, saying what to do instead."""
    if len(content) > MOST_BYTES:
        size = f"{len(content) / 1024 / 1024:.1f} MB"
        raise FileTooLarge(size=size, most=f"{MOST_BYTES // 1024 // 1024} MB")
    text = _text(content)
    said = _SAID.match(text)
    body = text[said.end() :] if said else text
    rows = _rows(body, said[1] if said else _delimiter(body))
    if not rows:
        raise EmptyFile
    return rows


def _text(content: bytes) -> str:
    if not content.strip():
        raise EmptyFile
    for start, what in _KINDS:
        if content.startswith(start):
            raise NotATable(what=what)
    for encoding in _encodings(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _BINARY.search(text):
            return text.removeprefix("\ufeff")
    raise NotATable(what="not a file of plain text")


def _encodings(content: bytes) -> Sequence[str]:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return (encoding,)
    if 0 in content[:2]:  # lists begin with Latin letters, of which half is zero then
        return ("utf-16-le",) if content[0] else ("utf-16-be",)
    return ("utf-8", "cp1252")


def _delimiter(text: str) -> str:
    """The one by which the most rows have equally many cells, more than one."""
    sample = {one: [*itertools.islice(_records(text, one), _SAMPLE)] for one in _DELIMITERS}
    return max(_DELIMITERS, key=lambda one: _agreement(sample[one]))


def _agreement(records: Sequence[Sequence[str]]) -> tuple[int, int]:
    widths = Counter(len(record) for record in records if len(record) > 1)
    return max(((count, width) for width, count in widths.items()), default=(0, 0))


def _rows(text: str, delimiter: str) -> list[Row]:
    rows: list[Row] = []
    for number, record in enumerate(_records(f"{text}\r\n{_END}", delimiter), 1):
        if any(cell.endswith(f"\n{_END}") for cell in record):
            raise OpenQuote(row=number)
        cells = tuple(map(_cell, record))
        if any(cells) and cells != (_END,):
            rows.append(Row(number, cells))
        if len(rows) > MOST_ROWS + 1:  # and the header
            raise FileTooLarge(size=f"more than {MOST_ROWS:,} rows", most=f"{MOST_ROWS:,}")
    return rows


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(2 * MOST_BYTES)  # by itself it raises what would need words of its own
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _cell(text: str) -> str:
    return csvs.unguarded(text[:LONGEST_CELL]).strip()
