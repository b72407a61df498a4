"""Every page: readable by somebody of eighty, on a small phone, by eye and by ear, in the dark."""

import re
from pathlib import Path

import pytest

from bot.community.errors import Refusal
from bot.community.letters import on_colour
from bot.templating import TEMPLATES
from bot.web import troubles
from tests.web.conftest import Invite
from tests.web.visitor import Page, Visitor

STYLE = (TEMPLATES / "web/style.css").read_text()
REFUSALS = [*Refusal.__subclasses__()]  # all that can reach a page: what its rooms import
TROUBLES = sorted(path.stem for path in (TEMPLATES / "web/trouble").iterdir())


@pytest.fixture
async def pages(visitor: Visitor, invite: Invite) -> list[Page]:
    """The pages of a sign-up and of a household, right and wrong."""
    code = await invite()
    form = await visitor.open(f"/j/{code}")
    wrong = await visitor.submit(form)
    fields = {"name": "Rosa", "address": "Flat 4B", "contact": "rosa@example.net"}
    return [
        await visitor.open("/join"),
        await visitor.open("/j/nonsense"),
        form,
        wrong,
        await visitor.submit(form, **fields, others=["Tomás"]),
        await visitor.open("/household"),
        await visitor.submit(await visitor.open("/household")),
        await visitor.open("/household/link"),
        await visitor.open("/household/link/sent"),
        await visitor.open("/nowhere"),
        await visitor.open("/ask/maple-court"),
        await visitor.submit(await visitor.open("/ask/maple-court"), name="Rosa"),
        await visitor.open("/ask/maple-court/sent"),
    ]


async def test_every_field_has_a_label_of_its_own(pages: list[Page]) -> None:
    for page in pages:
        ids = [each["id"] for _, each in page.elements if "id" in each]
        assert len(ids) == len(set(ids))
        labels = {each["for"] for tag, each in page.elements if tag == "label"}
        fields = [each for tag, each in page.elements if tag in {"input", "textarea"}]
        seen = {each["id"] for each in fields if each.get("type") != "hidden"}
        assert seen == labels
        for _, each in page.elements:
            assert set(each.get("aria-describedby", "").split()) <= set(ids)
            assert each.get("href", "")[:1] != "#" or each["href"][1:] in ids


async def test_every_page_says_what_it_is(pages: list[Page]) -> None:
    for page in pages:
        tags = [tag for tag, _ in page.elements]
        assert tags.count("h1") == 1
        assert tags.count("main") == 1
        assert ("html", {"lang": "en", "dir": "ltr"}) in page.elements
        assert re.search(r"<title>\w.+</title>", page.html)


async def test_no_page_needs_a_script_or_another_computer(pages: list[Page]) -> None:
    for page in pages:
        assert not {tag for tag, _ in page.elements} & {"script", "iframe", "img", "object"}
        assert not [name for _, each in page.elements for name in each if name.startswith("on")]
        assert not [each for _, each in page.elements if "style" in each]
        assert not re.search(r"url\(|@import", page.html)
        # With its headers it comes in the first round trip, ten packets (RFC 6928).
        assert len(page.html.encode()) <= 12 * 1024


async def test_phones_are_told_what_to_fill_in(pages: list[Page]) -> None:
    wanted = {"name": "name", "address": "address-line1", "contact": "email"}
    form = {each["name"]: each for tag, each in pages[2].elements if tag == "input"}
    assert {name: form[name]["autocomplete"] for name in wanted} == wanted
    code = next(each for tag, each in pages[0].elements if each.get("id") == "code")
    assert code["autocomplete"] == "one-time-code"
    assert code["autocapitalize"] == "characters"
    assert "inputmode" not in code  # letters are needed


async def test_what_is_wrong_is_said_first(pages: list[Page]) -> None:
    for page in (pages[1], pages[3], pages[6], pages[-2]):
        assert page.status == 422
        assert page.alerts.strip()
        summary = next(each for _, each in page.elements if each.get("role") == "alert")
        assert "autofocus" in summary
        assert page.html.index('role="alert"') < page.html.index("<input")


def test_every_trouble_page_has_its_trouble() -> None:
    names = {troubles.snake_case(kind.__name__) for kind in REFUSALS}
    assert set(TROUBLES) <= names


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.__name__)
def test_every_refusal_has_a_status_that_is_an_error(kind: type[Refusal]) -> None:
    assert 400 <= kind.status <= 599


def test_no_template_prints_what_it_did_not_escape() -> None:
    sources = [path.read_text() for path in Path(TEMPLATES / "web").rglob("*.html")]
    assert len(sources) > 20
    assert not [source for source in sources if "safe" in re.findall(r"\|\s*(\w+)", source)]


# Colours


def _luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2, 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _palette(scheme: str) -> dict[str, str]:
    light, dark = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[:2]
    colours = re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", light if scheme == "light" else dark)
    return dict(colours)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_in_light_and_dark(scheme: str) -> None:
    palette = _palette(scheme)
    for ground in ("paper", "card"):
        for words in ("ink", "soft", "bad", "good"):
            assert contrast(palette[words], palette[ground]) >= 4.5, (words, ground)
        assert contrast(palette["line"], palette[ground]) >= 3, ground
    assert contrast(palette["bad"], palette["bad-card"]) >= 4.5
    assert contrast(palette["soft"], palette["glow"]) >= 4.5


@pytest.mark.parametrize("colour", ["#0b4f58", "#7a1f3d", "#ffd700", "#777777", "#ffffff"])
def test_a_button_can_be_read_in_any_colour(colour: str) -> None:
    assert contrast(on_colour(colour), colour) >= 4.0
