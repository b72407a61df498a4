"""Limits: how many letters leave in a day, and how soon somebody is written to again.

What is over the limit of a day is not refused: it takes a place of a later day, and the leader
reads so before sending. A day is the community's own.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlmodel import Session

from bot.community.actors import Actor
from bot.community.contacts import Contact
from bot.community.errors import Refusal
from bot.community.limits import quiet
from bot.community.limits.slots import Slot, told
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
    fits: int  # letters that have a place


@dataclass(frozen=True, slots=True)
class _Rule:
    source: str  # of the quota: "leader:3:text"
    most: int  # letters a day
    why: str


@dataclass(frozen=True, slots=True)
class _Places:
    """What was left of a day."""

    fits: int  # letters
    why: str  # of the rule that left no more
    nearly: list[_Rule]  # those that just became scarce


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
    slots, nearly = _allot(session, services, actor, community, to, now=now, most_days=most_days)
    for rule in nearly:
        log.warning("limits.texts_nearly_used_up", community=actor.community_id, most=rule.most)
    return slots


def fitting(
    session: Session,
    services: Services,
    actor: Actor,
    community: Community,
    to: Sequence[Contact],
    *,
    now: datetime,
) -> int:
    """How many of these letters, from the first, have a place in the days ahead; none is taken."""
    try:
        with rehearsed(session):
            _allot(session, services, actor, community, to, now=now, most_days=MOST_DAYS)
    except LimitReached as full:
        return full.fits
    return len(to)


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
            slots, _ = _allot(session, services, actor, community, to, now=now, most_days=most_days)
    except LimitReached as refusal:
        return refusal.words
    return told(slots, zone=community.timezone, now=now)


def invited_enough(
    session: Session, services: Services, keys: Collection[bytes], *, now: datetime
) -> set[bytes]:
    """Who has had so many invitations lately, of whichever communities, that one more would nag."""
    most = services.settings.limit_contact
    if not (most and keys):
        return set()
    return quotas.invited_often(session, keys, since=now - CONTACT_SPAN, most=most)


def _allot(
    session: Session,
    services: Services,
    actor: Actor,
    community: Community,
    to: Sequence[Contact],
    *,
    now: datetime,
    most_days: int,
) -> tuple[list[Slot], list[_Rule]]:
    """The places, and the rules whose day they nearly use up. Raises: LimitReached."""
    zone = ZoneInfo(community.timezone)
    today = now.astimezone(zone).date()
    slots: list[Slot] = []
    nearly: list[_Rule] = []
    opens, why = now, ""
    while left := to[len(slots) :]:
        day = opens.astimezone(zone).date()
        place = _place(session, services, actor, left[0].medium, day, len(left), opens)
        nearly += place.nearly
        slots += [
            _slot(services, community, contact, opens, why, now=now)
            for contact in left[: place.fits]
        ]
        if place.fits < len(left):
            why = why or place.why
            opens = datetime.combine(day + timedelta(days=1), _OPENS, zone)
            if opens.date() - today > timedelta(days=most_days):
                raise LimitReached(why=why, until=_full(most_days), fits=len(slots))
    return slots if most_days else [Slot()] * len(slots), nearly


def _place(
    session: Session,
    services: Services,
    actor: Actor,
    medium: str,
    day: date,
    count: int,
    opens: datetime,
) -> _Places:
    """Take places of the day."""
    rules = _rules(services, actor, medium)
    over, why = 0, ""
    nearly = []
    for rule in rules:
        total = quotas.add(session, rule.source, day, count)
        strict = _strictest(session, services, actor, rule, total, opens, medium)
        if _is_nearly_used_up(rule, total, count):
            nearly.append(rule)
        if total - strict.most > over:
            over, why = total - strict.most, strict.why
    over = min(over, count)
    for rule in rules if over else ():
        quotas.add(session, rule.source, day, -over)
    return _Places(count - over, why, nearly)


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


def _is_nearly_used_up(rule: _Rule, total: int, count: int) -> bool:
    """Whether the operator wants to know: it is the community's, and just became scarce."""
    return rule.source.startswith("community:") and total - count < _NEARLY * rule.most <= total


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
