"""The child process that draws: a sheet as JSON comes in, PDF and picture or one sentence go out.

A process of its own for each batch: typst keeps its last ten documents in memory (350 MB after a
dozen batches of 100), and what hangs or crashes here can be ended without ending the bot.
"""

import json
import sys
from pathlib import Path

from bot.paper import LENGTH, REFUSED
from bot.paper.drawing import Refused, draw


def main() -> None:
    """Draw the sheet on stdin with the look in the folder that is the first argument."""
    sheet = json.load(sys.stdin.buffer)
    try:
        pdf, picture = draw(sheet, Path(sys.argv[1]))
    except Refused as refused:
        sys.stderr.buffer.write(str(refused).encode())
        sys.exit(REFUSED)
    sys.stdout.buffer.write(len(pdf).to_bytes(LENGTH) + pdf + picture)


if __name__ == "__main__":
    main()
