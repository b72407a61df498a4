"""Reading passes as a resident's phone and eyes do: from the picture of the page."""

import re

import pypdfium2
import zxingcpp
from PIL import Image

_SHARP = 200 / 72  # 200 dots an inch, what an office printer does at least
_CODE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b")


def pictures(pdf: bytes) -> list[Image.Image]:
    """The pages as they come out of the printer."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.render(scale=_SHARP).to_pil() for page in document]
    finally:
        document.close()


def scanned(pdf: bytes) -> list[str]:
    """What the QR codes of all passes say."""
    found = [symbol for picture in pictures(pdf) for symbol in zxingcpp.read_barcodes(picture)]
    return [symbol.text for symbol in found]


def printed_codes(pdf: bytes) -> list[str]:
    """The codes printed for people: 7KQM-4TXP-2WNF."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        words = " ".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()
    return _CODE.findall(words)
