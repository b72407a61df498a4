"""Quiet hours: when a text may not leave, because it is night where its recipient is."""

from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone as zones_of_numbers

from bot.ports import Services

Hours = tuple[int, int]  # from this hour until that one, which may be of the next day

_LONGEST_SEARCH = timedelta(days=1)  # zones that share no waking hour share none tomorrow


def opens(number: str, at: datetime, *, zone: str, hours: Hours) -> datetime:
    """The first moment from this one on at which a text may leave.

    Takes: number, in E.164; zone, the community's, for numbers that tell nothing of where they are.
    Where a number may be in several zones it is day in all of them, unless it never is.
    """
    zones = _zones(number) or (zone,)
    moment = at
    while moment - at <= _LONGEST_SEARCH:
        later = max(_wakes(moment, ZoneInfo(name), hours) for name in zones)
        if later == moment:
            return moment
        moment = later
    return _wakes(at, ZoneInfo(zone), hours)


def at_night(hours: Hours) -> str:
    """Why a text waits for the morning."""
    return f"no text leaves between {hours[0]}:00 and {hours[1]}:00 where the recipient is"


def hours_of(services: Services, medium: str) -> Hours | None:
    """The hours in which no letter of this medium leaves."""
    courier = services.couriers.get("text")
    is_heard = medium == "text" and courier is not None and courier.wakes
    return services.settings.quiet if is_heard else None


def _zones(number: str) -> Collection[str]:
    found = zones_of_numbers.time_zones_for_number(phonenumbers.parse(number))
    return () if found == (zones_of_numbers.UNKNOWN_TIMEZONE,) else found


def _wakes(at: datetime, zone: ZoneInfo, hours: Hours) -> datetime:
    """When the quiet hours that this moment is in are over, there; the moment itself in no such."""
    first, last = hours
    local = at.astimezone(zone)
    if first < last:
        is_quiet, is_eve = first <= local.hour < last, False
    else:
        is_quiet, is_eve = local.hour >= first or local.hour < last, local.hour >= first
    if not is_quiet:
        return at
    day = local.date() + timedelta(days=is_eve)
    return datetime.combine(day, time(last), zone).astimezone(UTC)
