"""Drawing a described chart: a picture, and the letters that no font has.

Runs in the child process alone. Of letters that become boxes in a picture typst says nothing, so
the same is written as PDF first: of that it complains.
"""

import json
from pathlib import Path
from typing import Any

from bot.paper.typesetting import NoFontHas, pdf, png, with_fonts_that_do

LOOK = Path("charts", "coverage.typ")
_PPI = 144  # two pixels a point, for screens that show fine lines


def chart(asked: dict[str, Any], templates: Path) -> tuple[bytes, bytes]:
    """Draw a chart.

    Takes: what `chart.described` gave, and the folder of the templates.
    Gives: the PNG, and a JSON list of letters that no font has.
    Raises: TypstError when the look has a mistake.
    """
    look, data = templates / LOOK, {"chart": json.dumps(asked)}

    def checked(system_fonts: bool) -> bytes:
        pdf(look, data, system_fonts=system_fonts)
        return png(look, data, ppi=_PPI, system_fonts=system_fonts)

    try:
        return with_fonts_that_do(checked), b"[]"
    except NoFontHas as error:
        boxed = png(look, data, ppi=_PPI, system_fonts=True)
        return boxed, json.dumps(error.letters).encode()
