"""Passes come out as a PDF that scanners, people and screen readers can read, or with a reason."""

import asyncio
import os
import re
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdf
import pytest
import typst
import zxingcpp
from PIL import Image
from structlog.testing import capture_logs

from bot.paper.printer import KEPT, STOPPED, TOO_SLOW, TypstPrinter
from bot.ports import CannotPrint, Sheet
from bot.templating import TEMPLATES, Templates
from tests.paper.conftest import MakeSheet
from tests.paper.pdfs import fonts, read, scanned, structure

MILLIMETRE = 72 / 25.4  # in points, the unit of a PDF
ENDLESS = "#for a in range(100000) { for b in range(100000) { } }"
LONG_NAME = "The Residents of Saint Bartholomew’s Square & Gardens, North"  # 60 letters
LONG_WELCOME = "We hardly know each other’s names, Zoë. That changes now, Mr Muñoz. " * 4  # 272

proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("paper", "community", "welcome"),
    [("a4", "Maple Court", "Hello."), ("letter", LONG_NAME, LONG_WELCOME)],
    ids=["on A4", "on Letter with as many words as fit"],
)
async def test_a_hundred_passes_read_well(
    printer: TypstPrinter, make_sheet: MakeSheet, paper: str, community: str, welcome: str
) -> None:
    sheet = make_sheet(100, paper=paper, community=community, welcome=welcome)
    file = await printer.print(sheet)
    assert (file.name, file.media_type) == ("passes-7-oak-street.pdf", "application/pdf")
    assert len(file.content) < 1_000_000
    assert scanned(file.content) == [one.link.lower() for one in sheet.passes]
    _assert_all_said(sheet, file.content)


@pytest.mark.parametrize(("count", "pages"), [(1, 1), (3, 1), (4, 1), (5, 2), (40, 10)])
async def test_four_passes_share_a_page(
    printer: TypstPrinter, make_sheet: MakeSheet, count: int, pages: int
) -> None:
    file = await printer.print(make_sheet(count))
    assert len(pypdf.PdfReader(BytesIO(file.content)).pages) == pages


@pytest.mark.parametrize(("paper", "millimetres"), [("a4", (210, 297)), ("letter", (215.9, 279.4))])
async def test_pages_have_the_size_of_the_paper(
    printer: TypstPrinter, make_sheet: MakeSheet, paper: str, millimetres: tuple[float, float]
) -> None:
    file = await printer.print(make_sheet(paper=paper))
    box = pypdf.PdfReader(BytesIO(file.content)).pages[0].mediabox
    assert (float(box.width), float(box.height)) == pytest.approx(
        [side * MILLIMETRE for side in millimetres], abs=0.1
    )


async def test_a_picture_shows_the_first_page(printer: TypstPrinter, make_sheet: MakeSheet) -> None:
    sheet = make_sheet(6, paper="a4")
    file = await printer.print(sheet)
    with Image.open(BytesIO(file.picture), formats=["PNG"]) as picture:
        assert picture.height / picture.width == pytest.approx(297 / 210, rel=0.01)
        large = picture.resize((picture.width * 3, picture.height * 3))
    codes = {found.text.lower() for found in zxingcpp.read_barcodes(large)}
    assert codes == {one.link.lower() for one in sheet.passes[:4]}


async def test_screen_readers_are_told_title_language_headings_and_pictures(
    printer: TypstPrinter, make_sheet: MakeSheet
) -> None:
    file = await printer.print(make_sheet(5, language="en-GB"))
    reader = pypdf.PdfReader(BytesIO(file.content))
    root: Any = reader.trailer["/Root"]  # what it holds is asked for by name
    assert reader.metadata is not None
    assert reader.metadata.title == "Access passes for Maple Court, batch 7"
    assert root["/Lang"] == "en-GB"
    assert root["/MarkInfo"]["/Marked"]
    kinds = [item.get("/S") for item in structure(root["/StructTreeRoot"])]
    assert (kinds.count("/H1"), kinds.count("/Figure")) == (5, 5)
    pictures = [item for item in structure(root["/StructTreeRoot"]) if item.get("/S") == "/Figure"]
    assert all("QR code" in str(item["/Alt"]) for item in pictures)


async def test_what_leaders_type_prints_as_it_is(
    printer: TypstPrinter, make_sheet: MakeSheet
) -> None:
    hostile = '#panic("x") *b* $y$ @r'
    sheet = make_sheet(
        2, community=hostile, welcome=f"<script> {hostile} \\ // = a", label="#q[*z*]"
    )
    text = read((await printer.print(sheet)).content)
    assert text.count(hostile) == 4
    assert text.count("<script>") == text.count("\\ // = a") == text.count("#q[*z*]") == 2


async def test_accents_and_greek_need_no_fonts_of_the_system(make_sheet: MakeSheet) -> None:
    ours = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[TEMPLATES / "passes" / "fonts"],
    )
    assert ours.families() == ["Inter", "Inter Display", "JetBrains Mono"]
    sheet = make_sheet(community="Zoë Muñoz, Αθήνα, Київ, Đà Nẵng")
    pdf = (await TypstPrinter(Templates()).print(sheet)).content
    assert sheet.community in read(pdf)
    assert fonts(pdf) == {
        "Inter-Regular",
        "Inter-SemiBold",
        "InterDisplay-Bold",
        "JetBrainsMono-Bold",
    }


