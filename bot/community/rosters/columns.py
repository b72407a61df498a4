"""Which column of a roster file holds what: by its title in several words, or by what is in it."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from bot.community.errors import Refusal
from bot.community.rosters.sheets import OneColumn, Row
from storage.words import split

Role = Literal[
    "address", "street", "number", "unit", "name", "first", "last", "email", "phone", "language"
]
ROLES: tuple[Role, ...] = get_args(Role)

_LOOKED_FOR = 5  # rows among which the titles are: some lists have a heading above them
_SAMPLE = 200  # rows by which a column without a known title is judged
_MOST = 0.6  # of the cells that are not empty

# In order of preference, as the words are once accents and signs are off: English, Spanish, French.
_TITLES: dict[Role, str] = {
    "address": "full address|address|street address|home address|property address|property|"
    "residence|address line 1|address 1|address1|direccion completa|direccion|domicilio|"
    "adresse complete|adresse|adresse postale|domicile",
    "street": "street|street name|road|calle|nombre de la calle|avenida|via|rue|nom de rue|voie|"
    "building|building name|edificio|immeuble|batiment",
    "number": "house number|house no|house|street number|street no|building number|number|no|nr|"
    "numero de casa|numero de calle|numero|num|numero de rue|no de rue|n",
    "unit": "unit|unit number|unit no|apt|apt number|apt no|apartment|apartment number|flat|"
    "flat number|flat no|lot|lot number|lot no|suite|address line 2|address 2|address2|"
    "apartamento|depto|departamento|piso|puerta|lote|appartement|appt|logement|porte|etage",
    "name": "name|full name|resident|resident name|owner|owner name|homeowner|member|contact|"
    "contact name|nombre completo|nombre y apellidos|residente|propietario|nom complet|"
    "nom et prenom|habitant|proprietaire",
    "first": "first name|firstname|first|given name|forename|nombre|nombre de pila|prenom",
    "last": "last name|lastname|last|surname|family name|apellidos|apellido|nom|nom de famille",
    "email": "email|e mail|email address|e mail address|mail|emails|correo|correo electronico|"
    "courriel|adresse e mail|adresse email|adresse mail|adresse electronique|mel",
    "phone": "mobile|mobile number|mobile phone|cell|cell phone|cellphone|text|sms|phone|"
    "phone number|telephone|telephone number|tel|movil|celular|telefono movil|telefono|"
    "numero de telefono|portable|telephone portable|numero de telephone|gsm",
    "language": "language|preferred language|lang|idioma|lengua|langue",
}
_KNOWN = {
    title: (role, rank)
    for role, titles in _TITLES.items()
    for rank, title in enumerate(titles.split("|"))
}
# A title with one of these words among others: "Primary e-mail (optional)".
_TELLING: dict[str, Role] = {
    "email": "email", "mail": "email", "correo": "email", "courriel": "email",
    "mobile": "phone", "cell": "phone", "phone": "phone", "telephone": "phone", "tel": "phone",
    "telefono": "phone", "movil": "phone", "portable": "phone",
    "address": "address", "direccion": "address", "adresse": "address",
}  # fmt: skip
_NOT_THEIRS = {"emergency", "emergencia", "urgence", "landlord", "fax"}
_NUMBER_LAST = {"calle", "avenida", "via", "building", "building name", "edificio"}  # Calle Mayor 5

_DIGITS = re.compile(r"\d")
_PHONE = re.compile(r"\+?[\d\s().\-/]{7,}")
_NUMBERED = re.compile(r"^\d+\s?\w?\s|\s\d+\s?\w?$")  # 3 Elm Street, Calle Mayor 5; not 5th Avenue
_TAG = re.compile(r"[a-z]{2}(?:-[A-Za-z]{2})?")
_LOOKS: dict[Role, Callable[[str], bool]] = {
    "email": lambda cell: "@" in cell,
    "phone": lambda cell: bool(_PHONE.fullmatch(cell)),
    "address": lambda cell: bool(_DIGITS.search(cell)) and any(map(str.isalpha, cell)),
    "language": lambda cell: bool(_TAG.fullmatch(cell)),
    "name": lambda cell: " " in cell and not _DIGITS.search(cell),
}  # the most telling first
_DESPITE_TITLES: set[Role] = {"email", "phone", "address"}  # what a title of its own may hide


class NoAddresses(Refusal):
    """I find no column with addresses in that file, and everybody on the roster has one. Give the
    column the title “Address” in the first row, and give me the file again."""

    status = 422


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row everything is."""

    at: Mapping[Role, int]
    titles: tuple[str, ...]  # of all columns; empty when the file names none
    width: int  # cells of a row; more means that a comma was not quoted
    number_last: bool = False  # whether a house number comes after the street's name

    def cell(self, row: Row, role: Role) -> str:
        """What the row says there; empty when it says nothing."""
        place = self.at.get(role)
        return row.cells[place] if place is not None and place < len(row.cells) else ""

    def title(self, role: Role) -> str:
        """What the file, or else a spreadsheet, calls this column."""
        place = self.at[role]
        return (self.titles and self.titles[place]) or f"column {_letter(place)}"

    @property
    def unused(self) -> list[str]:
        """The titles of the columns that are not looked at."""
        used = set(self.at.values())
        return [title for place, title in enumerate(self.titles) if title and place not in used]


