"""What residents read by e-mail: safe, small, readable in light and dark, whole without HTML."""

import html
import re
from typing import Any, Literal

import pytest
from playwright.async_api import Browser

from bot.templating import Templates

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
NAMES = ("community", "invited_by", "name", "newcomer", "household")
EVENTS = (
    "invitation",
    "reminder",
    "household_link",
    "household_joined",
    "request_closed",
    "request_declined",
    "welcome",
)
WORDS: dict[str, Any] = {
    "community": "Maple Court",
    "welcome": "The kettle is always on in the common room.",
    "features": ["News from the building", "Tools to borrow, and lend"],
    "colour": "#0b4f58",
    "on_colour": "#ffffff",
    "invited_by": "Ana Ruiz",
    "code": "7KQM-4TXP-2WNF",
    "link": "https://join.example.org/j/7KQM4TXP2WNF",
    "type_at": "join.example.org/join",
    "valid_until": "22 December 2026",
    "opt_out": "https://join.example.org/o/abc",
    "no_more": "https://join.example.org/r/abc",
    "postal": "Maple Court Residents, 12 Maple Street, Springfield",
    "language": "en",
    "name": "Lena Novak",
    "newcomer": "Bo Ruiz",
    "household": "12 Maple Court, flat 3",
    "reason": "We could not find your address.",
    "links": [["Maple Court in Slack", "https://maple.example.org"]],
    "ways": [["Front porch", "https://t.me/+aBcD"]],
}
HOSTILE = "<b onclick=x>\"Bo\" & 'Co'</b>{{ 7 * 7 }}"

# Each element with text of its own: its colour against the nearest background behind it.
_CONTRASTS = """() => {
  const parts = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (text) => parts(text).slice(0, 3).map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    return parts(colour)[3] === 0 ? behind(element.parentElement) : colour;
  };
  return [...document.body.querySelectorAll('*')]
    .filter((element) => [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
    .map((element) => {
      const pair = [light(getComputedStyle(element).color), light(behind(element))];
      const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
      return [element.textContent.trim().slice(0, 40), ratio];
    });
}"""


def render(event: str, part: str, **changes: object) -> str:
    return Templates().render(f"email/{event}/{part}", **(WORDS | changes))


def words_of(page: str) -> list[str]:
    """What a person reads of an HTML page, word by word."""
    body = re.sub(r"<head>.*?</head>", "", page, flags=re.S)
    return html.unescape(re.sub(r"<br>|</?(p|li|h1|td|div)\b[^>]*>|<[^>]+>", " ", body)).split()


@pytest.mark.parametrize("event", EVENTS)
def test_every_word_is_also_in_the_plain_part(event: str) -> None:
    plain = re.sub(r"\W+", " ", render(event, "body.txt")).split()
    rich = re.sub(r"\W+", " ", " ".join(words_of(render(event, "body.html")))).split()
    assert set(rich) - set(plain) <= {"The", "button", "does", "not", "work", "Open", "address"}


@pytest.mark.parametrize("part", ["body.txt", "body.html"])
@pytest.mark.parametrize("event", EVENTS)
def test_the_footer_says_who_gave_the_address_what_is_kept_and_how_to_object(
    event: str, part: str
) -> None:
    shown = " ".join(render(event, part).split())
    assert "gave us this address" in shown
    assert "keep it" in shown
    assert WORDS["opt_out"] in shown
    assert WORDS["postal"] in shown
    assert "Springfield" not in render(event, part, postal="")


@pytest.mark.parametrize("part", ["body.txt", "body.html"])
def test_what_a_community_leaves_out_leaves_no_gap(part: str) -> None:
    bare = render("invitation", part, welcome="", features=[], valid_until="", postal="")
    assert "What you find there" not in bare
    assert "good until" not in bare
    assert "\n\n\n" not in render("invitation", "body.txt", welcome="", features=[], postal="")
    assert "<ul" not in bare


@pytest.mark.parametrize("event", EVENTS)
def test_names_are_escaped_in_html_and_plain_elsewhere(event: str) -> None:
    hostile = dict.fromkeys(NAMES, HOSTILE)
    page = render(event, "body.html", **hostile, features=[HOSTILE], welcome=HOSTILE)
    assert "<b" not in page.replace("<bdi", "").replace("<body", "").replace("<br", "")
    assert "onclick=x&gt;" in page
    assert "{{ 7 * 7 }}" in page, "a name is never a template"
    assert HOSTILE in render(event, "body.txt", **hostile)
    assert HOSTILE in render(event, "subject.txt", **hostile)


@pytest.mark.parametrize("event", EVENTS)
def test_the_page_is_small_and_asks_nobody_for_anything(event: str) -> None:
    page = render(event, "body.html")
    assert len(page.encode()) < 10_000
    assert not re.search(r"src=|url\(|@import|<script|<link", page)
    chats = {url for _, url in [*WORDS["links"], *WORDS["ways"]]} if event == "welcome" else set()
    more = chats | ({WORDS["no_more"]} if event == "reminder" else set())
    assert set(re.findall(r'href="([^"]+)"', page)) == {WORDS["link"], WORDS["opt_out"]} | more
    assert "prefers-color-scheme: dark" in page
    assert page.count("<style") == 1, "all else is inlined"


@pytest.mark.parametrize("event", EVENTS)
def test_the_subject_is_one_neutral_line(event: str) -> None:
    subject = render(event, "subject.txt")
    assert subject == subject.strip()
    assert not re.search(r"[\n!\[\]]|[A-Z]{4}", subject)


def test_the_invitation_names_who_invites_and_to_what() -> None:
    assert render("invitation", "subject.txt") == "Ana Ruiz invited you to join Maple Court"


@pytest.mark.browser
async def test_every_word_can_be_read_in_light_and_dark(browser: Browser) -> None:
    page = await browser.new_page(viewport={"width": 390, "height": 800})
    for event in EVENTS:
        await page.set_content(render(event, "body.html"))
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            contrasts = await page.evaluate(_CONTRASTS)
            assert len(contrasts) > 8
            weak = [(words, ratio) for words, ratio in contrasts if ratio < 4.5]  # WCAG 2.2, 1.4.3
            assert weak == [], (event, scheme)


@pytest.mark.browser
async def test_nothing_sticks_out_of_a_phone_and_the_button_suits_a_thumb(browser: Browser) -> None:
    page = await browser.new_page(viewport={"width": 320, "height": 800})
    for event in EVENTS:
        await page.set_content(render(event, "body.html"))
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320
        box = await page.locator(".button").bounding_box()
        assert box is not None
        assert box["height"] >= 44  # px, WCAG 2.2, 2.5.5
