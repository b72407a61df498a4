"""Telegram's HTML: what is shown, and which parts of it are bold, code, links, mentions.

Offsets and lengths count UTF-16 code units, as everywhere in the Bot API. Stricter than the
original: a bare & is refused, and so is what Telegram would leave out without a word, such as bold
words with code among them. Left out: Markdown, custom emoji, dates.
Source: https://core.telegram.org/bots/api#html-style
"""

import re
from dataclasses import dataclass
from typing import Any

from tests.standins.telegram_keyboards import leads_somewhere
from tests.standins.telegram_world import Json, Refused

ENTITIES = 100  # formatted parts of a message; Telegram would ignore the rest

_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
_LITERAL = {"code", "pre"}  # nothing is found inside, nothing else may be there
_PIECE = re.compile(
    r"""<(/?)([a-zA-Z][a-zA-Z0-9-]*)((?:"[^"]*"|'[^']*'|[^<>"'])*)>"""
    r"|&(#\d+|#x[0-9a-fA-F]+|\w+);"
    r"|([<&])"
)
_ATTRIBUTE = re.compile(r"""\s+([a-zA-Z-]+)(?:=(?:"([^"]*)"|'([^']*)'))?""")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}

# What Telegram finds by itself, first come first served.
_FOUND = {
    "email": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-zA-Z]{2,}"),
    "url": re.compile(
        r"https?://[^\s<>\"]*[^\s<>\".,;:!?)\]']"
        r"|(?<![\w@./-])(?:[\w-]+\.)+(?:com|org|net|info|io|dev|app|me|us|uk|de|es)\b(?:/[^\s<>\"]*[^\s<>\".,;:!?)])?"
    ),
    "mention": re.compile(r"(?<![\w/@])@[a-zA-Z]\w{3,31}\b", re.ASCII),
    "bot_command": re.compile(r"(?<![\w/<>@])/\w{1,64}(?:@\w{3,32})?(?![\w/@])", re.ASCII),
    "hashtag": re.compile(r"(?<![\w#])#\w*[^\W\d]\w*"),
    "phone_number": re.compile(r"(?<![\w+])\+\d[\d ()-]{5,16}\d\b"),
}


@dataclass(slots=True)
class _Open:
    """A tag that waits for its end."""

    tag: str
    kind: str
    start: int  # in characters of the text so far
    facts: Json


