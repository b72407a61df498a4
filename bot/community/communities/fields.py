"""The door for each field of a community: typed words in, a value or a reason out.

name, welcome, features (one a line), colour, code_days, pass_days, paper, region, timezone,
language, postal, links ("label https://..." a line), reminders, digest_hour, household_limit,
may_ask.
"""

import re
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers

from bot.community import names
from bot.community.errors import BadFields
from bot.community.names import BadWords
from bot.languages import Languages

_LONGEST_WELCOME = 280
_MOST_FEATURES = 8
_LONGEST_FEATURE = 80
_LAST_HOUR = 23
_MOST_MEMBERS = 50  # of a household; more is no household
_YES = {"on", "yes"}
_NO = {"", "off", "no", "never"}


def parse(typed: Mapping[str, str], languages: Languages) -> dict[str, object]:
    """The values of what was typed, by field. Raises: BadFields, with all that is wrong."""
    parsed: dict[str, object] = {}
    errors: dict[str, str] = {}
    for field, words in typed.items():
        try:
            parsed[field] = (
                _language(words, languages) if field == "language" else _PARSERS[field](words)
            )
        except BadWords as bad:
            errors[field] = bad.why
    if errors:
        raise BadFields(errors)
    return parsed


def _name(typed: str) -> str:
    return names.name(typed, what="name of the community", longest=60)


def _welcome(typed: str) -> str:
    return names.words(typed, what="welcome", longest=_LONGEST_WELCOME)


def _features(typed: str) -> list[str]:
    lines = [line.lstrip("-*• ") for line in re.split(r"[\n;]", typed)]
    words = (names.words(line, what="feature", longest=_LONGEST_FEATURE) for line in lines)
    features = [feature for feature in words if feature]
    if len(features) > _MOST_FEATURES:
        raise BadWords(f"List {_MOST_FEATURES} features at most; fewer are read.")
    return features


def _colour(typed: str) -> str:
    colour = typed.strip().lower()
    if re.fullmatch(r"#?[0-9a-f]{3}", colour):
        colour = "#" + "".join(char * 2 for char in colour.removeprefix("#"))
    if not re.fullmatch(r"#?[0-9a-f]{6}", colour):
        raise BadWords("Give the colour like #0b4f58.")
    return "#" + colour.removeprefix("#")


def _code_days(typed: str) -> int:
    if not 1 <= (days := _whole(typed)) <= 90:
        raise BadWords("Codes can live 1 to 90 days.")
    return days


def _pass_days(typed: str) -> int | None:
    if typed.strip().lower() in {"", "0", "never", "for ever", "forever"}:
        return None
    if not 1 <= (days := _whole(typed)) <= 3650:
        raise BadWords("Passes can live 1 to 3650 days; leave it empty for ever.")
    return days


def _whole(typed: str) -> int:
    """The number typed; 0 when it is none, or beyond all measure."""
    digits = typed.strip()
    return int(digits) if digits.isdecimal() and len(digits) < 10 else 0


def _paper(typed: str) -> str:
    if (paper := typed.strip().lower()) not in {"a4", "letter"}:
        raise BadWords("The paper is A4 or Letter.")
    return paper


def _region(typed: str) -> str:
    if (region := typed.strip().upper()) not in phonenumbers.SUPPORTED_REGIONS:
        raise BadWords("Give the country as two letters, like US or GB.")
    return region


def _timezone(typed: str) -> str:
    if (zone := typed.strip()) not in available_timezones():
        raise BadWords("Give the time zone like America/New_York or Europe/Madrid.")
    return ZoneInfo(zone).key


def _language(typed: str, languages: Languages) -> str:
    if (meant := languages.meant(typed)) is None:
        known = ", ".join(one.english_name for one in languages.values())
        raise BadWords(f"Give one of these languages: {known}.")
    return meant.tag


def _postal(typed: str) -> str:
    return names.words(typed, what="postal address", longest=160)


def _links(typed: str) -> list[list[str]]:
    links = []
    for line in filter(None, map(str.strip, typed.splitlines())):
        label, _, url = line.rpartition(" ")
        if not re.fullmatch(r"https://[A-Za-z0-9.-]+(?:/[^\s<>\"]*)?", url) or not label:
            raise BadWords("Write each link as a name and an https address.")
        links.append([names.name(label, what="name of the link", longest=40), url])
    return links


def _reminders(typed: str) -> bool:
    word = typed.strip().lower()
    if word not in _YES | _NO:
        raise BadWords("Reminders are on or off.")
    return word in _YES


def _household_limit(typed: str) -> int:
    if not 1 <= (members := _whole(typed)) <= _MOST_MEMBERS:
        raise BadWords(f"A household can have 1 to {_MOST_MEMBERS} members.")
    return members


def _may_ask(typed: str) -> bool:
    word = typed.strip().lower()
    if word not in _YES | _NO:
        raise BadWords("Requests are on or off.")
    return word in _YES


def _digest_hour(typed: str) -> int | None:
    word = typed.strip().lower()
    if word in _NO:
        return None
    hour = re.fullmatch(r"(\d{1,2})(?::00)?", word)
    if hour is None or int(hour[1]) > _LAST_HOUR:
        raise BadWords("Give the hour like 8, from 0 to 23, or say off.")
    return int(hour[1])


_PARSERS: dict[str, Callable[[str], object]] = {
    "name": _name,
    "welcome": _welcome,
    "features": _features,
    "colour": _colour,
    "code_days": _code_days,
    "pass_days": _pass_days,
    "paper": _paper,
    "region": _region,
    "timezone": _timezone,
    "postal": _postal,
    "links": _links,
    "reminders": _reminders,
    "digest_hour": _digest_hour,
    "household_limit": _household_limit,
    "may_ask": _may_ask,
}
FIELDS = frozenset({*_PARSERS, "language"})
