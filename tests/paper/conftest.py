"""Sheets to print, and a printer with the real templates."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

import pytest

from bot.paper.printer import TypstPrinter
from bot.ports import Pass, Sheet
from bot.templating import Templates

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ADDRESS = "https://join.maple-court.example"

MakeSheet = Callable[..., Sheet]


@pytest.fixture
def printer() -> TypstPrinter:
    return TypstPrinter(Templates())


@pytest.fixture
def make_sheet() -> MakeSheet:
    """A sheet of so many passes: `make_sheet(40, paper="letter")`; the codes are the same ones."""

    def make(count: int = 1, *, address: str = ADDRESS, **changes: Any) -> Sheet:
        draw = Random(7)
        codes = ["".join(draw.choices(CROCKFORD, k=12)) for _ in range(count)]
        sheet = Sheet(
            community="Maple Court",
            welcome="Come in and say hello.",
            colour="#0b4f58",
            type_at="join.maple-court.example/join",
            label="Oak Street",
            batch=7,
            count=count,
            paper="a4",
            language="en",
            passes=[
                Pass(code, f"{address}/j/{code}", serial, date(2026, 12, 31))
                for serial, code in enumerate(codes, 1)
            ],
        )
        return replace(sheet, **changes)

    return make
