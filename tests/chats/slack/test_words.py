"""What people type in Slack is read as they meant it, and what we write is only ever words."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.chats.slack.words import incoming, outgoing


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("email <mailto:a@b.example|a@b.example>", "email a@b.example"),
        ("<mailto:a@b.example|a@b.example>, <mailto:c@d.example>", "a@b.example, c@d.example"),
        ("text <tel:+12015550123|+1 201 555 0123>", "text +1 201 555 0123"),
        ("<tel:+12015550123>", "+12015550123"),
        ("Ana &lt;<mailto:ana@b.example|ana@b.example>&gt;", "Ana <ana@b.example>"),
        ("Ana <ana@b.example>", "Ana <ana@b.example>"),
        ("<https://x.example/?a=1&amp;b=2|a label>", "https://x.example/?a=1&b=2"),
        ("<https://x.example>", "https://x.example"),
        ("add <@U123|ana> <@U456>", "add <@U123> <@U456>"),
        ("in <#C1|front-porch> or <#C2|> or <#C3>", "in <#C1> or <#C2> or <#C3>"),
        ("<!here> <!subteam^S1|@gardeners> <!subteam^S2>", "@here @gardeners @subteam"),
        ("Smith &amp; Sons &lt;3", "Smith & Sons <3"),
        ("&amp;lt; is decoded once", "&lt; is decoded once"),
        ("“Elm” ‘Street’ ana’s", "\"Elm\" 'Street' ana's"),
        ("+1\u00a0201\u202f555\u20090123", "+1 201 555 0123"),
        ("ana\u200b@b.\ufeffexample\u2060", "ana@b.example"),
        ("one\ntwo", "one\ntwo"),
        ("می\u200cخواهم 👩\u200d🌾", "می\u200cخواهم 👩\u200d🌾"),
        ("a < b and c > d", "a < b and c > d"),
    ],
)
def test_what_is_typed_is_read_as_it_was_meant(typed: str, meant: str) -> None:
    assert incoming(typed) == meant


@pytest.mark.parametrize(
    "name",
    ["<!everyone>", "<@U1>", "<https://evil.example|click>", "<#C1>", "&lt;!here&gt;", "a & b"],
)
def test_a_name_mentions_nobody_and_links_nowhere(name: str) -> None:
    written = outgoing(name)
    assert "<" not in written
    assert ">" not in written
    assert incoming(written) == name


@given(st.text())
@example("<!channel>&lt;&amp;")
def test_nothing_written_is_markup(text: str) -> None:
    written = outgoing(text)
    assert re.search(r"[<>]|&(?!(?:amp|lt|gt);)", written) is None


@given(st.text())
def test_what_was_written_is_read_again_but_for_fancy_punctuation(text: str) -> None:
    again = incoming(outgoing(text))
    assert len(again) <= len(text)
    assert _bare(again) == _bare(text)


@given(st.text(alphabet=st.characters(max_codepoint=0x7E)))
def test_plain_words_are_read_again_letter_by_letter(text: str) -> None:
    assert incoming(outgoing(text)) == text


def _bare(text: str) -> str:
    """The text's letters, digits and plain signs, without spaces and quotes of any kind."""
    dropped = {"Zs", "Pi", "Pf", "Cf"}
    return "".join(
        char for char in text if unicodedata.category(char) not in dropped and char not in "'\"‚„"
    )
