"""What the child is told: words from the template, values as plain text."""

from datetime import date

import pytest

from bot.paper.sheet import described, file_name, language_and_region, readable
from bot.ports import Pass
from bot.templating import Templates
from tests.paper.conftest import MakeSheet


def test_each_pass_says_its_code_its_place_and_its_last_day(make_sheet: MakeSheet) -> None:
    link = "https://example.org/j/7KQM4TXP2WNF"
    forever = Pass("7KQM4TXP2WNF", link, 14, valid_until=None)
    until_may = Pass("7KQM4TXP2WNF", link, 40, valid_until=date(2027, 5, 1))
    told = described(make_sheet(40, passes=[forever, until_may]), Templates())["passes"]
    assert told == [
        {"link": link, "code": "7KQM-4TXP-2WNF", "valid": valid, "place": place}
        for valid, place in [
            ("", "Batch 7 · 14 of 40"),
            ("Valid until 1 May 2027", "Batch 7 · 40 of 40"),
        ]
    ]


def test_reprinted_passes_keep_their_places(make_sheet: MakeSheet) -> None:
    sheet = make_sheet(40)
    again = described(make_sheet(40, passes=sheet.passes[38:]), Templates())
    assert [one["place"] for one in again["passes"]] == ["Batch 7 · 39 of 40", "Batch 7 · 40 of 40"]


def test_a_community_without_a_welcome_gets_one(make_sheet: MakeSheet) -> None:
    assert described(make_sheet(welcome=" "), Templates())["words"]["welcome"]


def test_words_that_look_like_template_marks_stay_words(make_sheet: MakeSheet) -> None:
    hostile = "{{ 7*7 }} {% endblock %}\n{% block once %}Free{% endblock %} <b>&amp;"
    words = described(make_sheet(welcome=hostile, label=hostile), Templates())["words"]
    assert words["welcome"] == hostile.replace("\n", " ")
    assert words["once"] == "Works once. Please keep it private."


def test_a_logo_is_told_byte_by_byte(make_sheet: MakeSheet) -> None:
    assert described(make_sheet(logo=b"\x89PNG\x00\xff"), Templates())["logo"] == [
        *(0x89, 0x50, 0x4E, 0x47, 0x00, 0xFF)
    ]
    assert described(make_sheet(), Templates())["logo"] is None


def test_a_sheet_speaks_the_language_of_the_community(make_sheet: MakeSheet) -> None:
    told = described(make_sheet(language="fr", welcome=""), Templates())
    assert told["language"] == "fr"
    assert told["words"]["overline"] == "Votre invitation à rejoindre"
    assert told["passes"][0]["valid"] == "Valable jusqu’au 31 décembre 2026"
    assert len(told["words"]["steps"]) == 3


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("", "passes-7.pdf"),
        ("Oak Street", "passes-7-oak-street.pdf"),
        ("../Zoë & Muñoz\n", "passes-7-zoe-munoz.pdf"),
        ("王府", "passes-7.pdf"),
        ("x" * 200, f"passes-7-{'x' * 40}.pdf"),
    ],
)
def test_the_file_is_named_after_batch_and_label(
    make_sheet: MakeSheet, label: str, name: str
) -> None:
    assert file_name(make_sheet(label=label)) == name


@pytest.mark.parametrize(
    ("colour", "printed"),
    [("#0b4f58", "#0b4f58"), ("#000000", "#000000"), ("#767676", "#767676")],
)
def test_a_colour_that_can_be_read_on_white_is_kept(colour: str, printed: str) -> None:
    assert readable(colour) == printed


@pytest.mark.parametrize("colour", ["#ffffff", "#ffd400", "#00ff00", "#777777"])
def test_a_colour_that_cannot_be_read_on_white_is_darkened(colour: str) -> None:
    printed = readable(colour)
    assert printed != colour
    assert readable(printed) == printed


@pytest.mark.parametrize(
    ("tag", "split"),
    [("en", ("en", None)), ("pt-BR", ("pt", "BR")), ("zh-Hant-tw", ("zh", "TW"))],
)
def test_language_tags_are_split_for_typst(tag: str, split: tuple[str, str | None]) -> None:
    assert language_and_region(tag) == split
