"""Words as search and matching see them: in small letters, without accents."""

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 40  # characters of a word that are looked at


def plain(text: str) -> str:
    """The text in lower case and without accents."""
    composed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in composed if not unicodedata.combining(char))


def words_of(texts: Iterable[str]) -> set[str]:
    """The words in these texts: "12 Elm St." has 12, elm and st."""
    return {word[:LONGEST] for text in texts for word in re.findall(r"\w+", plain(text))}
