"""Drawing a described sheet with typst: the PDF, and a picture of its first page.

Runs in the child process alone.

The PDF is PDF/UA-1: tagged, with title, language and the QR codes described, and typst refuses
to write one with a character that no font has.
"""

import json
import re
from pathlib import Path
from typing import Any

from typst import Compiler, Fonts, TypstError

from bot.paper.qr import svg, symbols

LOOK = "pass.typ"
FOLDER = "passes"  # of the templates: the look, and the fonts for all that is drawn
FIRST_PAGE = 4  # passes
_PPI = 75  # of the picture, which chats show small: 620 x 877 pixels of A4
TOO_LONG = "the words are too long"  # as the look asserts it
# What typst says, once for each, of a character that no font has.
MISSING = re.compile(r'the text `"(.+?)"` could not be displayed')


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
    document = json.dumps(sheet | {"passes": passes})
    first_page = json.dumps(sheet | {"passes": passes[:FIRST_PAGE]})
    try:
        return _best_compiled(document, first_page, templates / FOLDER)
    except TypstError as error:
        if sentence := _sentence(error):
            raise Refused(sentence) from error
        raise


def _best_compiled(document: str, first_page: str, folder: Path) -> tuple[bytes, bytes]:
    """With our fonts alone, so that all machines agree; with the system's when ours lack a letter.

    Finding the system's fonts takes 0.1 s.
    """
    try:
        return _compiled(document, first_page, folder, system_fonts=False)
    except TypstError as error:
        if not MISSING.search(error.diagnostic):
            raise
        return _compiled(document, first_page, folder, system_fonts=True)


def _compiled(
    document: str, first_page: str, folder: Path, *, system_fonts: bool
) -> tuple[bytes, bytes]:
    compiler = Compiler(root=folder, font_paths=fonts(folder / "fonts", of_system=system_fonts))
    look = folder / LOOK
    pdf = compiler.compile(
        look, format="pdf", pdf_standards=["ua-1"], sys_inputs={"sheet": document}
    )
    picture = compiler.compile(look, format="png", ppi=_PPI, sys_inputs={"sheet": first_page})
    assert isinstance(pdf, bytes)
    assert isinstance(picture, bytes)  # a list is for several pages
    return pdf, picture


def fonts(ours: Path, *, of_system: bool) -> Fonts:
    """The fonts to draw with: those of this folder, with or without the computer's own."""
    return Fonts(include_system_fonts=of_system, include_embedded_fonts=False, font_paths=[ours])


def _sentence(error: TypstError) -> str | None:
    """What the leader can do, unless the look itself has a mistake."""
    if error.message.endswith(TOO_LONG):
        return "The words do not fit on a pass. Shorten the welcome or the community's name."
    missing = missing_letters(error)
    if not missing:
        return None
    them = "it" if len(missing) == 1 else "them"
    return (
        f"The fonts cannot print {', '.join(missing)}. Leave {them} out, or ask "
        f"whoever runs Porchlight to put a font with {them} into templates/passes/fonts."
    )


def missing_letters(error: TypstError) -> list[str]:
    """The letters that no font has, if that is what typst complains of."""
    return [_shown(letter) for letter in dict.fromkeys(MISSING.findall(error.diagnostic))]


def _shown(letter: str) -> str:
    r"""A letter that cannot be seen is `\u{200b}` in typst's words, and U+200B in ours."""
    return re.sub(r"\\u\{(\w+)\}", lambda found: f"U+{found[1].upper()}", letter)
