"""The printer that draws in a child process, whose memory and end are its own."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from bot.messages import File
from bot.paper import LENGTH, REFUSED
from bot.paper import chart as charts
from bot.paper.sheet import described, file_name
from bot.ports import CannotPrint, Chart, Picture, Sheet
from bot.templating import Templates

HOUSE = Path(__file__).parents[2]  # where the child finds the package `bot`
KEPT = ("HOME", "PATH", "SYSTEMROOT", "XDG_DATA_HOME")  # of our environment: to find Python, fonts
NOWHERE = "http://127.0.0.1:0"  # no port 0 answers

_PASSES, _PICTURE = "passes", "picture"
TOO_SLOW = "The {what} took too long to draw, so I stopped. Nothing is lost: try again in a minute."
STOPPED = (
    "The {what} could not be drawn; the log says why. Nothing is lost: try again, and tell whoever "
    "runs Porchlight if it happens again."
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class TypstPrinter:
    """Draws by the words and the looks in `templates/passes` and `templates/charts`."""

    templates: Templates
    seconds: float = 60  # until a child is given up; 100 passes take it 0.5 s, 1,000 take 4 s

    async def print(self, sheet: Sheet) -> File:
        """Draw the sheet as PDF.

        Raises: CannotPrint with words for the leader.
        Touches: a child process, which has ended when this returns.
        """
        pdf, picture = await self._drawn("sheet", described(sheet, self.templates), _PASSES)
        return File(file_name(sheet), "application/pdf", pdf, picture)

    async def draw(self, chart: Chart) -> Picture:
        """Draw the chart as PNG. Raises and touches as `print`."""
        png, unknown = await self._drawn("chart", charts.described(chart), _PICTURE)
        file = File(f"{chart.name}.png", "image/png", png, alt=chart.alt)
        return Picture(file, tuple(json.loads(unknown)))

    async def _drawn(self, kind: str, asked: dict[str, Any], what: str) -> tuple[bytes, bytes]:
        """The two things that the child gives."""
        child = await _started(kind, self.templates.root)
        try:
            async with asyncio.timeout(self.seconds):
                drawn, said = await child.communicate(json.dumps(asked).encode())
        except TimeoutError:
            raise CannotPrint(TOO_SLOW.format(what=what)) from None
        finally:
            await _ended(child)
        if child.returncode:
            raise CannotPrint(_reason(child.returncode, said.decode(errors="replace"), what))
        end = LENGTH + int.from_bytes(drawn[:LENGTH])
        return drawn[LENGTH:end], drawn[end:]


async def _started(kind: str, templates: Path) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.paper", kind, str(templates)),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        cwd=HOUSE,
        env=environment(),
    )


async def _ended(child: Process) -> None:
    if child.returncode is None:
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()


def _reason(exit_code: int, said: str, what: str) -> str:
    if exit_code == REFUSED:
        return said
    log.error("paper.crashed", exit_code=exit_code, said=said)
    return STOPPED.format(what=what)


def environment() -> dict[str, str]:
    """The child's environment: no secrets, and no way for typst to download packages."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return kept | {"https_proxy": NOWHERE, "HTTPS_PROXY": NOWHERE}
