"""The letters in every language and in many colours: small, whole in plain words, easy to read."""

import re

import pytest
from playwright.async_api import Browser, Page

from bot.community.letters import on_colour
from bot.templating import Templates
from tests.couriers.test_templates import _CONTRASTS, EVENTS, SCHEMES, WORDS, words_of

TEMPLATES = Templates()
LANGUAGES = [*TEMPLATES.languages]
# The default, and what leaders may choose: a dark red, gold, the grey in the middle, both ends.
COLOURS = ("#0b4f58", "#7a1f3d", "#ffd700", "#777777", "#ffffff", "#000000")
LIMIT = 10_000  # bytes
BUTTON_AIDS = "The button does not work? Open this address:"  # nothing for the plain part
WIDEST = 390  # px, of a phone


def rendered(event: str, part: str, language: str, colour: str = COLOURS[0]) -> str:
    """A part of a letter."""
    words = {**WORDS, "colour": colour, "on_colour": on_colour(colour)}
    words.pop("language")
    return TEMPLATES.render(f"email/{event}/{part}", language=language, **words)


def bare(text: str) -> list[str]:
    """The words alone."""
    return re.sub(r"\W+", " ", text).split()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("event", EVENTS)
def test_a_letter_is_small_and_whole_in_plain_words(event: str, language: str) -> None:
    page = rendered(event, "body.html", language)
    assert len(page.encode()) < LIMIT
    aids = bare(TEMPLATES.languages[language].say(BUTTON_AIDS))
    plain = bare(rendered(event, "body.txt", language))
    shown = bare(" ".join(words_of(page)))
    assert len(shown) > 40
    assert set(shown) - set(plain) <= set(aids)


@pytest.mark.parametrize("language", [tag for tag in LANGUAGES if tag != "en"])
@pytest.mark.parametrize("event", EVENTS)
def test_a_letter_in_another_language_has_no_english_left(event: str, language: str) -> None:
    english = set(re.findall(r"[^.?!:\n]{25,}", rendered(event, "body.txt", "en")))
    facts = " ".join(map(str, WORDS.values()))
    theirs = rendered(event, "body.txt", language)
    assert [line for line in english if line in theirs and line.strip(" -") not in facts] == []


@pytest.mark.browser
@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_word_stands_out_in_every_colour(browser: Browser, language: str) -> None:
    screen = await browser.new_page(viewport={"width": WIDEST, "height": 844})
    for colour in COLOURS:
        await screen.set_content(rendered("invitation", "body.html", language, colour))
        assert await screen.evaluate("document.documentElement.scrollWidth") <= WIDEST
        for scheme in SCHEMES:
            await screen.emulate_media(color_scheme=scheme)
            assert await brightness(screen) < 60 or scheme == "light"
            contrasts = await screen.evaluate(_CONTRASTS)
            assert len(contrasts) > 12
            weak = [(words, ratio) for words, ratio in contrasts if ratio < 4.5]  # WCAG 2.2, 1.4.3
            assert weak == [], (colour, scheme)


async def brightness(screen: Page) -> int:
    """How bright the ground behind the letter is, from 0 to 255."""
    found: int = await screen.evaluate(
        "Math.max(...getComputedStyle(document.querySelector('.page'))"
        ".backgroundColor.match(/\\d+/g).slice(0, 3))"
    )
    return found
