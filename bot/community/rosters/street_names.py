"""Which street or building an address belongs to: coverage is counted by it.

Not a gazetteer: the house number, the flat and the town are taken off, and what is left is spelt
alike, so that "3 Elm St." and "FLAT 2, 5 ELM STREET" are both in Elm Street.
"""

import re

from bot.community import names

_UNIT_WORDS = (
    "apartment|apartamento|appartement|appt|apto|apt|app|flat|unit|suite|ste|room|lot|lote|floor|"
    "depto|departamento|piso|puerta|pta|porte|logement|étage|etage"
)
_ID = r"(?:no\.?\s*|#\s*)?(?:[a-z]{0,2}\d+[a-zºª°]{0,2}|[a-z])"  # 4B, B4, 3º, C
_UNIT = re.compile(rf"(?i)(?:^|\s)(?:(?:{_UNIT_WORDS})\b\.?\s*{_ID}|#\s*{_ID})(?!\w)")
_ONLY_UNIT = re.compile(rf"(?i)(?:{_UNIT_WORDS})\b\.?")
_HOUSE = (
    r"\d+(?:\s*[-–/]\s*\d+)?\s?[a-z]?(?:\s+(?:bis|ter|quater)\b)?"  # 12, 12-14, 3/5, 12a, 7 bis
)
_BEFORE = re.compile(rf"(?i)^(?:(?:no|nr|n)\b\.?\s*|nº\s*|n°\s*|#\s*)?{_HOUSE}(?=\s)\s+")
_AFTER = re.compile(rf"(?i)\s+(?:(?:no|nr|n)\b\.?\s*|nº\s*|n°\s*|#\s*)?{_HOUSE}$")
_LETTER = re.compile(r"[^\W\d_]")
_NUMBERED = {"block", "tower", "building", "bldg", "bloque", "torre", "edificio", "bâtiment", "bat"}
_FLOOR = re.compile(r"(?i)^\d+\s?[ºª°]")  # 2º B: the floor, in Spain

# Only as the last word: "St John's Road" is a saint's.
_SPELT_OUT = {
    "st": "Street", "rd": "Road", "ave": "Avenue", "av": "Avenue", "ln": "Lane", "dr": "Drive",
    "ct": "Court", "pl": "Place", "blvd": "Boulevard", "sq": "Square", "ter": "Terrace",
    "cl": "Close", "cres": "Crescent", "hwy": "Highway", "pkwy": "Parkway",
}  # fmt: skip


def street_of(address: str) -> str:
    """The street, or else the building; the address itself where neither can be told."""
    parts = [part for part in map(_without_unit, address.split(",")) if part]
    named = [part for part in parts if _LETTER.search(part) and not _FLOOR.match(part)]
    numbered = [part for part in named if _bare(part) != part]
    chosen = next(iter([*numbered, *named]), "")
    return _spelt(_bare(chosen)) if chosen else _spelt(_kind(address))


def _without_unit(part: str) -> str:
    return " ".join(_UNIT.sub(" ", part).split())


def _bare(part: str) -> str:
    """The part without its house number, before it or after it."""
    bare = _BEFORE.sub("", part)
    if bare == part:
        bare = _AFTER.sub("", part)
    return part if bare.casefold() in _NUMBERED or not _LETTER.search(bare) else bare


def _kind(address: str) -> str:
    """Of "Flat 4B" alone: that it is a flat."""
    only = _ONLY_UNIT.match(address)
    return only[0] if only else address


def _spelt(street: str) -> str:
    line = names.one_line(street).strip(" .,")
    *words, last = line.split() or [""]
    known = _SPELT_OUT.get(last.rstrip(".").casefold()) if words else None
    line = " ".join([*words, known or last])
    shouted = line.upper() == line or line.lower() == line
    line = " ".join(map(str.capitalize, line.split())) if shouted else line
    return line[:1].upper() + line[1:]
