"""Words and values of a sheet of passes, as the look in `templates/passes/pass.typ` reads them.

Jinja renders the words alone, block by block, and they reach typst as JSON strings: nothing that
a leader or resident typed can become markup in either.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from bot.community import codes
from bot.ports import Pass, Sheet
from bot.templating import Templates

CONTRAST = 4.5  # to one, for text on white; https://www.w3.org/TR/WCAG22/#contrast-minimum
LABEL = 30  # letters that can be read on one line beside the date
OF_ONE_PASS = ("valid", "place")  # the blocks of words.txt that differ from pass to pass
PAPERS = {"a4": "a4", "letter": "us-letter"}  # our names and typst's


def described(sheet: Sheet, templates: Templates) -> dict[str, Any]:
    """All that the child process needs to draw the sheet, ready for JSON."""
    common = _names(sheet)
    language, region = language_and_region(sheet.language)
    words = _rendered(templates, sheet, common | _names_of(sheet.passes[0]))
    return {
        "paper": PAPERS[sheet.paper],
        "language": language,
        "region": region,
        "colour": readable(sheet.colour),
        "community": common["community"],
        "type_at": common["type_at"],
        "logo": _logo(sheet),
        "words": words | {"steps": words["steps"].splitlines()},
        "passes": [
            {"link": one.link, "code": codes.grouped(one.code)}
            | _rendered(templates, sheet, common | _names_of(one), OF_ONE_PASS)
            for one in sheet.passes
        ],
    }


def file_name(sheet: Sheet) -> str:
    """What the PDF is called: `passes-7-oak-street.pdf`."""
    plain = unicodedata.normalize("NFKD", sheet.label).encode("ascii", "ignore").decode().lower()
    slug = "-".join(re.findall(r"[a-z0-9]+", plain))[:40].strip("-")
    return "-".join(filter(None, ["passes", str(sheet.batch), slug])) + ".pdf"


def readable(colour: str) -> str:
    """The colour, darkened step by step until it can be read on white."""
    channels = tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))
    while 1.05 / (_luminance(channels) + 0.05) < CONTRAST:
        channels = tuple(channel * 19 // 20 for channel in channels)
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def one_line(words: str) -> str:
    """The words with every run of white space, line breaks too, as one space."""
    return " ".join(words.split())


def language_and_region(tag: str) -> tuple[str, str | None]:
    """Split a language tag for typst: `pt-BR` into `pt` and `BR`."""
    language, *rest = tag.split("-")
    return language.lower(), next((part.upper() for part in rest if len(part) == 2), None)


def _rendered(
    templates: Templates, sheet: Sheet, names: dict[str, Any], blocks: Iterable[str] = ()
) -> dict[str, str]:
    said = templates.blocks("passes/words.txt", names, language=sheet.language, only=blocks)
    return {block: _tidy(words) for block, words in said.items()}


def _logo(sheet: Sheet) -> list[int] | None:
    """The picture as a number for each byte: JSON holds those, and typst makes bytes of them."""
    return list(sheet.logo) if sheet.logo else None


def _names(sheet: Sheet) -> dict[str, Any]:
    label = one_line(sheet.label)
    return {
        "community": one_line(sheet.community),
        "welcome": one_line(sheet.welcome),
        "type_at": one_line(sheet.type_at),
        "batch": sheet.batch,
        "label": label if len(label) <= LABEL else label[: LABEL - 1] + "…",
        "count": sheet.count,
    }


def _names_of(one: Pass) -> dict[str, Any]:
    return {"serial": one.serial, "valid_until": one.valid_until}


def _tidy(block: str) -> str:
    return "\n".join(filter(None, map(one_line, block.splitlines())))


def _luminance(channels: tuple[int, ...]) -> float:
    """Source: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in channels)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
