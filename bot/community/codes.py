"""Access codes: `7KQM-4TXP-2WNF`, derived from the invitation, never stored.

Eleven symbols (55 bits) of Crockford's base32, which has no I, L, O or U, and a check symbol: the
weighted sum of all twelve over GF(32) is zero. As all weights differ, every single wrong symbol
and every swap of two is noticed before the database is asked. 55 bits: with 10,000 open codes and
10 guesses a second the first hit is 11,000 years away, and is one visible, revocable membership.
"""

import hashlib
import hmac
import secrets
import unicodedata
from functools import lru_cache

from bot.community.errors import Refusal
from bot.settings import Keys
from bot.templating import TEMPLATES

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12
_VALUES = {symbol: value for value, symbol in enumerate(ALPHABET)}
_READ_AS = str.maketrans("OILU", "011V")
_GROUP = 4
_MODULUS = 0b100101  # x^5 + x^2 + 1, primitive: the powers of x run through all of GF(32)
# Look-alikes as one letter, so that 5H1T is seen to be a word.
_SKELETON = str.maketrans("OIULEASTB", "01V134578")


class MistypedCode(Refusal):
    """That code has a typing mistake. Please compare every symbol with your letter or pass."""

    status = 422


def _times_x(value: int) -> int:
    value <<= 1
    return value ^ _MODULUS if value & 0b100000 else value


def _remainder(values: list[int]) -> int:
    """The values as a polynomial over GF(32), evaluated at x by Horner's rule."""
    total = 0
    for value in values:
        total = _times_x(total) ^ value
    return total


def check_symbol(payload: str) -> str:
    """The twelfth symbol for the first eleven."""
    return ALPHABET[_times_x(_remainder([_VALUES[symbol] for symbol in payload]))]


def derive(keys: Keys, invitation_id: int, generation: int) -> str:
    """The access code of an invitation: twelve symbols, no dashes.

    Takes: generation, a non-negative integer; the next one gives an unrelated code.
    """
    digest = hmac.digest(keys.codes, b"%d:%d" % (invitation_id, generation), hashlib.sha256)
    bits = int.from_bytes(digest[:7], "big") >> 1  # 56 bits, less one
    payload = "".join(ALPHABET[bits >> shift & 31] for shift in range(50, -5, -5))
    return payload + check_symbol(payload)


def mint(keys: Keys, invitation_id: int) -> tuple[str, int]:
    """A new code and its generation, passing over codes that spell a rude word."""
    generation = secrets.randbits(62)
    while is_rude(code := derive(keys, invitation_id, generation)):
        generation += 1
    return code, generation


def parse(typed: str) -> str:
    """The twelve symbols of a code as somebody typed it.

    Takes: any case, spaces, dashes; O for 0, I or L for 1, U for V; the whole link, too.
    Raises: MistypedCode, when no code can look like this.
    """
    plain = unicodedata.normalize("NFKC", typed[:200])
    code = symbols(plain.rstrip("/").rpartition("/")[2])
    if len(code) != LENGTH or not set(code) <= _VALUES.keys():
        raise MistypedCode
    if _remainder([_VALUES[symbol] for symbol in code]):
        raise MistypedCode
    return code


def symbols(typed: str) -> str:
    """The letters and digits that somebody meant, without what only looks nice between them."""
    plain = unicodedata.normalize("NFKC", typed[:200]).upper()
    return "".join(filter(str.isalnum, plain)).translate(_READ_AS)


def grouped(code: str) -> str:
    """The code as people read it: `7KQM-4TXP-2WNF`."""
    return "-".join(code[start : start + _GROUP] for start in range(0, LENGTH, _GROUP))


def fingerprint(keys: Keys, code: str) -> bytes:
    """What the table holds: a keyed hash, worthless without the key. 16 bytes.

    A password hash would cost 177 ms a try and become a weapon against us; the pepper suffices.
    """
    return hmac.digest(keys.pepper, b"code:" + code.encode(), hashlib.sha256)[:16]


def link(address: str, code: str) -> str:
    """The unique link of a code; also what the QR code says."""
    return f"{address}/j/{code}"


def is_rude(code: str) -> bool:
    """Whether the code spells something nobody wants on their fridge."""
    skeleton = code.translate(_SKELETON)
    return any(word in skeleton for word in _rude_skeletons())


@lru_cache(maxsize=1)
def _rude_skeletons() -> tuple[str, ...]:
    lines = (TEMPLATES / "avoid.txt").read_text().splitlines()
    words = (line.strip().upper() for line in lines if line and not line.startswith("#"))
    return tuple(sorted({word.translate(_SKELETON) for word in words}))
