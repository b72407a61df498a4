"""The words of ours that residents read, and the catalogues of their translations.

`python -m tests.provision.words` (`make words`) brings every catalogue up to date: new words are
put in untranslated, those that nothing says any more go. `... de` begins one for German.
"""

import sys
from collections.abc import Iterator
from importlib import import_module
from inspect import getmembers, isclass, ismodule
from io import BytesIO
from pathlib import Path
from pkgutil import iter_modules

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

import bot.web
from bot.community.errors import Refusal

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
CATALOGUES = TEMPLATES / "languages"
_KEYWORDS = ("_", "gettext", "ngettext")
_JINJA = {"trimmed": "true", "trim_blocks": "true", "lstrip_blocks": "true"}
_WIDTH = 100  # columns of a catalogue
_HEADER = """\
# What residents read, in {language}. `make words` keeps the msgids; write the msgstrs.
# Facts in %(...)s and {{...}} stay as they are. Texts by phone (templates/sms) must fit one GSM-7
# segment: tests/house/test_languages.py measures them.
msgid ""
msgstr ""
"Language: {tag}\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: {plurals}\\n"

"""

Found = tuple[str | tuple[str, ...], str]  # a message, or its forms, and where it is said


def found() -> Iterator[Found]:
    """All words of ours: of templates, sentences in the code, and refusals that reach a page."""
    for path in sorted(TEMPLATES.rglob("*.*")):
        if path.suffix in {".txt", ".html"}:
            yield from _of_template(path)
    for path in sorted((ROOT / "bot").rglob("*.py")):
        code = BytesIO(path.read_bytes())
        for _, _, words, _ in extract_python(code, {"Sentence": None}, [], {}):
            pattern = words if isinstance(words, str) else words[0]  # what follows are facts
            if pattern is not None:
                yield pattern, _name(path)
    for kind in refusals():
        yield kind.pattern(), f"{kind.__module__.replace('.', '/')}.py"


def _of_template(path: Path) -> Iterator[Found]:
    for _, _, words, _ in babel_extract(BytesIO(path.read_bytes()), _KEYWORDS, [], _JINJA):
        forms = (words,) if isinstance(words, str) else tuple(filter(None, words or ()))
        yield (forms[0] if len(forms) == 1 else forms[:2]), _name(path)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def refusals() -> list[type[Refusal]]:
    """The refusals that a page can show: all that the rooms of `bot.web` and their verbs know."""
    rooms = [import_module(f"bot.web.{info.name}") for info in iter_modules(bot.web.__path__)]
    verbs = [each for room in rooms for _, each in getmembers(room, ismodule)]
    known = {kind for each in (*rooms, *verbs) for _, kind in getmembers(each, isclass)}
    shown = {kind for kind in known if issubclass(kind, Refusal) and " " in kind.pattern()}
    return sorted(shown, key=lambda kind: kind.pattern())


def template() -> Catalog:
    """All words of ours, as a catalogue without translations."""
    catalogue = Catalog()
    for words, where in found():
        catalogue.add(words, locations=[(where, 0)])
    return catalogue


def update(path: Path, asked: Catalog) -> None:
    """Bring one catalogue up to date, or begin it."""
    locale = Locale.parse(path.stem, sep="-")
    kept = read_po(BytesIO(path.read_bytes()), locale=locale) if path.exists() else Catalog(locale)
    kept.update(asked, no_fuzzy_matching=True, update_creation_date=False)
    kept.obsolete.clear()
    written = BytesIO()
    write_po(written, kept, width=_WIDTH, sort_output=True, omit_header=True, include_lineno=False)
    header = _HEADER.format(language=locale.english_name, tag=path.stem, plurals=kept.plural_forms)
    path.write_text(header + written.getvalue().decode("utf-8"), "utf-8")


if __name__ == "__main__":
    names = sys.argv[1:] or sorted(path.stem for path in CATALOGUES.glob("*.po"))
    for name in names:
        update(CATALOGUES / f"{name}.po", template())
