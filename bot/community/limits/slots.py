"""Slots: when a letter that has to wait may go, and how that is told."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.community import labels


@dataclass(frozen=True, slots=True)
class Slot:
    """When a letter may go, and why not before."""

    at: datetime | None = None  # none: at once
    why: str = ""  # "you can send 100 e-mails a day"

    def words(self, zone: str) -> str:
        """What the receipt says while the letter waits; nothing when it does not."""
        if self.at is None:
            return ""
        local = self.at.astimezone(ZoneInfo(zone))
        return f"Waits until {local:%H:%M} on {labels.day(local)}: {self.why}."


def told(slots: Sequence[Slot], *, zone: str, now: datetime) -> str:
    """Which of the letters wait for what: "3 of them go tomorrow at 00:05: ..." """
    waiting = Counter((slot.at, slot.why) for slot in slots if slot.at is not None)
    sentences = []
    for (at, why), count in waiting.items():
        if len(slots) == 1:
            who = "It goes"
        elif count == len(slots):
            who = "They go"
        else:
            who = f"{count} of them {'goes' if count == 1 else 'go'}"
        day, clock = day_and_time(at, zone=zone, now=now)
        sentences.append(f"{who} {day} at {clock}: {why}.")
    return " ".join(sentences)


def day_and_time(at: datetime, *, zone: str, now: datetime) -> tuple[str, str]:
    """The moment as a neighbour would say it: "tomorrow", "00:05"."""
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    days = {today: "today", today + timedelta(days=1): "tomorrow"}
    return days.get(local.date(), f"on {labels.day(local)}"), f"{local:%H:%M}"
