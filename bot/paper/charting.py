"""Drawing a described chart with typst: a picture, and the letters that no font has.

Runs in the child process alone. A picture has boxes where letters are missing and typst says
nothing of it, so the same is written as PDF/UA-1 first: of that it complains.
"""

import json
from pathlib import Path
from typing import Any

from typst import Compiler, TypstError

from bot.paper.drawing import FOLDER, fonts, missing_letters

LOOK = "coverage.typ"
_PPI = 144  # two pixels a point, for screens that show fine lines


def chart(asked: dict[str, Any], templates: Path) -> tuple[bytes, bytes]:
    """Draw a chart.

    Takes: what `chart.described` gave, and the folder of the templates.
    Gives: the PNG, and a JSON list of letters that no font has.
    Raises: TypstError when the look has a mistake.
    """
    inputs = {"chart": json.dumps(asked)}
    folder = templates / "charts"
    missing: list[str] = []
    for of_system in (False, True):  # finding the system's fonts takes 0.1 s
        found = fonts(templates / FOLDER / "fonts", of_system=of_system)
        compiler = Compiler(root=folder, font_paths=found)
        missing = _missing(compiler, folder / LOOK, inputs)
        if not missing:
            break
    png = compiler.compile(folder / LOOK, format="png", ppi=_PPI, sys_inputs=inputs)
    assert isinstance(png, bytes)  # a list is for several pages
    return png, json.dumps(missing).encode()


def _missing(compiler: Compiler, look: Path, inputs: dict[str, str]) -> list[str]:
    try:
        compiler.compile(look, format="pdf", pdf_standards=["ua-1"], sys_inputs=inputs)
    except TypstError as error:
        if found := missing_letters(error):
            return found
        raise
    return []
