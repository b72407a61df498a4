"""Streets and buildings of the roster, and how far their addresses have come.

Streets are spelt in several ways on one list: "Elm St." and "Elm Street" are counted as one. A
button names a street by one of its lines of the roster, for a call holds ids alone.
"""

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.community import names
from bot.community.errors import Refusal
from bot.community.people import listed
from storage.coverage import Came, Count, Reach
from storage.streets import address_order

NAMELESS = "no street"  # of addresses of which the roster knows none
_NEAR = 0.6  # of a slip of the pen: difflib's own measure and usual bound
_NEAR_ONES = 3  # named when none can be told to be meant


class NoSuchStreet(Refusal):
    """There is no street or building like “{typed}” on the roster.{near}"""

    status = 404


@dataclass(frozen=True, slots=True)
class Tally:
    """How far so many addresses have come."""

    came: Counter[Came]
    never: Counter[Reach]  # of those never invited: whether they can be written to

    @property
    def total(self) -> int:
        """All addresses."""
        return self.came.total()


@dataclass(frozen=True, slots=True)
class Street:
    """A street or building of the roster."""

    name: str  # as it is spelt most often
    spellings: tuple[str, ...]
    entry_id: int  # one line of the roster there: by it a button names the street
    tally: Tally


def streets_of(counts: Iterable[Count]) -> tuple[Street, ...]:
    """The streets, the largest first; ways to spell one are counted together."""
    by_key: dict[str, list[Count]] = {}
    for count in counts:
        by_key.setdefault(names.address_key(count.street), []).append(count)
    streets = [_street(alike) for alike in by_key.values()]
    return tuple(sorted(streets, key=lambda one: (-one.tally.total, order(one.name))))


def order(name: str) -> str:
    """Where a street stands in a list: 9th Street before 10th."""
    return address_order(names.address_key(name))


def _street(alike: Sequence[Count]) -> Street:
    spelt: Counter[str] = Counter()
    for count in alike:
        spelt[count.street] += count.count
    (name, _), *_ = sorted(spelt.items(), key=lambda one: (-one[1], one[0]))
    first = min(count.entry_id for count in alike)
    return Street(name or NAMELESS, tuple(sorted(spelt)), first, tally_of(alike))


def tally_of(counts: Iterable[Count]) -> Tally:
    """All of them together."""
    came: Counter[Came] = Counter()
    never: Counter[Reach] = Counter()
    for count in counts:
        came[count.came] += count.count
        if count.came is Came.NEVER:
            never[count.reach] += count.count
    return Tally(came, never)


def nearest(streets: Sequence[Street], typed: str) -> Street:
    """The street of this name, or of one so near that it must be meant. Raises: NoSuchStreet."""
    typed = names.one_line(typed)[: names.LONGEST_ADDRESS]
    by_key = {names.address_key(street.name): street for street in streets}
    key = names.address_key(typed)
    if key in by_key:
        return by_key[key]
    parts = [name for name in by_key if key and key in name]
    meant = parts or difflib.get_close_matches(key, list(by_key), n=1, cutoff=_NEAR)
    if len(meant) == 1:
        return by_key[meant[0]]
    told = _told([by_key[name] for name in parts] or streets, is_meant=bool(parts))
    raise NoSuchStreet(typed=typed, near=told)


def _told(streets: Sequence[Street], *, is_meant: bool) -> str:
    """A few of the streets, as a sentence."""
    if not streets:
        return " It is empty: `/roster import` takes a CSV file."
    few = [street.name for street in streets[:_NEAR_ONES]]
    if is_meant:
        return f" Did you mean {', '.join(few)}?"
    more = len(streets) - len(few)
    return f" It has {listed([*few, f'{more} more'] if more else few)}."
