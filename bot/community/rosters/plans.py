"""What a roster file would change: its lines beside each other, and beside the roster.

Lines are the same entry when address and name are, however they are spelt. What is on the roster
but not in the file stays.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from bot.community import contacts
from bot.community.rosters.lines import Line
from bot.settings import Keys
from storage.rosters import Entry

_SHOWN = 8  # problems, doubts and changes each; the rest is counted
_LONGEST = 140  # characters of each, so that all fit into one message
_CHANGEABLE = ("address", "name", "email", "phone", "language")
_NAMES = {"address": "address", "name": "name", "email": "e-mail", "phone": "number",
          "language": "language"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """An entry that the file says something else of."""

    entry: Entry
    line: Line

    @property
    def words(self) -> str:
        """What changes, for the leader."""
        told = [
            f"{_NAMES[what]} {before or 'none'} → {after or 'none'}"
            for what in _CHANGEABLE
            if (before := getattr(self.entry, what)) != (after := getattr(self.line, what))
        ]
        return f"{self.line.name or self.line.address}: {', '.join(told)}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What would become of the roster."""

    new: list[Line]
    changes: list[Change]
    same: int
    stays: int  # on the roster, not in the file


def beside_each_other(lines: Iterable[Line]) -> list[Line]:
    """The lines, each with what is wrong with it beside those before it."""
    entries: dict[tuple[str, str], Line] = {}
    owners: dict[str, Line] = {}  # by contact
    return [_beside(line, entries, owners) for line in lines]


def _beside(line: Line, entries: dict[tuple[str, str], Line], owners: dict[str, Line]) -> Line:
    if line.problems:
        return line
    first = entries.setdefault(line.key, line)
    if first is not line:
        return _repeated(line, first)
    told = []
    for what, contact in (("e-mail address", line.email), ("number", line.phone)):
        other = owners.setdefault(contact, line) if contact else line
        if other.address_key != line.address_key:  # who live together may share one
            told.append(f"row {other.row} has the same {what}")
    return replace(line, doubts=(*line.doubts, *told)) if told else line


def _repeated(line: Line, first: Line) -> Line:
    who = "person" if line.name else "address"
    if (line.email, line.phone, line.language) == (first.email, first.phone, first.language):
        words = f"row {first.row} is the same {who}; it is added once"
        return replace(line, doubts=(*line.doubts, words))
    words = f"row {first.row} is the same {who} with another e-mail address, number or language"
    return replace(line, problems=(f"{words}; keep one of the two",))


def beside_the_roster(
    lines: Iterable[Line], roster: Mapping[tuple[str, str], Entry], told: Collection[str]
) -> Plan:
    """What is new, what changes, and how much stays as it is.

    Takes: lines without problems; told, what the file has columns for: the rest is left alone.
    """
    new: list[Line] = []
    changes: list[Change] = []
    met = {line.key: line for line in reversed([*lines])}  # of two that are the same, the first
    for key, line in sorted(met.items(), key=lambda item: item[1].row):
        entry = roster.get(key)
        if entry is None:
            new.append(line)
            continue
        kept = {what: getattr(entry, what) for what in ("email", "phone", "language")}
        line = replace(line, **{what: kept[what] for what in kept if what not in told})
        if any(getattr(line, what) != getattr(entry, what) for what in _CHANGEABLE):
            changes.append(Change(entry, line))
    known = len(met.keys() & roster.keys())
    return Plan(new, changes, known - len(changes), len(roster) - known)


def outcome(lines: Sequence[Line], plan: Plan) -> dict[str, Any]:
    """What the leader is shown, with the first few of everything; the rest is counted."""
    unspoken = (line.unspoken for line in lines)
    return {
        "counts": {**_counts(lines), **counted(plan)},
        "problems": _few((line.row, words) for line in lines for words in line.problems),
        "doubts": _few((line.row, words) for line in lines for words in line.doubts),
        "changes": _few((change.line.row, change.words) for change in plan.changes),
        "unspoken": Counter(filter(None, unspoken)).most_common(_SHOWN),
    }


def _few(told: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    first = islice(told, _SHOWN)
    return [(row, say if len(say) <= _LONGEST else f"{say[:_LONGEST]}…") for row, say in first]


def counted(plan: Plan) -> dict[str, int]:
    """How much of the roster changes."""
    return {
        "new": len(plan.new),
        "changed": len(plan.changes),
        "same": plan.same,
        "stays": plan.stays,
    }


def _counts(lines: Sequence[Line]) -> dict[str, int]:
    met = [*{line.key: line for line in lines if line.address}.values()]
    return {
        "addresses": len({line.address_key for line in met}),
        "people": sum(bool(line.name or line.email or line.phone) for line in met),
        "email": sum(bool(line.email) for line in met),
        "phone": sum(bool(line.phone) for line in met),
        "neither": sum(bool(line.name and not line.email and not line.phone) for line in met),
        "broken": sum(bool(line.problems) for line in lines),
        "problems": sum(len(line.problems) for line in lines),
        "doubts": sum(len(line.doubts) for line in lines),
    }


def rows(
    keys: Keys, lines: Iterable[Line], *, community_id: int, now: datetime
) -> Iterator[dict[str, Any]]:
    """New entries, as they are stored."""
    for line in lines:
        yield {**_row(keys, line, now=now), "community_id": community_id, "created_at": now}


def changed_rows(
    keys: Keys, changes: Iterable[Change], *, now: datetime
) -> Iterator[dict[str, Any]]:
    """Entries that change, as they are stored."""
    for change in changes:
        yield {**_row(keys, change.line, now=now), "the_id": change.entry.id}


def _row(keys: Keys, line: Line, *, now: datetime) -> dict[str, Any]:
    return {
        "address": line.address,
        "address_key": line.address_key,
        "street": line.street,
        "name": line.name,
        "name_key": line.name_key,
        "email": line.email or None,
        "email_key": contacts.key_of(keys, "email", line.email) if line.email else None,
        "phone": line.phone or None,
        "phone_key": contacts.key_of(keys, "text", line.phone) if line.phone else None,
        "language": line.language,
        "updated_at": now,
    }
