"""A text costs one segment, whatever the names in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.community.segments import Segments, count, fit, plain
from bot.templating import Templates

LINK = "https://join.maplecourt.example/join/7KQM-4TXP-2WNF"
TEMPLATES = Templates()


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("", Segments("GSM-7", 0, 1)),
        ("a" * 160, Segments("GSM-7", 160, 1)),
        ("a" * 161, Segments("GSM-7", 161, 2)),
        ("a" * 306, Segments("GSM-7", 306, 2)),
        ("a" * 307, Segments("GSM-7", 307, 3)),
        ("€" * 80, Segments("GSM-7", 160, 1)),
        ("a" * 152 + "€" + "a" * 152, Segments("GSM-7", 306, 3)),  # the escape may not be split
        ("í", Segments("UCS-2", 1, 1)),
        ("я" * 70, Segments("UCS-2", 70, 1)),
        ("я" * 71, Segments("UCS-2", 71, 2)),
        ("🏡" * 35, Segments("UCS-2", 70, 1)),
        ("я" * 66 + "🏡" + "я" * 66, Segments("UCS-2", 134, 3)),  # nor a surrogate pair
    ],
)
def test_a_text_is_counted_as_carriers_count_it(text: str, cost: Segments) -> None:
    assert count(text) == cost


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("Ana Ruíz", "Ana Ruiz"),
        ("José Ñandú, Zoë, Åse Æbelø, Größe", "José Ñandu, Zoe, Åse Æbelø, Größe"),
        ("Łukasz Đorđević Ţepeş İnci ığdır", "Lukasz Dordevic Tepes Inci igdir"),
        ("“Maple” – ‘Court’…", "\"Maple\" - 'Court'..."),
        ("Rui\u0301z", "Ruiz"),
        ("Анна й", "Анна й"),
        ("李小龍 🏡", "李小龍 🏡"),
    ],
)
def test_latin_names_become_plain_and_other_scripts_stay(written: str, sent: str) -> None:
    assert plain(written) == sent


@given(st.text())
def test_plain_words_stay_as_they_are(text: str) -> None:
    assert plain(plain(text)) == plain(text)


def invitation(**names: str) -> str:
    return TEMPLATES.render("sms/invitation.txt", link=LINK, **names)


def test_the_usual_invitation_is_one_segment_and_keeps_its_names() -> None:
    text = fit(invitation, {"invited_by": "Ana Ruíz", "community": "Maple Court"})
    assert text.startswith("Maple Court: Ana Ruiz invited you")
    assert f" {LINK} " in text
    assert text.endswith("Reply STOP to opt out")
    assert count(text).segments == 1


def test_the_longest_name_is_shortened_first() -> None:
    names = {
        "invited_by": "Ana Ruiz",
        "community": "The Residents' Association of Maple Court and Elm Lane",
    }
    text = fit(invitation, names)
    assert "Ana Ruiz" in text
    assert text.startswith("The Residents' Associatio")
    assert ".: " in text
    assert count(text).units == 160


def test_a_name_in_another_script_stays_whole_and_costs_two() -> None:
    text = fit(invitation, {"invited_by": "Анна Каренина", "community": "Кленовый двор"})
    assert "Анна Каренина" in text
    assert "Кленовый двор" in text
    assert (count(text).encoding, count(text).segments) == ("UCS-2", 2)


def test_a_name_cannot_forge_a_line() -> None:
    assert "\n" not in fit(invitation, {"invited_by": "Ana\r\nBank: pay", "community": "Maple"})


def test_a_text_too_long_without_names_ends_all_the_same() -> None:
    text = fit(lambda name: name + "x" * 400, {"name": "Ana Ruiz de la Vega"})
    assert count(text).segments == 3
    assert fit(lambda: "x" * 400, {}) == "x" * 400


names = st.text(min_size=1, max_size=80).filter(lambda name: name.strip())


@given(invited_by=names, community=names)
def test_no_names_cost_more_than_two_segments_or_touch_the_link(
    invited_by: str, community: str
) -> None:
    text = fit(invitation, {"invited_by": invited_by, "community": community})
    cost = count(text)
    assert cost.segments <= (1 if cost.encoding == "GSM-7" else 2)
    assert f" {LINK} Reply STOP" in text


@pytest.mark.parametrize(
    "event",
    [
        "invitation",
        "reminder",
        "household_link",
        "household_joined",
        "request_closed",
        "request_declined",
    ],
)
def test_every_text_of_ours_fits(event: str) -> None:
    shared = {"community": "Maple Court", "invited_by": "Ana Ruiz", "newcomer": "Bo Ruiz"}
    template = TEMPLATES.get(f"sms/{event}.txt")
    text = fit(lambda **names: template.render(link=LINK, **names), shared)
    assert count(text).segments == 1
    assert text.startswith("Maple Court: ")
    assert f" {LINK} " in text
