"""`/coverage`: how far the addresses on the roster have come, and inviting where nobody was."""

import re
from datetime import datetime
from typing import get_args
from zoneinfo import ZoneInfo

from bot.commands import coverage_words as words
from bot.commands import inviting_roster
from bot.commands.base import Command, Said, number
from bot.community.actors import Actor
from bot.community.rosters import coverage
from bot.community.rosters.coverage import Coverage, Kind
from bot.community.rosters.streets import Street
from bot.messages import Button, Reply, Usage
from bot.ports import CannotPrint, Chart, Services
from storage.coverage import Came

_KINDS: tuple[Kind, ...] = get_args(Kind)
_PAGED = re.compile(r"(?i)^(.*?)\s*\bpage (\d{1,6})$")
_LINES = 10  # streets in words; more are in the picture
_BARS = 30  # streets in the picture; the others share a bar
_NO_ROSTER = (
    "There is no roster yet: the list of all addresses in the community, and whom to invite there. "
    "With one I can show where somebody is in and where nobody was invited. "
    "`/roster import` takes a CSV file."
)


async def handle(services: Services, actor: Actor, said: Said, *, now: datetime) -> Reply:
    """Show the numbers, a street, or who is missing; invite where nobody was invited."""
    word, rest = said.split()
    match word:
        case "":
            return await _overview(services, actor, now=now)
        case "send" | "cancel" if re.match(r"#?\d", rest):
            return await inviting_roster.decide(services, actor, word, rest, now=now)
        case "invite":
            street = await _street(services, actor, rest, now=now)
            return await inviting_roster.preview(services, actor, street, now=now)
        case _:
            return await _listed(services, actor, said.rest.strip(), now=now)


async def _street(services: Services, actor: Actor, typed: str, *, now: datetime) -> Street | None:
    """The street that is typed, or named by "at 17", a line of the roster; none when none is."""
    if at := re.fullmatch(r"(?i)at (\S+)", typed.strip()):
        return await coverage.street_at(services, actor, number(at[1], "street"), now=now)
    if not typed.strip():
        return None
    return await coverage.street_like(services, actor, typed, now=now)


async def _listed(services: Services, actor: Actor, typed: str, *, now: datetime) -> Reply:
    page = 1
    if paged := _PAGED.match(typed):
        typed, page = paged[1], int(paged[2])
    kind, named = _kind(typed)
    street = await _street(services, actor, named, now=now)
    found = await coverage.page(services, actor, kind=kind, street=street, number=page, now=now)
    if street is None and kind == "all" and not found.total:
        return Reply(_NO_ROSTER)
    return words.page(found, now=now)


def _kind(typed: str) -> tuple[Kind, str]:
    first, _, rest = typed.partition(" ")
    kind = next((kind for kind in _KINDS if kind == first.lower()), None)
    return (kind, rest.strip()) if kind else ("all", typed)


# The whole


async def _overview(services: Services, actor: Actor, *, now: datetime) -> Reply:
    found = await coverage.overview(services, actor, now=now)
    if not found.tally.total:
        return Reply(_NO_ROSTER, (Button("Import a roster", "/roster import", "primary"),))
    lines = words.overview(found, _LINES)
    today = now.astimezone(ZoneInfo(found.timezone))
    try:
        picture = await services.printer.draw(_chart(found, words.spoken(lines), today))
    except CannotPrint as problem:
        return Reply("\n".join([*lines, problem.words]), words.ways_on(found.tally))
    if picture.unknown:
        boxes = ", ".join(picture.unknown)
        lines.append(
            f"The picture has boxes where no font here can draw {boxes}. Whoever runs Porchlight "
            "can put one that does into templates/passes/fonts."
        )
    return Reply("\n".join(lines), words.ways_on(found.tally), (picture.file,))


def _chart(found: Coverage, alt: str, today: datetime) -> Chart:
    joined, total = found.tally.came[Came.JOINED], found.tally.total
    shown, others = found.streets[:_BARS], found.streets[_BARS:]
    bars = [words.bar(street.name, street.tally) for street in shown]
    bars += [words.bar(f"{len(others)} others", words.together(others))] if others else []
    return Chart(
        name="coverage",
        title=f"Who is in at {found.community}",
        subtitle=f"{joined} of {total} addresses have joined · {today.day} {today:%B %Y}",
        colour=found.colour,
        language="en",
        legend=[f"{name} {found.tally.came[came]}" for came, name in words.PARTS.items()],
        whole=words.bar("All addresses", found.tally),
        bars=bars,
        alt=alt,
    )


COVERAGE = Command(
    name="coverage",
    summary="See where somebody is in, and where nobody was invited",
    usages=(
        Usage("/coverage", "counts the addresses of the roster, with a picture"),
        Usage("/coverage Elm Street", "shows who is where in a street or building"),
        Usage("/coverage missing", "lists the addresses where nobody has joined"),
        Usage("/coverage invite", "previews inviting everybody who was never invited"),
        Usage("/coverage invite Elm Street", "the same, in one street alone"),
    ),
    run=handle,
)
