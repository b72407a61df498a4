"""Every word that residents read is in every language, whole, and a text still costs one segment.

`make words` puts new words into the catalogues; these tests tell which wait for a translation.
"""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from bot.community import segments
from bot.languages import SOURCE, Languages, Sentence, placeholders, read_languages
from bot.settings import Misconfigured
from bot.templating import TEMPLATES, Templates
from tests.house.test_templates import NAMES, words_for
from tests.provision.words import CATALOGUES, refusals, template, update

FILES = sorted(CATALOGUES.glob("*.po"))
TAGS = [path.stem for path in FILES]
LANGUAGES = Templates().languages
TEXTS = sorted(path.name for path in (TEMPLATES / "sms").glob("*.txt"))
ASKED = template()
NARROW = "\u202f"  # narrow no-break space
GSM7_LATIN = "Ana María Ñandú Größe Zoë"

_NO_WORDS = re.compile(
    r"{#.*?#}|<(style|svg|script)\b.*?</\1>|{% block style %}.*?{% endblock %}", re.DOTALL
)
_NAMES = {"WhatsApp"}  # the same in every language

each_file = pytest.mark.parametrize("path", FILES, ids=TAGS)
each_language = pytest.mark.parametrize("tag", [SOURCE, *TAGS])


def catalogue(path: Path) -> Catalog:
    """A catalogue, read strictly."""
    with path.open("rb") as file:
        return read_po(file, locale=path.stem.replace("-", "_"), abort_invalid=True)


def forms(message: Any) -> list[str]:
    """What a message says: once, or once for each number."""
    return [message] if isinstance(message, str) else list(message)


def test_there_are_words_to_translate() -> None:
    assert {"es", "fr"} <= set(TAGS)
    assert len(ASKED) > 150
    assert {"UnknownCode", "LinkExpired", "NoSuchPage"} <= {kind.__name__ for kind in refusals()}


# Whole


@each_file
def test_a_catalogue_has_all_words_and_no_others(path: Path) -> None:
    asked = {forms(message.id)[0] for message in ASKED}
    ours = {forms(message.id)[0] for message in catalogue(path)}
    assert asked - ours == set(), "new: run `make words`, then translate"
    assert ours - asked == set(), "nothing says these any more: run `make words`"
    assert not catalogue(path).obsolete


@each_file
def test_every_word_is_translated_with_its_facts(path: Path) -> None:
    for message in catalogue(path):
        if message.id:
            assert all(forms(message.string)), message.id
            assert placeholders(message.string) == placeholders(message.id), message.id
            assert not message.fuzzy, message.id


@each_file
def test_bringing_a_catalogue_up_to_date_changes_no_word(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes())
    update(copy, ASKED)
    before = {str(message.id): message.string for message in catalogue(path)}
    assert {str(message.id): message.string for message in catalogue(copy)} == before


def test_a_new_language_is_one_file(tmp_path: Path) -> None:
    path = tmp_path / "pt-BR.po"
    update(path, ASKED)
    path.write_text(path.read_text().replace('msgid "Hello,"\nmsgstr ""', HELLO), "utf-8")
    languages = read_languages(tmp_path)
    assert [*languages] == ["en", "pt-BR"]
    assert languages["pt-BR"].say("Hello,") == "Olá,"
    assert languages["pt-BR"].say("Join") == "Join", "what is not translated is said in English"
    assert languages["pt-BR"].name == "português (Brasil)"
    assert languages.meant("Portuguese") is languages.meant("português") is languages["pt-BR"]


HELLO = 'msgid "Hello,"\nmsgstr "Olá,"'


@each_language
@pytest.mark.parametrize("brief", [False, True], ids=["full", "brief"])
def test_every_template_renders(tag: str, *, brief: bool) -> None:
    templates = Templates()
    for name in NAMES:
        words = words_for(name, brief=brief)
        words.pop("language", None)
        assert templates.render(name, language=tag, **words) is not None


@pytest.mark.parametrize("path", [name for name in NAMES if name.endswith((".html", ".txt"))])
def test_no_template_has_words_that_cannot_be_translated(path: str) -> None:
    said = _NO_WORDS.sub("", (TEMPLATES / path).read_text())
    said = re.sub(r"{%-? trans.*?endtrans [-+]?%}|{%.*?%}|{{.*?}}|<[^>]+>", " ", said, flags=re.S)
    words = {*re.findall(r"[^\W\d_]{3,}", said)} - _NAMES
    assert words == set(), "put them between trans and endtrans"


# Texts


@each_language
@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("length", [3, 20, 40])
def test_a_text_is_one_segment_in_plain_letters(tag: str, name: str, length: int) -> None:
    template = Templates().get(f"sms/{name}", language=tag)
    words = words_for(f"sms/{name}", brief=False)
    people = {"invited_by", "community", "newcomer"} & words.keys()

    def render(**names: str) -> str:
        return template.render(**{**words, **names}).strip()

    names = dict.fromkeys(people, (GSM7_LATIN * 2)[:length].strip())
    said = segments.fit(render, names)
    cost = segments.count(said)
    assert (cost.encoding, cost.segments) == ("GSM-7", 1), said
    assert words["link"] in said
    assert "..." not in said


