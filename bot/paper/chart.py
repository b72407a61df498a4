"""Words, numbers and widths of a chart, as the look in `templates/charts/coverage.typ` reads them.

They reach typst as JSON strings: nothing that a leader or resident typed can become markup.
"""

from collections.abc import Sequence
from typing import Any

from bot.paper.sheet import language_and_region, one_line, readable
from bot.ports import Bar, Chart

WIDTH = 300.0  # points of a bar; with its words beside it the picture has 1,100 pixels
_DIGIT = 5.8  # points that a digit takes at most
_AROUND = 7.0  # points beside a number, so that it does not touch its neighbours
_LONGEST = 60  # letters of a label: three lines


def described(chart: Chart) -> dict[str, Any]:
    """All that the child process needs to draw the chart, ready for JSON."""
    language, _ = language_and_region(chart.language)
    return {
        "title": one_line(chart.title),
        "subtitle": one_line(chart.subtitle),
        "language": language,
        "colour": readable(chart.colour),
        "width": WIDTH,
        "legend": [one_line(words) for words in chart.legend],
        "whole": _bar(chart.whole),
        "bars": [_bar(bar) for bar in chart.bars],
    }


def _bar(bar: Bar) -> dict[str, Any]:
    label = one_line(bar.label)
    parts = zip(bar.counts, widths(bar.counts), strict=True)
    return {
        "label": label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…",
        "told": one_line(bar.told),
        "parts": [{"count": count, "width": width} for count, width in parts],
    }


def widths(counts: Sequence[int], room: float = WIDTH) -> list[float]:
    """How wide each part of a bar is: by its count, but never too narrow for its number.

    What the narrow ones get in addition is taken from the wide ones, by their counts.
    """
    least = {at: _AROUND + _DIGIT * len(str(count)) for at, count in enumerate(counts) if count}
    narrow: set[int] = set()
    while True:
        left = room - sum(least[at] for at in narrow)
        shared = sum(count for at, count in enumerate(counts) if at not in narrow)
        more = {at for at in least.keys() - narrow if left * counts[at] < least[at] * shared}
        if not more:
            break
        narrow |= more
    return [
        least[at] if at in narrow else left * count / shared if count else 0.0
        for at, count in enumerate(counts)
    ]
