"""Words as search and matching see them: in small letters, without accents."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

LONGEST = 40  # characters of a word that are looked at

# Runs of scripts that put no spaces between words: Thai and Lao, Burmese, Khmer, Japanese, Chinese.
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff"
    r"\U00020000-\U0003ffff]+"
)


def plain(text: str) -> str:
    """The text in lower case and without accents."""
    composed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in composed if not unicodedata.combining(char))


def split(text: str) -> list[str]:
    """The words of the text in their order, plain: "12 Elm St." is 12, elm, st."""
    return "".join(char if _is_part(char) else " " for char in plain(text)).split()


def _is_part(char: str) -> bool:
    """Letters, digits, and the signs that vowels are written with in Indic scripts."""
    return char.isalnum() or unicodedata.category(char) in {"Mc", "Mn"}


def words_of(texts: Iterable[str]) -> set[str]:
    """The words in these texts: "12 Elm St." has 12, elm and st."""
    return {word[:LONGEST] for text in texts for word in split(text)}


def findable_by(texts: Iterable[str]) -> set[str]:
    """What prefixes are compared with in a search for these texts.

    That is their words; where a script puts no spaces between words, each place in a run of it may
    begin one, so all the run's endings are there, too: 李小龙, 小龙 and 龙.
    """
    return {ending[:LONGEST] for text in texts for word in split(text) for ending in _endings(word)}


def _endings(word: str) -> Iterator[str]:
    yield word
    for run in _UNSPACED.finditer(word):
        yield from (word[start:] for start in range(run.start(), run.end()))
