"""Typst, by which all looks are drawn, and its complaints as exceptions.

Runs in the child process alone. A PDF is PDF/UA-1: tagged, with title and language, and typst
refuses to write one with a character that no font has. In a picture there would be a box.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from typst import Compiler, Fonts, TypstError

FONTS = Path("passes", "fonts")  # of the templates, for all looks
_TOO_LONG = "the words are too long"  # as a look asserts it
# What typst says, once for each, of a character that no font has.
_MISSING = re.compile(r'the text `"(.+?)"` could not be displayed')

T = TypeVar("T")


class NoFontHas(Exception):
    """Some letters cannot be drawn."""

    def __init__(self, letters: list[str]) -> None:
        super().__init__(letters)
        self.letters = letters


class TooLong(Exception):
    """The words do not fit."""


def with_fonts_that_do(draw: Callable[[bool], T]) -> T:
    """Draw with our fonts alone, so that all machines agree; else with the system's, too.

    Takes: draw, which is told whether to take the system's. Finding them takes 0.1 s.
    Raises: NoFontHas, when all of them lack letters.
    """
    try:
        return draw(False)
    except NoFontHas:
        return draw(True)


def pdf(look: Path, data: dict[str, str], *, system_fonts: bool) -> bytes:
    """The look, filled in, as PDF.

    Takes: look, in a folder of the templates; data, by the names in the look.
    Raises: NoFontHas, TooLong; TypstError when the look has a mistake.
    """
    try:
        made = _compiler(look, system_fonts).compile(
            look, format="pdf", pdf_standards=["ua-1"], sys_inputs=data
        )
    except TypstError as error:
        if letters := list(dict.fromkeys(_MISSING.findall(error.diagnostic))):
            raise NoFontHas([_shown(letter) for letter in letters]) from error
        if error.message.endswith(_TOO_LONG):
            raise TooLong from error
        raise
    assert isinstance(made, bytes)
    return made


def png(look: Path, data: dict[str, str], *, ppi: int, system_fonts: bool) -> bytes:
    """The same as a picture. Raises: TypstError."""
    made = _compiler(look, system_fonts).compile(look, format="png", ppi=ppi, sys_inputs=data)
    assert isinstance(made, bytes)  # a list is for several pages
    return made


def _compiler(look: Path, system_fonts: bool) -> Compiler:
    fonts = Fonts(
        include_system_fonts=system_fonts,
        include_embedded_fonts=False,
        font_paths=[look.parents[1] / FONTS],
    )
    return Compiler(root=look.parent, font_paths=fonts)


def _shown(letter: str) -> str:
    r"""A letter that cannot be seen is `\u{200b}` in typst's words, and U+200B in ours."""
    return re.sub(r"\\u\{(\w+)\}", lambda found: f"U+{found[1].upper()}", letter)
