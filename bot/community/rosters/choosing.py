"""Choosing whom to write to at an address of the roster: one person, by the best way there is.

That is the first who has an e-mail address, or else the first with a number; what speaks against
them is what speaks against an entry of a paste.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from bot.community.contacts import Contact, Way, known
from bot.community.invitations import previews
from bot.community.invitations.previews import Row, Verdict
from bot.messages import Medium
from bot.ports import Services
from storage import addresses, communities
from storage.coverage import Place
from storage.tables import RosterEntry

_BEST_FIRST: tuple[Verdict, ...] = ("good", "slip")


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody on the roster, how they would be reached, and what speaks against it."""

    entry: RosterEntry
    medium: Medium
    row: Row

    @property
    def contact(self) -> Contact:
        """Where the letter would go, as it is typed. Only where nothing speaks against it."""
        assert self.row.contact is not None
        return self.row.contact

    @property
    def line(self) -> str:
        """How a draft names it, without saying the address."""
        return f"{self.entry.id} {self.medium}"


class Chooser:
    """Chooses for one address after the other; nobody is chosen twice."""

    def __init__(
        self, session: Session, services: Services, community_id: int, *, now: datetime
    ) -> None:
        self._session, self._services, self._now = session, services, now
        self._community = communities.get(session, community_id)
        self._taken: set[str] = set()

    def choose(self, places: Sequence[Place]) -> list[Choice]:
        """Whom to write to at each of these addresses; at each there is somebody with a contact."""
        keys = [place.key for place in places]
        entries = addresses.entries_at(self._session, self._community.id, keys)
        ways = self.judge(way for entry in entries for way in ways_of(entry))
        at: dict[str, list[Choice]] = {key: [] for key in keys}
        for way in ways:
            at[way.entry.address_key].append(way)
        return [self._best(sorted(at[key], key=_by_text_last)) for key in keys]

    def judge(
        self, ways: Iterable[tuple[RosterEntry, Medium]], *, correct: bool = False
    ) -> list[Choice]:
        """What speaks against each of these ways to reach somebody.

        Takes: correct, whether to read what is perhaps misspelt as it was probably meant.
        """
        spelt = [(entry, medium, self._spelt(entry, medium, correct)) for entry, medium in ways]
        once = {row.contact.address: row for _, _, row in spelt if row.contact}
        judged = previews.judged(
            self._session, self._services, self._community, list(once.values()), now=self._now
        )
        found = dict(zip(once, judged, strict=True))
        return [
            Choice(entry, medium, found[row.contact.address] if row.contact else row)
            for entry, medium, row in spelt
        ]

    def _spelt(self, entry: RosterEntry, medium: Medium, correct: bool) -> Row:
        typed = (entry.email if medium == "email" else entry.phone) or ""
        if medium not in self._services.couriers:
            why = self._services.missing.get(medium, "That way of sending is not set up.")
            return Row(typed, "bad", why)
        way: Way = "email" if medium == "email" else "text"
        row = previews.parsed(self._services, typed, way, self._community)
        if correct and row.contact and row.contact.suggestion:
            return Row(typed, "good", "", known(medium, row.contact.suggestion))
        return row

    def _best(self, ways: Sequence[Choice]) -> Choice:
        free = [self._once(way) for way in ways]
        for verdict in _BEST_FIRST:
            if best := next((way for way in free if way.row.verdict == verdict), None):
                self._taken.add(best.contact.address)
                return best
        return free[0]

    def _once(self, way: Choice) -> Choice:
        contact = way.row.contact
        if contact is None or contact.address not in self._taken:
            return way
        words = "is written to at another address."
        return replace(way, row=Row(way.row.typed, "repeat", words, contact))


def ways_of(entry: RosterEntry) -> Iterator[tuple[RosterEntry, Medium]]:
    """How somebody on the roster can be reached."""
    if entry.email:
        yield entry, "email"
    if entry.phone:
        yield entry, "text"


def _by_text_last(way: Choice) -> bool:
    return way.medium == "text"
