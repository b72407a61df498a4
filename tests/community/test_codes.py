"""Access codes: typing mistakes are noticed, ways of writing are not minded, nothing is kept."""

import re
from contextlib import suppress
from itertools import combinations
from pathlib import Path

import pytest
import structlog
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.community import codes
from bot.community.codes import ALPHABET, MistypedCode
from bot.community.redemptions import CodeUsed
from bot.settings import Keys
from bot.templating import TEMPLATES
from storage.database import Storage
from storage.tables import Invitation
from tests.community import scene

KEYS = Keys.from_secret(b"a secret of the tests alone, 32+ bytes")
IDS = st.integers(1, 2**31 - 1)
GENERATIONS = st.integers(0, 2**62)
CODES = st.builds(codes.derive, st.just(KEYS), IDS, GENERATIONS)


@given(CODES)
def test_every_single_wrong_symbol_is_noticed(code: str) -> None:
    for place, right in enumerate(code):
        for wrong in set(ALPHABET) - {right}:
            with pytest.raises(MistypedCode):
                codes.parse(code[:place] + wrong + code[place + 1 :])


@given(CODES)
def test_every_swap_of_two_symbols_is_noticed(code: str) -> None:
    for one, other in combinations(range(len(code)), 2):
        swapped = list(code)
        swapped[one], swapped[other] = code[other], code[one]
        if code[one] != code[other]:
            with pytest.raises(MistypedCode):
                codes.parse("".join(swapped))


@given(CODES, st.data())
def test_a_code_may_be_written_in_many_ways(code: str, data: st.DataObject) -> None:
    looks_like = {"0": "0Oo", "1": "1IiLl", "V": "VvUu"}
    written = ""
    for symbol in code:
        written += data.draw(st.sampled_from(looks_like.get(symbol, symbol + symbol.lower())))
        written += data.draw(st.sampled_from(["", " ", "-", "–", "\u00a0", ".", "\t", "\u200b"]))
    assert codes.parse(written) == code
    assert codes.parse(codes.grouped(code)) == code


@given(CODES)
def test_full_width_symbols_are_read(code: str) -> None:
    assert codes.parse("".join(chr(ord(symbol) + 0xFEE0) for symbol in code)) == code


@given(st.text())
def test_whatever_is_typed_is_a_code_or_mistyped(typed: str) -> None:
    with suppress(MistypedCode):
        assert re.fullmatch(f"[{ALPHABET}]{{12}}", codes.parse(typed))


@given(IDS, IDS, GENERATIONS, GENERATIONS)
def test_a_code_stays_and_differs_from_all_others(
    one: int, other: int, generation: int, later: int
) -> None:
    assume((one, generation) != (other, later))
    code = codes.derive(KEYS, one, generation)
    assert code == codes.derive(KEYS, one, generation)
    assert code != codes.derive(KEYS, other, later)
    assert code != codes.derive(Keys.from_secret(b"another secret of 32 bytes......"), one, later)


def test_codes_are_spread_over_all_symbols() -> None:
    drawn = [codes.derive(KEYS, number, 0) for number in range(2000)]
    assert len(set(drawn)) == 2000
    for place in range(codes.LENGTH):
        assert {code[place] for code in drawn} == set(ALPHABET)


def test_every_avoided_word_is_seen_in_any_disguise() -> None:
    lines = (TEMPLATES / "avoid.txt").read_text().split("\n")
    words = [line.upper() for line in lines if line and not line.startswith("#")]
    assert len(words) > 20
    disguise = str.maketrans("OILUEASTB", "011V34578")
    for word in words:
        for written in (word, word.translate(disguise)):
            assert codes.is_rude(f"77{written}77")


def test_rude_codes_are_drawn_again() -> None:
    derived = [codes.derive(KEYS, number, 0) for number in range(3000)]
    assert any(map(codes.is_rude, derived))
    minted = [codes.mint(KEYS, number) for number in range(3000)]
    assert not [code for code, _ in minted if codes.is_rude(code)]
    for number, (code, generation) in enumerate(minted):
        assert codes.derive(KEYS, number, generation) == code


@given(CODES)
def test_a_fingerprint_needs_the_key(code: str) -> None:
    other = Keys.from_secret(b"another secret of 32 bytes......")
    assert codes.fingerprint(KEYS, code) == codes.fingerprint(KEYS, code)
    assert codes.fingerprint(KEYS, code) != codes.fingerprint(other, code)
    assert code.encode() not in codes.fingerprint(KEYS, code)


async def test_no_code_is_in_the_database_or_a_log(
    sqlite_storage: Storage, own_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A whole journey: letters, a resend, a text, passes, wrong and right codes, a join."""
    caplog.set_level("DEBUG")
    services = await scene.plugged(sqlite_storage)
    with structlog.testing.capture_logs() as lines:
        await scene.say(services, "/invite ana@example.org")
        await scene.say(services, "/invite text +1 201 555 0123")
        await scene.say(services, "/passes 3")
        await scene.say(services, "/invites resend 1")
        await scene.all_done(services)
        issued = [scene.code_of(services, row) for row in await scene.all_of(services, Invitation)]
        await scene.redeem(services, codes.grouped(issued[0]))
        with pytest.raises(CodeUsed):
            await scene.redeem(services, issued[0])
        await scene.all_done(services)
    assert len(issued) == 5
    kept = b"".join(path.read_bytes() for path in own_folder.glob("porchlight.db*")).upper()
    assert b"ANA@EXAMPLE.ORG" in kept
    said = (str(lines) + caplog.text).upper()
    assert "POSTMAN.CARRIED" in said
    for code in issued:
        for written in (code, codes.grouped(code)):
            assert written.encode() not in kept
            assert written not in said


@pytest.mark.parametrize("before", ["https://join.example.org/j/", "join.example.org/J/", "/j/"])
def test_a_whole_link_in_the_field_is_read_too(before: str) -> None:
    code = codes.derive(KEYS, 7, 7)
    assert codes.parse(f"{before}{code.lower()}") == code
    assert codes.parse(f"{before}{code}/") == code