def find(rows: Sequence[Row]) -> tuple[Columns, list[Row]]:
    """What the columns are, and the rows below the titles. Raises: OneColumn, NoAddresses."""
    header = _header(rows)
    titles = rows[header].cells if header is not None else ()
    people = list(rows[header + 1 :] if header is not None else rows)
    at = _by_title(titles)
    width = max(len(titles), max((len(row.cells) for row in rows), default=0))
    if width == 1 and "address" not in at:
        raise OneColumn
    at |= _by_content(at, titles, people[:_SAMPLE])
    _settle(at, people[:_SAMPLE])
    if not at.keys() & {"address", "street", "unit"}:
        raise NoAddresses
    last = "street" in at and bool(titles) and _bare(titles[at["street"]]) in _NUMBER_LAST
    return Columns(at, titles, len(titles) or _usual(people), last), people


def _header(rows: Sequence[Row]) -> int | None:
    """Which row has the titles: the one with the most that are known."""
    known = [len(_by_title(row.cells)) for row in rows[:_LOOKED_FOR]]
    best = max(range(len(known)), key=lambda n: (known[n], -n))
    if known[best] and _has_titles(rows[best], known[best]) and _are_headings(rows, best):
        return best
    is_untold = _has_titles(rows[0], 0) and _by_content({}, (), rows[1:_SAMPLE])
    return 0 if is_untold else None


def _has_titles(row: Row, known: int) -> bool:
    """Whether a row can be of titles: somebody in Mail Road 3 is none, though "mail" is known."""
    if any("@" in cell for cell in row.cells):
        return False
    return known > 1 or not any(map(_DIGITS.search, row.cells))


def _are_headings(rows: Sequence[Row], below: int) -> bool:
    """Whether the rows above a row say less than that: a heading, a date."""
    filled = [sum(map(bool, row.cells)) for row in rows[: below + 1]]
    return all(above < filled[-1] for above in filled[:-1])


def _by_title(titles: Sequence[str]) -> dict[Role, int]:
    best: dict[Role, tuple[int, int]] = {}
    for place, title in enumerate(titles):
        for role, rank in _meant(_bare(title)):
            best[role] = min(best.get(role, (rank, place)), (rank, place))
    return {role: place for role, (_, place) in best.items()}


def _meant(title: str) -> Iterator[tuple[Role, int]]:
    words = title.split()
    if title in _KNOWN:
        yield _KNOWN[title]
    elif not _NOT_THEIRS & {*words}:
        told = [_TELLING[word] for word in words if word in _TELLING]
        if told:
            yield (min(told, key=[*_TELLING.values()].index), len(_KNOWN))


def _bare(title: str) -> str:
    return " ".join(split(title))


def _by_content(
    known: Mapping[Role, int], titles: Sequence[str], rows: Sequence[Row]
) -> dict[Role, int]:
    """The columns of what no title tells, by what most of their cells look like."""
    found: dict[Role, int] = {}
    taken = {*known.values()}
    width = len(titles) or max((len(row.cells) for row in rows), default=0)
    for role, looks in _LOOKS.items():
        is_told = role in known or (role == "address" and "street" in known)
        if is_told or (titles and role not in _DESPITE_TITLES):
            continue
        for place in range(width):
            is_theirs = not titles or not _NOT_THEIRS & {*split(titles[place])}
            cells = [row.cells[place] for row in rows if place < len(row.cells)]
            if place not in taken and is_theirs and _most(cells, looks):
                found[role] = place
                taken.add(place)
                break
    return found


def _most(cells: Sequence[str], looks: Callable[[str], bool]) -> bool:
    said = [cell for cell in cells if cell]
    return bool(said) and sum(map(looks, said)) >= _MOST * len(said)


def _settle(at: dict[Role, int], rows: Sequence[Row]) -> None:
    """Where several columns would say the same, keep those that say it best."""
    if "address" in at:
        at.pop("street", None)
    if "street" in at and _most(
        [Columns(at, (), 0).cell(row, "street") for row in rows], _has_number
    ):
        at["address"] = at.pop("street")  # it has the house number in it
    if "street" not in at:
        at.pop("number", None)
    if "name" in at:
        at.pop("first", None)
        at.pop("last", None)


def _has_number(street: str) -> bool:
    return bool(_NUMBERED.search(street))


def _usual(rows: Sequence[Row]) -> int:
    """How many cells the rows have, where no title says so."""
    ((width, _),) = Counter(len(row.cells) for row in rows).most_common(1) or [(0, 0)]
    return width


def _letter(place: int) -> str:
    """What a spreadsheet calls the column: A to Z, then AA."""
    return _letter(place // 26 - 1) + chr(65 + place % 26) if place > 25 else chr(65 + place)
