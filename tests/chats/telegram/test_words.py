"""What people wrote is shown as it is, and nothing in it can be tapped."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.chats.telegram import words
from tests.standins.telegram_html import parse, units, with_found

TAPPED = {"mention", "url", "bot_command", "text_link", "text_mention", "bold", "italic"}
HOSTILE = (
    "@everyone",
    "https://evil.example",
    "http://localhost/x",
    "evil.com",
    "www.evil.com/path?a=b",
    "t.me/evil",
    "/invite",
    "/invite@PorchlightBot email x@y.example",
    "<b>x</b>",
    "<a href='https://evil.example'>x</a>",
    "&lt;b&gt; &amp; &",
    "tg://user?id=1",
    "x@evil.com/path",
    "192.0.2.1",
    "a@b@everyone",
    "evil.com@everyone192.0.2.1",
    "'@everyoneevil.com",
    "evil.com'x@everyone.com",
)
PIECES = st.sampled_from(HOSTILE) | st.text(max_size=12) | st.sampled_from("@/.:<>&` \n`/")
TEXTS = st.lists(PIECES, max_size=12).map("".join)


def shown(text: str) -> tuple[str, set[str]]:
    """What Telegram shows, and the kinds of parts it finds."""
    visible, entities = parse(words.html(text))
    return visible, {entity["type"] for entity in with_found(visible, entities)}


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("around", ["{}", "{} joined at 1 Elm Street.", "({}), {}.", "Ana: {}"])
def test_nothing_that_people_write_can_be_tapped(text: str, around: str) -> None:
    visible, kinds = shown(around.format(text, text))
    assert kinds & TAPPED == set()
    assert visible.replace("\u2060", "") == around.format(text, text)


@given(TEXTS)
@example("`/announce here` and `https://join.example.org/j/7KQM`")
def test_every_text_is_taken_and_says_what_it_said(text: str) -> None:
    visible, kinds = shown(text)
    assert kinds & TAPPED == set()
    assert words.incoming(visible).replace("`", "") == words.incoming(text).replace("`", "")


@pytest.mark.parametrize(
    "text",
    [
        "rosa@example.org: the e-mail has been sent.",
        "Did you mean rosa@gmail.com?",
        "(a.b+c@d.org)",
        "o'brien@example.org",
    ],
)
def test_an_address_stays_exact_and_can_be_copied(text: str) -> None:
    visible, kinds = shown(text)
    assert visible == text
    assert kinds == {"email"}


def test_a_command_of_ours_and_an_address_between_backticks_are_code() -> None:
    visible, entities = parse(words.html("Say `/announce here` or open `https://a.example/j/1`."))
    assert visible == "Say /announce here or open https://a.example/j/1."
    assert [entity["type"] for entity in entities] == ["code", "code"]


def test_codes_numbers_and_times_stay_exact() -> None:
    text = "7KQM-4TXP-2WNF, +1 201 555 0123, 17.5 %, 3:45, and/or, …"
    assert shown(text)[0] == text


@given(st.text(alphabet="ab.@/ \n🏡é", max_size=400), st.integers(8, 90))
def test_pages_fit_and_lose_nothing(text: str, longest: int) -> None:
    pages = words.pages(text, longest)
    assert all(0 < units(parse(words.html(page))[0]) <= longest for page in pages)
    if text.strip():
        assert "".join("".join(pages).split()) == "".join(text.split())


@given(st.text(alphabet="ab.@/ 🏡", max_size=120), st.integers(8, 90))
def test_what_is_cut_fits_and_says_so(text: str, longest: int) -> None:
    cut = words.cut(text, longest)
    assert 0 < units(parse(words.html(cut))[0]) <= longest
    assert cut == text or cut.endswith("…")
