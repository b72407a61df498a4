"""Passes show the community's logo, whatever its shape, and nothing else gives way to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from random import Random
from typing import Any

import pypdf
import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

from bot.community.communities import logos
from bot.paper.printer import TypstPrinter
from bot.ports import CannotPrint, Sheet
from tests.paper.conftest import MakeSheet
from tests.paper.pdfs import read, scanned, structure
from tests.paper.test_printer import LONG_NAME, LONG_WELCOME, MILLIMETRE

Bounds = tuple[float, float, float, float]  # left, bottom, right, top; in points

BRICK = (178, 43, 43)
INCH = 72  # points
EDGE = 7 * MILLIMETRE  # from the cut: printers do not reach the outer 5 mm
SHAPES = {"wide": (1200, 300), "tall": (300, 600), "square": (400, 400), "line": (2000, 20)}
NAMES = {"one line": "Maple Court", "two lines": "Residents of Elm Street and Oak Street"}


def picture(size: tuple[int, int] = (640, 320), *, alpha: int = 255) -> bytes:
    """A logo of one colour, as it is kept."""
    out = BytesIO()
    Image.new("RGBA", size, (*BRICK, alpha)).save(out, "PNG")
    return logos.draw(out.getvalue()).content


def noise() -> bytes:
    """The heaviest logo that can be kept: no two points of it are alike."""
    size, out = (320, 160), BytesIO()
    Image.frombytes("RGBA", size, Random(7).randbytes(size[0] * size[1] * 4)).save(out, "PNG")
    return logos.draw(out.getvalue()).content


@contextmanager
def first_page(pdf: bytes) -> Iterator[pypdfium2.PdfPage]:
    """The first page, to be looked at."""
    with pypdfium2.PdfDocument(pdf) as document:
        yield document[0]


def places(page: pypdfium2.PdfPage) -> list[Bounds]:
    """Where the page shows pictures; QR codes are none."""
    return [drawn.get_bounds() for drawn in page.get_objects(filter=[FPDF_PAGEOBJ_IMAGE])]


async def test_every_pass_shows_it_and_the_file_holds_it_once(
    printer: TypstPrinter, make_sheet: MakeSheet
) -> None:
    pdf = (await printer.print(make_sheet(8, logo=picture()))).content
    with pypdfium2.PdfDocument(pdf) as document:
        assert [len(places(page)) for page in document] == [4, 4]
    held: list[Any] = [page["/Resources"] for page in pypdf.PdfReader(BytesIO(pdf)).pages]
    numbers = [image.idnum for each in held for image in each["/XObject"].values()]
    assert len(numbers) == 2
    assert len(set(numbers)) == 1


async def test_without_one_there_is_no_picture(
    printer: TypstPrinter, make_sheet: MakeSheet
) -> None:
    with first_page((await printer.print(make_sheet())).content) as page:
        assert places(page) == []


async def test_screen_readers_are_told_whose_it_is(
    printer: TypstPrinter, make_sheet: MakeSheet
) -> None:
    file = await printer.print(make_sheet(3, logo=picture()))
    root: Any = pypdf.PdfReader(BytesIO(file.content)).trailer["/Root"]
    tagged = structure(root["/StructTreeRoot"])
    told = [str(item["/Alt"])[:11] for item in tagged if item.get("/S") == "/Figure"]
    assert told == ["Maple Court", "QR code tha"] * 3


@pytest.mark.parametrize("paper", ["a4", "letter"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", SHAPES)
async def test_it_has_a_place_of_its_own_and_keeps_its_shape(
    printer: TypstPrinter, make_sheet: MakeSheet, shape: str, name: str, paper: str
) -> None:
    logo = picture(SHAPES[shape])
    sheet = make_sheet(paper=paper, community=NAMES[name], logo=logo)
    with first_page((await printer.print(sheet)).content) as page:
        (place,) = places(page)
        _assert_alone(page, place)
    left, bottom, right, top = place
    with Image.open(BytesIO(logo)) as kept:
        assert (right - left) / (top - bottom) == pytest.approx(kept.width / kept.height, rel=0.01)
        assert kept.width / (right - left) * INCH >= 149, "dots to an inch"


def _assert_alone(page: pypdfium2.PdfPage, place: Bounds) -> None:
    """Nothing is written over the logo, and it is in its corner of the card, away from cuts."""
    width, height = page.get_size()
    left, bottom, right, top = place
    assert page.get_textpage().get_text_bounded(*place) == ""
    assert width / 4 < left < right == pytest.approx(width / 2 - 10 * MILLIMETRE, abs=0.1)
    assert height * 3 / 4 < bottom < top < height - EDGE


async def test_a_small_one_is_not_blown_up(printer: TypstPrinter, make_sheet: MakeSheet) -> None:
    sheet = make_sheet(logo=picture((30, 15)))
    with first_page((await printer.print(sheet)).content) as page:
        ((left, _, right, _),) = places(page)
    assert right - left == pytest.approx(30 / 150 * INCH, abs=0.1)


async def test_what_shines_through_shows_the_paper(
    printer: TypstPrinter, make_sheet: MakeSheet
) -> None:
    sheet = make_sheet(logo=picture(alpha=0))
    with first_page((await printer.print(sheet)).content) as page:
        ((left, _, _, top),) = places(page)
        seen: Image.Image = page.render(scale=1).to_pil().convert("RGB")
    assert seen.getpixel((int(left) + 5, int(seen.height - top) + 5)) == (255, 255, 255)


async def test_the_picture_for_chats_shows_it_too(
    printer: TypstPrinter, make_sheet: MakeSheet
) -> None:
    file = await printer.print(make_sheet(6, logo=picture()))
    with Image.open(BytesIO(file.picture), formats=["PNG"]) as seen:
        middle = (seen.width // 2, seen.height // 2)
        for corner in ((0, 0), (middle[0], 0), (0, middle[1]), middle):
            card = seen.convert("RGB").crop((*corner, corner[0] + middle[0], corner[1] + middle[1]))
            assert BRICK in {colour for _, colour in card.getcolors(card.width * card.height) or ()}


@pytest.mark.parametrize(
    ("paper", "most"), [("a4", 33), ("letter", 25)], ids=["on A4", "on Letter"]
)
async def test_as_many_words_fit_beside_it_as_without_it(
    printer: TypstPrinter, make_sheet: MakeSheet, paper: str, most: int
) -> None:
    def sheet(count: int, logo: bytes | None) -> Sheet:
        welcome = "We belong here. " * count
        return make_sheet(paper=paper, community=LONG_NAME, welcome=welcome, logo=logo)

    await printer.print(sheet(most, None))
    with pytest.raises(CannotPrint, match="do not fit on a pass"):
        await printer.print(sheet(most + 1, None))
    with first_page((await printer.print(sheet(most, picture()))).content) as page:
        (place,) = places(page)
        _assert_alone(page, place)


async def test_the_code_stays_as_large_as_it_is(
    printer: TypstPrinter, make_sheet: MakeSheet
) -> None:
    widths = []
    for logo in (None, picture((300, 600))):
        file = await printer.print(make_sheet(logo=logo, community=LONG_NAME))
        with first_page(file.content) as page:
            (code,) = zxingcpp.read_barcodes(page.render(scale=300 / INCH).to_pil())
        widths.append(code.position.top_right.x - code.position.top_left.x)
    assert widths[0] == pytest.approx(widths[1], abs=2)
    assert widths[0] / 300 * INCH == pytest.approx(37 * MILLIMETRE, rel=0.02)


@pytest.mark.slow
async def test_a_hundred_passes_with_the_heaviest_one_read_well(
    printer: TypstPrinter, make_sheet: MakeSheet
) -> None:
    sheet = make_sheet(100, paper="letter", community=LONG_NAME, welcome=LONG_WELCOME, logo=noise())
    pdf = (await printer.print(sheet)).content
    assert len(pdf) < 1_000_000
    assert scanned(pdf) == [one.link.lower() for one in sheet.passes]
    assert read(pdf).count(LONG_NAME) == 100
