"""Limits: how many letters leave in a day, and how soon somebody is written to again.

What is over the limit of a day is not refused: it takes a place of a later day, and the leader
reads so before sending. A day is the community's own.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlmodel import Session

from bot.community import labels, quiet
from bot.community.actors import Actor
from bot.community.contacts import Contact
from bot.community.errors import Refusal
from bot.ports import Services
from storage import quotas
from storage.database import rehearsed
from storage.tables import Community

CONTACT_SPAN = timedelta(days=30)  # in which one contact gets so many invitations, of everybody
_NEW_FOR = timedelta(hours=24)  # a leader added by another is new
MOST_DAYS = 7  # ahead: the code of a letter that waits longer would be old when it comes
_OPENS = time(0, 5)  # of a day, for what waited: clocks at midnight are argued about
_NEARLY = 0.8  # of the community's texts of a day: the operator may want to know before the end

log = structlog.get_logger()


class LimitReached(Refusal):
    """Nothing was sent: {why}, and that is used up{until}. Please try again later."""

    status = 429


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


@dataclass(frozen=True, slots=True)
class _Rule:
    source: str  # of the quota: "leader:3:text"
    most: int  # letters a day
    why: str


def allot(
    session: Session,
    services: Services,
    actor: Actor,
    community: Community,
    to: Sequence[Contact],
    *,
    now: datetime,
    most_days: int = MOST_DAYS,
) -> list[Slot]:
    """Give each letter of one medium its place: today, or the next day that has one left.

    Takes: most_days, how far ahead; 0 for letters that cannot wait.
    Raises: LimitReached when those days are full. Touches: storage, the quotas of these days.
    """
    zone = ZoneInfo(community.timezone)
    today = now.astimezone(zone).date()
    slots: list[Slot] = []
    opens, why = now, ""
    while left := to[len(slots) :]:
        day = opens.astimezone(zone).date()
        fits, reason = _place(session, services, actor, left[0].medium, day, len(left), opens)
        slots += [
            _slot(services, community, contact, opens, why, now=now) for contact in left[:fits]
        ]
        if fits < len(left):
            why = why or reason
            opens = datetime.combine(day + timedelta(days=1), _OPENS, zone)
            if opens.date() - today > timedelta(days=most_days):
                raise LimitReached(why=why, until=_full(most_days))
    return slots if most_days else [Slot()] * len(slots)


def days_ahead(medium: str) -> int:
    """How far ahead letters may wait; when it is night there, a leader must know by hand."""
    return 0 if medium == "hand" else MOST_DAYS


def forecast(
    session: Session,
    services: Services,
    actor: Actor,
    community: Community,
    to: Sequence[Contact],
    *,
    now: datetime,
    most_days: int = MOST_DAYS,
) -> str:
    """What would wait, in words, were it sent now; empty when nothing would."""
    try:
        with rehearsed(session):
            slots = allot(session, services, actor, community, to, now=now, most_days=most_days)
    except LimitReached as refusal:
        return refusal.words
    return told(slots, zone=community.timezone, now=now)


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


def invited_enough(
    session: Session, services: Services, keys: Collection[bytes], *, now: datetime
) -> set[bytes]:
    """Who has had so many invitations lately, of whichever communities, that one more would nag."""
    most = services.settings.limit_contact
    if not (most and keys):
        return set()
    return quotas.invited_often(session, keys, since=now - CONTACT_SPAN, most=most)


def _place(
    session: Session,
    services: Services,
    actor: Actor,
    medium: str,
    day: date,
    count: int,
    opens: datetime,
) -> tuple[int, str]:
    """Take places of the day. Gives how many there were, and which rule left no more."""
    rules = _rules(services, actor, medium)
    over, why = 0, ""
    for rule in rules:
        total = quotas.add(session, rule.source, day, count)
        strict = _strictest(session, services, actor, rule, total, opens, medium)
        _warn_operator(actor, rule, total, count)
        if total - strict.most > over:
            over, why = total - strict.most, strict.why
    over = min(over, count)
    for rule in rules if over else ():
        quotas.add(session, rule.source, day, -over)
    return count - over, why


def _rules(services: Services, actor: Actor, medium: str) -> list[_Rule]:
    chosen = services.settings
    if medium == "email":
        most = chosen.limit_emails
        rules = [_Rule(_own(actor, medium), most, f"you can send {_count(most, 'e-mail')} a day")]
    else:
        most, all_most = chosen.limit_texts, chosen.limit_community_texts
        rules = [
            _Rule(_own(actor, medium), most, f"you can send {_count(most, 'text')} a day"),
            _Rule(
                f"community:{actor.community_id}:text",
                all_most,
                f"all of you together can send {_count(all_most, 'text')} a day",
            ),
        ]
    return [rule for rule in rules if rule.most]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _own(actor: Actor, medium: str) -> str:
    return f"leader:{actor.leader_id}:{medium}"


def _strictest(
    session: Session,
    services: Services,
    actor: Actor,
    rule: _Rule,
    total: int,
    opens: datetime,
    medium: str,
) -> _Rule:
    """The rule, or the one for new leaders; who they are is asked only when it matters."""
    most = services.settings.limit_new_leader
    if not most or total <= most or most >= rule.most or rule.source != _own(actor, medium):
        return rule
    added_at = quotas.added_by_a_leader(session, actor.leader_id)
    if added_at is None or opens - added_at >= _NEW_FOR:
        return rule
    letters = _count(most, "e-mail" if medium == "email" else "text")
    return _Rule(rule.source, most, f"new leaders can send {letters} on their first day")


def _warn_operator(actor: Actor, rule: _Rule, total: int, count: int) -> None:
    nearly = _NEARLY * rule.most
    if rule.source.startswith("community:") and total - count < nearly <= total:
        log.warning("limits.texts_nearly_used_up", community=actor.community_id, most=rule.most)


def _slot(
    services: Services,
    community: Community,
    contact: Contact,
    opens: datetime,
    why: str,
    *,
    now: datetime,
) -> Slot:
    at = opens
    if (hours := quiet.hours_of(services, contact.medium)) is not None:
        at = quiet.opens(contact.address, opens, zone=community.timezone, hours=hours)
        why = why or quiet.at_night(hours)
    return Slot(at, why) if at > now else Slot()


def _full(days: int) -> str:
    return f" for the next {days} days, too" if days else " for today"