@each_language
@pytest.mark.parametrize("name", TEXTS)
def test_our_own_letters_are_in_the_alphabet_of_texts(tag: str, name: str) -> None:
    """Otherwise they would lose their accents on the way, and read as mistakes."""
    words = words_for(f"sms/{name}", brief=False)
    said = Templates().render(f"sms/{name}", language=tag, **words)
    typographic = str.maketrans({"’": "'", NARROW: " "})
    assert segments.plain(said) == said.translate(typographic)


# Typography


@pytest.mark.parametrize("path", [CATALOGUES / "fr.po"], ids=["fr"])
def test_french_marks_stand_after_a_narrow_space(path: Path) -> None:
    for message in catalogue(path):
        for said in forms(message.string) if message.id else []:
            bare = re.sub(r"%\(\w+\)s|{\w+}|https?://", "x", said)
            assert not re.search(rf"[^{NARROW}?!][;!?»]|[^{NARROW}]:(?!/)|«[^{NARROW}]", bare), said
            assert "'" not in bare, said


@pytest.mark.parametrize("path", [CATALOGUES / "es.po"], ids=["es"])
def test_spanish_marks_come_in_pairs(path: Path) -> None:
    for message in catalogue(path):
        for said in forms(message.string) if message.id else []:
            assert said.count("¿") == said.count("?"), said
            assert said.count("¡") == said.count("!"), said


# What is wrong stops the start


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('msgid "Hello,"\nmsgstr "Hola:\n', 2),
        ('msgid "Hello,"\nmsgstr "Hola:"\nmsgst "x"\n', 3),
        ('msgid "Hello,"\nmsgstr "Ho"la"\n', 2),
        ('\n\nmsgid "Hello %(name)s,"\nmsgstr "Hola, %(nombre)s:"\n', 3),
        ('msgid "all"\nmsgstr "100 % de todo"\n', 1),
        ('msgid "{limit} at most"\nmsgstr "{limit como mucho"\n', 1),
        ('msgid "%(count)s left"\nmsgstr "quedan %(counts"\n', 1),
        ('msgid "{limit} at most"\nmsgstr "{limite} como mucho"\n', 1),
    ],
)
def test_a_broken_catalogue_names_its_line(tmp_path: Path, text: str, line: int) -> None:
    (tmp_path / "es.po").write_text(text)
    with pytest.raises(Misconfigured, match=rf"es\.po, line {line}: "):
        read_languages(tmp_path)


def test_a_file_that_is_no_language_is_named(tmp_path: Path) -> None:
    (tmp_path / "klingon.po").write_text("")
    with pytest.raises(Misconfigured, match=r"klingon\.po"):
        read_languages(tmp_path)
    (tmp_path / "klingon.po").rename(tmp_path / "es.po")
    (tmp_path / "es.po").write_bytes('msgid "a"\nmsgstr "á"\n'.encode("latin-1"))
    with pytest.raises(Misconfigured, match=r"es\.po is not UTF-8"):
        read_languages(tmp_path)


# Saying


def test_a_sentence_is_said_with_its_facts() -> None:
    spanish = LANGUAGES["es"]
    why = Sentence("there is a space in it")
    sentence = Sentence("Please check this: {why}.", why=why)
    assert sentence == "Please check this: there is a space in it."
    assert spanish.say(sentence) == "Por favor, revise esto: contiene un espacio."
    assert spanish.say("What a leader wrote, 100 %") == "What a leader wrote, 100 %"
    assert spanish.say("") == "", "not the catalogue's header"


@pytest.mark.parametrize(
    ("tag", "said"),
    [("en", "1 May 2027"), ("es", "1 de mayo de 2027"), ("fr", "1 mai 2027")],
)
def test_a_date_is_written_out(tag: str, said: str) -> None:
    assert LANGUAGES[tag].long_date(date(2027, 5, 1)) == said


@pytest.mark.parametrize(
    ("wished", "found"),
    [
        (["es"], "es"),
        (["ES-mx"], "es"),
        (["de", "fr-CA", "es"], "fr"),
        (["", "en-GB"], "en"),
        (["de"], "en"),
        ([], "en"),
        (["-", "-es", "e-s"], "en"),
        (["e"], "en"),
    ],
)
def test_the_first_language_that_we_speak_is_spoken(wished: list[str], found: str) -> None:
    assert LANGUAGES.of(*wished).tag == found


def test_a_variety_stands_in_for_its_language(tmp_path: Path) -> None:
    for tag in ("pt-AO", "pt-BR"):
        (tmp_path / f"{tag}.po").write_text('msgid "a"\nmsgstr "b"\n', "utf-8-sig")
    languages = read_languages(tmp_path)
    assert languages.of("pt").tag == languages.of("pt-PT").tag == "pt-AO"
    assert languages.of("PT-br").tag == "pt-BR"
    (tmp_path / "pt.po").write_text('msgid "a"\nmsgstr "b"\n')
    assert read_languages(tmp_path).of("pt-PT").tag == "pt"


@pytest.mark.parametrize("typed", ["Spanish", " spanish ", "español", "ES"])
def test_a_language_is_known_by_all_its_names(typed: str) -> None:
    meant = LANGUAGES.meant(typed)
    assert meant is not None
    assert meant.tag == "es"


def test_the_way_of_writing_follows_the_language(tmp_path: Path) -> None:
    (tmp_path / "ar.po").write_text('msgid "a"\nmsgstr "b"\n')
    directions = {one.tag: one.direction for one in read_languages(tmp_path).values()}
    assert directions == {"en": "ltr", "ar": "rtl"}
    assert isinstance(LANGUAGES, Languages)
