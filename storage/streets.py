"""Streets: the normal form by which two spellings of an address are one, and the order of a list.

Two spellings are one only where that cannot be wrong: whoever signs up under the wrong household
is worse off than a leader who merges two. "12 B Street" is never "12B Street".
"""

import re
import unicodedata

from storage.words import plain

_SAME = {  # words of streets, in English, Spanish and French
    "street": "st", "str": "st", "saint": "st", "sainte": "ste", "suite": "ste",
    "avenue": "ave", "av": "ave", "avenida": "ave", "avda": "ave", "avd": "ave",
    "road": "rd", "lane": "ln", "drive": "dr", "court": "ct", "place": "pl", "square": "sq",
    "boulevard": "blvd", "boul": "blvd", "bd": "blvd", "bulevar": "blvd", "terrace": "ter",
    "circle": "cir", "crescent": "cres", "highway": "hwy", "parkway": "pkwy", "trail": "trl",
    "carretera": "ctra", "plaza": "plz", "pza": "plz", "chemin": "ch", "impasse": "imp",
    "building": "bldg", "edificio": "bldg", "batiment": "bldg",
    "first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th",
    "sixth": "6th", "seventh": "7th", "eighth": "8th", "ninth": "9th", "tenth": "10th",
}  # fmt: skip
_ROADS = frozenset({
    "st", "ave", "rd", "ln", "dr", "ct", "pl", "sq", "blvd", "ter", "cir", "cres", "hwy", "pkwy",
    "trl", "way",
})  # fmt: skip
_WINDS = {"north": "n", "south": "s", "east": "e", "west": "w"}
_UNITS = {
    **dict.fromkeys(
        ("apt", "apartment", "unit", "flat", "apto", "apartamento", "depto", "dpto", "dept",
         "departamento", "appt", "app", "appart", "appartement", "#"), "apt",
    ),
    "lot": "lot", "lote": "lot",
}  # fmt: skip
_NUMBER_SIGNS = frozenset({"no", "nr", "number", "num", "numero", "#"})

_DEGREE = re.compile(r"\bn\s*°\s*")  # n° 5
_CALLE = re.compile(r"^\s*c/")
_FRACTION = re.compile(r"(?=[\u00bc-\u00be\u2150-\u215e])")  # 12½ is 12 1/2, not 121/2
_APOSTROPHE = re.compile(r"(?<=\w)['\u2019\u02bc`\u00b4](?=\w)")
_DASH = re.compile(r"\s*[-\u2010-\u2015\u2212]\s*")
_WORD = re.compile(
    r"#|\d+(?:[-/]\d+)+|(?<![^\s#,-])(?:\d+-[^\W\d_]|[^\W\d_]-\d+)(?![^\s#,/-])|[^\s#,/-]+"
)
_HOUSE = re.compile(r"\d+(?:[-/]\d+)*(?:[^\W\d_]|bis)?")
_LETTERED = re.compile(r"\d+-[^\W\d_]|[^\W\d_]-\d+")  # 4-b, b-4
_UNIT = re.compile(r"(?:^| )(?:apt|lot) .*")
_DIGITS = 8  # of a number in the order of a list; house numbers have up to six


def address_key(address: str) -> str:
    """The normal form of a street address, so that "12 Elm St." and "12 elm street" are one."""
    street: list[str] = []
    units: list[str] = []
    for part in _tidied(address).split(","):
        words = _WORD.findall(part)
        while words:
            taken = _take_unit(words, units) or _take_word(words, street)
            words = words[taken:]
    return " ".join([*_number_first(street), *units]) or plain(address)


def address_order(key: str) -> str:
    """Where an address stands in a list, from its key: by street, and 2 Elm before 10 Elm."""
    number, _, rest = key.partition(" ")
    street = _UNIT.sub("", rest)
    if street and _HOUSE.fullmatch(number):
        key = f"{street} {number}{rest[len(street) :]}"
    return re.sub(r"\d+", lambda digits: digits[0].zfill(_DIGITS), key)


def _tidied(address: str) -> str:
    """In small letters and without accents; of all signs only # , - and / are left."""
    text = _DEGREE.sub("no ", _FRACTION.sub(" ", address.casefold()))
    text = _CALLE.sub("calle ", _DASH.sub("-", _APOSTROPHE.sub("", plain(text))))
    text = text.replace("\u2044", "/").replace(";", ",").replace("\n", ",")
    return "".join(char if char in "#,-/" or _is_spelt(char) else " " for char in text)


def _is_spelt(char: str) -> bool:
    return unicodedata.category(char)[0] in "LMN"


def _take_unit(words: list[str], units: list[str]) -> int:
    """Note "apt # 4 b" at the start of the words as a unit. Gives how many words that was."""
    kind = _UNITS.get(words[0])
    at = 1
    while at < len(words) and words[at] in _NUMBER_SIGNS:
        at += 1
    if kind is None or at == len(words) or not _names_unit(words[at]):
        return 0
    value = words[at]
    if at + 1 < len(words) and _LETTERED.fullmatch(f"{value}-{words[at + 1]}"):
        at += 1
        value = f"{value}-{words[at]}"
    units += [kind, _number(value.replace("-", "") if _LETTERED.fullmatch(value) else value)]
    return at + 1


def _names_unit(word: str) -> bool:
    """What names a unit has a digit, or is one letter: not "Lot Lane"."""
    return any(char.isdigit() for char in word) or (len(word) == 1 and word.isalpha())


def _number(word: str) -> str:
    """The word, without zeros in front of a number."""
    return word.lstrip("0") or word


def _take_word(words: list[str], street: list[str]) -> int:
    """Note the first word as one of the street, in its usual spelling. Gives 1."""
    word = _SAME.get(words[0], words[0])
    following = _SAME.get(words[1], words[1]) if len(words) > 1 else ""
    if word in _NUMBER_SIGNS and following[:1].isdigit():
        return 1
    if word == "bis" and street and street[-1].isdigit():
        street[-1] += word
    elif word in _WINDS and following not in _ROADS:  # "12 North St" may not be 12 N Street
        street.append(_WINDS[word])
    elif _LETTERED.fullmatch(word):
        street += word.split("-") if following in _ROADS else [word.replace("-", "")]
    elif word != "#":
        street.append(_number(word))
    return 1


def _number_first(street: list[str]) -> list[str]:
    """What was written as "Elm St 12" as "12 Elm St", when that is its only number."""
    numbers = [word for word in street if any(char.isdigit() for char in word)]
    if len(street) > 1 and numbers == [street[-1]] and _HOUSE.fullmatch(street[-1]):
        return [street[-1], *street[:-1]]
    return street
