"""Telegram's spelling of text: HTML that says what was meant, and links to nowhere.

Whatever the markup, Telegram itself makes a mention of "@name", a command of "/word" and a link of
a bare domain. Our texts do not tell which part a resident wrote, so all of these are parted by a
word joiner, which nobody sees; only `/commands` and addresses between backticks are set as code,
where nothing is linked. E-mail addresses and numbers stay as they are: people copy them, and a tap
on one opens nothing but a letter or a call. An address is one only if Telegram is sure to read it
so, too: what it does not, it searches for domains and mentions. It is a word joiner because a
zero-width joiner may be part of a link for Telegram.
Source: https://core.telegram.org/bots/api#html-style
"""

import re
from html import escape

_JOINER = "\u2060"
_CODE = re.compile(r"`((?:/|https?://)[^`\n]+)`")
_LIVE = re.compile(
    r"""
      (?P<mail>(?<![\w.+'-])(?:[\w+-]+')*[\w.+-]*\w@(?:[\w-]+\.)+[A-Za-z]{2,}(?![\w/@-]|[.:?#][\w/]))
    | (?P<before>
        @(?=\w)                     # a mention
      | :(?=//)                     # an address with its protocol
      | (?<![A-Za-z0-9_])/(?=\w)    # a command
      | (?<=\w)[.](?=[^\W\d_])      # a domain
      | (?<=\d)[.](?=\d+[.]\d+[.])  # an IP address
      )
    """,
    re.VERBOSE,
)


def incoming(text: str) -> str:
    """What somebody meant who typed or copied this."""
    return text.replace(_JOINER, "")


def html(text: str) -> str:
    """The text as Telegram's HTML, escaped, with nothing in it that could be tapped."""
    parts = _CODE.split(text)  # words and code take turns
    return "".join(
        f"<code>{escape(part, quote=False)}</code>" if index % 2 else _plain(part)
        for index, part in enumerate(parts)
    )


def _plain(text: str) -> str:
    return escape(_LIVE.sub(_parted, text), quote=False)


def _parted(found: re.Match[str]) -> str:
    return found["mail"] or found["before"] + _JOINER


def pages(text: str, longest: int) -> list[str]:
    """The text in as few pieces as fit, cut at line ends where there are any.

    Takes: longest, as Telegram counts: UTF-16 units after its markup is read.
    """
    rest, found = text.strip("\n"), []
    while rest.strip():
        at = _fits(rest, longest)
        if at < len(rest) and (line_end := rest.rfind("\n", 0, at + 1)) > 0:
            at = line_end
        found.append(rest[:at])
        rest = rest[at:].lstrip("\n")
    return [page for page in found if page.strip()] or ["…"]


def cut(text: str, longest: int) -> str:
    """The text, or what fits of it and "…"."""
    if not text.strip():
        return "…"
    at = _fits(text, longest)
    return text if at == len(text) else f"{text[: _fits(text, longest - 1)]}…"


def _fits(text: str, longest: int) -> int:
    """How many characters of the text fit, with the joiners they get."""
    if _length(text) <= longest:
        return len(text)
    low, high = 1, min(len(text), longest)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _length(text[:middle]) <= longest else (low, middle - 1)
    return low


def _length(text: str) -> int:
    return len(_LIVE.sub(_parted, text).encode("utf-16-le")) // 2
