"""Cold start: from `porchlight run` to the first page."""

import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.bench import figures, programs
from tests.bench.figures import Row
from tests.bench.programs import PYTHON

_END = "import os; os._exit(0)"  # at once: tearing down is no part of a start
_IMPORT = f"import bot.__main__, bot.app, granian.server.embed; {_END}"


def measure(*, rounds: int) -> list[Row]:
    """Measure a start with no database, one with a database, and what of it is importing."""
    with tempfile.TemporaryDirectory(prefix="porchlight-bench-") as kept:
        _start(Path(kept))  # makes the database, and byte code as an installation has it
        taken = figures.rounds(
            rounds,
            {
                "empty": _start_anew,
                "kept": lambda: _start(Path(kept)),
                "imports": lambda: _python(_IMPORT),
                "python": lambda: _python(_END),
            },
        )
    imports = [a[0] - b[0] for a, b in zip(taken["imports"], taken["python"], strict=True)]
    share = f"imports {median(imports):.2f} s of it"
    return [
        _row("Cold start in an empty folder, to the first page", taken["empty"], share),
        _row("Cold start with a database, to the first page", taken["kept"], share),
    ]


def _start_anew() -> tuple[float, float]:
    with tempfile.TemporaryDirectory(prefix="porchlight-bench-") as folder:
        return _start(Path(folder))


def _start(folder: Path) -> tuple[float, float]:
    """Seconds until the first page, and seconds of CPU."""
    began = time.perf_counter()
    with programs.porchlight(folder) as house:
        return time.perf_counter() - began, house.cpu()


def _python(code: str) -> tuple[float, float]:
    began = time.perf_counter()
    subprocess.run([PYTHON, "-c", code], check=True, env=programs.environment())
    return time.perf_counter() - began, 0.0


def _row(name: str, starts: list[tuple[float, float]], share: str) -> Row:
    wall, cpu = (median(each) for each in zip(*starts, strict=True))
    return Row(name, f"{wall:.2f} s, {share}", f"{cpu:.2f} s")
