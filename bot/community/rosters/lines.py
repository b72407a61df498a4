"""A row of a roster file as a line of the roster, or what is wrong with it.

What cannot be used is a problem, and with one problem nothing of the file is taken; what can be
used but may be a slip of the pen is a doubt, which the leader reads and decides about.
"""

import gzip
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from bot.community import contacts, names
from bot.community.contacts import BadContact
from bot.community.errors import Refusal
from bot.community.rosters.columns import Columns
from bot.community.rosters.sheets import Row
from bot.community.rosters.street_names import street_of
from bot.ports import Services
from storage.words import split

_SHOWN = 40  # characters of a value that are repeated to the leader
_WORDY = re.compile(r"[^\W\d_]{2}")  # "Flat 4B" says what it is, "4B" does not
_KIND = re.compile(r"(?!address)[^\W\d_]+", re.IGNORECASE)  # of "Lot #"; "Address line 2" has none
_CRUSHED = re.compile(r"\d(?:[.,]\d+)?E\+?\d+", re.IGNORECASE)  # 4.15555E+11


@dataclass(frozen=True, slots=True)
class Line:
    """What a row says, as far as it could be read."""

    row: int
    address: str = ""
    address_key: str = ""
    street: str = ""
    name: str = ""
    name_key: str = ""
    email: str = ""
    phone: str = ""  # E.164
    language: str = ""  # BCP 47; empty: the community's
    problems: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    unspoken: str = ""  # a language in which no letter is written

    @property
    def key(self) -> tuple[str, str]:
        """Two lines with the same key are the same entry."""
        return self.address_key, self.name_key


def name_key(name: str) -> str:
    """The normal form of a name, so that "Zoë Müller" and "zoe muller" are one."""
    return " ".join(split(name))


def check(services: Services, columns: Columns, row: Row, *, region: str) -> Line:
    """Read one row; nothing is raised, every problem is in the line."""
    problems: list[str] = []
    doubts: list[str] = []
    if any(row.cells[columns.width :]):
        problems.append(
            f"it has {len(row.cells)} cells, the others {columns.width}: a comma inside a cell "
            "needs quotation marks around the cell"
        )
    address = _words(_address(columns, row), "address", names.LONGEST_ADDRESS, problems)
    name = _words(_name(columns, row), "name", names.LONGEST_NAME, problems)
    email = _email(columns.cell(row, "email"), problems, doubts)
    phone = _phone(services, columns.cell(row, "phone"), region, problems, doubts)
    language, unspoken = _language(services, columns.cell(row, "language"))
    return Line(
        row.number,
        address=address,
        address_key=names.address_key(address),
        street=street_of(address),
        name=name,
        name_key=name_key(name),
        email=email,
        phone=phone,
        language=language,
        problems=tuple(problems),
        doubts=tuple(doubts),
        unspoken=unspoken,
    )


def _address(columns: Columns, row: Row) -> str:
    street, number = columns.cell(row, "street"), columns.cell(row, "number")
    both = (street, number) if columns.number_last else (number, street)
    address = columns.cell(row, "address") or (" ".join(filter(None, both)) if street else "")
    if not address and columns.at.keys() & {"address", "street"}:
        return ""  # of which house the flat is, is missing
    unit = columns.cell(row, "unit")
    if unit and not _WORDY.search(unit) and columns.titles:
        kind = _KIND.match(columns.title("unit"))
        unit = f"{kind[0].capitalize()} {unit}" if kind else unit
    lines = [one for part in (address, unit) for one in part.splitlines()]
    return ", ".join(filter(None, map(str.strip, lines)))


def _name(columns: Columns, row: Row) -> str:
    parts = (columns.cell(row, role) for role in ("name", "first", "last"))  # one, or the other two
    return " ".join(filter(None, parts))


def _words(typed: str, what: str, longest: int, problems: list[str]) -> str:
    if not typed:
        problems.extend(["it has no address"] if what == "address" else [])
        return ""
    if not any(map(str.isalnum, typed)):
        problems.append(f"the {what} {_quoted(typed)} has neither letter nor digit")
        return ""
    try:
        return names.name(typed, what=what, longest=longest)
    except Refusal as refusal:
        problems.append(f"the {what} {_quoted(typed)}: {_clause(refusal.words)}")
        return ""


def _email(typed: str, problems: list[str], doubts: list[str]) -> str:
    if not typed:
        return ""
    if typed.count("@") > 1:
        problems.append(
            f"{_quoted(typed)} is more than one e-mail address; give each a row of its own"
        )
        return ""
    try:
        contact = contacts.parse_email(typed)
    except BadContact as bad:
        problems.append(f"the e-mail address {_quoted(typed)}: {bad.why}")
        return ""
    if contact.suggestion:
        doubts.append(f"{_quoted(typed)}: did you mean {contact.suggestion}?")
    return contact.address


def _phone(
    services: Services, typed: str, region: str, problems: list[str], doubts: list[str]
) -> str:
    if not typed:
        return ""
    if _CRUSHED.fullmatch(typed):
        problems.append(
            f"the number {_quoted(typed)} was shortened by a spreadsheet; make that column text"
        )
        return ""
    try:
        return contacts.parse_invitee(services, "text", typed, region=region).address
    except BadContact as bad:
        return _untexted(typed, bad, region, problems, doubts)


def _untexted(
    typed: str, bad: BadContact, region: str, problems: list[str], doubts: list[str]
) -> str:
    """A number that exists but cannot get texts is no mistake; it is just left out."""
    try:
        contacts.parse_any(typed, region=region)
    except BadContact as why:
        problems.append(f"the number {_quoted(typed)}: {why.why}")
    else:
        doubts.append(f"{bad.why}, so it is left out")
    return ""


def _language(services: Services, typed: str) -> tuple[str, str]:
    """The language, or the one that we do not speak."""
    languages = services.templates.languages
    known = languages.meant(typed) or languages.closest(typed)
    return (known.tag, "") if known else ("", names.one_line(typed)[:_SHOWN])


def _quoted(typed: str) -> str:
    line = names.one_line(typed)
    return f"“{line}”" if len(line) <= _SHOWN else f"“{line[: _SHOWN - 1]}…”"


def _clause(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")


# Kept between the pieces in which a long file is read


def packed(lines: Iterable[Line]) -> bytes:
    """The lines for storage; what was packed one after the other is unpacked together."""
    rows = (json.dumps(asdict(line), ensure_ascii=False) for line in lines)
    return gzip.compress("".join(f"{row}\n" for row in rows).encode(), compresslevel=1, mtime=0)


def unpacked(kept: bytes) -> list[Line]:
    """The lines that `packed` made into bytes, in order."""
    rows = (json.loads(row) for row in gzip.decompress(kept).splitlines())
    return [Line(**{**row, "problems": tuple(row["problems"]), "doubts": tuple(row["doubts"])})
            for row in rows]  # fmt: skip
