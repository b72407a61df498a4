"""The child process that draws: JSON comes in, two things or one sentence go out.

Of a sheet, its PDF and a picture of the first page; of a chart, its picture and, as JSON, letters
that no font has. A process of its own for each: typst keeps its last ten documents in memory (350
MB after a dozen batches of 100), and what hangs or crashes here can be ended without ending the
bot.
"""

import json
import sys
from pathlib import Path

from bot.paper import LENGTH, REFUSED
from bot.paper.charting import chart
from bot.paper.drawing import Refused, draw

_DRAWS = {"sheet": draw, "chart": chart}


def main() -> None:
    """Draw what is on stdin: what it is and where the looks are, the arguments say."""
    kind, templates = sys.argv[1:]
    asked = json.load(sys.stdin.buffer)
    try:
        first, second = _DRAWS[kind](asked, Path(templates))
    except Refused as refused:
        sys.stderr.buffer.write(str(refused).encode())
        sys.exit(REFUSED)
    sys.stdout.buffer.write(len(first).to_bytes(LENGTH) + first + second)


if __name__ == "__main__":
    main()
