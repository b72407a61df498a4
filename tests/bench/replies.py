"""How long fifty leaders wait for a reply while letters go out."""

from functools import partial
from statistics import median

from tests.bench import figures, letters, programs
from tests.bench.figures import Row
from tests.bench.letters import PASTE
from tests.bench.programs import Crowd

LEADERS = 50
_WAVES = 4  # commands of each leader
_APART = 1.5  # seconds from one wave to the next
_LAST = 0.99
WAYS = {"in the same instant": 0.0, "within a second": 1.0}  # seconds that a wave takes


def measure(*, letters_out: int, rounds: int) -> list[Row]:
    """Measure both ways of asking in turn, each while so many letters go out."""
    with letters.house_with_mail(log_level="WARNING") as (house, sink):
        letters.invite(house, "warm.up", 20)
        sink.until(20)
        number = 0

        def ask(spread: float) -> Crowd:
            nonlocal number
            number += 1
            letters.invite(house, f"round.{number}", letters_out)
            crowd = programs.crowd(
                house, "say", _said(number), clients=LEADERS, starts=starts(spread)
            )
            sink.until(letters_out + len(crowd.times))
            return crowd

        taken = figures.rounds(
            rounds, {name: partial(ask, spread) for name, spread in WAYS.items()}
        )
    return [_row(name, letters_out, crowds) for name, crowds in taken.items()]


def _said(number: int) -> list[str]:
    """Each leader invites somebody, and somebody else in the next wave."""
    return [f"/invite email leader.{number}.{n}@example.org" for n in range(LEADERS * _WAVES)]


def starts(spread: float) -> list[float]:
    """At which second each command is said; a leader's own are every `LEADERS`th."""
    return [
        wave * _APART + spread * leader / LEADERS
        for wave in range(_WAVES)
        for leader in range(LEADERS)
    ]


def _row(name: str, letters_out: int, crowds: list[Crowd]) -> Row:
    middle, last = (median(x.percentile(share) for x in crowds) * 1000 for share in (0.5, _LAST))
    return Row(
        f"{LEADERS} leaders say `/invite email …` {name} while {letters_out} letters go out "
        f"(pastes of {PASTE}): time to the reply",
        f"p50 {middle:.0f} ms, p99 {last:.0f} ms",
        aim="p99 at most 150 ms",
    )
