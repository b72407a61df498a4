"""In which language somebody is written to, as leaders say it: "ana@example.org in Spanish"."""

import re

from bot.commands.base import Misused
from bot.languages import Languages
from bot.messages import Field
from bot.ports import Services

_IN = re.compile(r"(?:^|\s)in\s+([^\W\d_][^\W\d_-]*(?:-[A-Za-z]{2,4})?)[.!]?\s*$", re.IGNORECASE)
_OURS = "community"  # a choice needs a value, also for none


def taken_off(services: Services, words: str) -> tuple[str, str]:
    """The words without the language at their end, and its tag; empty when none is said.

    Raises: Misused, when it is one that we do not speak.
    """
    said = _IN.search(words)
    if said is None:
        return words, ""
    return words[: said.start()], _tag(services, said[1])


def _tag(services: Services, said: str) -> str:
    meant = services.templates.languages.meant(said)
    if meant is None:
        ours = names(services.templates.languages)
        raise Misused(f"I cannot write in “{said}”, only in {ours}. Nothing was sent.")
    return meant.tag


def at_the_end(tag: str) -> str:
    """How a call says it, so that a button keeps it."""
    return f" in {tag}" if tag else ""


def field(services: Services, *ways: str) -> tuple[Field, ...]:
    """The field of a form, for each of these ways; none where there is nothing to choose."""
    languages = services.templates.languages
    if len(languages) == 1:
        return ()
    options = ((_OURS, "The community's"), *choices(languages))
    return tuple(
        Field("language", "Language", "choice", _OURS, options=options, shown_for=("way", way))
        for way in ways
    )


def chosen(services: Services, filled: str) -> str:
    """The tag of what was chosen in the form; empty for the community's. Raises: Misused."""
    return "" if filled in {"", _OURS} else _tag(services, filled)


def choices(languages: Languages) -> tuple[tuple[str, str], ...]:
    """All languages, as the options of a field."""
    return tuple((one.tag, one.english_name) for one in languages.values())


def names(languages: Languages) -> str:
    """English, French and Spanish."""
    *most, last = (one.english_name for one in languages.values())
    return f"{', '.join(most)} and {last}" if most else last
