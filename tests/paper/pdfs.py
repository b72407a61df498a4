"""How tests look at a PDF: what its codes say, what is written, what screen readers are told."""

from io import BytesIO
from typing import Any

import pypdf
import pypdfium2
import zxingcpp
from PIL import Image


def scanned(pdf: bytes) -> list[str]:
    """What the QR codes say, page by page from left to right and top to bottom, at 150 dpi."""
    said: list[str] = []
    with pypdfium2.PdfDocument(pdf) as document:
        for page in document:
            picture: Image.Image = page.render(scale=150 / 72).to_pil()
            said += [code.text.lower() for code in _in_order(picture)]
    return said


def _in_order(picture: Image.Image) -> list[zxingcpp.Barcode]:
    def place(code: zxingcpp.Barcode) -> tuple[bool, int]:
        corner = code.position.top_left
        return corner.y > picture.height / 2, corner.x

    return sorted(zxingcpp.read_barcodes(picture), key=place)


def read(pdf: bytes) -> str:
    """All words, in order, with one space between them."""
    pages = pypdf.PdfReader(BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def fonts(pdf: bytes) -> set[str]:
    """The fonts it has, without the tag of their subset: `ABCDEF+Inter-Regular-Identity-H`."""
    pages = pypdf.PdfReader(BytesIO(pdf)).pages
    held: list[Any] = [page["/Resources"] for page in pages]
    found = [font.get_object() for each in held for font in each["/Font"].values()]
    names = [str(font["/BaseFont"]) for font in found]
    return {name.partition("+")[2].removesuffix("-Identity-H") for name in names}


def structure(element: pypdf.generic.DictionaryObject) -> list[pypdf.generic.DictionaryObject]:
    """The element and all below it, in reading order."""
    below = element.get("/K", [])
    parts = below if isinstance(below, list) else [below]
    trees = [part.get_object() for part in parts]
    return [element] + [
        item
        for tree in trees
        if isinstance(tree, pypdf.generic.DictionaryObject)
        for item in structure(tree)
    ]
