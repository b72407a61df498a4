"""Drawing a described sheet: the PDF, and a picture of its first page.

Runs in the child process alone.
"""

import json
from pathlib import Path
from typing import Any

from bot.paper.qr import svg, symbols
from bot.paper.typesetting import NoFontHas, TooLong, pdf, png, with_fonts_that_do

LOOK = Path("passes", "pass.typ")
FIRST_PAGE = 4  # passes
_PPI = 75  # of the picture, which chats show small: 620 x 877 pixels of A4
_TOO_LONG = "The words do not fit on a pass. Shorten the welcome or the community's name."


class Refused(Exception):
    """The sheet cannot be drawn as it is; the words are for the leader."""


def draw(sheet: dict[str, Any], templates: Path) -> tuple[bytes, bytes]:
    """Draw a sheet.

    Takes: what `sheet.described` gave, and the folder of the templates.
    Gives: the PDF, and the PNG of its first page.
    Raises: Refused when the words do not fit or no font has a character; TypstError when the look
        has a mistake.
    """
    drawn = symbols([one["link"] for one in sheet["passes"]])
    passes = [one | {"qr": svg(symbol)} for one, symbol in zip(sheet["passes"], drawn, strict=True)]
    document = {"sheet": json.dumps(sheet | {"passes": passes})}
    first_page = {"sheet": json.dumps(sheet | {"passes": passes[:FIRST_PAGE]})}
    look = templates / LOOK

    def both(system_fonts: bool) -> tuple[bytes, bytes]:
        whole = pdf(look, document, system_fonts=system_fonts)
        return whole, png(look, first_page, ppi=_PPI, system_fonts=system_fonts)

    try:
        return with_fonts_that_do(both)
    except TooLong as error:
        raise Refused(_TOO_LONG) from error
    except NoFontHas as error:
        raise Refused(_without(error.letters)) from error


def _without(letters: list[str]) -> str:
    """What the leader can do."""
    them = "it" if len(letters) == 1 else "them"
    return (
        f"The fonts cannot print {', '.join(letters)}. Leave {them} out, or ask "
        f"whoever runs Porchlight to put a font with {them} into templates/passes/fonts."
    )
