"""A scanner reads from every symbol the link it was drawn for."""

from functools import cache
from typing import Any

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps
from qrcode import QRCode, constants

from bot.paper.qr import BASIS, MASK, Symbol, draw, series, svg, symbols

ADDRESSES = {  # an address, and what scanners read in front of the code
    "https://example.org": "https://EXAMPLE.ORG/J/",
    "https://join.maple-court.example": "https://JOIN.MAPLE-COURT.EXAMPLE/J/",
    "http://127.0.0.1:8080": "http://127.0.0.1:8080/J/",
    "http://[::1]:8080": "http://[::1]:8080/J/",
    "https://example.org/Maple/court": "https://example.org/Maple/court/J/",
    "https://" + "long-host." * 20 + "example": "https://" + "LONG-HOST." * 20 + "EXAMPLE/J/",
    "https://b\u00fccher.example": "https://b\u00fccher.example/J/",
}
prepared = cache(series)
codes = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=12, max_size=12)


@pytest.mark.parametrize("address", ADDRESSES)
@given(code=codes)
@settings(max_examples=20, deadline=None)
def test_a_series_draws_what_qrcode_draws(address: str, code: str) -> None:
    assert prepared(f"{address}/j/")(code) == draw(f"{address}/j/{code}")


def test_a_symbol_is_the_one_that_qrcode_makes_of_the_same_words() -> None:
    link = "https:" + "//EXAMPLE.ORG/J/7KQM4TXP2WNF"
    qr = QRCode(version=3, error_correction=constants.ERROR_CORRECT_Q, mask_pattern=MASK, border=0)
    qr.add_data("https:", optimize=0)
    qr.add_data("//EXAMPLE.ORG/J/7KQM4TXP2WNF", optimize=0)
    assert _rows(draw(link.replace("/J/", "/j/"))) == [
        list(map(bool, row)) for row in qr.get_matrix()
    ]


@pytest.mark.parametrize(("address", "read"), ADDRESSES.items())
def test_scanners_read_the_link_with_upper_case_only_where_it_is_safe(
    address: str, read: str
) -> None:
    assert _scanned(draw(f"{address}/j/7KQM4TXP2WNF")).text == f"{read}7KQM4TXP2WNF"


def test_a_link_of_another_form_is_kept_as_it_is() -> None:
    link = "https://example.org/other?code=7KQM4TXP2WNF"
    assert _scanned(draw(link)).text == link


@pytest.mark.parametrize(
    ("address", "version", "level"),
    [
        ("https://x.de", "3", "H"),
        ("https://example.org", "3", "Q"),
        ("https://join.maple-court.example", "3", "M"),
        ("https://a-host-of-exactly-forty-letters1.example", "4", "Q"),
    ],
)
def test_a_symbol_is_small_first_and_then_as_strong_as_it_can_be(
    address: str, version: str, level: str
) -> None:
    scanned = _scanned(draw(f"{address}/j/7KQM4TXP2WNF"))
    extra: Any = scanned.extra  # a dictionary; its library says no more than `object`
    assert (extra["Version"], scanned.ec_level) == (version, level)


def test_many_links_give_the_same_symbols_as_few() -> None:
    links = [f"https://example.org/j/{serial:012d}" for serial in range(BASIS + 1)]
    assert symbols(links)[-3:] == symbols(links[-3:])


def test_links_with_several_beginnings_are_all_drawn() -> None:
    links = [f"https://{place % 2}.example/j/{place:012d}" for place in range(BASIS + 1)]
    assert [_scanned(symbol).text.lower() for symbol in symbols(links)] == links


def test_the_drawing_has_a_dark_square_for_every_dark_module() -> None:
    symbol = Symbol(3, 0b110_000_011)
    assert 'd="M0 0h2v1h-2zM1 2h2v1h-2z"' in svg(symbol)


def _rows(symbol: Symbol) -> list[list[bool]]:
    bits = f"{symbol.modules:0{symbol.size**2}b}"
    return [
        [bit == "1" for bit in bits[start : start + symbol.size]]
        for start in range(0, len(bits), symbol.size)
    ]


def _scanned(symbol: Symbol) -> zxingcpp.Barcode:
    picture = Image.new("L", (symbol.size, symbol.size))
    picture.putdata([0 if dark else 255 for row in _rows(symbol) for dark in row])
    framed = ImageOps.expand(picture, 4, 255)
    (found,) = zxingcpp.read_barcodes(
        framed.resize((framed.width * 4,) * 2, Image.Resampling.NEAREST)
    )
    return found