async def test_letters_that_only_the_systems_fonts_have_are_printed_with_those(
    printer: TypstPrinter, make_sheet: MakeSheet
) -> None:
    if "DejaVu Sans" not in typst.Fonts(include_embedded_fonts=False).families():
        pytest.skip("needs the font DejaVu Sans on this computer, for Armenian")
    sheet = make_sheet(community="Երևան")
    assert sheet.community in read((await printer.print(sheet)).content)


async def test_a_letter_that_no_font_has_is_named(
    printer: TypstPrinter, make_sheet: MakeSheet
) -> None:
    with pytest.raises(CannotPrint) as raised:
        await printer.print(make_sheet(5, welcome="Hello \U0010fffd."))
    assert raised.value.words.startswith("The fonts cannot print U+10FFFD. Leave it out")


@pytest.mark.parametrize(
    "changes",
    [{"welcome": LONG_WELCOME * 4}, {"welcome": "x" * 200}, {"community": "Word" * 100}],
)
async def test_words_that_do_not_fit_are_refused(
    printer: TypstPrinter, make_sheet: MakeSheet, changes: dict[str, str]
) -> None:
    with pytest.raises(CannotPrint, match="do not fit on a pass"):
        await printer.print(make_sheet(2, **changes))


async def test_a_mistake_in_the_look_is_in_the_log(make_sheet: MakeSheet, tmp_path: Path) -> None:
    with capture_logs() as logs, pytest.raises(CannotPrint) as raised:
        await _printer_with(tmp_path, "#unknown-name").print(make_sheet())
    assert raised.value.words == STOPPED.format(what="passes")
    assert "unknown variable: unknown-name" in logs[0]["said"]


async def test_a_look_cannot_download_packages(make_sheet: MakeSheet, tmp_path: Path) -> None:
    with capture_logs() as logs, pytest.raises(CannotPrint):
        await _printer_with(tmp_path, '#import "@preview/cetz:0.3.0"').print(make_sheet())
    assert re.search("failed to download package.*Connection Failed", logs[0]["said"])


@proc
async def test_a_child_that_takes_too_long_is_ended(make_sheet: MakeSheet, tmp_path: Path) -> None:
    with pytest.raises(CannotPrint) as raised:
        await _printer_with(tmp_path, ENDLESS, seconds=0.5).print(make_sheet())
    assert raised.value.words == TOO_SLOW.format(what="passes")
    assert not _children()


@proc
async def test_a_child_that_is_killed_gives_a_reason(make_sheet: MakeSheet, tmp_path: Path) -> None:
    async with _drawing_endlessly(make_sheet(), tmp_path) as (printing, child):
        os.kill(child, signal.SIGKILL)
        with capture_logs() as logs, pytest.raises(CannotPrint) as raised:
            await printing
    assert raised.value.words == STOPPED.format(what="passes")
    assert logs[0]["exit_code"] == -signal.SIGKILL


@proc
async def test_a_cancelled_print_leaves_no_child(make_sheet: MakeSheet, tmp_path: Path) -> None:
    async with _drawing_endlessly(make_sheet(), tmp_path) as (printing, _):
        printing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await printing
    assert not _children()


@proc
async def test_the_child_is_told_no_secrets(make_sheet: MakeSheet, tmp_path: Path) -> None:
    async with _drawing_endlessly(make_sheet(), tmp_path) as (printing, child):
        environment = Path(f"/proc/{child}/environ").read_text().split("\0")
        arguments = Path(f"/proc/{child}/cmdline").read_text()
        printing.cancel()
    names = {line.partition("=")[0] for line in environment if line}
    assert names <= {*KEPT, "https_proxy", "HTTPS_PROXY"}
    assert make_sheet().passes[0].code not in arguments


def _printer_with(folder: Path, look: str, seconds: float = 60) -> TypstPrinter:
    """A printer whose look begins with the given line."""
    passes = shutil.copytree(TEMPLATES / "passes", folder / "templates" / "passes")
    path = passes / "pass.typ"
    path.write_text(f"{look}\n{path.read_text()}")
    return TypstPrinter(Templates(passes.parent), seconds=seconds)


@asynccontextmanager
async def _drawing_endlessly(
    sheet: Sheet, folder: Path
) -> AsyncIterator[tuple[asyncio.Task[object], int]]:
    printing = asyncio.create_task(_printer_with(folder, ENDLESS).print(sheet))
    while not _children():
        await asyncio.sleep(0.01)
    yield printing, _children()[0]
    await asyncio.wait([printing])


def _children() -> list[int]:
    """Our child processes that draw, by their command line."""
    found = " ".join(path.read_text() for path in Path("/proc/self/task").glob("*/children"))
    return [
        int(child)
        for child in found.split()
        if "bot.paper" in Path(f"/proc/{child}/cmdline").read_text().split("\0")
    ]


def _assert_all_said(sheet: Sheet, pdf: bytes) -> None:
    text = read(pdf)
    for one in sheet.passes:
        assert f"{one.code[:4]}-{one.code[4:8]}-{one.code[8:]}" in text
        assert f"Batch 7 · {one.serial} of 100" in text
    assert text.count("Valid until 31 December 2026") == 100
    assert text.count(sheet.type_at) == 100
    for words in (sheet.community, sheet.welcome.strip()):
        assert text.count(words) == 100
