"""QR symbols for the links of a sheet, which differ only in their last letters: the access code.

Bits become codewords by concatenation, Reed-Solomon is linear, placement is a permutation and a
mask is one constant exclusive-or. So with everything but the code fixed, a symbol is linear in
the code's bits: `qrcode` draws one symbol per bit, and every further symbol is a few
exclusive-ors of those: 20 microseconds in place of 600, the same module for module.

The mask is fixed too. ISO/IEC 18004 asks encoders for the mask with the lowest penalty, but
decoders take all eight, and in 2,750 damaged prints per mask the best one read no better.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from qrcode import QRCode, constants
from qrcode.util import ALPHA_NUM, MODE_8BIT_BYTE, MODE_ALPHA_NUM, QRData

CODE = 12  # letters that differ from link to link
MASK = 6  # the lowest mean penalty of the eight over 3,000 such links
STRONGEST_FIRST = (
    constants.ERROR_CORRECT_H,
    constants.ERROR_CORRECT_Q,
    constants.ERROR_CORRECT_M,
    constants.ERROR_CORRECT_L,
)
LARGE_ENOUGH = 3  # version; above it a phone far away suffers more than level Q gains

PAIR_BITS = 11  # alphanumeric mode packs two letters a, b as 45a + b in 11 bits
_PAIRS = CODE // 2
HOST = re.compile(r"[0-9A-Z.:-]+")  # all of it also letters of alphanumeric mode
LINK = re.compile(rf".+/j/[0-9A-Z]{{{CODE}}}")
BASIS = 1 + _PAIRS * PAIR_BITS  # symbols to draw before a series is cheaper than drawing each


@dataclass(frozen=True, slots=True)
class Symbol:
    """A QR symbol without its quiet zone."""

    size: int  # modules along a side
    modules: int  # one bit each, row after row, the first module in the highest bit; 1 is dark


def symbols(links: Sequence[str]) -> list[Symbol]:
    """Draw the QR symbol of each link.

    Takes: links like `https://join.example.org/j/7KQM4TXP2WNF`, at best with one beginning.
    """
    stems = {link[:-CODE] for link in links}
    if len(links) <= BASIS or len(stems) > 1 or not all(map(LINK.fullmatch, links)):
        return [draw(link) for link in links]
    symbol_of = series(stems.pop())
    return [symbol_of(link[-CODE:]) for link in links]


def draw(link: str) -> Symbol:
    """Draw one symbol by `qrcode` alone."""
    if not LINK.fullmatch(link):
        return _drawn(link, "")
    head, packed = _packed(link[:-CODE])
    return _drawn(head, packed + link[-CODE:])


def series(stem: str) -> Callable[[str], Symbol]:
    """Prepare all links that begin with `stem` and go on with a code. Gives: code to symbol."""
    head, packed = _packed(stem)
    origin = _drawn(head, packed + "0" * CODE)
    basis = [
        _drawn(head, packed + _code_with(bit, place)).modules ^ origin.modules
        for place in range(_PAIRS)
        for bit in range(PAIR_BITS)
    ]

    def symbol_of(code: str) -> Symbol:
        modules, bits = origin.modules, _bits(code)
        for vector in basis:
            if bits & 1:
                modules ^= vector
            bits >>= 1
        return Symbol(origin.size, modules)

    return symbol_of


def svg(symbol: Symbol) -> str:
    """The symbol as one filled SVG path, so that no seams show between its modules."""
    size = symbol.size
    bits = f"{symbol.modules:0{size * size}b}"
    path = "".join(
        f"M{dark.start()} {y}h{len(dark[0])}v1h-{len(dark[0])}z"
        for y in range(size)
        for dark in re.finditer("1+", bits[y * size : (y + 1) * size])
    )
    box = f'viewBox="0 0 {size} {size}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}><path d="{path}"/></svg>'


def _packed(stem: str) -> tuple[str, str]:
    """Split a stem into what is kept as it is and what is packed tightly, in upper case.

    The scheme is kept, since some Android browsers do not take `HTTPS://`. The host and `/j/` may
    change their case; a path before `/j/` may not. What is packed has whole pairs, so that the
    code begins with one, as `series` needs it.
    """
    head, packed = stem.removesuffix("/j/"), "/J/"
    scheme, _, host = head.partition("://")
    if HOST.fullmatch(host.upper()):
        head, packed = scheme, f"://{host}/J/".upper()
    return (head + packed[0], packed[1:]) if len(packed) % 2 else (head, packed)


def _drawn(head: str, tail: str) -> Symbol:
    version, level = _format(len(head.encode()), len(tail))
    qr = _filled(head.encode(), tail.encode(), version=version, level=level)
    qr.make(fit=False)
    bits = "".join("01"[dark] for row in qr.modules for dark in row)
    return Symbol(qr.modules_count, int(bits, 2))


@cache
def _format(head: int, tail: int) -> tuple[int, int]:
    """The version and level for a symbol with so many bytes and packed letters.

    The smallest version that holds them at level Q, or at M when that is past version 3;
    then the strongest level that this version has room for.
    """
    fits = {
        level: _filled(b"x" * head, b"X" * tail, level=level).version for level in STRONGEST_FIRST
    }
    version = fits[constants.ERROR_CORRECT_Q]
    if version > LARGE_ENOUGH:
        version = fits[constants.ERROR_CORRECT_M]
    return version, next(level for level in STRONGEST_FIRST if fits[level] <= version)


def _filled(head: bytes, tail: bytes, *, level: int, version: int | None = None) -> QRCode:
    qr = QRCode(version=version, error_correction=level, mask_pattern=MASK)
    qr.add_data(QRData(head, mode=MODE_8BIT_BYTE))
    if tail:
        qr.add_data(QRData(tail, mode=MODE_ALPHA_NUM))
    return qr


def _code_with(bit: int, place: int) -> str:
    """A code of zeros but for one bit of one of its pairs."""
    pair = bytes(ALPHA_NUM[digit] for digit in divmod(1 << bit, len(ALPHA_NUM))).decode()
    return "00" * place + pair + "00" * (_PAIRS - place - 1)


def _bits(code: str) -> int:
    """The bits that alphanumeric mode makes of a code, its first pair in the lowest eleven."""
    digits = [ALPHA_NUM.index(letter) for letter in code.encode()]
    pairs = zip(digits[::2], digits[1::2], strict=True)
    return sum(
        (len(ALPHA_NUM) * first + second) << PAIR_BITS * place
        for place, (first, second) in enumerate(pairs)
    )
