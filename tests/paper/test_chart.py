"""A chart shows each part as wide as its count, and says which letters it could not draw."""

import shutil
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from structlog.testing import capture_logs

from bot.paper.chart import WIDTH, widths
from bot.paper.printer import STOPPED, TypstPrinter
from bot.paper.sheet import readable
from bot.ports import Bar, CannotPrint, Chart
from bot.templating import TEMPLATES, Templates

LEGEND = ("Joined", "Invited", "Failed", "Expired or void", "Never invited")
TEAL = "#0b4f58"
POINT = 2  # pixels
parts = st.lists(st.integers(0, 20_000), min_size=5, max_size=5).filter(any)


def bar(label: str, *counts: int) -> Bar:
    """One bar, with the words after it."""
    return Bar(label, counts, f"{counts[0]} of {sum(counts)}")


def chart(*bars: Bar, colour: str = TEAL) -> Chart:
    """A chart of these bars."""
    total = [sum(column) for column in zip(*(one.counts for one in bars), strict=True)]
    return Chart(
        name="coverage-maple-court",
        title="Who is in at Maple Court",
        subtitle="22 November 2026",
        colour=colour,
        language="en",
        legend=LEGEND,
        whole=bar("All", *total),
        bars=bars,
        alt="12 of 30 have joined.",
    )


async def drawn(printer: TypstPrinter, asked: Chart) -> Image.Image:
    """The picture of a chart in which no letter is missing."""
    picture = await printer.draw(asked)
    assert picture.unknown == ()
    return Image.open(BytesIO(picture.file.content), formats=["PNG"]).convert("RGB")


@given(parts)
def test_parts_fill_the_bar_and_leave_room_for_their_numbers(counts: list[int]) -> None:
    found = widths(counts)
    assert sum(found) == pytest.approx(WIDTH)
    for count, width in zip(counts, found, strict=True):
        assert width == 0 if count == 0 else width >= 12
    in_order = sorted(zip(counts, found, strict=True))
    assert [width for _, width in in_order] == pytest.approx(sorted(found)), "more is never less"


def test_wide_parts_are_as_wide_as_their_counts_say() -> None:
    assert widths([30, 0, 10, 0, 20]) == pytest.approx([150, 0, 50, 0, 100])


async def test_it_is_a_picture_with_its_words(printer: TypstPrinter) -> None:
    file = (await printer.draw(chart(bar("Elm Street", 12, 10, 2, 1, 5)))).file
    assert (file.name, file.media_type) == ("coverage-maple-court.png", "image/png")
    assert file.alt == "12 of 30 have joined."


@pytest.mark.parametrize("colour", [TEAL, "#ffee00", "#000000", "#d55e00"])
async def test_bars_are_as_long_as_their_share(printer: TypstPrinter, colour: str) -> None:
    asked = chart(bar("Elm", 30, 0, 0, 0, 30), bar("Oak", 60, 0, 0, 0, 0), colour=colour)
    picture = await drawn(printer, asked)
    solid = tuple(int(readable(colour)[at : at + 2], 16) for at in (1, 3, 5))
    width, height = picture.size
    runs = {_longest(picture, y, width, solid) for y in range(height)} - {0}
    for share in (0.5, 0.75, 1.0):  # Elm, all, Oak; the outline takes a pixel or two
        assert any(abs(run - share * WIDTH * POINT) <= 4 for run in runs), share


def _longest(picture: Image.Image, y: int, width: int, colour: tuple[int, ...]) -> int:
    longest = run = 0
    for x in range(width):
        run = run + 1 if picture.getpixel((x, y)) == colour else 0
        longest = max(longest, run)
    return longest


async def test_it_grows_with_the_bars(printer: TypstPrinter) -> None:
    one, many = [
        await drawn(printer, chart(*(bar(f"Street {n}", 1, 2, 3, 4, 5) for n in range(count))))
        for count in (1, 31)
    ]
    assert one.width == many.width <= 1200
    assert one.height < many.height < 2000


async def test_letters_that_no_font_has_are_named_and_the_rest_is_drawn(
    printer: TypstPrinter,
) -> None:
    picture = await printer.draw(chart(bar("\U0010fffd Street", 1, 2, 3, 4, 5)))
    assert list(picture.unknown) == ["U+10FFFD"]
    assert picture.file.content.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "label", ['#panic("x") *b* $y$ @r', "x" * 500, "", "-", "Zoë’s Yard\n2", "Строителей"]
)
async def test_any_name_can_be_drawn(printer: TypstPrinter, label: str) -> None:
    assert (await drawn(printer, chart(bar(label, 0, 0, 0, 0, 1)))).height > 0


async def test_a_mistake_in_the_look_is_in_the_log(tmp_path: Path) -> None:
    for folder in ("passes", "charts"):
        shutil.copytree(TEMPLATES / folder, tmp_path / "templates" / folder)
    look = tmp_path / "templates" / "charts" / "coverage.typ"
    look.write_text(f"#unknown-name\n{look.read_text()}")
    printer = TypstPrinter(Templates(tmp_path / "templates"))
    with capture_logs() as logs, pytest.raises(CannotPrint) as raised:
        await printer.draw(chart(bar("Elm", 1, 0, 0, 0, 0)))
    assert raised.value.words == STOPPED.format(what="picture")
    assert "unknown variable: unknown-name" in logs[0]["said"]


async def test_a_picture_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(CannotPrint, match="took too long"):
        await TypstPrinter(Templates(), seconds=0.001).draw(chart(bar("Elm", 1, 0, 0, 0, 0)))
