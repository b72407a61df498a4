"""Text messages are paid by the segment: counts them, and makes words fit into one.

One letter outside GSM-7 turns the whole text to UCS-2 and 160 units into 70, so a single "í" in a
name would double the price.
Source: 3GPP TS 23.038, section 6.2.1 (the alphabet) and TS 23.040, 9.2.3.24.1 (joined segments).
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")  # sent as an escape and a letter: two units
_GSM7 = _BASIC | _EXTENDED

# (units in a lone segment, units in each of several: joining costs a header of 6 octets)
_ROOM = {"GSM-7": (160, 153), "UCS-2": (70, 67)}

_PLAIN = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": "'", "‛": "'", "′": "'", "`": "'", "´": "'", "ʼ": "'",
        "“": '"', "”": '"', "„": '"', "‟": '"', "″": '"', "«": '"', "»": '"',
        "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-",
        "…": "...", "•": "-", "·": ".", "\t": " ", "\N{NO-BREAK SPACE}": " ",
        "\N{NARROW NO-BREAK SPACE}": " ", "\N{THIN SPACE}": " ",
        "\N{ZERO WIDTH SPACE}": "", "\N{SOFT HYPHEN}": "",
        # Latin letters that Unicode does not take apart
        "Ł": "L", "ł": "l", "Đ": "D", "đ": "d", "Ð": "D", "ð": "d", "Þ": "Th", "þ": "th",
        "Œ": "OE", "œ": "oe", "ı": "i", "Ħ": "H", "ħ": "h", "Ŧ": "T", "ŧ": "t", "ẞ": "SS",
    }
)  # fmt: skip

_SHORTEST = 4  # characters left of a name, with its full stop: less says nothing


@dataclass(frozen=True, slots=True)
class Segments:
    """What a text costs."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int  # septets, or 16-bit units
    segments: int


def count(text: str) -> Segments:
    """Count the units and the segments that a text takes."""
    encoding: Literal["GSM-7", "UCS-2"] = "GSM-7" if _GSM7.issuperset(text) else "UCS-2"
    if encoding == "GSM-7":
        widths = [2 if letter in _EXTENDED else 1 for letter in text]
    else:
        widths = [2 if letter > "\uffff" else 1 for letter in text]
    lone, joined = _ROOM[encoding]
    units = sum(widths)
    return Segments(encoding, units, 1 if units <= lone else _packed(widths, joined))


def _packed(widths: list[int], room: int) -> int:
    """How many segments, when no letter of two units may be split between two."""
    segments, used = 1, 0
    for width in widths:
        if used + width > room:
            segments, used = segments + 1, 0
        used += width
    return segments


def plain(text: str) -> str:
    """Turn smart punctuation and Latin accents into GSM-7 letters; keep all other scripts."""
    return "".join(map(_plain_letter, unicodedata.normalize("NFC", text).translate(_PLAIN)))


def _plain_letter(letter: str) -> str:
    if letter in _GSM7:
        return letter
    base = unicodedata.normalize("NFKD", letter)[0]
    return base if base.isascii() and base.isalpha() else letter


def fit(render: Callable[..., str], names: Mapping[str, str]) -> str:
    """Render a text that fits one segment, shortening its longest names where it must.

    Takes: `render(**names)`, which gives the text; whatever else it says stays whole, links above
    all. Gives: one segment; two when a name is in another script, whose letters GSM-7 lacks; more
    only when the text is too long without its names.
    """
    shown = {key: plain(" ".join(name.split())) for key, name in names.items()}
    while True:
        text = plain(render(**shown))
        cost = count(text)
        longest = max(shown, key=lambda key: len(shown[key]), default="")
        if cost.segments <= (1 if cost.encoding == "GSM-7" else 2):
            return text
        if not longest or len(shown[longest]) <= _SHORTEST:
            return text
        shown[longest] = _shorter(shown[longest])


def _shorter(name: str) -> str:
    """The name with one letter less, and a full stop that says so."""
    return name.removesuffix(".")[:-1].rstrip(" .-'") + "."
