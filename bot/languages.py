"""The languages residents can be spoken to in: English, and one for each catalogue that is there.

`templates/languages/es.po` is all there is of Spanish. Catalogues are read when the program starts,
so nothing is compiled, and one that would fail somebody later stops the start with its line.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from gettext import GNUTranslations, NullTranslations
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from bot.settings import Misconfigured

SOURCE = "en"  # what templates and sentences are written in
_ENGLISH = Locale("en", "001")  # the world's: 22 December 2026 is read the same everywhere
_LINE = re.compile(
    r'(?:#.*|(?:(?:msgctxt|msgid|msgid_plural|msgstr(?:\[\d\])?) )?"(?:[^"\\]|\\.)*")?'
)
_PLACEHOLDER = re.compile(r"%\(\w+\)s|(?<!{){\w+}")


class Sentence(str):
    """English words that remember their pattern, so that they can be said in other languages."""

    pattern: str
    facts: Mapping[str, Any]

    def __new__(cls, pattern: str, **facts: Any) -> "Sentence":
        """Fill the facts into the braces of the pattern."""
        made = super().__new__(cls, pattern.format_map(facts))
        made.pattern, made.facts = pattern, facts
        return made


@dataclass(frozen=True, slots=True)
class Language:
    """One language, and how to say things in it."""

    tag: str  # BCP 47: "es", "pt-BR"
    name: str  # what its own speakers call it: "español"
    english_name: str  # what leaders call it: "Spanish"
    direction: str  # which way it is written: "ltr" or "rtl"
    locale: Locale
    translations: NullTranslations = field(repr=False)

    @property
    def called(self) -> set[str]:
        """All that may be typed for it, in small letters; a variety is known by its language."""
        names = {self.tag, self.name, self.english_name}
        return {form.casefold() for name in names for form in (name, name.partition(" (")[0])}

    def say(self, words: str) -> str:
        """A sentence of ours in this language; what people wrote themselves stays as it is."""
        if not words:
            return ""  # to gettext that is its header
        if not isinstance(words, Sentence):
            return self.translations.gettext(words)
        facts = {
            name: self.say(fact) if isinstance(fact, Sentence) else fact
            for name, fact in words.facts.items()
        }
        return self.translations.gettext(words.pattern).format_map(facts)

    def long_date(self, day: date) -> str:
        """22 December 2026, 22 de diciembre de 2026."""
        return format_date(day, "long", self.locale)


class Languages(Mapping[str, Language]):
    """All languages by tag, English first."""

    def __init__(self, *languages: Language) -> None:
        self._by_tag = {language.tag: language for language in languages}

    def __getitem__(self, tag: str) -> Language:
        return self._by_tag[tag]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_tag)

    def __len__(self) -> int:
        return len(self._by_tag)

    def closest(self, *tags: str) -> Language | None:
        """The first of these that we speak, in whatever variety: "es-MX" is met by "es"."""
        for wanted in map(str.lower, filter(None, tags)):
            base = wanted.partition("-")[0]
            near = [ours for ours in self if ours.lower().partition("-")[0] == base]
            if near:
                # itself, then the language as such, then another variety
                return self[max(near, key=lambda ours: (ours.lower() == wanted, ours == base))]
        return None

    def of(self, *tags: str) -> Language:
        """The same; English when we speak none of them."""
        return self.closest(*tags) or self[SOURCE]

    def meant(self, typed: str) -> Language | None:
        """The language that a leader means by "es", "Spanish" or "español"."""
        word = typed.strip().casefold()
        return next((one for one in self.values() if word in one.called), None)


def read_languages(folder: Path) -> Languages:
    """English and the languages of all catalogues in the folder. Raises: Misconfigured."""
    english = Language(SOURCE, "English", "English", "ltr", _ENGLISH, NullTranslations())
    return Languages(english, *map(_read, sorted(folder.glob("*.po"))))


def _read(path: Path) -> Language:
    try:
        locale = Locale.parse(path.stem, sep="-")
    except (UnknownLocaleError, ValueError):
        raise Misconfigured(f"{path.name}: no language is written “{path.stem}”.") from None
    try:
        catalogue = _catalogue(path, locale)
    except UnicodeDecodeError:
        raise Misconfigured(f"{path.name} is not UTF-8.") from None
    except PoFileError as error:
        why = str(error).rpartition(" on ")[0]  # that counts from 0
        raise _broken(path, error.lineno + 1, why) from None
    _check(path, catalogue)
    return Language(
        path.stem,
        locale.display_name or path.stem,
        locale.english_name or path.stem,
        locale.text_direction,
        locale,
        _translations(catalogue),
    )


def _catalogue(path: Path, locale: Locale) -> Catalog:
    text = path.read_text("utf-8-sig")
    for number, line in enumerate(text.splitlines(), 1):
        if not _LINE.fullmatch(line.strip()):  # the reader would pass over it
            raise _broken(path, number, "a quotation mark or a keyword is missing or too many")
    return read_po(StringIO(text), locale=locale, abort_invalid=True)


def _check(path: Path, catalogue: Catalog) -> None:
    """Whoever reads a translation must not meet a fact that the sentence does not have."""
    for message in catalogue:
        strange = _filled_in(message.string) - _filled_in(message.id) if message.id else set()
        if strange:
            names = ", ".join(sorted(strange))
            raise _broken(path, message.lineno or 0, f"{names} is not in the original")


def _filled_in(text: Any) -> set[str]:
    """The placeholders, and what would be taken for the beginning of one."""
    forms = [text] if isinstance(text, str) else text
    bare = "".join(_PLACEHOLDER.sub("", form) for form in forms)
    return placeholders(text) | ({*"%{}"} & {*bare})


def placeholders(text: Any) -> set[str]:
    """What in a message is filled in; in one with plurals, in any of its forms."""
    forms = [text] if isinstance(text, str) else text
    return {found for form in forms for found in _PLACEHOLDER.findall(form)}


def country_name(region: str) -> str:
    """What leaders call a two-letter region: "United States"; the code where it has no name."""
    return str(Locale(SOURCE).territories.get(region, region))


def _broken(path: Path, line: int, why: str) -> Misconfigured:
    return Misconfigured(f"{path.name}, line {line}: {why}.")


def _translations(catalogue: Catalog) -> GNUTranslations:
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
