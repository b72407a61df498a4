"""CSV files that a spreadsheet opens as they are meant, whatever strangers typed into them.

RFC 4180, with a byte-order mark, by which Excel knows UTF-8, and every cell in quotes. A cell that
a spreadsheet would run as a formula gets an apostrophe in front, as OWASP recommends; so does what
would become one where a spreadsheet cuts the cell at another sign than the comma. `unguarded` takes
exactly these apostrophes off again.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence

from bot.messages import File

# What may stand before a sign without changing what a spreadsheet makes of it.
_BEFORE = r"[\s'\"\x00-\x1f\x7f\u200b-\u200f\u2060\ufeff]*"
_SIGNS = r"=+\-@\uff1d\uff0b\uff0d\uff20"  # and their full-width forms
_RISK = (
    rf"\A(?={_BEFORE}[{_SIGNS}\t\r\n])"  # at the start of a cell
    rf"|(?<=[,;\t\r\n])(?={_BEFORE}[{_SIGNS}])"  # or of what may be taken for one
)
_RISKY = re.compile(_RISK)
_GUARDED = re.compile(_RISK.replace("(?=", "'(?="))


def file(name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> File:
    """A table as a file for spreadsheets.

    Takes: name, of the file: "members.csv"; rows, each with as many cells as the header.
    Source: https://www.rfc-editor.org/rfc/rfc4180
    """
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n", strict=True)
    writer.writerow(header)
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    return File(name, "text/csv", written.getvalue().encode("utf-8-sig"))


def guarded(cell: str) -> str:
    """The text, made harmless for spreadsheets.

    Source: https://owasp.org/www-community/attacks/CSV_Injection
    """
    return _RISKY.sub("'", cell)


def unguarded(cell: str) -> str:
    """What the text was before `guarded`; a text without its apostrophes stays as it is.

    Takes: cell, of a thousand characters at most: the time grows with the square.
    """
    return _GUARDED.sub("", cell)
