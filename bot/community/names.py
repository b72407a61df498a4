"""The door for names, addresses and other words that people type and strangers will read.

A name must not forge a line, a link or a mention, in any chat, e-mail or text.
"""

import re
import unicodedata

from bot.community.errors import Refusal
from bot.languages import Sentence
from storage.streets import address_key as address_key
from storage.words import plain as plain

LONGEST_NAME = 80  # characters
LONGEST_ADDRESS = 120
_NAME = Sentence("name")
_JOINERS = {"\u200c", "\u200d"}  # Persian and Indic scripts are spelt with them
_LINKISH = re.compile(r"(?i)https?:|www\.|://|\b[a-z0-9-]+\.(?:com|net|org|io|me|co|info|ru|xyz)\b")


class BadWords(Refusal):
    """{why}"""

    status = 422
    why: str

    def __init__(self, why: str) -> None:
        super().__init__(why=why)


def one_line(text: str) -> str:
    """The text as one line: composed, without control, format and bidi characters."""
    composed = unicodedata.normalize("NFC", text)
    kept = (
        char if unicodedata.category(char)[0] not in "CZ" or char in _JOINERS else _blank(char)
        for char in composed
    )
    return " ".join("".join(kept).split())


def _blank(char: str) -> str:
    return " " if unicodedata.category(char) in {"Zs", "Zl", "Zp", "Cc"} else ""


def name(text: str, *, what: str = _NAME, longest: int = LONGEST_NAME) -> str:
    """A person's, household's or community's name. Raises: BadWords."""
    line = one_line(text)
    if not any(char.isalnum() for char in line):
        raise BadWords(Sentence("Please give a {what}.", what=what))
    if len(line) > longest:
        raise BadWords(
            Sentence(
                "That {what} is too long; {longest} characters are the most.",
                what=what,
                longest=longest,
            )
        )
    if _LINKISH.search(line):
        raise BadWords(Sentence("A {what} cannot have a web address in it.", what=what))
    return line


def words(text: str, *, what: str, longest: int) -> str:
    """A sentence or two for residents. Raises: BadWords."""
    line = one_line(text)
    if len(line) > longest:
        raise BadWords(f"The {what} is too long: {len(line)} characters of {longest}.")
    if _LINKISH.search(line):
        raise BadWords(f"The {what} cannot have a web address in it: mail filters distrust them.")
    return line