def units(text: str) -> int:
    """The length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


def parse(source: str) -> tuple[str, list[Json]]:
    """The text that is shown, and its formatted parts. Raises `Refused`."""
    return _Parser(source).parsed()


def trimmed(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """Without the spaces around it, as Telegram shows every text."""
    bare = text.strip()
    lead, end = units(text[: len(text) - len(text.lstrip())]), units(bare)
    kept = []
    for entity in entities:
        start = max(entity["offset"] - lead, 0)
        length = min(entity["offset"] - lead + entity["length"], end) - start
        if length > 0:
            kept.append(entity | {"offset": start, "length": length})
    return bare, kept


def with_found(text: str, entities: list[Json]) -> list[Json]:
    """The entities and what Telegram finds by itself outside code and links, in order."""
    closed = {"code", "pre", "text_link", "text_mention"}
    taken = [_span(each) for each in entities if each["type"] in closed]
    found = list(entities)
    for kind, pattern in _FOUND.items():
        for match in pattern.finditer(text):
            start, end = units(text[: match.start()]), units(text[: match.end()])
            if all(end <= other or start >= stop for other, stop in taken):
                taken.append((start, end))
                found.append({"type": kind, "offset": start, "length": end - start})
    return sorted(found, key=lambda each: (each["offset"], -each["length"]))


def _span(entity: Json) -> tuple[int, int]:
    return entity["offset"], entity["offset"] + entity["length"]


class _Parser:
    """One source, read once."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._text = ""
        self._open: list[_Open] = []
        self._entities: list[Json] = []

    def parsed(self) -> tuple[str, list[Json]]:
        done = 0
        for match in _PIECE.finditer(self._source):
            self._text += self._source[done : match.start()]
            done = match.end()
            self._piece(match)
        self._text += self._source[done:]
        if self._open:
            raise _cannot(f'Can\'t find end tag corresponding to start tag "{self._open[-1].tag}"')
        if len(self._entities) > ENTITIES:
            raise _cannot(f"more than {ENTITIES} formatted parts")
        entities = sorted(self._entities, key=lambda each: (each["offset"], -each["length"]))
        return self._text, entities

    def _piece(self, match: re.Match[str]) -> None:
        closing, tag, attributes, name, bare = match.groups()
        at = len(self._source[: match.start()].encode())
        if bare == "<":
            raise _cannot(f'Unsupported start tag "" at byte offset {at}')
        if bare == "&":
            raise _cannot(f'Unescaped "&" at byte offset {at}')
        if name:
            self._text += _character(name, at)
        elif closing:
            self._end(tag.lower(), at)
        else:
            self._start(tag.lower(), attributes, at)

    def _start(self, tag: str, attributes: str, at: int) -> None:
        if tag not in _TAGS:
            raise _cannot(f'Unsupported start tag "{tag}" at byte offset {at}')
        facts = _facts(tag, attributes, at, inside=[each.tag for each in self._open])
        kind = "expandable_blockquote" if facts.pop("expandable", False) else _TAGS[tag]
        self._check_nesting(kind, tag)
        self._open.append(_Open(tag, kind, len(self._text), facts))

    def _check_nesting(self, kind: str, tag: str) -> None:
        kinds = [each.kind for each in self._open]
        outer = [each for each in kinds if "blockquote" not in each]
        if kinds and kinds[-1] == "pre" and tag == "code":
            return  # the language of a block of code
        if set(kinds) & _LITERAL or (kind in _LITERAL and outer):
            raise _cannot(f'"{kind}" cannot be combined with "{kinds[-1]}"')
        if kind == "text_link" and kind in kinds:
            raise _cannot("a link cannot be in a link")
        if "blockquote" in kind and kinds:
            raise _cannot(f'a quotation cannot be in "{kinds[-1]}"')

    def _end(self, tag: str, at: int) -> None:
        if not self._open:
            raise _cannot(f"Unexpected end tag at byte offset {at}")
        begun = self._open.pop()
        if begun.tag != tag:
            both = f'expected "</{begun.tag}>", found "</{tag}>"'
            raise _cannot(f"Unmatched end tag at byte offset {at}, {both}")
        if self._open and self._open[-1].kind == "pre":
            self._open[-1].facts |= begun.facts
            return
        offset, length = units(self._text[: begun.start]), units(self._text[begun.start :])
        if length:
            self._entities.append(
                {"type": begun.kind, "offset": offset, "length": length} | begun.facts
            )


def _facts(tag: str, attributes: str, at: int, *, inside: list[str]) -> Json:
    """What the attributes say; no others than the documented ones."""
    given: dict[str, Any] = {}
    rest = attributes
    while found := _ATTRIBUTE.match(rest):
        name, double, single = found.groups()
        given[name.lower()] = _unescaped(next((v for v in (double, single) if v is not None), ""))
        rest = rest[found.end() :]
    if rest.strip():
        raise _cannot(f'Unexpected attribute of the tag "{tag}" at byte offset {at}')
    if tag == "a" and given.keys() == {"href"}:
        return _link(given["href"])
    if tag == "span" and given == {"class": "tg-spoiler"}:
        return {}
    if tag == "blockquote" and given.keys() == {"expandable"}:
        return {"expandable": True}
    language = str(given.get("class", ""))
    if tag == "code" and inside[-1:] == ["pre"] and language.startswith("language-"):
        return {"language": language.removeprefix("language-")}
    if given or tag in {"a", "span"}:
        raise _cannot(f'Unsupported attributes of the tag "{tag}" at byte offset {at}')
    return {}


def _link(url: str) -> Json:
    mention = re.fullmatch(r"tg://user\?id=(\d+)", url)
    if mention:
        return {"type": "text_mention", "user_id": int(mention[1])}
    if not leads_somewhere(url):
        raise _cannot(f"the link to {url!r} leads nowhere")
    return {"url": url}


def _unescaped(value: str) -> str:
    return re.sub(r"&(#\d+|#x[0-9a-fA-F]+|\w+);", lambda found: _character(found[1], 0), value)


def _character(name: str, at: int) -> str:
    if name in _NAMED:
        return _NAMED[name]
    if not name.startswith("#"):
        raise _cannot(f'Unsupported entity "&{name};" at byte offset {at}')
    return chr(int(name[2:], 16) if name[1] == "x" else int(name[1:]))


def _cannot(why: str) -> Refused:
    return Refused(f"Bad Request: can't parse entities: {why}")
